//! Writes records in the form that was asked for.

use std::io::{self, Write};

use super::args::RecordForm;
use super::record::FlatRecord;
use super::sink::Sink;

/// Writes records, and counts them.
pub(super) struct RecordWriter {
    form: FormWriter,
    written: u64,
}

enum FormWriter {
    Csv(Box<csv::Writer<Sink>>),
    Jsonl(Sink),
}

impl RecordWriter {
    /// Begins with the header, where the form has one.
    pub(super) fn begin<R: FlatRecord>(form: RecordForm, sink: Sink) -> io::Result<Self> {
        let form = match form {
            RecordForm::Jsonl => FormWriter::Jsonl(sink),
            RecordForm::Csv => {
                let mut builder = csv::WriterBuilder::new();
                let mut writer = builder.has_headers(false).from_writer(sink);
                writer.write_record(R::COLUMNS)?;
                FormWriter::Csv(Box::new(writer))
            }
        };
        Ok(Self { form, written: 0 })
    }

    /// Writes a record.
    pub(super) fn write(&mut self, record: &impl FlatRecord) -> io::Result<()> {
        match &mut self.form {
            FormWriter::Csv(writer) => writer.serialize(record)?,
            FormWriter::Jsonl(sink) => {
                serde_json::to_writer(&mut *sink, record)?;
                sink.write_all(b"\n")?;
            }
        }
        self.written = self.written.saturating_add(1);
        Ok(())
    }

    /// Ends in order; returns how many records there are.
    pub(super) fn finish(self) -> io::Result<u64> {
        let sink = match self.form {
            FormWriter::Csv(writer) => writer
                .into_inner()
                .map_err(csv::IntoInnerError::into_error)?,
            FormWriter::Jsonl(sink) => sink,
        };
        sink.finish()?;
        Ok(self.written)
    }
}
