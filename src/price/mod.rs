//! What tokens cost: a small dated table with its source, a user's file over it, and exact arithmetic.
//!
//! A model that is in neither has no known price, and that is said: nothing is ever guessed as zero.

#[cfg(feature = "net")]
mod tokens;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::assets::from_toml;
use crate::{Error, Result};

#[cfg(feature = "net")]
pub use tokens::Counter;

const TABLE: &str = include_str!("prices.toml");

/// Picodollars per token in a dollar per million tokens.
const PER_MILLION: u64 = 1_000_000;

/// An amount of money, in picodollars: a millionth of the price of a token at a dollar a million.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(u128);

impl Money {
    /// Reads a decimal number of dollars, such as `12.50`.
    #[must_use]
    pub fn dollars(text: &str) -> Option<Self> {
        per_million(text).map(|picodollars| Self(u128::from(picodollars) * u128::from(PER_MILLION)))
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    /// What is left after `other`; `None` when that is more.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// In dollars; exact enough for reports.
    #[must_use]
    pub fn as_dollars(self) -> f64 {
        self.0 as f64 / 1e12
    }
}

impl fmt::Display for Money {
    /// Dollars, rounded half up to cents; below ten dollars to hundredths of a cent, without trailing zeros beyond cents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.0 < 10_000_000_000_000 { 4 } else { 2 };
        let unit = 10u128.pow(12 - digits);
        let rounded = (self.0 + unit / 2) / unit;
        let (whole, part) = (rounded / 10u128.pow(digits), rounded % 10u128.pow(digits));
        let part = format!("{part:0width$}", width = digits as usize);
        let (cents, rest) = part.split_at(2);
        f.pad(&format!("${whole}.{cents}{}", rest.trim_end_matches('0')))
    }
}

/// What tokens of a model cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Picodollars for a token of a request.
    input: u64,
    /// Picodollars for a token of an answer.
    output: u64,
}

impl Rate {
    /// A rate from dollars per million tokens, as decimal numbers with at most six places.
    #[must_use]
    pub fn read(input: &str, output: &str) -> Option<Self> {
        Some(Self { input: per_million(input)?, output: per_million(output)? })
    }

    /// What so many tokens cost.
    #[must_use]
    pub fn cost(self, input_tokens: u64, output_tokens: u64) -> Money {
        let part = |rate: u64, tokens: u64| u128::from(rate) * u128::from(tokens);
        Money(part(self.input, input_tokens) + part(self.output, output_tokens))
    }
}

/// The prices of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// In a batch.
    pub batch: Rate,
    /// At once.
    pub list: Rate,
    /// When that was so: a date, or `given`.
    pub as_of: String,
    /// Who said so.
    pub source: String,
}

impl Price {
    /// A price that the person gave, in dollars per million tokens at once; a batch costs half.
    #[must_use]
    pub fn given(input: &str, output: &str) -> Option<Self> {
        let list = Rate::read(input, output)?;
        let batch = Rate { input: list.input.div_ceil(2), output: list.output.div_ceil(2) };
        Some(Self { batch, list, as_of: "given".to_owned(), source: "--price-in, --price-out".to_owned() })
    }
}

/// The price table.
#[derive(Debug, Clone)]
pub struct Prices(BTreeMap<String, Price>);

#[derive(Debug, Deserialize)]
struct Table {
    as_of: String,
    source: String,
    #[serde(flatten)]
    providers: BTreeMap<String, BTreeMap<String, Pair>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    batch: [String; 2],
    list: [String; 2],
}

