//! Rows become requests: the first stage of every recipe over rows.
//!
//! The batch files of a table stand in `<out>/<label>/` under the same names as a locale's, the label in the locale's place.
//! Beside them `batch_<label>_<run>_rows.zst` keeps every row in order with the id of its request, and
//! `batch_<label>_<run>_run.json` says what the run was, so that answers find their rows when the input is long gone.
//! What an earlier run asked about a row in the same way is not asked again.

mod asked;
mod check;
mod faults;
mod scaffold;
mod table;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::shards::{Shard, ShardWriter};
use super::{STRIDE, check_params};
use crate::assets::Assets;
use crate::dialect::{Dialect, Image, JsonMode, Prompt, Service, Shape, body, envelope};
use crate::files::{AtomicFile, Sha256};
use crate::model::Provider;
use crate::progress::{Progress, go_on};
use crate::random::fingerprint;
use crate::recipe::rows::{
    Endpoint, Joins, Overrides, Placement, Rendered, RowLine, RowPrompter, RowRecipe, RunFile, Selection, Skip, Stance,
    source_id,
};
use crate::recipe::schema;
use crate::rows::{Columns, Format, Reader, Row};
use crate::{Error, Result};

pub use check::{Checked, Shown, check};
pub use scaffold::{Imported, import_yaml, scaffold};

use asked::Asked;
use faults::Faults;
use table::Table;

/// What to ask about, and of whom.
#[derive(Debug, Clone)]
pub struct Options {
    /// The recipe's name.
    pub recipe: String,
    /// What the person says over it.
    pub overrides: Overrides,
    /// The rows; `-` is standard input. `None` for those that the recipe brings.
    pub input: Option<PathBuf>,
    /// Their format, where the extension does not say it.
    pub format: Option<Format>,
    /// Name of the folder of batch files; `None` for one made of recipe and input.
    pub label: Option<String>,
    /// Rows to pass over at the start.
    pub offset: u64,
    /// The most rows to take.
    pub limit: Option<u64>,
    /// Ask about the same rows again.
    pub again: bool,
    /// Who will answer.
    pub provider: Provider,
    /// The model, or `None` for the recipe's own for that provider.
    pub model: Option<String>,
    /// Parameters that win over the recipe's.
    pub params: Map<String, Value>,
    /// How strictly the form of the answer is asked for.
    pub json_mode: JsonMode,
    /// Folder of the batch files.
    pub out: PathBuf,
    /// The time that names the run.
    pub now: Timestamp,
}

/// What was generated.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The run, new or found.
    pub run: RunFile,
    /// The folder of its files.
    pub folder: PathBuf,
    /// Whether these rows had all been asked about before, so that nothing was written.
    pub found: bool,
    /// New batch files.
    pub shards: Vec<Shard>,
    /// Rows that were passed on without a request, the first of each kind.
    pub listed: Vec<String>,
}

/// Generates the batch files of a table of rows. Memory holds a digest for each row, and the joined tables.
///
/// # Errors
/// [`Error::Refused`] when rows have no id, no text, or the id of another, before anything is written; [`Error::Usage`],
/// [`Error::Data`], [`Error::Line`] for a wrong argument, recipe or input; [`Error::Io`]; [`Error::Interrupted`].
pub fn generate(assets: &Assets, options: &Options, progress: &dyn Progress) -> Result<Report> {
    let recipe = RowRecipe::load(assets, &options.recipe)?.with(&options.overrides)?;
    let params = params(&recipe, options);
    check_params(options.provider, options.model.as_ref(), &checked(&recipe, &params))?;
    let model = model(&recipe, options)?;
    only_openai(&recipe, options.provider)?;
    let (reader, input) = open(assets, &recipe, options)?;
    let label = label(assets, options)?;
    let folder = options.out.join(&label);
    let format = reader.format().name().to_owned();
    let asked = Asked::read(&folder, &label)?;
    let work = Work {
        prompter: RowPrompter::new(assets, &recipe)?,
        selection: Selection::parse(&recipe.input.wanted)?,
        joins: Joins::read(assets, &recipe, &options.overrides, options.input.is_none())?,
        schema: recipe.schema.as_ref().map(|schema| schema::sent(schema, options.provider)),
        params,
        model,
        dialect: Dialect::from(options.provider),
        recipe,
        options,
    };
    work.check_columns(&reader)?;
    let written = work.write(reader, &input, &format, &label, &folder, asked, progress);
    if written.is_err() {
        // Folders that were made for files which are not there; one that holds something stays.
        let _ = std::fs::remove_dir(&folder).and_then(|()| std::fs::remove_dir(&options.out));
    }
    written
}

