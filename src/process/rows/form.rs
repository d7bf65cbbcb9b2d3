//! Reading the answer to a row, and writing what is kept of it.

use serde_json::Value;

use crate::Result;
use crate::assets::Assets;
use crate::json;
use crate::model::{Answer, Failure, Reason, SAMPLE_MARK};
use crate::recipe::rows::{Endpoint, RowJudge, RowRecipe};

use super::super::record::write_provenance;
use super::super::salvage::salvage;
use super::super::settle::{Request, Settled, Verdict, count};

/// The name that the offline engine gives itself where it does not pass requests on.
const ENGINES: [&str; 2] = ["phrasebook-1", "sample-1"];

/// The flag of an answer that is a sample of the offline engine.
pub(super) const SAMPLE: &str = "sample";

/// How answers to the rows of a recipe are read.
#[derive(Debug)]
pub struct RowForm {
    judge: RowJudge,
    vectors: bool,
}

/// An answer, read and judged.
struct Read {
    value: Value,
    repairs: Vec<&'static str>,
    flags: Vec<String>,
}

impl RowForm {
    /// The form of a recipe's answers.
    ///
    /// # Errors
    /// [`crate::Error::Data`] for a schema or check that cannot be used.
    pub fn new(assets: &Assets, recipe: &RowRecipe) -> Result<Self> {
        let vectors = recipe.request.endpoint == Endpoint::Embeddings;
        Ok(Self { judge: RowJudge::new(assets, recipe)?, vectors })
    }

    fn read(&self, id: &str, answer: &Answer<'_>) -> Result<Read, Failure> {
        let mut repairs: Vec<&'static str> = Vec::new();
        repairs.extend(answer.replaced.then_some("lone_surrogate"));
        let marked = memchr::memmem::find(answer.text.as_bytes(), SAMPLE_MARK.as_bytes()).is_some();
        let sample = marked || answer.model.as_deref().is_some_and(|model| ENGINES.contains(&model));
        let value = if self.vectors || self.judge.wants_json() {
            self.parse(&answer.text, &mut repairs)?
        } else {
            Value::from(answer.text.trim())
        };
        let judged = self.judge.judge(id, value, sample);
        let judged = judged.map_err(|detail| Failure { reason: Reason::Invalid, detail })?;
        repairs.extend(judged.repairs);
        let mut flags = judged.flags;
        flags.extend(sample.then(|| SAMPLE.to_owned()));
        Ok(Read { value: judged.value, repairs, flags })
    }

    fn parse(&self, text: &str, repairs: &mut Vec<&'static str>) -> Result<Value, Failure> {
        let unparseable = |detail: String| Failure { reason: Reason::Unparseable, detail };
        let value = match serde_json::from_str(text.trim()) {
            Ok(value) => value,
            Err(error) => {
                let found = salvage(text).ok_or_else(|| unparseable(format!("not JSON: {error}")))?;
                repairs.extend(found.repairs);
                serde_json::from_str(&found.text).map_err(|error| unparseable(format!("not JSON: {error}")))?
            }
        };
        if self.vectors && !matches!(&value, Value::Array(items) if items.iter().all(Value::is_number)) {
            let detail = "not a list of numbers: ask for `encoding_format` float".to_owned();
            return Err(Failure { reason: Reason::Invalid, detail });
        }
        Ok(value)
    }
}

/// The row's own id, as its metadata line has it.
pub(super) fn row_id(plan: Option<&str>) -> String {
    #[derive(serde::Deserialize)]
    struct Plan {
        id: String,
    }
    plan.and_then(|plan| serde_json::from_str::<Plan>(plan).ok()).map(|plan| plan.id).unwrap_or_default()
}

impl Settled {
    /// Ends a request that asks about a row: its record holds the answer, and its text where that is not the same.
    pub(in super::super) fn row(
        &mut self,
        request: &Request<'_>,
        answer: &Answer<'_>,
        dialect: &str,
        form: &RowForm,
    ) -> Verdict {
        let id = row_id(request.planned.plan);
        let Read { value, repairs, flags } = match form.read(&id, answer) {
            Ok(read) => read,
            Err(failure) => return Verdict::Rejected(failure),
        };
        let out = &mut self.records;
        out.extend_from_slice(b"{\"id\":");
        json::string(out, &id);
        out.extend_from_slice(b",\"answer\":");
        let written = out.len();
        serde_json::to_writer(&mut *out, &value).expect("an answer is plain data");
        if out[written..] != *answer.text.as_bytes() && value.as_str() != Some(&answer.text) {
            out.extend_from_slice(b",\"text\":");
            json::string(out, &answer.text);
        }
        out.push(b',');
        let names: Vec<&str> = flags.iter().map(String::as_str).collect();
        let code = request.settler.plan.code(request.entry);
        write_provenance(out, &request.planned, code, answer, dialect, &repairs, &names);
        self.record_count += 1;
        let counts = self.counts(request);
        counts.tally.accepted += 1;
        count(&mut counts.repaired, &repairs);
        Verdict::Accepted
    }
}
