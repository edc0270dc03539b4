//! HTTP over real sockets: one kind of client for whatever the program speaks to.
//!
//! *Certificates* are the system's, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name. A machine without any can still
//! speak plain HTTP; a request over HTTPS is refused before it leaves, with what to install.
//!
//! *Proxies* are those of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`). What is on this machine is
//! never asked through one, and a failure on the way through one names it.
//!
//! *Redirects* are never followed, so that a token and a signature go to the configured host only.

mod causes;
mod client;
mod loopback;
mod unreached;

pub use causes::causes;
pub use client::{ClientBounds, HttpClient, NoCertificates};
pub use loopback::is_loopback;
