//! The platforms that can be steered, by the words that settings name them with.

/// Which platform a tenant is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `CXone` in the form of its version 2 interfaces.
    #[default]
    CxoneV2,
}

impl Dialect {
    /// Every one, by its word.
    pub const WORDS: &[(&str, Self)] = &[("cxone-v2", Self::CxoneV2)];
}
