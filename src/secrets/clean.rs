//! The text of a secret, without what editors and shells leave around it.

use std::fmt;
use std::path::Path;

use secrecy::SecretString;

use crate::given_file::{FileFault, read_bytes};

/// The largest file that can be a secret's: keys and tokens have some kilobytes at the most.
const LARGEST_FILE: u64 = 64 << 10;

/// What may not belong to a secret, or was dropped from it. Nothing of the secret is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Blanks at an end were dropped.
    Blanks,
    /// A quote stands at an end, and was kept.
    Quotes,
    /// It holds a line end or another control character inside, which was kept.
    Lines,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blanks => "had blanks at an end, which were dropped",
            Self::Quotes => "begins or ends with a quote, which is taken for a part of the secret",
            Self::Lines => "holds a line end or another control character inside",
        })
    }
}

/// Returns the secret in a text: without a byte-order mark, line ends and blanks around it.
#[must_use]
pub fn clean(text: &str) -> (SecretString, Vec<Hint>) {
    let text = text.trim_start_matches('\u{feff}');
    let without_ends = text.trim_end_matches(['\r', '\n', '\0']);
    let bare = without_ends.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let quote = |c: char| matches!(c, '"' | '\'' | '`');
    let hints = [
        (Hint::Blanks, bare.len() < without_ends.len()),
        (
            Hint::Quotes,
            bare.starts_with(quote) || bare.ends_with(quote),
        ),
        (Hint::Lines, bare.chars().any(char::is_control)),
    ];
    let hints = hints
        .into_iter()
        .filter_map(|(hint, so)| so.then_some(hint));
    (SecretString::from(bare), hints.collect())
}

/// Reads the text of a secret's file; a fault shows neither the path nor the content.
///
/// # Errors
/// Why it cannot be read.
pub fn file_text(path: &Path) -> Result<String, String> {
    // The daemon reads it again while it runs: a pipe that nobody writes into would stop it there.
    let bytes = read_bytes(path, LARGEST_FILE).map_err(|wrong| match wrong {
        FileFault::TooLong(_) => "it is larger than any secret".to_owned(),
        FileFault::System(_) | FileFault::NotAFile(_) | FileFault::NotText => wrong.to_string(),
    })?;
    String::from_utf8(bytes).map_err(|wrong| {
        let utf16 = matches!(wrong.as_bytes(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
        let what = if utf16 {
            "it is UTF-16"
        } else {
            "it is no text"
        };
        what.to_owned()
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn what_stands_around_a_secret_is_dropped_or_hinted_at() {
        for (text, secret, hints) in [
            ("s3cret", "s3cret", &[][..]),
            ("s3cret\n", "s3cret", &[]),
            ("s3cret\r\n\r\n", "s3cret", &[]),
            ("\u{feff}s3cret\r\n", "s3cret", &[]),
            ("s3cret\0", "s3cret", &[]),
            (" s3cret", "s3cret", &[Hint::Blanks]),
            ("s3cret\t\n", "s3cret", &[Hint::Blanks]),
            ("\u{feff}\u{a0}s3cret\u{a0}", "s3cret", &[Hint::Blanks]),
            ("\"s3cret\"", "\"s3cret\"", &[Hint::Quotes]),
            ("'s3cret'\n", "'s3cret'", &[Hint::Quotes]),
            ("s3cret\"", "s3cret\"", &[Hint::Quotes]),
            ("s3 cret", "s3 cret", &[]),
            ("s3\ncret", "s3\ncret", &[Hint::Lines]),
            (
                "# my secret\r\n s3cret ",
                "# my secret\r\n s3cret",
                &[Hint::Blanks, Hint::Lines],
            ),
            ("\u{feff}\r\n", "", &[]),
            ("", "", &[]),
        ] {
            let (found, hinted) = clean(text);
            assert_eq!(found.expose_secret(), secret, "{text:?}");
            assert_eq!(hinted, hints, "{text:?}");
            assert!(hinted.iter().all(|hint| !hint.to_string().contains("s3")));
        }
    }

    #[test]
    fn a_file_is_read_within_a_bound_and_its_faults_show_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s3cret");
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            file_text(&path)
        };
        assert_eq!(read(b"abc\n").as_deref(), Ok("abc\n"));
        assert_eq!(read(b"\xff\xfes\0"), Err("it is UTF-16".to_owned()));
        assert_eq!(read(b"s3cret\xff"), Err("it is no text".to_owned()));
        let wrong = read(&vec![b'x'; 70_000]);
        assert_eq!(wrong, Err("it is larger than any secret".to_owned()));
        let missing = file_text(&directory.path().join("s3cret-2")).unwrap_err();
        assert!(!missing.contains("s3cret"), "{missing}");
    }
}
