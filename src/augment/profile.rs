//! Profiles: named devices with the habits of the person at them.

use serde::Deserialize;

use crate::assets::{Assets, Folder, from_toml};
use crate::augment::device::{Access, Layout, Mix};
use crate::language::Keyboards;
use crate::model::Locale;
use crate::{Error, Result};

/// A device, and how errors are shared out on it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name: `eye-gaze`.
    pub name: String,
    /// The layout.
    pub layout: Layout,
    /// The access method.
    pub access: Access,
    /// The shares of the kinds of error; by default those of the access method.
    #[serde(default)]
    pub mix: Option<Mix>,
}

impl Profile {
    /// Whether a locale has the layout.
    ///
    /// # Errors
    /// [`Error::Usage`] saying that it has not.
    pub fn fits(&self, locale: &Locale, keyboards: &Keyboards) -> Result<()> {
        if self.layout == Layout::Flick && keyboards.flick.is_none() {
            let name = &self.name;
            return Err(Error::Usage(format!(
                "profile `{name}`: {locale} has no flick table; name those that have, such as ja-JP, with --lang"
            )));
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profile: Vec<Profile>,
}

const EMBEDDED: &str = include_str!("profiles.toml");
const OVERRIDE: &str = "profiles.toml";

/// The profiles that there are: those that ship, then those of `languages/profiles.toml` where the project has one; of two with the same name the
/// project's is taken.
///
/// # Errors
/// [`Error::Data`] when the file is not what it must be.
pub fn profiles(assets: &Assets) -> Result<Vec<Profile>> {
    let mut all = parsed("profiles.toml", EMBEDDED)?;
    if let Some(text) = assets.read(Folder::Languages, OVERRIDE)? {
        let own = parsed(&format!("languages/{OVERRIDE}"), &text)?;
        all.retain(|shipped| !own.iter().any(|own| own.name == shipped.name));
        all.extend(own);
    }
    Ok(all)
}

fn parsed(name: &str, text: &str) -> Result<Vec<Profile>> {
    let file: File = from_toml(name, text)?;
    for profile in &file.profile {
        let wrong = |detail: &str| Err(Error::data(name, format!("{}: {detail}", profile.name)));
        if profile.layout == Layout::Native && profile.access == Access::Scanning {
            return wrong("a native layout is not scanned: take abc or frequency");
        }
        if profile.layout == Layout::Flick && profile.access != Access::Touch {
            return wrong("a flick needs a finger: take access = \"touch\"");
        }
        if profile.mix.is_some_and(|mix| mix.shares().iter().map(|(_, share)| u32::from(*share)).sum::<u32>() != 1000) {
            return wrong("the shares of `mix` do not sum to 1000");
        }
    }
    Ok(file.profile)
}

/// The profiles called `names`, in that order.
///
/// # Errors
/// [`Error::Usage`] naming those there are; as [`profiles`].
pub fn named(assets: &Assets, names: &[String]) -> Result<Vec<Profile>> {
    let all = profiles(assets)?;
    let find = |name: &String| {
        let known = || all.iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>().join(", ");
        let found = all.iter().find(|profile| profile.name == *name).cloned();
        found.ok_or_else(|| Error::Usage(format!("unknown profile `{name}`; there are {}", known())))
    };
    names.iter().map(find).collect()
}
