//! Log set-up: text for people, JSON for machines, always on standard error, and never waited for.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;

use tracing::warn;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use super::log_queue::LogQueue;
use super::traced_lines::TracedLines;
use super::visible_lines::VisibleLines;

/// The last lines of a process are waited for so long at most.
const LONGEST_FLUSH: Duration = Duration::from_secs(1);

/// The log of this process.
static LOG: OnceLock<LogQueue> = OnceLock::new();

/// A further listener to log lines and spans.
pub type LogLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// One readable line an event.
    Text,
    /// One JSON object a line.
    Json,
}

/// Crates that sign requests and look for credentials: at the finer levels they write what they sign and find, and at the coarser ones what
/// is told better by whoever asked them.
const SIGNERS: &str = "aws_";

/// Installs the process's log. `filter` is a level, or a level for each module, such as `info` or
/// `warn,campaign_autopilot=debug`; `colour` is used on a terminal only. `beside` gets the events that it asks for, whatever the filter says.
///
/// At DEBUG and below, lines within a tick carry the spans around them, with the decision.
///
/// # Errors
/// A filter that cannot be read, or a log that is installed already.
pub fn install(
    format: LogFormat,
    filter: &str,
    colour: bool,
    beside: Option<LogLayer>,
) -> Result<(), String> {
    let filter: Targets = filter
        .parse()
        .map_err(|wrong| format!("log filter `{filter}`: {wrong}"))?;
    let filter = filter.with_target(SIGNERS, LevelFilter::OFF);
    let terminal = std::io::stderr().is_terminal();
    let report = |lines| warn!(lines, "log lines were lost: nobody read the log");
    let queue = LogQueue::start(std::io::stderr(), report);
    let queue = queue.map_err(|wrong| format!("no thread for the log: {wrong}"))?;
    // No text from outside may act on a terminal or begin a line of its own.
    let writer = VisibleLines {
        inner: queue.clone(),
        colours: terminal && colour,
    };
    let lines = fmt::layer().with_writer(writer);
    let form = fmt::format().with_target(false);
    let lines = match (format, terminal) {
        (LogFormat::Json, _) | (LogFormat::Auto, false) => {
            let inner = form.json().flatten_event(true).with_current_span(false);
            lines
                .fmt_fields(JsonFields::new())
                .event_format(TracedLines { inner, json: true })
                .with_filter(filter)
                .boxed()
        }
        (LogFormat::Text | LogFormat::Auto, _) => lines
            .event_format(TracedLines {
                inner: form,
                json: false,
            })
            .with_ansi(terminal && colour)
            .with_filter(filter)
            .boxed(),
    };
    let layers: Vec<LogLayer> = std::iter::once(lines).chain(beside).collect();
    let installed = Registry::default().with(layers).try_init();
    installed.map_err(|wrong| wrong.to_string())?;
    // A panic is shown after the lines that lead to it, and not at all where nobody reads them: it would wait for ever.
    let show = std::panic::take_hook();
    let flushed = queue.clone();
    std::panic::set_hook(Box::new(move |panic| {
        if flushed.flush(LONGEST_FLUSH) {
            show(panic);
        }
    }));
    // It is set once, as the subscriber is.
    drop(LOG.set(queue));
    Ok(())
}

/// Waits a moment until every log line is written. To be called before the process ends.
pub fn flush() {
    if let Some(queue) = LOG.get() {
        queue.flush(LONGEST_FLUSH);
    }
}
