//! The files of a base language.

use std::fmt::Write as _;

use super::{Blank, empty, phrases};
use crate::assets::Folder;
use crate::language::{Keyboards, Pack, Relation, TextRules};
use crate::model::Locale;

const SCENARIOS: &str = r#"# 30 or more, each a whole sentence of life there; at least half are not `health`, a third opens with `aac`.
# [[scenario]]
# id = ""
# text = ""                        # {aac} and {partner} are the two; no other name
# domain = ""                      # home family friends work money health services public travel leisure online
# purpose = ""
# setting = ""
# partners = []                    # spouse child parent sibling relative friend neighbour carer colleague professional official service stranger
# opens = ""                       # aac, partner or either
# needs = []
# tags = []
"#;

const PEOPLE: &str = r#"# 16 or more people who use AAC, aged 28 to 85, most of them 50 to 75, and 14 or more partners; languages/README.md has every field.
# [[person]]
# id = ""
# name = ""
# call = ""
# gender = ""
# age = 0
# work = ""
# family = ""
# interests = ""
# register = ""
# stage = ""
# speech = ""
# equipment = ""
# literacy = ""
# access = []
# tags = []
#
# [[partner]]
# id = ""
# name = ""
# call = ""
# gender = ""
# kind = ""
# of = []
# relation = ""
# patience = ""
# experience = ""
# habit = ""
# address = ""
"#;

const PHRASEBOOK: &str = r#"# 60 or more exchanges in 24 or more threads: 4 openings, 4 closes, bodies for every purpose. Written anew, never translated.
# [[thread]]
# id = ""
# role = ""                        # open, body or close
# purposes = []
# settings = []
# kinds = []
#
# [[thread.exchange]]
# partner = ""
# telegraphic = ""
# abbreviated = ""
# intended = ""
# reaction = ""
"#;

const SYSTEM: &str =
    "{# In the language itself, 200 to 350 words; templates/README.md says what it says, in which order. #}\n";

pub(super) fn blanks(
    language: &str,
    from: &Locale,
    pack: &Pack,
    keyboards: &Keyboards,
    rules: TextRules,
) -> Vec<Blank> {
    let data = |path: String, text: String, write| Blank { folder: Folder::Languages, path, text, write };
    let template = |file: &str, text: String, write| Blank {
        folder: Folder::Templates,
        path: format!("aac/{language}/{file}"),
        text,
        write,
    };
    vec![
        data(
            format!("keyboards/{language}.toml"),
            grids(keyboards),
            "the alphabet in its own order, and the two grids",
        ),
        data(format!("{language}/text.toml"), text(&rules, from), "how the language is written"),
        data(
            format!("{language}/pack.toml"),
            head(language, pack, from),
            "names, labels, lists, settings, purposes, moods, access methods, styles with 8 examples each",
        ),
        data(format!("{language}/people.toml"), PEOPLE.to_owned(), "16 people or more, 14 partners or more"),
        data(format!("{language}/scenarios.toml"), SCENARIOS.to_owned(), "30 scenarios or more"),
        data(format!("{language}/phrasebook.toml"), PHRASEBOOK.to_owned(), "60 exchanges or more"),
        data(format!("{language}/knowledge.toml"), knowledge(pack), "sentences around topics of a knowledge file"),
        template("system.tera", SYSTEM.to_owned(), "what is asked of the model, in the language itself"),
        template("user.tera", user(), "the two sentences around the plan, in the language itself"),
    ]
}

fn grids(keyboards: &Keyboards) -> String {
    let count = keyboards.alphabet.len();
    format!(
        "# Every letter, lower case, in alphabetical order ({count} in the other language).\nalphabet = []\n\n\
         [abc]\nsource = \"\"\nrows = []  # scanned row by row; \"space\" is the space cell\n\n\
         [frequency]\nsource = \"\"  # where the frequencies come from, and its licence\nrows = []\n"
    )
}

fn text(rules: &TextRules, from: &Locale) -> String {
    let mut out = format!("# Beside each key: {from}.\n");
    for (key, there) in [
        ("script", &rules.script),
        ("word_separator", &rules.word_separator),
        ("full_stop", &rules.full_stop),
        ("question_mark", &rules.question_mark),
        ("exclamation_mark", &rules.exclamation_mark),
        ("comma", &rules.comma),
        ("semicolon", &rules.semicolon),
        ("list_separator", &rules.list_separator),
        ("decimal_mark", &rules.decimal_mark),
    ] {
        empty(&mut out, key, there);
    }
    out.push_str(
        "direction = \"ltr\"\ncased = true\nlength_unit = \"words\"\nquotes = [\"\", \"\"]\nsentence_enders = []\n\
         question_words = []\nfunction_words = []  # 30 to 60 of the most frequent small words, lower case\n\
         descriptions = []  # beginnings of a text that describes what is meant instead of saying it\n\
         refusals = []  # beginnings of what a model says when it declines\n",
    );
    out
}

