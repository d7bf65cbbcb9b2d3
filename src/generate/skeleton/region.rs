//! The files of a region, over those of its base language.

use std::fmt::Write as _;

use super::{Blank, empty};
use crate::assets::Folder;
use crate::language::Pack;
use crate::model::Locale;

pub(super) fn blanks(locale: &Locale, pack: &Pack, keyboard: bool) -> Vec<Blank> {
    let language = locale.language();
    let data = |path: String, text: String, write| Blank { folder: Folder::Languages, path, text, write };
    let mut head = format!("extends = \"{language}\"\n");
    empty(&mut head, "name", &pack.name);
    empty(&mut head, "english_name", &pack.english_name);
    head.push_str("status = \"skeleton\"  # \"drafted\" when all is written\nreviewed_by = []\n\n[terms]\n");
    for (key, there) in [
        ("doctor", &pack.terms.doctor),
        ("health_service", &pack.terms.health_service),
        ("emergency_number", &pack.terms.emergency_number),
    ] {
        empty(&mut head, key, there);
    }
    head.push_str("\n[lists]  # what differs in this region\n");
    let only = |what: &str| {
        format!("# {what}; an entry with an id of the base changes that entry, `drop = true` removes it.\n")
    };
    let mut blanks = Vec::new();
    if keyboard {
        blanks.push(data(format!("keyboards/{locale}.toml"), native(language), "the layout that people there type on"));
    }
    blanks.extend([
        data(format!("{locale}/pack.toml"), head, "its name, services, emergency number, food, places"),
        data(
            format!("{locale}/people.toml"),
            only("People as they are there: names, places, work"),
            "what differs in the people",
        ),
        data(
            format!("{locale}/scenarios.toml"),
            only("5 or more of this region's own"),
            "5 scenarios of its own or more",
        ),
        data(format!("{locale}/phrasebook.toml"), only("Threads of this region's own"), "exchanges of its own"),
    ]);
    blanks
}

fn native(language: &str) -> String {
    let mut out = format!(
        "extends = \"{language}\"\n\n[native]\nname = \"\"\nsource = \"\"  # such as: XKB symbols gb(basic), xkb-data 2.35.1\n"
    );
    out.push_str("space = { row = 4, offset = 3.75, width = 6.25 }\n");
    for offset in ["0.0", "1.5", "1.75", "1.25"] {
        let _ = writeln!(
            out,
            "\n[[native.rows]]\noffset = {offset}\nkeys = []  # a key: base, Shift, AltGr, AltGr and Shift"
        );
    }
    out.push_str("\n[native.dead]\n");
    out
}
