//! Why a server did not do something.

use std::time::Duration;

/// Why a server did not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerFault {
    /// No connection.
    #[error("no connection to {address}: {why}; {remedy}")]
    Unreachable {
        /// The server.
        address: String,
        /// What was said.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// No answer in time.
    #[error("{address} did not answer within {} s", after.as_secs())]
    Late {
        /// The server.
        address: String,
        /// The time that was waited.
        after: Duration,
    },
    /// The server refused.
    #[error("{address}: {message} ({code})")]
    Said {
        /// The server.
        address: String,
        /// `SQLSTATE`.
        code: String,
        /// What it said.
        message: String,
    },
    /// The connection broke.
    #[error("the connection to {address} broke: {why}")]
    Broken {
        /// The server.
        address: String,
        /// How.
        why: String,
    },
    /// Nobody knows whether a transaction was carried out.
    #[error("{address} did not say whether it carried the transaction out")]
    Undecided {
        /// The server.
        address: String,
    },
    /// The tables are not there.
    #[error(
        "{address} has no tables of this program; make them by `campaign-autopilot store migrate`, as a role that may"
    )]
    NoTables {
        /// The server.
        address: String,
    },
    /// The tables are of another version.
    #[error("the tables of {address} have version {found}, this program needs {known}; {}", way_on(*found, *known))]
    Version {
        /// The server.
        address: String,
        /// Their version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The tenant's lease is somebody else's, or over.
    #[error("the lease of this tenant is {now}: nothing is written")]
    NotHeld {
        /// Whose it is, for people.
        now: String,
    },
    /// Something of ours is wrong.
    #[error("{0}")]
    Ours(String),
}

fn way_on(found: i64, known: i64) -> &'static str {
    if found < known {
        "bring them forward by `campaign-autopilot store migrate`"
    } else {
        "run the newer program"
    }
}

impl ServerFault {
    /// Whether nobody knows what became of what was sent last.
    pub(super) fn leaves_open(&self) -> bool {
        matches!(self, Self::Late { .. } | Self::Broken { .. })
    }
}
