//! The log of `run`, and the traces beside it where the program was built with them.

use crate::settings::Settings;
use crate::telemetry::LogLayer;
#[cfg(feature = "otlp")]
use crate::telemetry::TraceExport;

/// At the end, spans that wait are sent for no longer than this.
#[cfg(feature = "otlp")]
const LONGEST_FAREWELL: std::time::Duration = std::time::Duration::from_secs(2);

/// The exporter of traces to a collector, if one is configured.
pub(crate) struct Traces {
    #[cfg(feature = "otlp")]
    export: Option<TraceExport>,
}

impl Traces {
    /// Starts to export, if the settings name a collector, and returns the layer that the log then needs.
    ///
    /// # Errors
    /// What is wrong, with the setting to fix.
    #[cfg(feature = "otlp")]
    pub(crate) fn start(settings: &Settings) -> Result<(Self, Option<LogLayer>), String> {
        let Some(endpoint) = &settings.otlp_endpoint else {
            return Ok((Self { export: None }, None));
        };
        let (export, layer) = TraceExport::start(endpoint, settings.otlp_protocol)
            .map_err(|why| format!("traces cannot be exported: {why}; fix OTEL_EXPORTER_OTLP_*, or remove --otlp-endpoint"))?;
        let export = Some(export);
        Ok((Self { export }, Some(layer)))
    }

    /// Without the feature there is nothing to start: a collector in the settings is a fault of theirs.
    #[cfg(not(feature = "otlp"))]
    #[expect(
        clippy::unnecessary_wraps,
        reason = "with the feature it may fail, and its caller is the same"
    )]
    pub(crate) fn start(_: &Settings) -> Result<(Self, Option<LogLayer>), String> {
        Ok((Self {}, None))
    }

    /// Sends the spans that wait, within a bound.
    #[cfg_attr(
        not(feature = "otlp"),
        expect(
            clippy::unused_async,
            reason = "with the feature it waits, and its caller is the same"
        )
    )]
    pub(crate) async fn finish(self) {
        #[cfg(feature = "otlp")]
        if let Some(export) = self.export {
            export.finish(LONGEST_FAREWELL).await;
        }
    }
}
