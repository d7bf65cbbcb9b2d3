//! What of an answer is kept: mended, held against the schema, and looked at by the recipe's checks.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};
use tera::{Context, Tera};

use super::manifest::RowRecipe;
use super::mend::{Mend, mend};
use super::prompt::{add, one_line, tera};
use crate::Result;
use crate::assets::Assets;
use crate::recipe::Severity;
use crate::recipe::schema::Schema;

/// Judges answers to the rows of a recipe.
#[derive(Debug)]
pub struct RowJudge {
    schema: Option<Schema>,
    mends: BTreeMap<String, Vec<Mend>>,
    aliases: Option<(String, HashMap<String, String>)>,
    tera: Tera,
    /// Name, template and severity.
    checks: Vec<(String, String, Severity)>,
    vars: Map<String, Value>,
}

/// An answer that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The answer, mended.
    pub value: Value,
    /// What was mended.
    pub repairs: Vec<&'static str>,
    /// Checks that it failed and that are no reason to refuse it.
    pub flags: Vec<String>,
}

impl RowJudge {
    /// A judge for answers to a recipe.
    ///
    /// # Errors
    /// [`crate::Error::Data`] for a schema or a check that cannot be used.
    pub fn new(assets: &Assets, recipe: &RowRecipe) -> Result<Self> {
        let file = format!("the schema of `{}`", recipe.name);
        let schema = recipe.schema.as_ref().map(|schema| Schema::new(schema, &file)).transpose()?;
        let mut tera = tera(assets);
        let mut checks = Vec::new();
        for check in recipe.checks.iter().filter(|check| check.severity != Severity::Off) {
            add(&mut tera, &check.template)?;
            checks.push((check.name.clone(), check.template.file.clone(), check.severity));
        }
        let mends = recipe.output.mend.clone();
        let aliases = recipe.output.aliases.as_ref().filter(|_| !recipe.aliases.is_empty()).map(|aliases| {
            // An alias is looked up after the mends of its field, so it is mended like what it is compared with.
            let mended = |word: &str| {
                let mut value = Value::from(word);
                let mends = mends.get(&aliases.field).cloned().unwrap_or_default();
                mend(&mut value, &BTreeMap::from([(String::new(), mends)]), None);
                value.as_str().unwrap_or_default().to_owned()
            };
            let words = recipe.aliases.iter().map(|(alias, canonical)| (mended(alias), mended(canonical)));
            (aliases.field.clone(), words.collect())
        });
        Ok(Self { schema, mends, aliases, tera, checks, vars: recipe.vars.clone() })
    }

    /// Whether answers are JSON; else they are texts.
    #[must_use]
    pub fn wants_json(&self) -> bool {
        self.schema.is_some()
    }

    /// Judges an answer to the row `id`. Checks are not asked about a `sample` of the offline engine: it keeps to the schema
    /// and to nothing else.
    ///
    /// # Errors
    /// Why it is not kept: the field and what is wrong with it, or what a check says.
    pub fn judge(&self, id: &str, mut value: Value, sample: bool) -> Result<Judged, String> {
        let aliases = self.aliases.as_ref().map(|(field, words)| (field.as_str(), words));
        let repairs = mend(&mut value, &self.mends, aliases);
        if let Some(schema) = &self.schema {
            schema.check(&value)?;
        }
        let mut flags = Vec::new();
        if !sample && !self.checks.is_empty() {
            let mut context = Context::new();
            context.insert("id", id);
            context.insert("answer", &value);
            context.insert("vars", &self.vars);
            for (name, file, severity) in &self.checks {
                let said = self.tera.render(file, &context).map_err(|error| format!("{file}: {}", one_line(&error)))?;
                let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
                match (said.is_empty(), severity) {
                    (true, _) => {}
                    (false, Severity::Reject) => return Err(format!("{name}: {said}")),
                    (false, _) => flags.push(name.clone()),
                }
            }
        }
        Ok(Judged { value, repairs, flags })
    }
}
