//! What does not belong into what somebody says.

use crate::process::conversation::Turn;

/// Whether a text of the turn holds a stage direction: between asterisks, in square brackets, or in a bracket at its start.
pub(super) fn has_stage_direction(turn: &Turn<'_>) -> bool {
    [turn.utterance, turn.intended].into_iter().flatten().any(|text| directs(&text.to_str()))
}

fn directs(text: &str) -> bool {
    if memchr::memchr3(b'*', b'[', b'(', text.as_bytes()).is_none() {
        return text.starts_with(['（', '【']);
    }
    let starred = text.split('*').skip(1).step_by(2).any(|inside| inside.chars().any(char::is_alphabetic));
    let pairs = text.matches('*').count() >= 2 && starred;
    let square = text.split_once('[').is_some_and(|(_, rest)| rest.contains(']'));
    pairs || square || text.trim_start().starts_with(['(', '（', '【'])
}

/// Whether the turn begins with its speaker's name and a colon.
pub(super) fn has_role_label(turn: &Turn<'_>) -> bool {
    let Some(speaker) = turn.speaker.map(|speaker| speaker.to_str()) else { return false };
    [turn.utterance, turn.intended].into_iter().flatten().any(|text| {
        let text = text.to_str();
        let rest = text.trim_start().strip_prefix(speaker.trim());
        rest.is_some_and(|rest| rest.trim_start().starts_with([':', '：']))
    })
}

/// Beginnings of texts, in lower case.
#[derive(Debug)]
pub(super) struct Beginnings {
    all: Vec<String>,
    /// The first letters of ASCII, as bits: most texts begin with another, and there are dozens of beginnings.
    firsts: u128,
}

impl Beginnings {
    /// Those, or nothing when there are none.
    pub fn new(all: &[String]) -> Option<Self> {
        let firsts = all.iter().filter_map(|text| text.chars().next()).filter(char::is_ascii);
        let firsts = firsts.fold(0, |bits, first| bits | 1 << u32::from(first));
        (!all.is_empty()).then(|| Self { all: all.to_vec(), firsts })
    }

