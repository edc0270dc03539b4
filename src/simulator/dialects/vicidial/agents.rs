//! Who is logged in.

use super::super::super::agent_state::AgentState;
use super::super::super::work::Work;
use super::super::super::world::World;
use super::DialerState;
use super::form::Form;
use super::ids::shown;
use super::pages::refused;
use super::settings::{DialerAgent, DialerUser};
use super::users::wrong_source;

const COLUMNS: [&str; 10] = [
    "user",
    "campaign_id",
    "session_id",
    "status",
    "lead_id",
    "callerid",
    "calls_today",
    "full_name",
    "user_group",
    "user_level",
];

/// A filter of so many characters is dropped without a word.
const LONGEST_FILTER: usize = 10_000;

impl DialerState {
    pub(super) fn logged_in_agents(
        &self,
        form: &Form,
        user: &DialerUser,
        world: &World,
    ) -> Result<String, String> {
        const FUNCTION: &str = "logged_in_agents";
        if let Some(wrong) = wrong_source(form) {
            return Err(wrong);
        }
        let name = &user.name;
        if !user.api_access || !user.reports {
            let why = format!("USER DOES NOT HAVE PERMISSION TO GET AGENT INFO: |{name}|0|");
            return Err(refused(FUNCTION, &why));
        }
        let campaigns = filter(form.raw("campaigns"));
        let groups = filter(form.raw("user_groups"));
        let takes = |filter: &[&str], value: &str| {
            filter.is_empty() || filter.iter().any(|one| one.eq_ignore_ascii_case(value))
        };
        let separator = form.separator();
        let mut rows = String::new();
        for agent in self.rows(world) {
            if !takes(&campaigns, &agent.campaign)
                || !takes(&groups, &agent.group)
                || !user.sees(&agent.campaign)
            {
                continue;
            }
            let (lead, calls) = (agent.lead.to_string(), agent.calls_today.to_string());
            let fields = [
                agent.user.as_str(),
                &agent.campaign,
                &agent.session,
                &agent.status,
                &lead,
                &agent.call,
                &calls,
                &agent.name,
                &agent.group,
                "1",
            ];
            rows.push_str(&fields.join(separator));
            rows.push('\n');
        }
        if rows.is_empty() {
            let why = format!("NO LOGGED IN AGENTS: {name}|");
            return Err(refused(FUNCTION, &why));
        }
        if form.wants_header() {
            rows.insert_str(0, &format!("{}\n", COLUMNS.join(separator)));
        }
        Ok(rows)
    }

    /// How many agents are logged into a campaign of the world.
    pub(super) fn logged_into(&self, world: &World, id: &str) -> usize {
        let place = self.campaigns.keys().position(|known| known == id);
        let shown = shown(id, place.unwrap_or_default());
        let rows = self.rows(world);
        rows.iter().filter(|row| row.campaign == shown).count()
    }

    pub(super) fn rows(&self, world: &World) -> Vec<DialerAgent> {
        if let Some(frozen) = &self.frozen {
            return frozen.agents.clone();
        }
        if let Some(agents) = &self.settings.agents {
            return agents.clone();
        }
        let campaigns: Vec<(String, Option<&String>)> = self
            .campaigns
            .keys()
            .enumerate()
            .map(|(place, id)| (shown(id, place), self.settings.skills.get(id)))
            .collect();
        let Some((first, _)) = campaigns.first() else {
            return Vec::new();
        };
        let rows = world
            .agents()
            .enumerate()
            .filter_map(|(number, (id, agent))| {
                let (status, lead) = shows(&agent.state, world.work(id))?;
                let skilled = campaigns
                    .iter()
                    .find(|(_, skill)| skill.is_some_and(|skill| agent.skills.contains(skill)));
                Some(DialerAgent {
                    user: id.to_owned(),
                    campaign: skilled.map_or(first, |(shown, _)| shown).clone(),
                    session: (8_600_001_usize.saturating_add(number)).to_string(),
                    status: status.to_owned(),
                    lead: u32::try_from(number)
                        .unwrap_or(u32::MAX)
                        .saturating_add(101)
                        .saturating_mul(lead),
                    call: String::new(),
                    calls_today: 3,
                    name: agent.name.clone(),
                    group: "AGENTS".to_owned(),
                })
            });
        rows.collect()
    }
}

/// The status of an agent, and whether a record is at hand.
fn shows(state: &AgentState, work: Option<&Work>) -> Option<(&'static str, u32)> {
    if work == Some(&Work::Break) {
        return Some(("PAUSED", 0));
    }
    match state {
        AgentState::Offline => None,
        AgentState::Available => Some(("READY", 0)),
        AgentState::WrapUp => Some(("PAUSED", 1)),
        AgentState::Busy | AgentState::Other(_) => Some(("INCALL", 1)),
    }
}

/// The names between the bars: commas do not separate.
fn filter(text: &str) -> Vec<&str> {
    if text.chars().count() >= LONGEST_FILTER {
        return Vec::new();
    }
    text.split('|').filter(|name| !name.is_empty()).collect()
}