fn head(language: &str, pack: &Pack, from: &Locale) -> String {
    let mut out = format!(
        "# Beside each entry: {from}. Settings, moods and lists may be others; purposes, times and access may not.\n"
    );
    empty(&mut out, "name", &pack.name);
    let _ = writeln!(out, "english_name = \"\"  # of `{language}`");
    out.push_str("status = \"skeleton\"  # \"drafted\" when all is written\nreviewed_by = []\n\n[terms]\n");
    let terms = serde_json::to_value(&pack.terms).expect("terms are plain data");
    fields(&mut out, &terms);
    out.push_str("\n[labels]\n");
    fields(&mut out, &serde_json::to_value(&pack.labels).expect("labels are plain data"));
    out.push_str("\n[lists]\n");
    for list in ["food", "drink", "place", "day", "show"] {
        let there = pack.lists.get(list).map_or_else(String::new, |entries| entries.join(", "));
        let _ = writeln!(out, "{list} = []  # {there}");
    }
    for (list, entries) in
        [("setting", &pack.settings), ("purpose", &pack.purposes), ("time", &pack.times), ("mood", &pack.moods)]
    {
        phrases(&mut out, list, entries.iter().map(|it| (it.id.as_str(), it.text.as_str())));
    }
    for access in &pack.access {
        phrases(&mut out, "access", [(access.id.as_str(), access.text.as_str())].into_iter());
        let [low, high] = access.wpm;
        let (layout, errors) = (plain(&access.layout), plain(&access.errors));
        let _ = writeln!(out, "wpm = [{low}, {high}]\nlayout = {layout}\nerrors = {errors}");
    }
    for style in &pack.styles {
        phrases(&mut out, "style", [(style.id.as_str(), style.text.as_str())].into_iter());
        let (form, lengths) = (plain(&style.form), plain(&style.lengths));
        let _ = writeln!(out, "form = {form}\nshare = {}\nlengths = {lengths}", style.share);
        out.push_str("gold = []  # 8 or more: { context = \"\", typed = \"\", intended = \"\" }\n");
    }
    for band in &pack.lengths {
        phrases(&mut out, "length", [(band.id.as_str(), band.text.as_str())].into_iter());
        let _ = writeln!(out, "min = {}\nmax = {}\nshare = {}", band.min, band.max, band.share);
    }
    out
}

/// The fields of an object of texts, empty.
fn fields(out: &mut String, object: &serde_json::Value) {
    for (key, there) in object.as_object().into_iter().flatten() {
        empty(out, key, there.as_str().unwrap_or_default());
    }
}

/// A word or a list of words: JSON and TOML write them alike.
fn plain(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("it is plain data")
}

fn knowledge(pack: &Pack) -> String {
    let telling = pack.knowledge.as_ref();
    let mut out = "[knowledge]\n".to_owned();
    empty(&mut out, "event", telling.map_or("with {head}", |telling| &telling.event));
    out.push_str("\n[knowledge.relations]\n");
    for relation in Relation::ALL {
        let there = telling.and_then(|telling| telling.relations.get(&relation));
        empty(&mut out, relation.name(), there.map_or("with {tail}", String::as_str));
    }
    out
}

fn user() -> String {
    let mut out = "{# A sentence that says: this is the plan. #}\n\n".to_owned();
    for slot in [
        "language", "scenario", "setting", "time", "mood", "purpose", "person", "partner", "access", "style", "length",
        "opens", "turns",
    ] {
        let _ = writeln!(out, "{{{{ labels.{slot} }}}}{{{{ {slot} }}}}");
    }
    out.push_str("\n{# A sentence that says: three examples of the style, from other conversations. #}\n\n{% for example in examples %}\n");
    for part in ["context", "typed", "intended"] {
        let _ = writeln!(out, "{{{{ labels.{part} }}}}{{{{ example.{part} }}}}");
    }
    out.push_str("{% endfor %}\n\n{# A sentence that asks for the conversation, as the JSON object alone. #}\n");
    out
}
