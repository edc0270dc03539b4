//! An idle reserve that the platform does not offer.

use crate::platform::port::{FaultKind, PlatformFault};

/// Why such a rule is refused, and what to do instead.
pub(super) const NO_IDLE_RESERVE: &str = "actuator = \"idle-reserve\" cannot be carried out: this platform does not tell its \
     dialler how many agents to keep idle, as no real platform does; write actuator = \"pause\", and try the reserve on the simulated \
     platform (campaign-autopilot simulate) or by compare --policy aim=0.5%,reserve";

/// Whether the platform answers as one does that has no idle reserve; a gateway before it may say 403.
pub(super) fn is_not_offered(fault: &PlatformFault) -> bool {
    matches!(
        fault.kind,
        FaultKind::NotFound | FaultKind::NotAllowed | FaultKind::Forbidden
    )
}