/// The name of the folder of batch files that [`generate`] writes to.
///
/// # Errors
/// As [`generate`], for a wrong recipe, input or name.
pub fn label(assets: &Assets, options: &Options) -> Result<String> {
    let recipe = RowRecipe::load(assets, &options.recipe)?;
    match (&options.label, &options.input, &recipe.input.path) {
        (Some(label), ..) => checked_label(label),
        (None, Some(input), _) => Ok(label_of(&recipe.name, input)),
        (None, None, path) => Ok(label_of(&recipe.name, Path::new(path.as_deref().unwrap_or_default()))),
    }
}

/// The runs whose files are in `folder`, oldest first.
///
/// # Errors
/// [`Error::Io`]; [`Error::Data`] when a run file cannot be read.
pub fn runs(folder: &Path) -> Result<Vec<RunFile>> {
    asked::runs(folder)
}

struct Work<'a> {
    recipe: RowRecipe,
    options: &'a Options,
    prompter: RowPrompter,
    selection: Selection,
    joins: Joins,
    schema: Option<Value>,
    params: Map<String, Value>,
    model: String,
    dialect: Dialect,
}

/// What became of a row.
enum Fate {
    Asks(Box<Rendered>),
    Skips(Skip),
}

impl Work<'_> {
    #[expect(clippy::too_many_arguments, reason = "it is called once, with what was made for it")]
    fn write(
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
        let answers = self.unreplaced();
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
                    if self.dialect == Dialect::Gemini && prompt.image.as_deref().is_some_and(is_remote) {
                        let instead = "Gemini's batches take images as data URLs (data:image/…;base64,…) only";
                        return Err(Error::Refused(format!("{}:{number}: {instead}", input.display())));
                    }
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
            Ok(Some(prompt)) => Ok(Fate::Asks(Box::new(prompt))),
            Ok(None) => {
                faults.add(Skip::Blank, input.on_blank, line, || {
                    format!("no text: {} hold nothing", input.text.join(", "))
                });
                Ok(Fate::Skips(Skip::Blank))
            }
            Err(detail) => {
                faults.add(Skip::Blank, Stance::Refuse, line, || format!("row `{id}`: {detail}"));
                Ok(Fate::Skips(Skip::Blank))
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

    /// A file that says its columns must have those that the recipe needs.
    fn check_columns(&self, reader: &Reader) -> Result<()> {
        let Some(header) = reader.header() else { return Ok(()) };
        let has = |name: &String| {
            let first = name.split('.').next().unwrap_or(name);
            header.iter().any(|column| column == name || column == first)
                || self.joins.names().any(|joined| joined == first)
        };
        let lacks = |names: &[String]| !names.is_empty() && !names.iter().any(has);
        let there = header.join(", ");
        let input = &self.recipe.input;
        let say = |what: &str, names: &[String], option: &str| {
            let names = names.join("`, `");
            Err(Error::Usage(format!("the input has no {what} `{names}`; it has {there}: name it with {option}")))
        };
        if lacks(&input.id) {
            return say("id column", &input.id, "--id COLUMN");
        }
        if lacks(&input.text) && self.recipe.image.as_ref().is_none_or(|image| !has(image)) {
            return say("text column", &input.text, "--text COLUMN");
        }
        if let Some(image) = self.recipe.image.as_ref().filter(|image| !has(image)) {
            return say("image column", std::slice::from_ref(image), "--image COLUMN");
        }
        match self.unreplaced().iter().find(|name| header.contains(name)) {
            Some(name) => Err(Error::Refused(replaces(name))),
            None => Ok(()),
        }
    }

    /// Columns of the answer that may not be in the input.
    fn unreplaced(&self) -> Vec<String> {
        let nested = self.recipe.output.place == Placement::Nested && self.recipe.output.column.contains('.');
        let mut names = if nested { Vec::new() } else { self.recipe.answer_columns() };
        names.extend(self.recipe.output.stamp.clone());
        names.retain(|name| !self.recipe.output.replace.contains(name));
        names
    }
}

fn replaces(name: &str) -> String {
    format!(
        "the answer would replace the column `{name}` of the input: allow it with --replace {name}, or name another with --column"
    )
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

fn params(recipe: &RowRecipe, options: &Options) -> Map<String, Value> {
    let mut params = recipe.request.params.clone();
    params.extend(options.params.iter().map(|(key, value)| (key.clone(), value.clone())));
    params
}

/// The parameters that must not take the place of what is made here. A recipe without a schema may ask for a form itself.
fn checked(recipe: &RowRecipe, params: &Map<String, Value>) -> Map<String, Value> {
    let own = recipe.request.params.get("response_format").filter(|_| recipe.schema.is_none());
    params
        .iter()
        .filter(|(key, value)| !(*key == "response_format" && own == Some(value)))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn model(recipe: &RowRecipe, options: &Options) -> Result<String> {
    let swapped = options.overrides.endpoint == Some(Endpoint::Embeddings);
    if swapped && options.model.is_none() && options.provider != Provider::Local {
        let detail = "the recipe's models write texts: give --model, such as text-embedding-3-small";
        return Err(Error::Usage(format!("--endpoint embeddings: {detail}")));
    }
    options.model.clone().or_else(|| recipe.request.models.get(options.provider.name()).cloned()).ok_or_else(|| {
        Error::Usage(format!("recipe `{}` names no model for {}: give --model", recipe.name, options.provider))
    })
}

fn only_openai(recipe: &RowRecipe, provider: Provider) -> Result<()> {
    let openai = matches!(provider, Provider::OpenAi | Provider::Local);
    if recipe.request.endpoint == Endpoint::Chat || openai {
        return Ok(());
    }
    let path = recipe.request.endpoint.path();
    Err(Error::Usage(format!("{path} is OpenAI's: with --provider {provider} the endpoint is chat")))
}

/// The rows, and what they are called.
fn open(assets: &Assets, recipe: &RowRecipe, options: &Options) -> Result<(Reader, PathBuf)> {
    if let Some(path) = &options.input {
        return Ok((Reader::open(path, options.format)?, path.clone()));
    }
    let Some(path) = &recipe.input.path else {
        return Err(Error::Usage(format!("recipe `{}` asks about rows: give --input FILE", recipe.name)));
    };
    let shown = PathBuf::from(format!("templates/{}/{path}", recipe.name));
    let text =
        recipe.file(assets, path)?.ok_or_else(|| Error::data(shown.to_string_lossy(), "there is no such file"))?;
    let format = Format::told(&shown)?.0;
    let reader = Box::new(std::io::Cursor::new(text.into_bytes()));
    Ok((Reader::new(reader, &shown, Some(format), crate::rows::Cells::Text)?, shown))
}

/// `tag-videos` for the recipe `tag` over `videos.csv`.
fn label_of(recipe: &str, input: &Path) -> String {
    let name = input.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    let mut label = recipe.to_owned();
    let mut gap = true;
    for char in stem.chars() {
        if char.is_ascii_alphanumeric() {
            if std::mem::take(&mut gap) {
                label.push('-');
            }
            label.push(char);
        } else {
            gap = true;
        }
    }
    label.truncate(60);
    label
}

fn checked_label(label: &str) -> Result<String> {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !label.is_empty() && label.len() <= 60 && label.bytes().all(fine) {
        return Ok(label.to_owned());
    }
    Err(Error::Usage(format!("--name {label}: letters, digits and hyphens, at most 60: it stands in file names")))
}

/// Whether an image is named by its address and not carried along.
fn is_remote(image: &str) -> bool {
    !image.starts_with("data:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_made_of_recipe_and_input() {
        assert_eq!(label_of("tag", Path::new("a/My Videos (2).v1.csv")), "tag-my-videos-2");
        assert_eq!(label_of("tag", Path::new("-")), "tag");
        assert_eq!(label_of("tag", Path::new("видео.csv")), "tag");
        assert!(checked_label("a_b").is_err() && checked_label("../x").is_err() && checked_label("a-B1").is_ok());
    }
}
