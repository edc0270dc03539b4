//! Log lines in which no text from outside can act on a terminal or begin a line of its own.

use std::borrow::Cow;
use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

use crate::domain::visible;

/// Makes writers whose lines are written so that everything in them is seen.
///
/// The colours of the log itself are the only sequences that are let through, and only where the log has colours: it writes an
/// escape that comes with a value in another form.
pub(super) struct VisibleLines<M> {
    pub(super) inner: M,
    pub(super) colours: bool,
}

/// One such writer.
pub(super) struct VisibleWriter<W> {
    inner: W,
    colours: bool,
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for VisibleLines<M> {
    type Writer = VisibleWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        VisibleWriter {
            inner: self.inner.make_writer(),
            colours: self.colours,
        }
    }
}

impl<W: Write> Write for VisibleWriter<W> {
    /// Writes one event, which comes whole and with a line end.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        self.inner
            .write_all(shown(&text, self.colours).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// An event's text with its last line end and its colours as they are, and everything else seen.
fn shown(event: &str, colours: bool) -> Cow<'_, str> {
    let Some(line) = event.strip_suffix('\n') else {
        return visible(event, |c| c == '\t');
    };
    let mut shown = String::with_capacity(event.len().saturating_add(16));
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once('\u{1b}').filter(|_| colours) {
        shown.push_str(&visible(before, |c| c == '\t'));
        let end = behind.strip_prefix('[').and_then(|codes| {
            let length = codes.find(|c: char| !c.is_ascii_digit() && c != ';')?;
            codes.get(length..)?.strip_prefix('m')
        });
        if let Some(after) = end {
            let length = behind.len().saturating_sub(after.len());
            shown.push('\u{1b}');
            shown.push_str(behind.get(..length).unwrap_or_default());
            rest = after;
        } else {
            shown.push_str("\\u001b");
            rest = behind;
        }
    }
    shown.push_str(&visible(rest, |c| c == '\t'));
    shown.push('\n');
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::{Registry, fmt};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Kept {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// What stands in the log for these events.
    fn log(colours: bool, json: bool, events: impl FnOnce()) -> String {
        let kept = Kept::default();
        let writer = VisibleLines {
            inner: kept.clone(),
            colours,
        };
        let layer = fmt::layer().with_writer(writer).with_target(false);
        if json {
            let lines = Registry::default().with(layer.json());
            tracing::subscriber::with_default(lines, events);
        } else {
            let lines = Registry::default().with(layer.with_ansi(colours));
            tracing::subscriber::with_default(lines, events);
        }
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    const EVIL: &str = "x\u{1b}[2J\u{9b}1m\u{7f}\u{202e}\n2024 ERROR forged\r\u{7}";

    #[test]
    fn a_text_from_outside_neither_acts_nor_begins_a_line() {
        for colours in [false, true] {
            let text = log(colours, false, || {
                tracing::warn!(why = %EVIL, quoted = EVIL, "{EVIL}");
                tracing::info!("fine");
            });
            assert_eq!(text.lines().count(), 2, "{text:?}");
            let bare = text.replace("\u{1b}[0m", "");
            let bare = bare.replace("\u{1b}[2m", "").replace("\u{1b}[3m", "");
            let bare = bare.replace("\u{1b}[33m", "").replace("\u{1b}[32m", "");
            let acts = |c: char| crate::domain::acts_unseen(c) && c != '\n';
            assert!(!bare.contains(acts), "{bare:?}");
        }
    }

    #[test]
    fn json_lines_mean_the_same() {
        let text = log(false, true, || tracing::warn!(why = EVIL, "told"));
        assert_eq!(text.lines().count(), 1);
        assert!(
            !text.trim_end().contains(crate::domain::acts_unseen),
            "{text:?}"
        );
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["fields"]["why"], EVIL);
    }

    #[test]
    fn only_colours_are_let_through() {
        assert_eq!(
            shown("\u{1b}[1;31mred\u{1b}[0m\n", true),
            "\u{1b}[1;31mred\u{1b}[0m\n"
        );
        assert_eq!(shown("\u{1b}[1mred\n", false), "\\u001b[1mred\n");
        assert_eq!(shown("\u{1b}[2Jx\u{1b}\n", true), "\\u001b[2Jx\\u001b\n");
        assert_eq!(
            shown("\u{1b}]0;title\u{7}\n", true),
            "\\u001b]0;title\\u0007\n"
        );
    }
}
