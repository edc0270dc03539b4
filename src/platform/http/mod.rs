//! Talking HTTP to a platform.
//!
//! # The contract
//!
//! *Which requests are made again.* Readings and the token: after 429, any 5xx, a time-out, a broken or refused
//! connection, and an answer that breaks off or cannot be read. 400, 403, 404, 409, 412, 422 and redirects are final. A
//! 401 makes the token fresh once and the request again once; a second 401 is final. Where tokens are refused although every
//! log-in gives one, log-ins have a back-off as after one that is refused.
//!
//! *Writes leave once* ([`Sending::Once`]), whatever comes back: between two of them a person may have acted, so their
//! sender reads first. A write that rests on a reading does not leave when that has grown too old behind the limiter or
//! a new token. A token with which a write was refused is replaced for the next request.
//!
//! *How often.* At most four attempts ([`RetryPolicy`]), never past the deadline that came with the request, with full
//! jitter: each wait is drawn evenly between nothing and a bound that doubles from attempt to attempt.
//!
//! *`Retry-After` wins* over the jitter, of a 429 and of any 5xx, as seconds (also fractional) or as an HTTP date, up to 15
//! minutes. It halts every request to that endpoint, not only the one that was refused; zero and a date that is past leave
//! the wait to the jitter. Each 429 halves the rate, which grows back by a tenth every ten seconds while requests are made.
//!
//! *A limit that answers tell* ([`RateReader`]) is kept without being configured, together with the configured one.
//!
//! *Every attempt passes the limiter*, the token request too. Commands have a share of the rate that readings cannot
//! use, and may use what the readings leave: a pause does not wait behind pages. The reading right before a command
//! takes the command's permit in advance, so that it does not grow old while the command waits for one.
//!
//! *Requests that are signed* ([`RequestSigner`]) go the same way: a signature that is refused is made anew once, where a token would be.
//! What a refusal means may be said elsewhere than in its status; whoever knows where reads it ([`RefusalReader`]).
//!
//! *Our secrets* are taken out of an answer before it is read, and out of what is repeated of it
//! ([`Mask`](crate::secrets::Mask)).
//!
//! *Bodies* are asked for as they are. One that comes as `gzip` all the same is read; in any other encoding it is no answer.
//!
//! *Bounds.* Connecting, one attempt (connecting, sending, receiving) and the size of an answer, packed and
//! unpacked, are bounded. Redirects
//! are not followed, so that a token is sent only to the configured host; where one leads is told.
//!
//! *A command that failed* reports whether any attempt may have arrived: after a time-out, a break or a 5xx nobody knows.

mod answer;
mod call;
mod client;
mod delivery;
mod encoding;
mod fenced;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod limiter;
#[cfg(test)]
mod login_tests;
mod paging;
mod platform_clock;
mod proof;
mod push;
mod retry;
mod send;
mod send_fault;
#[cfg(test)]
mod tests;
mod token;
mod traced;

pub use call::{Call, CallFault, Sending};
pub use client::{Client, RateReader, RefusalReader, Translate};
pub use delivery::failed_delivery;
pub use fenced::FencedSend;
pub use limiter::{Limiter, Rate, RateShare, RateWindow};
pub use paging::{Page, PageClaims, PagePlace, PageSize, PageWindow, read_pages};
pub use platform_clock::{PlatformClock, PlatformTime};
pub use proof::{Proof, RequestSigner, Signed};
pub use push::PushConnection;
pub use retry::RetryPolicy;
pub use send::{HttpRequest, HttpResponse, HttpSend, ReqwestSend, Transport};
pub use send_fault::SendFault;
pub use token::{AuthStyle, Credentials, Grant, GrantedToken, TOKEN, TokenSource};
pub use traced::{page_span, request_span};
