//! The version of the documents' schema.

/// The version of the documents' schema; it goes up when a member is removed or changes its meaning.
pub(super) const SCHEMA: u32 = 1;
