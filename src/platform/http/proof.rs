//! How a request shows whose it is: by a token that goes along, or by a signature of its own.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use hyper::header::{HeaderName, HeaderValue};

use crate::domain::Timestamp;
use crate::platform::port::PlatformFault;
use crate::secrets::Mask;

use super::send::{HttpRequest, HttpResponse};
use super::token::TokenSource;

/// A request's signature.
pub struct Signed {
    /// Headers that go along; those that are secret are marked sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Tells what it was signed with from what came before and comes later; not 0.
    pub serial: u64,
}

/// Signs requests one by one, where no token is given.
pub trait RequestSigner: Send + Sync + 'static {
    /// Signs a request. A signature with what has the serial `refused` did not help.
    ///
    /// # Errors
    /// There is nothing to sign with.
    fn sign<'a>(
        &'a self,
        request: &'a HttpRequest,
        refused: Option<u64>,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Signed, PlatformFault>>;

    /// Takes in that the platform refused a signature, so that the next one is another.
    fn refused(&self, serial: u64, response: &HttpResponse);

    /// Returns what to look at when a second signature was refused as well.
    fn advice(&self, response: &HttpResponse) -> String;

    /// Returns what hides our secrets in a platform's words.
    fn mask(&self) -> Arc<Mask>;
}

/// How the requests of a client show whose they are.
pub enum Proof {
    /// A token goes along.
    Token(Box<TokenSource>),
    /// Each is signed.
    Signature(Arc<dyn RequestSigner>),
}

impl Proof {
    pub(super) fn mask(&self) -> Arc<Mask> {
        match self {
            Self::Token(tokens) => tokens.mask(),
            Self::Signature(signer) => signer.mask(),
        }
    }
}

impl From<TokenSource> for Proof {
    fn from(tokens: TokenSource) -> Self {
        Self::Token(Box::new(tokens))
    }
}

impl From<Arc<dyn RequestSigner>> for Proof {
    fn from(signer: Arc<dyn RequestSigner>) -> Self {
        Self::Signature(signer)
    }
}
