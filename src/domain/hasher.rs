//! The one hasher of the decisions.

use foldhash::fast::FixedState;

/// The same on every run: nothing is ever read out in the order of the hashes, and a seed that changes would only make
/// timings differ.
pub(super) const HASHER: FixedState = FixedState::with_seed(0x6361_6d70_6169_676e);
