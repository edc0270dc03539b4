//! A command on its way: one at a time for a campaign.

use crate::domain::campaign::state::CampaignState;
use crate::domain::status::Direction;

/// Where the command on its way leads. One that the platform has acknowledged is waited for until it shows, or is known
/// not to.
pub(crate) fn command_on_its_way(
    sent: Option<Direction>,
    state: &CampaignState,
) -> Option<Direction> {
    let unresolved = state.unresolved.as_ref();
    let acknowledged = unresolved.filter(|unresolved| unresolved.acknowledged);
    sent.or(acknowledged.map(|unresolved| unresolved.to))
}
