//! Prompts: the templates of a language filled with one plan item.

use std::sync::Arc;

use tera::{Context, Tera};

use super::manifest::{Recipe, read};
use super::plan::{PlanItem, Speaker};
use crate::assets::Assets;
use crate::language::{Cast, Pack};
use crate::model::Locale;
use crate::{Error, Result};

const SYSTEM: &str = "system.tera";
const USER: &str = "user.tera";

/// What `user.tera` may show.
const SLOTS: [&str; 15] = [
    "labels", "language", "scenario", "setting", "time", "purpose", "mood", "person", "partner", "access", "opens",
    "style", "length", "turns", "examples",
];

/// Renders the prompts of one locale.
#[derive(Debug)]
pub struct Prompter {
    tera: Tera,
    pack: Arc<Pack>,
    system: String,
    folder: String,
}

/// The value of the `language` slot, from which a prompt's locale is told again: `British English (en-GB)`.
#[must_use]
pub fn language_line(pack: &Pack, locale: &Locale) -> String {
    format!("{} ({locale})", pack.name)
}

impl Prompter {
    /// Reads the templates of the locale's base language and renders the system prompt, which all its requests share.
    ///
    /// # Errors
    /// [`Error::Data`] when a template is missing, does not parse, or shows a variable that there is not.
    pub fn new(assets: &Assets, recipe: &Recipe, pack: Arc<Pack>, locale: &Locale) -> Result<Self> {
        let folder = format!("{}/{}", recipe.name, locale.language());
        let mut tera = Tera::new();
        tera.autoescape_on(Vec::<&str>::new());
        for file in [SYSTEM, USER] {
            let text = read(assets, &recipe.name, &format!("{}/{file}", locale.language()))?;
            tera.add_raw_template(file, text.trim()).map_err(|error| template(&folder, file, &error))?;
        }
        let shown = tera.get_template_variables(USER).map_err(|error| template(&folder, USER, &error))?;
        if let Some(unknown) = shown.iter().find(|name| !SLOTS.contains(name)) {
            let detail = format!("unknown variable `{unknown}`; there are {}", SLOTS.join(", "));
            return Err(Error::data(format!("templates/{folder}/{USER}"), detail));
        }
        if let Some(missing) = SLOTS.iter().find(|slot| !shown.contains(*slot)) {
            let detail = format!("the variable `{missing}` is not shown; a prompt shows all of {}", SLOTS.join(", "));
            return Err(Error::data(format!("templates/{folder}/{USER}"), detail));
        }
        let mut context = Context::new();
        context.insert("language", &pack.name);
        context.insert("locale", locale.as_str());
        context.insert("terms", &pack.terms);
        let system = tera.render(SYSTEM, &context).map_err(|error| template(&folder, SYSTEM, &error))?;
        let shared = tera.global_context();
        shared.insert("labels", &pack.labels);
        shared.insert("language", &language_line(&pack, locale));
        Ok(Self { tera, pack, system, folder })
    }

    /// The system prompt.
    #[must_use]
    pub fn system(&self) -> &str {
        &self.system
    }

    /// Renders the user prompt of `item` into `out`, which is cleared first.
    ///
    /// # Errors
    /// [`Error::Data`] with the template, the line and the variable.
    pub fn user(&self, item: &PlanItem<'_>, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        let (text, cast) = (&self.pack.text, Cast { person: item.person, partner: item.partner });
        let opens = match item.opens {
            Speaker::Aac => &item.person.call,
            Speaker::Partner => &item.partner.call,
        };
        let mut context = Context::new();
        let mut slot = |name: &'static str, value: &str| context.insert_value(name, value.into());
        slot("scenario", &item.topic.text(cast));
        slot("setting", &item.setting.text);
        slot("time", &item.time.text);
        slot("purpose", &item.purpose.text);
        slot("mood", &item.mood.text);
        slot("person", &item.person.line(text));
        slot("partner", &item.partner.line(text, item.person));
        slot("access", &item.access.text);
        slot("opens", opens);
        slot("style", &item.style.text);
        slot("length", &item.length.text);
        context.insert_value("turns", item.turns.into());
        context.insert("examples", &item.examples);
        self.tera.render_to(USER, &context, out).map_err(|error| template(&self.folder, USER, &error))
    }
}

fn template(folder: &str, file: &str, error: &tera::Error) -> Error {
    Error::data(format!("templates/{folder}/{file}"), error)
}
