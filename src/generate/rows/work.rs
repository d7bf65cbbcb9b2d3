//! Going through the rows of a table: each is asked about, passed on, or a fault of the input.

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::asked::Asked;
use super::columns::{replaces, unreplaced};
use super::faults::Faults;
use super::table::Table;
use super::{Options, Report};
use crate::dialect::{Dialect, Image, Prompt, Service, Shape, body, envelope};
use crate::files::{AtomicFile, Sha256};
use crate::generate::shards::ShardWriter;
use crate::generate::{STRIDE, check_first};
use crate::model::Provider;
use crate::progress::{Progress, go_on};
use crate::random::fingerprint;
use crate::recipe::rows::{
    Joins, Rendered, RowLine, RowPrompter, RowRecipe, RunFile, Selection, Skip, Stance, source_id,
};
use crate::rows::{Columns, Reader, Row};
use crate::{Error, Result};

/// A table under way.
pub(super) struct Work<'a> {
    pub recipe: RowRecipe,
    pub options: &'a Options,
    pub prompter: RowPrompter,
    pub selection: Selection,
    pub joins: Joins,
    pub schema: Option<Value>,
    pub params: Map<String, Value>,
    pub model: String,
    pub dialect: Dialect,
}

/// What became of a row.
enum Fate {
    Asks(Box<Rendered>),
    Skips(Skip),
}

