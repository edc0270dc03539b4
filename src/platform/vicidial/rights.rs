//! What the functions need of the user's account, in the words of its page.

pub(super) const VERSION: &str =
    "version (it needs no log-in: look at what the web server itself lets through)";
pub(super) const CAMPAIGNS: &str = "campaigns_list (user level 8, `Agent API Access`, `View Reports`, and the function among `Allowed API Functions`)";
pub(super) const AGENTS: &str = "logged_in_agents (user level 7, `Agent API Access`, `View Reports`, and the function among `Allowed API Functions`)";
pub(super) const UPDATE: &str = "update_campaign (user level 8, `Agent API Access`, `Modify Campaigns`, and the function among `Allowed API Functions`)";
pub(super) const CALLS: &str = "call_status_stats (user level 9, `View Reports`, and the function among `Allowed API Functions`)";
pub(super) const GROUP: &str = "any campaign (`Allowed Campaigns` of the user's group)";

/// Without these no campaign can be steered.
pub(super) const NEEDED: &[&str] = &[CAMPAIGNS, GROUP, AGENTS, UPDATE];

/// Without this something else is lost, and what.
pub(super) const USEFUL: &[(&str, &str)] = &[(
    CALLS,
    "abandoned calls are not counted, and neither a pause that has no effect nor a campaign that is not dialled is found out",
)];
