//! Why something failed, in one line.

use std::error::Error;

/// Joins the causes of an error. The outermost is left out where there are others: of a request it says only that
/// sending failed.
#[must_use]
pub fn causes(wrong: &dyn Error) -> String {
    let mut text = String::new();
    let mut next = wrong.source().or(Some(wrong));
    while let Some(cause) = next {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Failure(&'static str, #[source] Option<Box<Failure>>);

    #[test]
    fn the_outermost_speaks_only_for_itself() {
        let deepest = Failure("refused", None);
        assert_eq!(causes(&deepest), "refused");
        let middle = Failure("tcp", Some(Box::new(deepest)));
        let outermost = Failure("sending failed", Some(Box::new(middle)));
        assert_eq!(causes(&outermost), "tcp: refused");
    }
}
