//! Our own secrets: where each is kept, how its text is read, and what hides it in the words of others.
//!
//! A [`Secret`] is shared by whoever needs it, and can be read again: a file that somebody replaced is read at a refusal and at a
//! reload, without a restart. A variable of the environment is what it was at the start of the process. [`clean()`] takes away
//! what editors and shells leave around a secret, and hints at what may not belong to it; nothing of it is ever shown. [`Mask`] takes
//! secrets and tokens out of what a platform repeats of them.

mod audit_key;
mod clean;
mod mask;
mod secret;

pub use audit_key::{AuditKey, AuditPublicKey};
pub use clean::{Hint, clean, file_text};
pub use mask::{MASKED_IN_BODY, Mask};
pub use secret::{Place, Reread, Secret};
