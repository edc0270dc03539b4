//! Whether the credentials work.

use futures_util::future::BoxFuture;

use crate::domain::Timestamp;

use super::fault::PlatformFault;

/// The result of a log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Where the token is from, for people; holds no secret.
    pub source: String,
    /// The rights that the platform says it granted; absent where it lists none.
    pub rights: Option<Vec<String>>,
}

/// Tries the credentials.
pub trait Login: Send + Sync + 'static {
    /// Gets a token, or uses the one in hand, and returns what it allows.
    fn granted(&self, deadline: Timestamp) -> BoxFuture<'_, Result<Granted, PlatformFault>>;
}
