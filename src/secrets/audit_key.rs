//! The operator's key that the head of the audit is signed with: Ed25519, so that whoever checks needs nothing that could sign.
//!
//! A key is one line of text: `audit-key-ed25519:` and its seed in base64. The public key is `audit-public-ed25519:` and its bytes.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// What stands before a key.
const PRIVATE: &str = "audit-key-ed25519:";

/// What stands before a public key.
const PUBLIC: &str = "audit-public-ed25519:";

/// A key that signs.
pub struct AuditKey(Ed25519KeyPair);

impl AuditKey {
    /// Draws a key; returns the line of text that it is kept as.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn draw() -> Result<String, String> {
        let mut seed = [0; 32];
        let drawn = SystemRandom::new().fill(&mut seed);
        drawn.map_err(|_| "the system gives no random numbers".to_owned())?;
        Ok(format!("{PRIVATE}{}", STANDARD.encode(seed)))
    }

    /// The key's public part.
    #[must_use]
    pub fn public(&self) -> AuditPublicKey {
        AuditPublicKey(self.0.public_key().as_ref().to_vec())
    }

    /// Signs a text; the signature is base64.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        STANDARD.encode(self.0.sign(text.as_bytes()))
    }
}

impl FromStr for AuditKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seed = text.trim().strip_prefix(PRIVATE);
        let seed = seed.and_then(|seed| STANDARD.decode(seed).ok());
        let pair = seed.and_then(|seed| Ed25519KeyPair::from_seed_unchecked(&seed).ok());
        pair.map(Self)
            .ok_or_else(|| "it is no key; `audit key FILE` makes one".to_owned())
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key of {}", self.public())
    }
}

/// A key that checks signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPublicKey(Vec<u8>);

impl AuditPublicKey {
    /// Whether a text was signed by the key of this one.
    #[must_use]
    pub fn verifies(&self, text: &str, signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.0);
        let signature = STANDARD.decode(signature).unwrap_or_default();
        key.verify(text.as_bytes(), &signature).is_ok()
    }
}

impl fmt::Display for AuditPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC}{}", STANDARD.encode(&self.0))
    }
}

impl FromStr for AuditPublicKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = text.trim().strip_prefix(PUBLIC);
        let bytes = bytes.and_then(|bytes| STANDARD.decode(bytes).ok());
        bytes
            .filter(|bytes| bytes.len() == 32)
            .map(Self)
            .ok_or_else(|| {
                format!(
                    "`{}` is no public key, which is {PUBLIC} and base64",
                    text.trim()
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_key_signs_no_other_verifies() {
        let (one, other) = (AuditKey::draw().unwrap(), AuditKey::draw().unwrap());
        let (one, other): (AuditKey, AuditKey) = (one.parse().unwrap(), other.parse().unwrap());
        let signature = one.sign("row 1");
        let public: AuditPublicKey = one.public().to_string().parse().unwrap();
        assert!(public.verifies("row 1", &signature));
        assert!(!public.verifies("row 2", &signature));
        assert!(!other.public().verifies("row 1", &signature));
        assert!(!public.verifies("row 1", "no base64"));
    }

    #[test]
    fn what_is_no_key_is_refused_without_showing_it() {
        let wrong = "audit-key-ed25519:secret".parse::<AuditKey>().unwrap_err();
        assert!(!wrong.contains("secret"), "{wrong}");
        let key: AuditKey = AuditKey::draw().unwrap().parse().unwrap();
        assert!(!format!("{key:?}").contains(PRIVATE));
        assert!(
            "audit-public-ed25519:AAAA"
                .parse::<AuditPublicKey>()
                .is_err()
        );
    }

    #[test]
    fn signatures_are_those_of_rfc_8032() {
        // The first test vector of section 7.1: an empty text.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let digits: Vec<u32> = seed
            .chars()
            .map(|digit| digit.to_digit(16).unwrap())
            .collect();
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap())
            .collect();
        let key: AuditKey = format!("{PRIVATE}{}", STANDARD.encode(bytes))
            .parse()
            .unwrap();
        let signature = STANDARD.decode(key.sign("")).unwrap();
        assert_eq!(signature[..4], [0xe5, 0x56, 0x43, 0x00]);
        assert_eq!(signature[60..], [0x8e, 0x7a, 0x10, 0x0b]);
    }
}
