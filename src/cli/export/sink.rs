//! Where records go: standard output, or a file that is there once it is whole.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write, stdout};
use std::path::Path;

use crate::store::WholeFile;

use super::super::output;

/// Where records go.
pub(super) enum Sink {
    /// Programs and files get the bytes as they are.
    Output(BufWriter<Stdout>),
    /// People get lines that do not act on their terminal.
    Terminal(Vec<u8>),
    /// A file.
    File(WholeFile),
}

impl Sink {
    /// Standard output, or a file that is not there yet.
    pub(super) fn open(file: Option<&Path>) -> io::Result<Self> {
        match file {
            Some(path) => WholeFile::create(path).map(Self::File),
            None if stdout().is_terminal() => Ok(Self::Terminal(Vec::new())),
            None => Ok(Self::Output(BufWriter::new(stdout()))),
        }
    }

    /// Everything is written.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        match self {
            Self::File(file) => file.keep(),
            Self::Output(_) | Self::Terminal(_) => Ok(()),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Output(output) => output.write(bytes),
            Self::File(file) => file.write(bytes),
            Self::Terminal(kept) => {
                kept.extend_from_slice(bytes);
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Output(output) => output.flush(),
            Self::File(file) => file.flush(),
            Self::Terminal(kept) => {
                let text = String::from_utf8_lossy(kept);
                if !text.is_empty() {
                    output::result(text.trim_end_matches('\n'));
                }
                kept.clear();
                Ok(())
            }
        }
    }
}
