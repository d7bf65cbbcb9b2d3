//! The phrasebook engine: answers AAC prompts offline, from the exchanges of the language pack.
//!
//! It knows nothing but the request body, as a provider would: the plan item is read back from the prompt's labelled lines.
//! It is not a model and says so: its name is `phrasebook-1`.

mod compose;
mod plain;
