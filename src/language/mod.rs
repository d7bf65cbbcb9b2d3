//! Language packs and keyboards: what people in a locale are, say and type. Data only; `languages/README.md` is the schema.
//!
//! A locale is the folder of its region merged over the folder of its base language. This module owns
//! `serde_path_to_error`.

mod fill;
mod gaps;
mod identify;
mod keyboard;
mod knowledge;
mod layers;
mod load;
mod pack;
mod people;
mod phrasebook;
mod scenario;
mod text;
mod validate;

pub use fill::{Cast, fill};
pub use gaps::Gap;
pub use identify::{Identified, identify};
pub use keyboard::{Flick, Grid, Keyboards, Native, Row, SpaceBar};
pub use knowledge::{Relation, Telling};
pub use load::Languages;
pub use pack::{Access, ErrorProfile, Form, Gold, Labels, Layout, LengthBand, Pack, Phrase, Status, Style, Terms};
pub use people::{Address, Gender, Partner, PartnerKind, Person};
pub use phrasebook::{Exchange, Role, Thread};
pub use scenario::{Domain, Opens, Scenario};
pub use text::{Direction, LengthUnit, TextRules};
