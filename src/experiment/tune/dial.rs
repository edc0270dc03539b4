//! How a campaign dials.

use crate::simulator::Mode;

/// How a campaign dials, which no record tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DialRule {
    /// The mode.
    pub mode: Mode,
    /// The most dials in flight; none where the mode alone limits them.
    pub lines: Option<u32>,
}
