//! The part of a status that was asked for.

use reqwest::StatusCode;

use crate::domain::meant;
use crate::serve::{ApiFault, CampaignDocument, StatusDocument, SteeredElsewhere};

use super::args::ChosenArgs;
use super::client::ClientFault;

impl ChosenArgs {
    /// The daemon that steers what was asked for, where the one that gave this status only stands by for it.
    pub(super) fn steered_elsewhere<'a>(
        &self,
        document: &'a StatusDocument,
    ) -> Option<&'a SteeredElsewhere> {
        let of_campaign = self.campaign.as_deref();
        let of_campaign = of_campaign.and_then(|id| id.split_once('/'));
        let tenant = self.tenant.as_deref().or(of_campaign.map(|(name, _)| name));
        let chosen = self.campaign.is_some() || self.is_of_several();
        document.elsewhere.iter().find(|one| match &one.tenant {
            // Settings without [[tenant]] tables: everything is one daemon's.
            None => chosen,
            Some(name) => tenant == Some(name),
        })
    }

    /// Whether what was asked for may be of several tenants, and so of several daemons.
    pub(super) fn is_of_several(&self) -> bool {
        self.team.is_some() || self.attention
    }

    /// What is said where nothing of it is there.
    pub(super) fn none_in_words(&self) -> &'static str {
        if self.attention {
            "no campaign wants attention"
        } else {
            "no campaigns"
        }
    }

    /// The part of the status that was asked for, as a document and as text.
    pub(super) fn of(
        &self,
        mut document: StatusDocument,
        text: String,
    ) -> Result<(StatusDocument, String), ClientFault> {
        if let Some(tenant) = &self.tenant {
            document = of_tenant(document, tenant)?;
        }
        if self.campaign.is_some() || self.team.is_some() || self.attention {
            self.retain(&mut document)?;
        } else if self.tenant.is_none() {
            return Ok((document, text));
        }
        // It was read from JSON.
        let text = serde_json::to_string(&document).unwrap_or_default();
        Ok((document, text))
    }

    fn retain(&self, document: &mut StatusDocument) -> Result<(), ClientFault> {
        if let Some(wanted) = &self.campaign {
            // A tenant that is named need not be named again.
            let by_id = self.tenant.is_some();
            let is_wanted = |one: &CampaignDocument| {
                one.written_id() == *wanted || (by_id && one.id == *wanted)
            };
            if !document.campaigns.iter().any(is_wanted) {
                return Err(unknown(wanted, &document.campaigns));
            }
            document.campaigns.retain(is_wanted);
        }
        if let Some(team) = &self.team {
            let of_team = |one: &CampaignDocument| one.team.as_ref() == Some(team);
            if !document.campaigns.iter().any(of_team) {
                return Err(no_team(team, &document.campaigns));
            }
            document.campaigns.retain(of_team);
        }
        if self.attention {
            document.campaigns.retain(wants_attention);
        }
        document.queues.clear();
        document.assignments.clear();
        Ok(())
    }
}

fn unknown(wanted: &str, campaigns: &[CampaignDocument]) -> ClientFault {
    let known: Vec<String> = campaigns.iter().map(CampaignDocument::written_id).collect();
    let near = meant(wanted, known.iter().map(String::as_str));
    let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    not_there(format!(
        "campaign `{wanted}` is not managed; {near}`status` alone names those that are"
    ))
}

fn no_team(team: &str, campaigns: &[CampaignDocument]) -> ClientFault {
    let mut teams: Vec<&str> = campaigns
        .iter()
        .filter_map(|one| one.team.as_deref())
        .collect();
    teams.sort_unstable();
    teams.dedup();
    not_there(if teams.is_empty() {
        format!("--team {team}: no campaign has a team; give `team` in the [[campaign]] tables")
    } else {
        format!(
            "--team {team}: no campaign is of it; there are {}",
            teams.join(", ")
        )
    })
}

fn not_there(why: String) -> ClientFault {
    let fault = ApiFault::of("unknown_campaign", vec![why]);
    ClientFault::Refused(StatusCode::NOT_FOUND, Box::new(fault))
}

/// What the status says of one tenant.
fn of_tenant(mut document: StatusDocument, tenant: &str) -> Result<StatusDocument, ClientFault> {
    let names: Vec<String> = document
        .tenants
        .iter()
        .map(|one| one.name.clone())
        .collect();
    document.tenants.retain(|one| one.name == tenant);
    let Some(one) = document.tenants.first() else {
        return Err(ClientFault::Given(if names.is_empty() {
            format!("--tenant {tenant}: the daemon has no [[tenant]] tables; leave it out")
        } else {
            format!("--tenant {tenant}: there are {}", names.join(", "))
        }));
    };
    (document.alive, document.ready) = (one.alive, one.ready);
    document.not_ready.clone_from(&one.not_ready);
    document.outage.clone_from(&one.outage);
    document.sample_at.clone_from(&one.sample_at);
    document.decision.clone_from(&one.decision);
    document.journal_writable = one.journal_writable;
    let its = |of: &Option<String>| of.as_deref() == Some(tenant);
    document.campaigns.retain(|campaign| its(&campaign.tenant));
    document.queues.retain(|queue| its(&queue.tenant));
    document.assignments.retain(|list| its(&list.tenant));
    let prefix = format!("tenant {tenant}: ");
    document
        .store_damage
        .retain(|found| found.starts_with(&prefix));
    Ok(document)
}

