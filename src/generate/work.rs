//! A locale's plan items on their way into its batch files.

use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::shards::{Shard, ShardWriter};
use super::{Amount, Options, STRIDE, check_first, gaps, next_index};
use crate::assets::Assets;
use crate::dialect::{Dialect, Encoder, Endpoint, Shape};
use crate::language::{Languages, Pack};
use crate::model::{Locale, Provider};
use crate::progress::{Progress, go_on};
use crate::random::{fingerprint, hash};
use crate::recipe::{Knowledge, PlanItem, Planner, Prompter, Recipe};
use crate::{Error, Result};

/// A locale, ready to be written.
pub(super) struct Work {
    pub locale: Locale,
    /// Which plan items, in order, none twice.
    pub indices: Vec<Range<u64>>,
    planner: Planner,
    prompter: Prompter,
}

impl Work {
    /// Reads the pack and finds out which plan items are to be written.
    ///
    /// # Errors
    /// [`Error::Usage`] for numbers too large or an id too long; [`Error::Data`] for a wrong pack or template; [`Error::Io`].
    pub fn prepare(
        assets: &Assets,
        languages: &Languages,
        recipe: &Recipe,
        locale: &Locale,
        knowledge: Option<&Arc<Knowledge>>,
        options: &Options,
    ) -> Result<Self> {
        let pack: Arc<Pack> = languages.pack(locale)?;
        let next = || next_index(&options.out.join(locale.as_str()), locale, options.seed);
        let indices = match options.amount {
            Amount::More { num, start } => {
                let first = start.map_or_else(next, Ok)?;
                let end =
                    first.checked_add(num).ok_or_else(|| Error::Usage("--start and --num: too large".to_owned()))?;
                if start.is_some() {
                    none_is_there(options, locale, first..end)?;
                }
                std::iter::once(first..end).collect()
            }
            Amount::UpTo(end) => gaps(&options.out.join(locale.as_str()), locale, options.seed, end)?,
        };
        let last = indices.last().map_or(0, |range| range.end);
        let longest = custom_id(locale, options.seed, last, "ffffff");
        if longest.len() > 64 {
            return Err(Error::Usage(format!(
                "the id `{longest}` would have more than 64 characters: take a smaller --seed"
            )));
        }
        let mut planner = Planner::new(Arc::clone(&pack), locale, recipe, options.seed)?;
        if let Some(knowledge) = knowledge {
            planner = planner.with_knowledge(Arc::clone(knowledge))?;
        }
        Ok(Self { locale: locale.clone(), indices, planner, prompter: Prompter::new(assets, recipe, pack, locale)? })
    }

    /// Writes its batch files; `done` is told of requests as they are written.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Usage`] when the service would refuse such a request; [`Error::Interrupted`].
    pub fn write(
        &mut self,
        recipe: &Recipe,
        model: &str,
        run: &str,
        options: &Options,
        progress: &dyn Progress,
        done: &mut dyn FnMut(u64),
    ) -> Result<Vec<Shard>> {
        let dialect = Dialect::from(options.provider);
        let service = options.service;
        let encoder = Encoder::at(
            service,
            dialect,
            &Shape {
                endpoint: Endpoint::Chat,
                model,
                schema_name: &recipe.request.schema_name,
                schema: Some(&recipe.schema),
                json_mode: options.json_mode,
                max_tokens: Some(recipe.request.max_tokens),
                temperature: Some(recipe.request.temperature),
                params: &options.params,
            },
            self.prompter.system(),
        );
        let system_hash = hash(self.prompter.system().as_bytes());
        let folder = options.out.join(self.locale.as_str());
        let limits = if dialect == Dialect::OpenAi { service.limits() } else { dialect.limits() };
        let mut writer = ShardWriter::new(&folder, self.locale.as_str(), run, dialect, limits);
        let (mut prompt, mut line, mut hashed) = (Vec::new(), Vec::new(), Vec::new());
        for (nth, index) in (0u64..).zip(self.indices.iter().cloned().flatten()) {
            if nth % STRIDE == 0 {
                go_on(progress)?;
                done(STRIDE.min(nth));
            }
            let item = self.planner.item(index);
            self.prompter.user(&item, &mut prompt)?;
            let user = std::str::from_utf8(&prompt).map_err(|error| Error::data("templates", error))?;
            hashed.clear();
            hashed.extend_from_slice(system_hash.as_bytes());
            hashed.extend_from_slice(&prompt);
            let prompt_hash = fingerprint(&hashed, 32);
            let custom_id = custom_id(&self.locale, options.seed, index, &prompt_hash[..6]);
            line.clear();
            encoder.write(&custom_id, user, &mut line);
            if nth == 0 {
                let advice = " (another server may take it: --service other)";
                check_first(&line, options.provider, service, advice)?;
            }
            writer.write(
                &line,
                &Metadata {
                    recipe: &recipe.name,
                    template_id: &recipe.template_id(self.locale.language()),
                    lang_code: &self.locale,
                    created_at: options.now,
                    provider: options.provider,
                    model,
                    plan: Plan { seed: options.seed, index, prompt_hash: &prompt_hash, item: &item },
                },
            )?;
        }
        writer.finish()
    }
}

/// Refuses plan items that the folder holds already: they would be asked, and paid, twice.
fn none_is_there(options: &Options, locale: &Locale, wanted: Range<u64>) -> Result<()> {
    let folder = options.out.join(locale.as_str());
    let free = gaps(&folder, locale, options.seed, wanted.end)?;
    if free.iter().any(|gap| gap.start <= wanted.start && wanted.end <= gap.end) {
        return Ok(());
    }
    let next = next_index(&folder, locale, options.seed)?;
    let detail = format!("{} holds some of these plan items already", folder.display());
    Err(Error::Usage(format!(
        "--start {}: {detail}; take --start {next}, another --seed or another --out",
        wanted.start
    )))
}

/// The id that joins a request with its result: `en-GB-7-0-1a2b3c`.
fn custom_id(locale: &Locale, seed: u64, index: u64, hash: &str) -> String {
    format!("{locale}-{seed}-{index}-{hash}")
}

/// The `metadata` of a metadata line; `template_id`, `lang_code` and `created_at` are the Python reference's names.
#[derive(Serialize)]
struct Metadata<'a> {
    recipe: &'a str,
    template_id: &'a str,
    lang_code: &'a Locale,
    created_at: Timestamp,
    provider: Provider,
    model: &'a str,
    plan: Plan<'a>,
}

#[derive(Serialize)]
struct Plan<'a> {
    seed: u64,
    index: u64,
    prompt_hash: &'a str,
    #[serde(flatten)]
    item: &'a PlanItem<'a>,
}
