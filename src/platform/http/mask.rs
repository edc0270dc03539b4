//! Takes our own secrets out of what a platform repeats of them.
//!
//! A refusal that quotes the request it refuses would otherwise carry a token or a secret into log, store, audit and
//! errors. Each secret is looked for as it is and in every form in which a request carries it; whatever follows `Bearer` or
//! `Basic` goes too, since it may be a token from before.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

/// Replaces a secret.
const MASKED: &str = "***";

/// Texts shorter than this are not treated as secrets: they would be found in every word.
const SHORTEST: usize = 4;

/// Authorisation schemes whose credentials follow them.
const SCHEMES: [&str; 2] = ["bearer ", "basic "];

/// The secrets of one tenant, in every form in which they travel.
#[derive(Clone, Debug, Default)]
pub(super) struct Mask(Vec<SecretString>);

impl Mask {
    /// Creates a mask for these secrets, and for each pair of an id and its secret as HTTP Basic writes it.
    pub(super) fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a SecretString)>) -> Self {
        let mut forms = Vec::new();
        for (id, secret) in pairs {
            let secret = secret.expose_secret();
            let encoded = form_encoded(secret);
            let json = serde_json::Value::from(secret).to_string();
            forms.push(STANDARD.encode(format!("{id}:{secret}")));
            forms.push(STANDARD.encode(format!("{}:{encoded}", form_encoded(id))));
            forms.push(json.trim_matches('"').to_owned());
            forms.push(encoded);
            forms.push(secret.to_owned());
        }
        forms.retain(|form| form.len() >= SHORTEST);
        // The longest first, so that no part of one is left behind by another.
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self(forms.into_iter().map(SecretString::from).collect())
    }

    /// Returns the text without secrets; `token` is the one that was just in use.
    pub(super) fn apply(&self, text: &str, token: Option<&str>) -> String {
        let mut clean = text.to_owned();
        let known = self.0.iter().map(ExposeSecret::expose_secret);
        let token = token.filter(|token| token.len() >= SHORTEST);
        for secret in token.into_iter().chain(known) {
            if clean.contains(secret) {
                clean = clean.replace(secret, MASKED);
            }
        }
        for scheme in SCHEMES {
            clean = behind_scheme(&clean, scheme);
        }
        clean
    }
}

fn form_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Masks the word behind each `scheme`.
fn behind_scheme(text: &str, scheme: &str) -> String {
    // ASCII letters alone change, so that positions stay the same.
    let lower = text.to_ascii_lowercase();
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(at) = lower.get(done..).and_then(|rest| rest.find(scheme)) {
        let from = done.saturating_add(at).saturating_add(scheme.len());
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | ')' | '<');
        let rest = text.get(from..).unwrap_or_default();
        let length = rest.find(ends).unwrap_or(rest.len());
        clean.push_str(text.get(done..from).unwrap_or_default());
        if length > 0 {
            clean.push_str(MASKED);
        }
        done = from.saturating_add(length);
    }
    clean.push_str(text.get(done..).unwrap_or_default());
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask() -> Mask {
        let secret = SecretString::from("s3cr\"et&=====".to_owned());
        Mask::new([("client", &secret)])
    }

    #[test]
    fn every_form_of_a_secret_is_masked() {
        let basic = STANDARD.encode("client:s3cr\"et&=====");
        for form in [
            "s3cr\"et&=====",
            "s3cr%22et%26%3D%3D%3D%3D%3D",
            "s3cr\\\"et&=====",
            &basic,
        ] {
            assert_eq!(
                mask().apply(&format!("no: {form}!"), None),
                "no: ***!",
                "{form}"
            );
        }
    }

    #[test]
    fn tokens_are_masked_wherever_they_stand() {
        assert_eq!(
            mask().apply("token abc.def of abc.def", Some("abc.def")),
            "token *** of ***"
        );
        for (said, shown) in [
            (
                "authorization: Bearer x.y-z refused",
                "authorization: Bearer *** refused",
            ),
            (
                "{\"authorization\":\"basic QWxhZGRpbg==\"}",
                "{\"authorization\":\"basic ***\"}",
            ),
            ("BEARER abc", "BEARER ***"),
            ("Bearer ", "Bearer "),
            ("Überbearer é", "Überbearer ***"),
        ] {
            assert_eq!(mask().apply(said, None), shown);
        }
    }

    #[test]
    fn other_texts_stay() {
        let text = "campaign c-1: the state does not allow it";
        assert_eq!(mask().apply(text, Some("")), text);
        assert_eq!(Mask::default().apply(text, Some("abc")), text);
    }
}
