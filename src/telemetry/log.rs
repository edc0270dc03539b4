//! Log set-up: text for people, JSON for machines, always on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// How log lines look.
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
/// `campaign_autopilot=debug`; `colour` is used on a terminal only.
///
/// # Errors
/// A filter that cannot be read, or a log that is installed already.
pub fn install(format: LogFormat, filter: &str, colour: bool) -> Result<(), String> {
    let filter =
        EnvFilter::try_new(filter).map_err(|wrong| format!("log filter `{filter}`: {wrong}"))?;
    let terminal = std::io::stderr().is_terminal();
    let base = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::NONE);
    let installed = match (format, terminal) {
        (LogFormat::Json, _) | (LogFormat::Auto, false) => base
            .json()
            .flatten_event(true)
            .with_target(false)
            .try_init(),
        (LogFormat::Text | LogFormat::Auto, _) => base
            .with_ansi(terminal && colour)
            .with_target(false)
            .try_init(),
    };
    installed.map_err(|wrong| wrong.to_string())
}