/// Whose doing a campaign's state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Running,
    ByAutopilot,
    ByCalendar,
    ByPerson,
    ByUnknown,
    /// An operator's hold.
    ByHold,
    Stopped,
    /// The platform is carrying out a command of ours.
    Changing,
    Unknown,
}

impl Stands {
    /// In the order in which they are told.
    const ALL: [Self; 9] = [
        Self::Running,
        Self::ByAutopilot,
        Self::ByCalendar,
        Self::ByHold,
        Self::ByPerson,
        Self::ByUnknown,
        Self::Stopped,
        Self::Changing,
        Self::Unknown,
    ];

    fn of(campaign: &CampaignDocument) -> Self {
        let by_calendar = campaign.calendar.as_ref().is_some_and(|one| one.paused);
        match (campaign.state.as_str(), campaign.paused_by.as_deref()) {
            (_, _) if campaign.changing_to.is_some() => Self::Changing,
            ("running", _) => Self::Running,
            ("paused", _) if by_calendar => Self::ByCalendar,
            ("paused", _) if campaign.stopped_by.as_deref() == Some("hold") => Self::ByHold,
            ("paused", Some("person")) => Self::ByPerson,
            ("paused", Some("unproven")) => Self::ByUnknown,
            ("paused", _) => Self::ByAutopilot,
            ("stopped", _) => Self::Stopped,
            (_, _) => Self::Unknown,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::ByAutopilot => "paused by the autopilot",
            Self::ByCalendar => "paused by the calendar",
            Self::ByHold => "held paused by an operator",
            Self::ByPerson => "paused by a person",
            Self::ByUnknown => "paused, by whom is not known",
            Self::Stopped => "stopped",
            Self::Changing => "between two states",
            Self::Unknown => "not known",
        }
    }
}

/// Whether somebody should look at a campaign: its state or its agents are not known, nobody can say whose its pause is, a guard is over its
/// limit, or something on the platform starts and stops it too. The page has the same of the first three.
fn wants_attention(campaign: &CampaignDocument) -> bool {
    // Where the calendar is the whole rule there is no number, and none is missing.
    let by_calendar_alone = campaign.calendar.as_ref().is_some_and(|one| one.alone);
    let counted = campaign.outcome.is_some() && !by_calendar_alone;
    matches!(Stands::of(campaign), Stands::Unknown | Stands::ByUnknown)
        || (campaign.available.is_none() && counted)
        || campaign.guards.iter().any(|guard| guard.state == "above")
        || !campaign.rivals.is_empty()
}

/// How many campaigns there are, how they stand, and how many of them want attention.
pub(super) fn summary(campaigns: &[CampaignDocument]) -> String {
    let many = campaigns.len();
    let plural = if many == 1 { "" } else { "s" };
    let count = |so: &dyn Fn(&CampaignDocument) -> bool| {
        campaigns.iter().filter(|campaign| so(campaign)).count()
    };
    let stand = Stands::ALL.iter().map(|stands| {
        let found = count(&|campaign| Stands::of(campaign) == *stands);
        (found, stands.words())
    });
    let more = [
        (
            // Those that a hold pauses are counted above.
            count(&|campaign| campaign.hold.is_some() && Stands::of(campaign) != Stands::ByHold),
            "held otherwise by an operator",
        ),
        (
            count(&wants_attention),
            "in need of attention (--attention)",
        ),
    ];
    let told = |(found, words): (usize, &str)| (found > 0).then(|| format!("{found} {words}"));
    let stand: Vec<String> = stand.filter_map(told).collect();
    let more: Vec<String> = more.into_iter().filter_map(told).collect();
    let mut line = format!("{many} campaign{plural}: {}", stand.join(", "));
    if !more.is_empty() {
        line.push_str("; ");
        line.push_str(&more.join(", "));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn campaign(id: &str, state: &str, paused_by: Option<&str>) -> CampaignDocument {
        serde_json::from_value(serde_json::json!({
            "id": id, "team": "Sales", "state": state, "paused_by": paused_by, "available": 7, "outcome": "held",
            "since": "2024-05-15T13:32:10.000Z", "configured": {"pause_below": "5", "resume_at": "8"}, "why": "so",
        }))
        .unwrap()
    }

    #[test]
    fn one_line_counts_how_campaigns_stand() {
        let one = [campaign("1", "running", None)];
        assert_eq!(summary(&one), "1 campaign: 1 running");
        let mut several = vec![
            campaign("1", "running", None),
            campaign("2", "paused", Some("autopilot")),
            campaign("3", "paused", Some("person")),
            campaign("4", "paused", Some("unproven")),
            campaign("5", "running", None),
        ];
        several[0].available = None;
        several[4].changing_to = Some("paused".to_owned());
        assert_eq!(
            summary(&several),
            "5 campaigns: 1 running, 1 paused by the autopilot, 1 paused by a person, 1 paused, by whom is not known, 1 between two states; 2 in need of attention (--attention)"
        );
    }

    #[test]
    fn one_that_is_not_there_is_told_with_what_is() {
        let campaigns = [campaign("cmp-884291", "running", None)];
        let lines = unknown("cmp-884219", &campaigns).lines();
        assert!(lines[0].contains("did you mean `cmp-884291`?"), "{lines:?}");
        let lines = no_team("Sale", &campaigns).lines();
        assert!(lines[0].contains("there are Sales"), "{lines:?}");
    }
}
