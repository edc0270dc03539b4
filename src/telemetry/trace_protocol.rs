//! How traces are written for a collector.

/// The encoding of OTLP over HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TraceProtocol {
    /// JSON, which a person can read.
    #[default]
    Json,
    /// Protocol buffers, which every receiver of OTLP over HTTP takes.
    Protobuf,
}
