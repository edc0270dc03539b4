//! Where in a file something stands.

use std::ops::Range;
use std::sync::Arc;

use super::fault::Origin;

/// The lines of one file, for telling where a piece of its text stands.
pub(in crate::settings) struct TextPlaces {
    path: Arc<str>,
    line_ends: Vec<usize>,
}

impl TextPlaces {
    /// Notes where the lines of `text` end.
    pub(in crate::settings) fn new(path: &str, text: &str) -> Self {
        let line_ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            path: Arc::from(path),
            line_ends: line_ends.map(|(at, _)| at).collect(),
        }
    }

    /// Returns the line on which `span` begins.
    pub(in crate::settings) fn at(&self, span: &Range<usize>) -> Origin {
        let before = self.line_ends.partition_point(|end| *end < span.start);
        Origin::File {
            path: Arc::clone(&self.path),
            line: Some(before.saturating_add(1)),
        }
    }

    /// Returns the file without a line.
    pub(in crate::settings) fn somewhere(&self) -> Origin {
        Origin::File {
            path: Arc::clone(&self.path),
            line: None,
        }
    }
}
