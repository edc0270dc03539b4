//! Names that are labels, parts of keys and ends of variables' names: of tenants and of receivers.

/// The longest in characters.
pub(super) const LONGEST: usize = 40;

/// Why a text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotASlug {
    /// It is empty or too long.
    Length,
    /// It has a character that is none of a-z, 0-9 and `-`.
    Character,
}

/// Whether a text is 1 to [`LONGEST`] lower-case letters, digits and `-`.
pub(super) fn check(text: &str) -> Result<(), NotASlug> {
    if text.is_empty() || text.len() > LONGEST {
        return Err(NotASlug::Length);
    }
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.bytes().all(fits) {
        Ok(())
    } else {
        Err(NotASlug::Character)
    }
}

/// The end of a variable's name: upper case, `-` as `_`.
pub(super) fn in_variable(slug: &str) -> String {
    slug.to_ascii_uppercase().replace('-', "_")
}
