//! Characters that act on a terminal or on the direction of a text, written so that they are seen.

use std::borrow::Cow;

/// Returns whether a character acts instead of being shown: C0 and C1 controls, DEL, what turns the direction of a text, line
/// and paragraph separators, a byte-order mark, and tags. What joins emoji and letters is a part of the text.
#[must_use]
pub fn acts_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Returns a text with every character that acts, but those that are `kept`, in the form `\u001b`: a text of JSON means the same
/// afterwards.
#[must_use]
pub fn visible(text: &str, kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    let acts = |c: char| acts_unseen(c) && !kept(c);
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len().saturating_add(16));
    for c in text.chars() {
        if acts(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                shown.extend(format!("\\u{unit:04x}").chars());
            }
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_seen_and_what_is_text_stays() {
        for (text, shown) in [
            ("a\u{1b}[31mb", "a\\u001b[31mb"),
            ("a\u{9b}31mb\u{7f}\0", "a\\u009b31mb\\u007f\\u0000"),
            ("invoice\u{202e}fdp.exe", "invoice\\u202efdp.exe"),
            ("a\u{2028}b\u{feff}", "a\\u2028b\\ufeff"),
            ("\u{e0041}", "\\udb40\\udc41"),
            ("two\nlines\r", "two\nlines\\u000d"),
        ] {
            let seen = visible(text, |c| c == '\n');
            assert_eq!(seen, shown);
            assert!(!seen.contains(|c| acts_unseen(c) && c != '\n'));
        }
        let same = "Süd \u{1f469}\u{200d}\u{1f4bb} 東京 עברית";
        assert!(matches!(visible(same, |_| false), Cow::Borrowed(text) if text == same));
    }

    #[test]
    fn a_text_of_json_means_the_same_afterwards() {
        let value = serde_json::json!({"name": "a\u{9b}\u{202e}\u{e0041}\u{1b}\n"});
        let shown = visible(&value.to_string(), |_| false).into_owned();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
            value
        );
    }
}