impl Work<'_> {
    /// Writes requests, metadata and the table, and says what was written.
    #[expect(clippy::too_many_arguments, reason = "it is called once, with what was made for it")]
    pub fn write(
        &self,
        reader: Reader,
        input: &Path,
        format: &str,
        label: &str,
        folder: &Path,
        mut asked: Asked,
        progress: &dyn Progress,
    ) -> Result<Report> {
        let name = format!("{}|{}|{label}", self.options.now.as_nanosecond(), self.recipe.template_id());
        let part = (self.options.offset, self.options.limit, self.options.provider.name(), &self.model, asked.runs());
        let hash = fingerprint(format!("{name}|{part:?}").as_bytes(), 8);
        let run = format!("{}_{hash}", self.options.now.strftime("%Y%m%d_%H%M%S"));
        let limits = (self.recipe.limits.requests, self.recipe.limits.bytes);
        let mut shards =
            ShardWriter::new(folder, label, &run, self.dialect, self.dialect.limits()).within(limits.0, limits.1);
        let mut table = Table::create(&folder.join(RunFile::rows_name(label, &run)))?;
        let mut faults = Faults::default();
        let mut digest = Sha256::default();
        let task = progress.task("generate", label, self.options.limit, "rows");
        // Formats that do not say their columns are looked at row by row.
        let unchecked = reader.header().is_none();
        let answers = unreplaced(&self.recipe);
        let (skip, take) = (self.options.offset, self.options.limit.unwrap_or(u64::MAX));
        let mut line = Vec::new();
        for (nth, row) in (0u64..).zip(reader).skip(usize::try_from(skip).unwrap_or(usize::MAX)) {
            if nth - skip >= take {
                break;
            }
            if nth % STRIDE == 0 {
                go_on(progress)?;
                task.advance(STRIDE.min(nth));
            }
            let Row { line: number, columns, .. } = row?;
            if unchecked && let Some(name) = answers.iter().find(|name| columns.contains_key(*name)) {
                return Err(Error::Refused(format!("{}:{number}: {}", input.display(), replaces(name))));
            }
            let numbered = (nth + 1).to_string();
            let id = if self.recipe.input.id.is_empty() {
                Some(numbered)
            } else {
                source_id(&columns, &self.recipe.input.id).map(std::borrow::Cow::into_owned)
            };
            digest.update(&serde_json::to_vec(&columns).expect("columns are plain data"));
            let fate = self.fate(id.as_deref(), &columns, number, &mut asked, &mut faults)?;
            let mut entry = RowLine { line: number, id, custom_id: None, skipped: None, cut: None, row: columns };
            match fate {
                Fate::Skips(skip) => entry.skipped = Some(skip),
                Fate::Asks(prompt) => {
                    let id = entry.id.as_deref().unwrap_or_default();
                    let body = self.body(&prompt);
                    let (custom_id, prompt_hash) = asked.name(&self.recipe.name, id, &body, self.options.again);
                    entry.cut = prompt.cut;
                    let new = asked.is_new(&custom_id)?;
                    if new && faults.none() {
                        line.clear();
                        envelope(
                            Service::openai(),
                            self.dialect,
                            self.recipe.request.endpoint,
                            &custom_id,
                            &body,
                            &mut line,
                        );
                        if table.new_requests() == 0 {
                            check_first(&line, self.options.provider, Service::openai(), "")?;
                        }
                        shards.write(&line, &self.metadata(id, number, &prompt_hash))?;
                    }
                    digest.update(custom_id.as_bytes());
                    table.count(new, entry.cut.is_some());
                    entry.custom_id = Some(custom_id);
                }
            }
            table.write(&entry)?;
        }
        drop(task);
        faults.refuse(input, table.rows())?;
        let dataset = digest.hex();
        let found = if table.new_requests() == 0 { asked.run_of(&dataset, self.options.again) } else { None };
        if let Some(run) = found {
            let listed = faults.listed();
            return Ok(Report { run, folder: folder.to_owned(), found: true, shards: Vec::new(), listed });
        }
        if table.rows() == 0 {
            return Err(Error::Refused(format!("{}: there are no rows", input.display())));
        }
        let run = RunFile {
            run: run.clone(),
            label: label.to_owned(),
            recipe: self.recipe.name.clone(),
            version: self.recipe.version,
            input: input.to_owned(),
            format: format.to_owned(),
            dataset,
            round: asked.round(self.options.again),
            model: self.model.clone(),
            provider: self.options.provider.name().to_owned(),
            created_at: self.options.now.to_string(),
            rows: table.rows(),
            planned: table.planned(),
            reused: table.planned() - table.new_requests(),
            skipped: table.skipped(),
            cut: table.cut(),
            rows_file: RunFile::rows_name(label, &run),
            overrides: self.options.overrides.clone(),
        };
        // The rows come first, the run file last: whoever finds a run finds everything of it.
        table.finish()?;
        let shards = shards.finish()?;
        let mut file = AtomicFile::create(&folder.join(run.file_name()))?;
        file.write_line(&serde_json::to_vec_pretty(&run).expect("a run is plain data"))?;
        file.finish()?;
        Ok(Report { run, folder: folder.to_owned(), found: false, shards, listed: faults.listed() })
    }

    /// What becomes of a row: it is asked about, passed on, or a fault of the input.
    fn fate(
        &self,
        id: Option<&str>,
        columns: &Columns,
        line: u64,
        asked: &mut Asked,
        faults: &mut Faults,
    ) -> Result<Fate> {
        let input = &self.recipe.input;
        if !self.selection.holds(columns) {
            return Ok(Fate::Skips(Skip::NotWanted));
        }
        let Some(id) = id else {
            faults.add(Skip::NoId, input.on_blank, line, || format!("no id: {} hold nothing", input.id.join(", ")));
            return Ok(Fate::Skips(Skip::NoId));
        };
        if !asked.first(id) {
            faults
                .add(Skip::Duplicate, input.on_duplicate, line, || format!("the id `{id}` is that of an earlier row"));
            return Ok(Fate::Skips(Skip::Duplicate));
        }
        let joined;
        let columns = if self.joins.names().next().is_none() {
            columns
        } else {
            let mut whole = columns.clone();
            if let Err(detail) = self.joins.add(&mut whole) {
                faults.add(Skip::NoMatch, input.on_blank, line, || detail);
                return Ok(Fate::Skips(Skip::NoMatch));
            }
            joined = whole;
            &joined
        };
        match self.prompter.render(id, columns) {
            Ok(Some(prompt)) if self.dialect == Dialect::Gemini && prompt.image.as_deref().is_some_and(is_remote) => {
                faults.add(Skip::Unrendered, Stance::Refuse, line, || {
                    format!("row `{id}`: Gemini's batches take images as data URLs (data:image/…;base64,…) only")
                });
                Ok(Fate::Skips(Skip::Unrendered))
            }
            Ok(Some(prompt)) => Ok(Fate::Asks(Box::new(prompt))),
            Ok(None) => {
                faults.add(Skip::Blank, input.on_blank, line, || {
                    format!("no text: {} hold nothing", input.text.join(", "))
                });
                Ok(Fate::Skips(Skip::Blank))
            }
            Err(detail) => {
                faults.add(Skip::Unrendered, Stance::Refuse, line, || format!("row `{id}`: {detail}"));
                Ok(Fate::Skips(Skip::Unrendered))
            }
        }
    }

    fn body(&self, prompt: &Rendered) -> String {
        let shape = Shape {
            endpoint: self.recipe.request.endpoint,
            model: &self.model,
            schema_name: &self.recipe.request.schema_name,
            schema: self.schema.as_ref(),
            json_mode: self.options.json_mode,
            max_tokens: self.recipe.request.max_tokens,
            temperature: self.recipe.request.temperature,
            params: &self.params,
        };
        let detail = self.recipe.image_detail.as_deref();
        let image = prompt.image.as_deref().map(|url| Image { url, detail });
        body(self.dialect, &shape, &Prompt { system: prompt.system.as_deref(), user: &prompt.user, image }).to_string()
    }

    fn metadata<'m>(&'m self, id: &'m str, line: u64, prompt_hash: &'m str) -> Metadata<'m> {
        Metadata {
            recipe: &self.recipe.name,
            template_id: self.recipe.template_id(),
            created_at: self.options.now,
            provider: self.options.provider,
            model: &self.model,
            plan: Plan { id, line, version: self.recipe.version, prompt_hash },
        }
    }
}

/// The `metadata` of a metadata line. `plan` is the row, as it is the plan item of other recipes.
#[derive(Serialize)]
struct Metadata<'a> {
    recipe: &'a str,
    template_id: String,
    created_at: Timestamp,
    provider: Provider,
    model: &'a str,
    plan: Plan<'a>,
}

#[derive(Serialize)]
struct Plan<'a> {
    id: &'a str,
    line: u64,
    version: u32,
    prompt_hash: &'a str,
}

/// Whether an image is named by its address and not carried along.
fn is_remote(image: &str) -> bool {
    !image.starts_with("data:")
}
