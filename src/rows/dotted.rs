//! Nested values under dotted names: `plan.person.age`, `conversation.0.speaker`.
//!
//! A part that is a number is an index of a list. A dot or a backslash in a name has a backslash before it, and so has a
//! name that looks like an index; so a name says without doubt where its value was, and nothing is lost on the way back.
//! An empty object or list is a value of its own.

use serde_json::{Map, Value};

use super::Columns;

/// The longest list that is taken apart; a longer one stays a value, so that no name can ask for more memory than this.
const MAX_LIST: usize = 1 << 20;

/// A dotted name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Name(String),
    Index(usize),
}

impl Path {
    /// Takes a dotted name apart.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        let (mut parts, mut part, mut plain) = (Vec::new(), String::new(), true);
        let mut chars = name.chars();
        loop {
            match chars.next() {
                Some('\\') => {
                    plain = false;
                    part.extend(chars.next());
                }
                Some(other) if other != '.' => part.push(other),
                end => {
                    let digits = plain && !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
                    let text = std::mem::take(&mut part);
                    parts.push(match text.parse() {
                        Ok(index) if digits && index < MAX_LIST && !parts.is_empty() => Part::Index(index),
                        _ => Part::Name(text),
                    });
                    plain = true;
                    if end.is_none() {
                        return Self(parts);
                    }
                }
            }
        }
    }

    /// The value at this path below `columns`.
    #[must_use]
    pub fn of<'v>(&self, columns: &'v Columns) -> Option<&'v Value> {
        let (first, rest) = self.0.split_first()?;
        let mut value = match first {
            Part::Name(name) => columns.get(name)?,
            Part::Index(index) => columns.get(&index.to_string())?,
        };
        for part in rest {
            value = match (part, value) {
                (Part::Name(name), Value::Object(fields)) => fields.get(name)?,
                (Part::Index(index), Value::Array(items)) => items.get(*index)?,
                (Part::Index(index), Value::Object(fields)) => fields.get(&index.to_string())?,
                _ => return None,
            };
        }
        Some(value)
    }
}

/// The value of the column `name`, or where there is none of that name, the value at that dotted name.
#[must_use]
pub fn get<'v>(columns: &'v Columns, name: &str) -> Option<&'v Value> {
    columns.get(name).or_else(|| if name.contains('.') { Path::parse(name).of(columns) } else { None })
}

/// Puts `value` at a dotted name, making the objects on the way. Where a list or a plain value is in the way it is kept
/// in the object that takes its place, under `flags` for a list and `value` for the rest.
pub fn set(columns: &mut Columns, name: &str, value: Value) {
    if columns.contains_key(name) {
        columns.insert(name.to_owned(), value);
        return;
    }
    let parts = Path::parse(name).0.into_iter().map(|part| match part {
        Part::Name(name) => name,
        Part::Index(index) => index.to_string(),
    });
    let mut parts: Vec<String> = parts.collect();
    let last = parts.pop().unwrap_or_default();
    let mut at = columns;
    for part in parts {
        let below = at.entry(part).or_insert_with(|| Value::Object(Map::new()));
        if !below.is_object() {
            let kept = below.take();
            let mut object = Map::new();
            match kept {
                Value::Null => {}
                Value::Array(_) => drop(object.insert("flags".to_owned(), kept)),
                _ => drop(object.insert("value".to_owned(), kept)),
            }
            *below = Value::Object(object);
        }
        at = below.as_object_mut().expect("it has been made one above");
    }
    at.insert(last, value);
}

/// The row with every nested value under its dotted name, in order.
#[must_use]
pub fn flatten(columns: &Columns) -> Columns {
    let mut flat = Columns::new();
    for (name, value) in columns {
        put(&mut flat, escape_marks(name), value);
    }
    flat
}

fn put(flat: &mut Columns, name: String, value: &Value) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (field, value) in fields {
                put(flat, format!("{name}.{}", escape(field)), value);
            }
        }
        Value::Array(items) if !items.is_empty() && items.len() <= MAX_LIST => {
            for (index, value) in items.iter().enumerate() {
                put(flat, format!("{name}.{index}"), value);
            }
        }
        leaf => drop(flat.insert(name, leaf.clone())),
    }
}

/// The name of a field inside another value, where a number would be an index.
fn escape(name: &str) -> String {
    let number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    if number { format!("\\{name}") } else { escape_marks(name) }
}

