//! Reads what was asked for, and writes it.

use std::io::{self, ErrorKind};
use std::ops::ControlFlow;

use crate::domain::Timestamp;
use crate::store::{ReplayFault, SeriesSpan, StoreAt, StoreFault, StoreReader, TimeSpan};

use super::super::audit::of_replay;
use super::super::exit::Exit;
use super::super::moment::Moment;
use super::super::output;
use super::super::shown_times::ShownTimes;
use super::args::{ExportArgs, ExportKind, RecordForm};
use super::decisions::each_decision;
use super::record::{AuditRowRecord, DecisionRecord, FlatRecord, SeriesRecord, TransitionRecord};
use super::records_out::RecordWriter;
use super::sink::Sink;
use super::transitions::{BEFORE, Intents};

/// Why an export did not come to its end.
#[derive(Debug, thiserror::Error)]
enum ExportFault {
    #[error(transparent)]
    Store(#[from] StoreFault),
    #[error(transparent)]
    Replay(#[from] ReplayFault),
    #[error("{place}: {wrong}")]
    Written { place: String, wrong: io::Error },
}

/// Exports from a store, as of a moment.
pub(in super::super) fn export(args: &ExportArgs, (at, now): (&StoreAt, Timestamp)) -> Exit {
    let shown = ShownTimes::here();
    let time = |moment: Moment| moment.as_of(now, shown.zone());
    let span = TimeSpan {
        since: time(args.since),
        until: args.until.map_or(now, time),
    };
    if span.until <= span.since {
        output::talk(format_args!(
            "campaign-autopilot: --until ({}) does not lie behind --since ({})",
            span.until, span.since
        ));
        return Exit::Configuration;
    }
    match exported(args, at, span) {
        Ok(0) => {
            output::talk(format_args!(
                "nothing is recorded between {} and {}",
                span.since, span.until
            ));
            Exit::Ok
        }
        Ok(_) => Exit::Ok,
        // A reader that has gone away has seen enough.
        Err(ExportFault::Written { wrong, .. }) if wrong.kind() == ErrorKind::BrokenPipe => {
            Exit::Ok
        }
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            match fault {
                ExportFault::Replay(fault) => of_replay(&fault),
                ExportFault::Store(_) | ExportFault::Written { .. } => Exit::Io,
            }
        }
    }
}

/// Writes every record; returns how many there are.
fn exported(args: &ExportArgs, at: &StoreAt, span: TimeSpan) -> Result<u64, ExportFault> {
    let written = |wrong| ExportFault::Written {
        place: place(args),
        wrong,
    };
    let reader = StoreReader::open(at)?;
    let sink = Sink::open(args.file.as_deref()).map_err(written)?;
    let begun = match args.kind {
        ExportKind::Transitions => RecordWriter::begin::<TransitionRecord<'_>>(args.format, sink),
        ExportKind::Decisions => RecordWriter::begin::<DecisionRecord<'_>>(args.format, sink),
        ExportKind::Series => RecordWriter::begin::<SeriesRecord<'_>>(args.format, sink),
        ExportKind::Audit => RecordWriter::begin::<AuditRowRecord<'_, ()>>(args.format, sink),
    };
    let mut writing = Writing {
        args,
        span,
        writer: begun.map_err(written)?,
        wrong: None,
    };
    writing.read(&reader)?;
    match writing.wrong {
        Some(wrong) => Err(written(wrong)),
        None => writing.writer.finish().map_err(written),
    }
}

fn place(args: &ExportArgs) -> String {
    let file = args.file.as_ref();
    file.map_or("standard output".to_owned(), |file| {
        file.display().to_string()
    })
}

/// An export under way.
struct Writing<'a> {
    args: &'a ExportArgs,
    span: TimeSpan,
    writer: RecordWriter,
    /// Why it cannot be written.
    wrong: Option<io::Error>,
}

impl Writing<'_> {
    fn read(&mut self, reader: &StoreReader) -> Result<(), ExportFault> {
        let (args, span) = (self.args, self.span);
        let tenant = args.at.tenant.as_deref();
        match args.kind {
            ExportKind::Transitions => {
                let mut intents = Intents::default();
                let earlier = TimeSpan {
                    since: span.since.minus(BEFORE),
                    ..span
                };
                reader.audit_within(earlier, |row| {
                    if !args.asks_for(row.campaign.as_deref()) {
                        return ControlFlow::Continue(());
                    }
                    let within =
                        Timestamp::parse_rfc3339(&row.at).is_some_and(|at| span.contains(at));
                    let told = intents.follow(tenant, row, |record| {
                        if within {
                            self.write(record)
                        } else {
                            ControlFlow::Continue(())
                        }
                    });
                    told.unwrap_or(ControlFlow::Continue(()))
                })?;
            }
            ExportKind::Decisions => each_decision(reader, span, tenant, |record| {
                if args.asks_for(Some(record.campaign)) {
                    self.write(record)
                } else {
                    ControlFlow::Continue(())
                }
            })?,
            ExportKind::Series => reader.series_within(span, |found| {
                if args.asks_for(Some(&found.campaign)) {
                    self.write(&series_record(tenant, &found))
                } else {
                    ControlFlow::Continue(())
                }
            })?,
            ExportKind::Audit => reader.audit_within(span, |row| {
                if !args.asks_for(row.campaign.as_deref()) {
                    return ControlFlow::Continue(());
                }
                match args.format {
                    RecordForm::Csv => {
                        let event = row.event.to_string();
                        self.write(&AuditRowRecord::new(tenant, &row, event))
                    }
                    RecordForm::Jsonl => self.write(&AuditRowRecord::new(tenant, &row, &row.event)),
                }
            })?,
        }
        Ok(())
    }

    fn write(&mut self, record: &impl FlatRecord) -> ControlFlow<()> {
        match self.writer.write(record) {
            Ok(()) => ControlFlow::Continue(()),
            Err(wrong) => {
                self.wrong = Some(wrong);
                ControlFlow::Break(())
            }
        }
    }
}

fn series_record<'a>(tenant: Option<&'a str>, found: &'a SeriesSpan) -> SeriesRecord<'a> {
    let thresholds = found.point.thresholds;
    SeriesRecord {
        schema: SeriesRecord::SCHEMA,
        tenant,
        at: found.from.to_string(),
        until: found.until.to_string(),
        lasted_s: found.until.since(found.from).as_secs_f64(),
        campaign: &found.campaign,
        state: found.point.state.label(),
        available: found.point.available,
        pause_below: thresholds.map(|thresholds| thresholds.pause_below),
        resume_at: thresholds.map(|thresholds| thresholds.resume_at),
    }
}
