//! What differs between two texts, in colour. This file owns `similar`.

use anstyle::{AnsiColor, Reset, Style};
use similar::{ChangeTag, TextDiff};
use unicode_segmentation::UnicodeSegmentation;

/// What is only in the new text, and what is only in the old one.
const NEW: Style = AnsiColor::Green.on_default();
const OLD: Style = AnsiColor::Red.on_default().strikethrough();

/// `new` with what `old` does not have in green, and what `old` had in its place struck through in red.
///
/// Right-to-left text is kept in the order of reading: a terminal that knows bidirectional text turns it.
pub(super) fn coloured(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.graphemes(true).collect(), new.graphemes(true).collect());
    let diff = TextDiff::from_slices(&old, &new);
    let mut out = String::new();
    let mut last = ChangeTag::Equal;
    for change in diff.iter_all_changes() {
        let (tag, grapheme) = (change.tag(), change.value());
        if tag != last {
            if last != ChangeTag::Equal {
                out += &Reset.to_string();
            }
            match tag {
                ChangeTag::Insert => out += &NEW.to_string(),
                ChangeTag::Delete => out += &OLD.to_string(),
                ChangeTag::Equal => {}
            }
            last = tag;
        }
        out += grapheme;
    }
    if last != ChangeTag::Equal {
        out += &Reset.to_string();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_marked_and_graphemes_stay_whole() {
        let plain = |text: &str| anstream::adapter::strip_str(text).to_string();
        assert_eq!(coloured("tea", "tea"), "tea");
        let shown = coloured("too hot", "too hit");
        assert_eq!(plain(&shown), "too hoit");
        assert!(shown.contains(&format!("{NEW}i{Reset}")) && shown.contains(&format!("{OLD}o{Reset}")), "{shown:?}");
        let family = coloured("a👩‍👧b", "ab");
        assert!(family.contains(&format!("{OLD}👩‍👧{Reset}")), "{family:?}");
    }
}