impl Prices {
    /// The table that ships in the binary, under that of `file` where one is given (same form).
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be read, [`Error::Data`] when it has not the form of `prices.toml`.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        let mut prices = Self::read(TABLE, "prices.toml")?;
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
            prices.0.extend(Self::read(&text, &path.display().to_string())?.0);
        }
        Ok(prices)
    }

    fn read(text: &str, name: &str) -> Result<Self> {
        let Table { as_of, source, providers } = from_toml(name, text)?;
        let mut prices = BTreeMap::new();
        for (model, pair) in providers.into_values().flatten() {
            let rate = |[input, output]: &[String; 2]| {
                Rate::read(input, output).ok_or_else(|| Error::data(name, format!("the price of {model} is no number")))
            };
            let (batch, list) = (rate(&pair.batch)?, rate(&pair.list)?);
            prices.insert(model, Price { batch, list, as_of: as_of.clone(), source: source.clone() });
        }
        Ok(Self(prices))
    }

    /// The price of `model`, also under a dated name such as `gpt-4o-mini-2024-07-18`. `None` when it is not known.
    #[must_use]
    pub fn find(&self, model: &str) -> Option<&Price> {
        self.0.get(model).or_else(|| self.0.get(undated(model)))
    }
}

/// A model's name without the date at its end: `-2024-07-18` or `-20251001`.
fn undated(model: &str) -> &str {
    for form in ["-dddd-dd-dd", "-dddddddd"] {
        if let Some((name, end)) = model.len().checked_sub(form.len()).and_then(|at| model.split_at_checked(at))
            && end.bytes().zip(form.bytes()).all(|(byte, form)| byte == form || (form == b'd' && byte.is_ascii_digit()))
        {
            return name;
        }
    }
    model
}

/// Picodollars a token, from dollars a million tokens with at most six places.
fn per_million(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > 6 || !digits(whole) || !digits(part) {
        return None;
    }
    let millionths: u64 = format!("{part:0<6}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(PER_MILLION)?.checked_add(millionths)
}

/// Serialised as dollars.
impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_dollars())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_interviews_comes_out_to_the_printed_digit() {
        let price = Price::given("3", "15").unwrap();
        let each = |rate: Rate| rate.cost(3_000, 2_000).to_string();
        assert_eq!((each(price.list), each(price.batch)), ("$0.039".to_owned(), "$0.0195".to_owned()));
        let table = [
            (100, "$3.90", "$1.95"),
            (500, "$19.50", "$9.75"),
            (1_000, "$39.00", "$19.50"),
            (5_000, "$195.00", "$97.50"),
            (10_000, "$390.00", "$195.00"),
        ];
        for (count, list, batch) in table {
            let cost = |rate: Rate| rate.cost(3_000 * count, 2_000 * count).to_string();
            assert_eq!((cost(price.list).as_str(), cost(price.batch).as_str()), (list, batch));
        }
    }

    #[test]
    fn tags_of_videos_cost_what_was_printed() {
        let price = Prices::load(None).unwrap().find("gpt-4o-mini").unwrap().clone();
        assert_eq!(price.batch, Rate::read("0.075", "0.30").unwrap());
        assert_eq!(price.batch.cost(253_500, 8_450).to_string(), "$0.0215");
    }

    #[test]
    fn dated_names_are_known_and_unknown_models_are_not() {
        let prices = Prices::load(None).unwrap();
        assert_eq!(prices.find("gpt-4o-mini-2024-07-18"), prices.find("gpt-4o-mini"));
        assert_eq!(prices.find("claude-haiku-4-5-20251001"), prices.find("claude-haiku-4-5"));
        assert!(prices.find("claude-haiku-4-5").is_some());
        for model in ["gpt-99", "", "phrasebook-1", "gpt-4o-mini-2024"] {
            assert_eq!(prices.find(model), None, "{model}");
        }
    }

    #[test]
    fn amounts_are_read_as_they_are_written() {
        assert_eq!(Money::dollars("12.50").unwrap().to_string(), "$12.50");
        assert_eq!(Money::dollars("0.0195").unwrap().to_string(), "$0.0195");
        for wrong in ["", "1,5", "-1", "1.1234567", "x"] {
            assert_eq!(Money::dollars(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_users_file_wins() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "as_of = \"2030-01-01\"\nsource = \"me\"\n[mine]\n\"gpt-4o-mini\" = { batch = [\"1\", \"2\"], list = [\"2\", \"4\"] }\n";
        std::fs::write(file.path(), text).unwrap();
        let prices = Prices::load(Some(file.path())).unwrap();
        assert_eq!(prices.find("gpt-4o-mini").unwrap().as_of, "2030-01-01");
        assert!(prices.find("gpt-4o").is_some());
    }
}
