//! Log set-up: text for people, JSON for machines, always on standard error.

use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

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

/// Installs the process's log. `filter` has the syntax of `tracing`'s directives, such as `info` or
/// `campaign_autopilot=debug`; `colour` is used on a terminal only. `beside` gets the events that it asks for, whatever the filter says.
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
    let filter =
        EnvFilter::try_new(filter).map_err(|wrong| format!("log filter `{filter}`: {wrong}"))?;
    let terminal = std::io::stderr().is_terminal();
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(false);
    let lines = match (format, terminal) {
        (LogFormat::Json, _) | (LogFormat::Auto, false) => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_filter(filter)
            .boxed(),
        (LogFormat::Text | LogFormat::Auto, _) => lines
            .with_ansi(terminal && colour)
            .with_filter(filter)
            .boxed(),
    };
    let layers: Vec<LogLayer> = std::iter::once(lines).chain(beside).collect();
    let installed = Registry::default().with(layers).try_init();
    installed.map_err(|wrong| wrong.to_string())
}
