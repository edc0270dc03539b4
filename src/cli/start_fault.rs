//! Why the daemon cannot start.

use crate::store::StoreFault;

use super::exit::Exit;

/// Why the daemon cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartFault {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// The listener.
    #[error("cannot listen on {address}: {why}; give another --listen, or `off`")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// What the system said.
        why: std::io::Error,
    },
    /// What is kept of queues.
    #[error("what is kept of queues cannot be read: {0}; is the state directory whole?")]
    Queues(String),
    /// TLS.
    #[error("cannot set up HTTPS: {0}; are the system's CA certificates installed?")]
    Tls(String),
    /// Settings that the platform's dialect cannot make sense of.
    #[error("{0}")]
    Platform(String),
    /// Metrics.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}

impl StartFault {
    /// The exit code that goes with it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Store(_) | Self::Queues(_) | Self::Listen { .. } | Self::Tls(_) => Exit::Io,
            Self::Metrics(_) => Exit::Internal,
            Self::Platform(_) => Exit::Configuration,
        }
    }
}
