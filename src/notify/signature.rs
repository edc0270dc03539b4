//! Signatures by the Standard Webhooks convention.
//!
//! `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, once for each key, separated by spaces:
//! with two keys a receiver can change from the old secret to the new one without missing an entry.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::ExposeSecret;

use crate::secrets::Secret;

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// The sizes of a key in bytes, by the convention.
const SIZES: std::ops::RangeInclusive<usize> = 24..=64;

/// The most keys at once: an old one, a new one, and one to spare.
const MOST_KEYS: usize = 3;

/// A secret that cannot be used. Nothing of it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is empty.
    #[error("is empty")]
    Empty,
    /// It lacks the prefix.
    #[error("does not begin with {PREFIX}")]
    Prefix,
    /// What follows is not base64.
    #[error("has no base64 behind {PREFIX}")]
    Base64,
    /// Too short to be safe, or too long to be meant.
    #[error("has {0} bytes behind {PREFIX}, not 24 to 64")]
    Size(usize),
    /// More secrets than anybody needs.
    #[error("holds more than {MOST_KEYS} secrets")]
    TooMany,
}

/// The keys that every entry is signed with, as their secret has them at the time. Their `Debug` shows nothing of them.
#[derive(Clone, Debug)]
pub struct SigningKeys(Secret);

impl SigningKeys {
    /// Takes a secret: texts separated by white space, the one in force first.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn new(secret: Secret) -> Result<Self, KeyError> {
        keys(secret.text().expose_secret())?;
        let fault = |text: &str| keys(text).err().map(|wrong| wrong.to_string());
        Ok(Self(secret.checked_by(fault)))
    }

    /// Returns the secret that they are made of.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// Returns the value of `webhook-signature`; `timestamp` is in seconds since the Unix epoch.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let head = format!("{id}.{timestamp}.");
        // What the secret is replaced by was checked as well; without a key there is no signature, and no receiver takes that.
        let keys = keys(self.0.text().expose_secret()).unwrap_or_default();
        let signatures: Vec<String> = keys
            .iter()
            .map(|key| {
                let mut context = hmac::Context::with_key(key);
                context.update(head.as_bytes());
                context.update(body);
                format!("v1,{}", STANDARD.encode(context.sign().as_ref()))
            })
            .collect();
        signatures.join(" ")
    }
}

/// Reads the keys of a secret.
fn keys(text: &str) -> Result<Vec<hmac::Key>, KeyError> {
    let keys: Vec<hmac::Key> = text
        .split_whitespace()
        .map(key)
        .collect::<Result<_, KeyError>>()?;
    match keys.len() {
        0 => Err(KeyError::Empty),
        many if many > MOST_KEYS => Err(KeyError::TooMany),
        _ => Ok(keys),
    }
}

fn key(text: &str) -> Result<hmac::Key, KeyError> {
    let encoded = text.strip_prefix(PREFIX).ok_or(KeyError::Prefix)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| KeyError::Base64)?;
    if SIZES.contains(&bytes.len()) {
        Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
    } else {
        Err(KeyError::Size(bytes.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the convention's own libraries are tested with.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: i64 = 1_614_265_330;
    const BODY: &[u8] = b"{\"test\": 2432232314}";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn signs_the_published_vector() {
        let keys = SigningKeys::new(SECRET.to_owned().into()).unwrap();
        assert_eq!(keys.sign(ID, TIMESTAMP, BODY), SIGNATURE);
        assert_ne!(keys.sign("msg_other", TIMESTAMP, BODY), SIGNATURE);
        assert_ne!(keys.sign(ID, TIMESTAMP + 1, BODY), SIGNATURE);
    }

    #[test]
    fn two_secrets_give_two_signatures() {
        let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        let keys = SigningKeys::new(format!("{other}\n{SECRET}\n").into()).unwrap();
        let both = keys.sign(ID, TIMESTAMP, BODY);
        let signatures: Vec<&str> = both.split(' ').collect();
        assert_eq!(signatures.len(), 2);
        assert_eq!(signatures[1], SIGNATURE);
        assert_ne!(signatures[0], SIGNATURE);
    }

    #[test]
    fn a_secret_that_cannot_be_used_is_named_and_not_repeated() {
        for (text, wrong) in [
            ("", KeyError::Empty),
            ("hunter2hunter2hunter2hunter2hunter2", KeyError::Prefix),
            ("whsec_hunter2!", KeyError::Base64),
            ("whsec_aHVudGVyMg==", KeyError::Size(7)),
        ] {
            let refused = SigningKeys::new(text.to_owned().into()).unwrap_err();
            assert_eq!(refused, wrong, "{text}");
            assert!(!refused.to_string().contains("hunter2"));
        }
        let many = [SECRET; 4].join(" ");
        assert_eq!(
            SigningKeys::new(many.into()).unwrap_err(),
            KeyError::TooMany
        );
        let debug = format!("{:?}", SigningKeys::new(SECRET.to_owned().into()).unwrap());
        assert_eq!(debug, "SigningKeys(Secret)");
    }
}
