//! What a campaign of the simulated centre does, in its own words.
//!
//! Scenario files, the journal and control requests have these words, so they stay. A dialect translates them where its
//! platform has others.

/// It dials.
pub const RUNNING: &str = "RUNNING";

/// It does not.
pub const PAUSED: &str = "PAUSED";
