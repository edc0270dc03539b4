//! What holds for the reader of token answers on any input.

use super::token::TokenParts;

/// A token that was read is never shown, and a fault repeats nothing of the answer.
pub(crate) fn token(body: &[u8]) {
    match TokenParts::parse(body) {
        Ok(token) => {
            assert!(token.header.is_sensitive(), "the header may be logged");
            assert!(
                token.header.as_bytes().starts_with(b"Bearer "),
                "another kind of header"
            );
        }
        Err(fault) => assert!(
            [
                "the token answer has no access_token",
                "the access_token holds characters that no header can carry",
            ]
            .contains(&fault.as_str()),
            "{fault}"
        ),
    }
}
