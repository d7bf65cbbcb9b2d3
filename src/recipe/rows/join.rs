//! Further tables: a row of another file, found by a column that both have.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::manifest::RowRecipe;
use super::overrides::Overrides;
use super::select::is_blank;
use crate::assets::{Assets, Folder};
use crate::rows::{Cells, Columns, Format, Reader, get};
use crate::{Error, Result};

/// The joined tables of a run, held in memory: the input streams, they do not.
#[derive(Debug, Default)]
pub struct Joins(Vec<Table>);

#[derive(Debug)]
struct Table {
    name: String,
    on: String,
    rows: HashMap<String, Value>,
}

impl Joins {
    /// Reads the tables that the person names, and those that go with the recipe's `own` input.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Line`] for a key that is blank or there twice, [`Error::Data`] when a file is not there.
    pub fn read(assets: &Assets, recipe: &RowRecipe, over: &Overrides, own: bool) -> Result<Self> {
        let mut tables = Vec::new();
        let given = |name: &str| over.join.iter().any(|join| join.name == name);
        for join in recipe.input.join.iter().filter(|join| own && !given(&join.name)) {
            let shown = format!("templates/{}/{}", recipe.name, join.path);
            let text = assets
                .read(Folder::Templates, &format!("{}/{}", recipe.name, join.path))?
                .ok_or_else(|| Error::data(shown.clone(), "there is no such file"))?;
            let format = Format::told(Path::new(&join.path))?.0;
            let reader = Box::new(std::io::Cursor::new(text.into_bytes()));
            let rows = Reader::new(reader, Path::new(&shown), Some(format), Cells::Text)?;
            tables.push(Table::read(&join.name, &join.on, rows)?);
        }
        for join in &over.join {
            tables.push(Table::read(&join.name, &join.on, Reader::open(&join.path, None)?)?);
        }
        Ok(Self(tables))
    }

    /// Adds the joined rows to `columns`, each under its table's name.
    ///
    /// # Errors
    /// What is missing, for the list of what is wrong with the input.
    pub fn add(&self, columns: &mut Columns) -> Result<(), String> {
        for Table { name, on, rows } in &self.0 {
            let key = get(columns, on).filter(|value| !is_blank(value)).map(key);
            let key = key.ok_or_else(|| format!("`{on}` is blank, so no `{name}` can be joined"))?;
            let row = rows.get(&key).ok_or_else(|| format!("there is no `{name}` whose `{on}` is `{key}`"))?;
            columns.insert(name.clone(), row.clone());
        }
        Ok(())
    }

    /// The names of the tables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|table| table.name.as_str())
    }
}

impl Table {
    fn read(name: &str, on: &str, reader: Reader) -> Result<Self> {
        let mut rows = HashMap::new();
        for row in reader {
            let row = row?;
            let wrong = |detail: String| Error::Line { path: row.file.to_path_buf(), line: row.line, detail };
            let found = get(&row.columns, on).filter(|value| !is_blank(value)).map(key);
            let found = found.ok_or_else(|| wrong(format!("`{on}` is blank: it joins this table as `{name}`")))?;
            if rows.contains_key(&found) {
                return Err(wrong(format!("`{on}` is `{found}` in an earlier row too")));
            }
            rows.insert(found, Value::Object(row.columns));
        }
        Ok(Self { name: name.to_owned(), on: on.to_owned(), rows })
    }
}

fn key(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
