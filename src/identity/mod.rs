//! Who asks something of the admin API: what they may do, and the name that the audit knows them by.
//!
//! *Terms.* A [`Role`] says what somebody may do. A *named token* stands for one person or program and has a role; its file keeps
//! hashes alone ([`TokenFile`]). A *trusted proxy* has authenticated its users by itself and says in a header who asks
//! ([`TrustedProxy`]); it is believed by the address that it calls from.

mod address_range;
mod named_tokens;
mod role;
mod token_file;
mod token_secret;
mod trusted_proxy;

pub use address_range::{AddressRange, AddressRangeError};
pub use named_tokens::{NamedToken, NamedTokens, name_fault};
pub use role::Role;
pub use token_file::{TokenFile, TokenFileChange};
pub(crate) use token_secret::draw;
pub use token_secret::{TokenDigest, TokenHash};
pub use trusted_proxy::{ProxyUser, TrustedProxy};
