//! The phrasebook engine: answers AAC prompts offline, from the exchanges of the language pack.
//!
//! It knows nothing but the request body, as a provider would: the plan item is read back from the prompt's labelled lines.
//! It is not a model and says so: its name is `phrasebook-1`. A prompt that it does not recognise gets a marked sample.

mod compose;
mod plain;

use std::sync::Arc;

use super::engine::{Composer, EngineAnswer, EngineError, EngineRequest, Usage, prompt_text};
use super::sample;
use crate::language::Languages;
use crate::random::Stream;
use crate::recipe::{locale_of, read_back};

/// The name that records carry.
pub const MODEL: &str = "phrasebook-1";

/// Answers AAC prompts from the phrasebooks of the language packs.
#[derive(Debug)]
pub struct Phrasebook {
    languages: Arc<Languages>,
}

impl Phrasebook {
    /// An engine over the packs of `languages`.
    #[must_use]
    pub fn new(languages: Arc<Languages>) -> Self {
        Self { languages }
    }

    /// The conversation that a prompt asks for, as JSON; `None` when the prompt is not one of ours.
    fn conversation(&self, prompt: &str) -> Option<String> {
        let locale = locale_of(prompt, &self.languages)?;
        let pack = self.languages.pack(&locale).ok()?;
        let item = read_back(prompt, &pack)?;
        let mut stream = Stream::new(0, "phrasebook", &[prompt.as_bytes()]);
        let conversation = compose::compose(&pack, &item, &mut stream);
        Some(serde_json::to_string(&conversation).expect("a conversation is plain data"))
    }
}

impl Composer for Phrasebook {
    fn model(&self) -> &str {
        MODEL
    }

    fn answer(&self, request: &EngineRequest<'_>) -> Result<EngineAnswer, EngineError> {
        let prompt = prompt_text(request.body);
        let Some(content) = self.conversation(&prompt) else { return Ok(sample::answer(request.body)) };
        let usage = Usage::estimate(&prompt, &content);
        Ok(EngineAnswer { content, finish_reason: "stop".to_owned(), usage })
    }
}
