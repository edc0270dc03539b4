//! The secret of a named token, and the hash that is kept of it.
//!
//! A secret is 256 random bits, so that its SHA-256 tells nothing of it: there is no dictionary of such secrets to try, and a slow
//! hash would only let a flood of wrong tokens cost the daemon more than whoever sends it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretString;

/// What every secret begins with, so that scanners of leaked secrets can find it.
const BEGINS: &str = "autopilot_";

/// What stands before a hash in the file.
const ALGORITHM: &str = "sha256:";

/// The length of a hash, and of the random part of a secret, in bytes.
const BYTES: usize = 32;

/// The hash of a token's secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash([u8; BYTES]);

impl TokenHash {
    /// Computes the hash of a secret.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        let mut bytes = [0; BYTES];
        let hash = digest(&SHA256, secret.as_bytes());
        for (to, from) in bytes.iter_mut().zip(hash.as_ref()) {
            *to = *from;
        }
        Self(bytes)
    }

    /// Reads a hash as the file has it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(ALGORITHM)?.as_bytes();
        if digits.len() != BYTES.saturating_mul(2) {
            return None;
        }
        let mut bytes = [0; BYTES];
        for (to, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            // A sign is none of a hash's digits.
            let hex = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
            *to = u8::from_str_radix(pair, 16).ok().filter(|_| hex)?;
        }
        Some(Self(bytes))
    }

    /// Prepares the comparison with hashes that are kept, under a key of this process.
    #[must_use]
    pub fn under(&self, key: &hmac::Key) -> TokenDigest {
        TokenDigest(hmac::sign(key, &self.0))
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ALGORITHM)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

/// A hash that came with a request, to be compared in a time that does not depend on where it differs.
pub struct TokenDigest(hmac::Tag);

impl TokenDigest {
    /// Whether it is the same hash as one that is kept.
    #[must_use]
    pub fn is(&self, key: &hmac::Key, kept: &TokenHash) -> bool {
        hmac::verify(key, &kept.0, self.0.as_ref()).is_ok()
    }
}

/// Draws a secret from the system's generator.
///
/// # Errors
/// When the system gives no random numbers.
pub(crate) fn draw() -> Result<SecretString, String> {
    let mut random = [0; BYTES];
    let drawn = SystemRandom::new().fill(&mut random);
    drawn.map_err(|_| "the system gives no random numbers".to_owned())?;
    let secret = format!("{BEGINS}{}", URL_SAFE_NO_PAD.encode(random));
    Ok(SecretString::from(secret))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_hash_is_read_as_it_is_written_and_shows_nothing_in_debug_output() {
        let secret = draw().unwrap();
        let other = draw().unwrap();
        assert_ne!(secret.expose_secret(), other.expose_secret());
        assert!(secret.expose_secret().len() > 50);
        let hash = TokenHash::of(secret.expose_secret());
        assert_eq!(TokenHash::parse(&hash.to_string()), Some(hash));
        assert_eq!(format!("{hash:?}"), "TokenHash");
        // The vector of FIPS 180-4 for a text of three letters.
        let known = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(TokenHash::of("abc").to_string(), known);
        for wrong in [
            "",
            "sha256:",
            "sha256:ba78",
            &known.replace("ba", "+a"),
            known.trim_start_matches(ALGORITHM),
        ] {
            assert_eq!(TokenHash::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_digest_is_compared_under_its_key() {
        let key = |byte| hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]);
        let (kept, other) = (TokenHash::of("a"), TokenHash::of("b"));
        let given = TokenHash::of("a").under(&key(1));
        assert!(given.is(&key(1), &kept));
        assert!(!given.is(&key(1), &other));
        assert!(!given.is(&key(2), &kept));
    }
}
