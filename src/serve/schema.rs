//! The version of the form that the documents have.

/// The version of the documents' form; it goes up when something is taken away or means something else.
pub(super) const SCHEMA: u32 = 1;