fn escape_marks(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for char in name.chars() {
        if matches!(char, '.' | '\\') {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}

/// The row that [`flatten`] was given.
///
/// # Errors
/// The two names that cannot stand beside each other, such as `a` and `a.b`, or `a.0` and `a.b`.
pub fn unflatten(flat: &Columns) -> Result<Columns, String> {
    let mut root = Node::Object(Map::new(), Vec::new());
    for (name, value) in flat {
        root.put(&Path::parse(name).0, value).ok_or_else(|| {
            format!("the column `{name}` cannot stand beside another of this row: one would be inside the other")
        })?;
    }
    match root.value() {
        Value::Object(columns) => Ok(columns),
        _ => unreachable!("the root is an object"),
    }
}

/// A value under way.
enum Node {
    Leaf(Value),
    /// Places of the fields by name, and the fields in order.
    Object(Map<String, Value>, Vec<(String, Node)>),
    Array(Vec<Option<Node>>),
}

impl Node {
    fn put(&mut self, parts: &[Part], value: &Value) -> Option<()> {
        let (first, rest) = parts.split_first()?;
        let slot = match (self, first) {
            (Self::Object(places, fields), Part::Name(name)) => {
                let at = match places.get(name).and_then(Value::as_u64) {
                    Some(at) => at as usize,
                    None => {
                        places.insert(name.clone(), fields.len().into());
                        fields.push((name.clone(), Self::fresh(rest, value)));
                        return Some(());
                    }
                };
                &mut fields[at].1
            }
            (Self::Array(items), Part::Index(index)) => {
                if items.len() <= *index {
                    items.resize_with(index + 1, || None);
                }
                match &mut items[*index] {
                    Some(node) => node,
                    none => {
                        *none = Some(Self::fresh(rest, value));
                        return Some(());
                    }
                }
            }
            _ => return None,
        };
        slot.put(rest, value)
    }

    fn fresh(parts: &[Part], value: &Value) -> Self {
        let mut node = match parts.first() {
            None => return Self::Leaf(value.clone()),
            Some(Part::Name(_)) => Self::Object(Map::new(), Vec::new()),
            Some(Part::Index(_)) => Self::Array(Vec::new()),
        };
        node.put(parts, value).expect("a fresh node has the kind that its first part asks for");
        node
    }

    fn value(self) -> Value {
        match self {
            Self::Leaf(value) => value,
            Self::Object(_, fields) => fields.into_iter().map(|(name, node)| (name, node.value())).collect(),
            Self::Array(items) => items.into_iter().map(|item| item.map_or(Value::Null, Self::value)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn row(value: Value) -> Columns {
        value.as_object().unwrap().clone()
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a0.\\\\é ]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a0.\\\\]{0,2}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_is_lost_on_the_way_there_and_back(map in prop::collection::hash_map("[a0.\\\\]{0,2}", values(), 0..5)) {
            let columns: Columns = map.into_iter().collect();
            prop_assert_eq!(unflatten(&flatten(&columns)).unwrap(), columns);
        }
    }

    #[test]
    fn names_say_where_a_value_was() {
        let columns = row(json!({"a": {"b.c": 1, "7": 2}, "d": [{"e": 3}, [], {}], "f": null}));
        let flat = flatten(&columns);
        let names: Vec<_> = flat.keys().map(String::as_str).collect();
        assert_eq!(names, ["a.b\\.c", "a.\\7", "d.0.e", "d.1", "d.2", "f"]);
    }

    #[test]
    fn columns_that_cannot_stand_together_are_told() {
        for flat in [json!({"a": 1, "a.b": 2}), json!({"a.0": 1, "a.b": 2}), json!({"a.b": 1, "a": 2})] {
            assert!(unflatten(&row(flat.clone())).unwrap_err().contains("column"), "{flat}");
        }
        let long = unflatten(&row(json!({"a.99999999999": 1, "7": 2}))).unwrap();
        assert_eq!(Value::Object(long), json!({"a": {"99999999999": 1}, "7": 2}), "too long a list is no list");
    }

    #[test]
    fn a_column_of_the_very_name_comes_first() {
        let columns = row(json!({"a.b": 1, "a": {"b": 2, "c": [3]}}));
        assert_eq!(get(&columns, "a.b"), Some(&json!(1)));
        assert_eq!(get(&columns, "a.c.0"), Some(&json!(3)));
        assert_eq!(get(&columns, "a.c.1"), None);
        assert_eq!(get(&columns, "b"), None);
    }

    #[test]
    fn what_is_in_the_way_is_kept() {
        let mut columns = row(json!({"qc": ["style"], "x": 1}));
        set(&mut columns, "qc.judge", json!({"score": 4}));
        set(&mut columns, "x.y", json!(2));
        set(&mut columns, "n.m", json!(3));
        let expected =
            json!({"qc": {"flags": ["style"], "judge": {"score": 4}}, "x": {"value": 1, "y": 2}, "n": {"m": 3}});
        assert_eq!(Value::Object(columns), expected);
    }
}