    /// Whether a text of the turns begins with one of them.
    pub fn begin(&self, turns: &[Turn<'_>], intended_only: bool) -> bool {
        turns.iter().any(|turn| {
            let utterance = turn.utterance.filter(|_| !intended_only);
            utterance.is_some_and(|text| self.begins(&text.to_str()))
                || turn.intended.is_some_and(|text| self.begins(&text.to_str()))
        })
    }

    fn begins(&self, text: &str) -> bool {
        let text = text.trim_start();
        let first = text.chars().next().map(|first| first.to_ascii_lowercase());
        let ruled_out = first.is_some_and(|first| first.is_ascii() && self.firsts >> u32::from(first) & 1 == 0);
        !ruled_out && self.all.iter().any(|beginning| begins_with(text, beginning))
    }
}

/// Whether the text, in lower case and its apostrophes straight, begins with that.
fn begins_with(text: &str, beginning: &str) -> bool {
    let alike = |(a, b): &(u8, u8)| a.is_ascii() && a.to_ascii_lowercase() == *b;
    let same = text.bytes().zip(beginning.bytes()).take_while(alike).count();
    // Most differ within a few letters of ASCII.
    if text.as_bytes().get(same).is_none_or(u8::is_ascii) {
        return same == beginning.len();
    }
    let lower = text[same..].chars().flat_map(char::to_lowercase);
    let mut letters = lower.map(|letter| if letter == '’' { '\'' } else { letter });
    beginning[same..].chars().all(|expected| letters.next() == Some(expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;
    use crate::language::{Languages, TextRules};
    use crate::model::Locale;

    #[test]
    fn stage_directions_are_told_from_brackets_of_speech() {
        for text in ["*smiles* hello", "hello [laughs]", "(points at the door) there", "（笑）はい"] {
            assert!(directs(text), "{text}");
        }
        for text in ["2*3 is 6", "it's 5 * 4", "tea (the green one)", "no", "[", "**"] {
            assert!(!directs(text), "{text}");
        }
    }

    #[test]
    fn letters_written_as_escapes_are_read() {
        use crate::process::conversation::Conversation;
        let answer = r#"{"conversation":[{"speaker":"Zo\u00e9","utterance":"Zo\u00e9 : th\u00e9","is_aac_user":false},
            {"speaker":"B","utterance":"\uff08\u7b11\uff09","utterance_intended":"\u00c4u\u00dfert Freude","is_aac_user":true}]}"#;
        let conversation = Conversation::read(answer).unwrap();
        let turns = conversation.turns();
        assert!(has_role_label(&turns[0]) && has_stage_direction(&turns[1]));
        let beginnings = Beginnings::new(&["äußert ".to_owned()]).unwrap();
        assert!(beginnings.begin(turns, true) && !beginnings.begin(&turns[..1], true));
    }

    #[test]
    fn beginnings_are_found_in_any_case() {
        let beginnings = Beginnings::new(&["expressing ".to_owned(), "l'utilis".to_owned()]).unwrap();
        for (text, begun) in
            [(" Expressing x", true), ("L’Utilisateur", true), ("expr", false), ("É", false), ("", false)]
        {
            assert_eq!(beginnings.begins(text), begun, "{text}");
        }
        assert!(begins_with("Expressing thanks", "expressing "));
        assert!(begins_with("I’m sorry, but", "i'm sorry, but"));
        assert!(!begins_with("Expressings", "expressing "));
        assert!(!begins_with("Exp", "expressing "));
    }

    fn is_described(rules: &TextRules, text: &str) -> bool {
        rules.descriptions.iter().any(|beginning| begins_with(text, beginning))
    }

    fn is_refused(rules: &TextRules, text: &str) -> bool {
        rules.refusals.iter().any(|beginning| begins_with(text, beginning))
    }

    #[test]
    fn descriptions_and_refusals_are_known_in_each_language() {
        let languages = Languages::new(Assets::embedded());
        let cases = [
            ("ar-SA", "يعبّر عن رغبته في شرب الماء", "عذرًا، لا يمكنني المساعدة في ذلك."),
            ("ca-ES", "Expressa que té set", "Ho sento, però no puc ajudar amb aquesta sol·licitud."),
            ("da-DK", "Udtrykker glæde over besøget", "Jeg beklager, men jeg kan ikke hjælpe med den anmodning."),
            ("de-DE", "Drückt aus, dass der Tee zu heiß ist", "Als KI-Sprachmodell kann ich das nicht schreiben."),
            ("en-GB", "Expressing thanks", "As an AI language model, I cannot do that."),
            ("es-ES", "Expresa que tiene sed", "Lo siento, pero no puedo ayudar con esa solicitud."),
            ("fr-FR", "L’utilisatrice demande un thé", "En tant qu’IA, je ne peux pas le faire."),
            ("it-IT", "L’utente chiede un tè", "Mi dispiace, ma non posso soddisfare questa richiesta."),
            ("ja-JP", "利用者は水を求めている。", "申し訳ありませんが、そのリクエストにはお応えできません。"),
            ("ko-KR", "사용자는 물을 원한다.", "죄송하지만 해당 요청에는 도움을 드릴 수 없습니다."),
            ("nb-NO", "Uttrykker takknemlighet", "Beklager, men jeg kan ikke hjelpe med den forespørselen."),
            ("nl-NL", "De gebruiker vraagt om thee", "Het spijt me, maar ik kan niet voldoen aan dit verzoek."),
            ("pt-BR", "O usuário quer um café", "Desculpe, mas não posso atender a essa solicitação."),
            ("pt-PT", "A utilizadora pede um chá", "Lamento, mas não posso ajudar com esse pedido."),
            ("sv-SE", "Uttrycker tacksamhet", "Jag är ledsen, men jag kan inte hjälpa till med den begäran."),
        ];
        for (code, described, refused) in cases {
            let rules = languages.text_rules(&Locale::parse(code).unwrap()).unwrap();
            assert!(is_described(&rules, described), "{code}: {described}");
            assert!(is_refused(&rules, refused), "{code}: {refused}");
        }
        for locale in languages.keyboard_locales() {
            let TextRules { descriptions, refusals, .. } = languages.text_rules(&locale).unwrap();
            for beginning in descriptions.into_iter().chain(refusals) {
                assert_eq!(beginning, beginning.to_lowercase(), "{locale}");
                assert!(beginning.trim().len() > 4, "{locale}: {beginning} begins too much");
            }
        }
    }

    /// The text with the first or the second form of each placeholder that has two.
    fn with_form(text: &str, second: bool) -> String {
        let mut parts = text.split('{');
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (slot, rest) = part.split_once('}').unwrap();
            let forms = slot.split_once(':').and_then(|(_, forms)| forms.split_once('|'));
            whole += forms.map_or(slot, |(one, other)| if second { other } else { one });
            whole += rest;
        }
        whole
    }

    #[test]
    fn nothing_that_a_pack_has_people_say_is_taken_for_a_description_or_a_refusal() {
        let languages = Languages::new(Assets::embedded());
        let mut seen = 0;
        for locale in languages.locales() {
            let pack = languages.pack(&locale).unwrap();
            let exchanges = pack.threads.iter().flat_map(|thread| &thread.exchanges);
            let gold = pack.styles.iter().flat_map(|style| &style.gold);
            let texts = exchanges
                .flat_map(|said| [&said.partner, &said.telegraphic, &said.abbreviated, &said.intended, &said.reaction])
                .chain(gold.flat_map(|said| [&said.context, &said.typed, &said.intended]));
            for text in texts.flat_map(|text| [with_form(text, false), with_form(text, true)]) {
                assert!(!is_described(&pack.text, &text) && !is_refused(&pack.text, &text), "{locale}: {text}");
                seen += 1;
            }
        }
        assert!(seen > 1000, "{seen} texts");
    }
}
