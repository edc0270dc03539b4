//! The text format of Prometheus, version 0.0.4, for series that are kept without the `prometheus` crate.

use std::io::Write;

/// A page of metrics that grows.
#[derive(Default)]
pub(super) struct Exposition {
    text: Vec<u8>,
}

impl Exposition {
    /// Begins with what somebody else has written.
    pub(super) fn after(text: Vec<u8>) -> Self {
        Self { text }
    }

    /// Begins a family; `name` is given without the prefix `autopilot_`, `help` holds no line end.
    pub(super) fn family(&mut self, name: &'static str, kind: &str, help: &str) -> Family<'_> {
        for part in [
            "# HELP autopilot_",
            name,
            " ",
            help,
            "\n# TYPE autopilot_",
            name,
            " ",
            kind,
            "\n",
        ] {
            self.text.extend_from_slice(part.as_bytes());
        }
        Family {
            text: &mut self.text,
            name,
        }
    }

    pub(super) fn into_text(self) -> Vec<u8> {
        self.text
    }
}

/// One family, whose series are written one after the other.
pub(super) struct Family<'a> {
    text: &'a mut Vec<u8>,
    name: &'static str,
}

impl Family<'_> {
    /// A series with the labels of its campaign; `further` are labels behind them, each begun with a comma.
    pub(super) fn number(&mut self, labels: &str, further: &str, value: u64) {
        self.labels(labels, further);
        // Writing into memory does not fail.
        drop(writeln!(self.text, "{value}"));
    }

    /// A series with the labels of its campaign that need not be whole.
    pub(super) fn real(&mut self, labels: &str, value: f64) {
        self.labels(labels, "");
        // The format's own word, which is not Rust's.
        if value == f64::INFINITY {
            drop(writeln!(self.text, "+Inf"));
        } else {
            drop(writeln!(self.text, "{value}"));
        }
    }

    fn labels(&mut self, labels: &str, further: &str) {
        let (open, close) = if labels.is_empty() && further.is_empty() {
            ("", " ")
        } else {
            ("{", "} ")
        };
        for part in ["autopilot_", self.name, open, labels, further, close] {
            self.text.extend_from_slice(part.as_bytes());
        }
    }
}

/// A label's value as it stands between quotes.
pub(super) fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_hold_anything() {
        assert_eq!(escaped("a\\b\"c\nd"), "a\\\\b\\\"c\\nd");
    }
}
