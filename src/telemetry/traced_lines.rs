//! Log lines that name the trace which they belong to, so that one leads to the other.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// A form of lines, with the ids of the trace and of the span in force at the end of each, as OpenTelemetry's logs name them. Outside of
/// a span, and where no traces are made, lines are as they were.
pub(super) struct TracedLines<F> {
    /// The form.
    pub(super) inner: F,
    /// Whether a line is a JSON object.
    pub(super) json: bool,
}

impl<S, N, F> FormatEvent<S, N> for TracedLines<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some((trace, span)) = ids() else {
            return self.inner.format_event(context, writer, event);
        };
        // Without colours: the line is made apart from the terminal.
        let mut line = String::new();
        self.inner
            .format_event(context, Writer::new(&mut line), event)?;
        let line = line.trim_end_matches('\n');
        match line.strip_suffix('}').filter(|_| self.json) {
            Some(open) => writeln!(
                writer,
                "{open},\"trace_id\":\"{trace}\",\"span_id\":\"{span}\"}}"
            ),
            None => writeln!(writer, "{line} trace_id={trace} span_id={span}"),
        }
    }
}

/// The ids of the trace and of the span in force, in hexadecimal.
#[cfg(feature = "otlp")]
fn ids() -> Option<(String, String)> {
    use opentelemetry::trace::TraceContextExt;
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    // The current one of all: a filter of the log may not show it.
    let context = tracing::Span::current().context();
    let span = context.span();
    let span = span.span_context();
    let ids = || (span.trace_id().to_string(), span.span_id().to_string());
    span.is_valid().then(ids)
}

/// Without the feature no traces are made.
#[cfg(not(feature = "otlp"))]
fn ids() -> Option<(String, String)> {
    None
}
