//! A campaign as the platform writes it: what it does, whose agents it needs, and how it dials.
//!
//! ```text
//! Initialized ─(a person starts it)─▶ Running ──pause──▶ Paused ──resume──▶ Running        Stopped, Completed, Failed: its end
//! ```

use serde_json::Value;

use crate::domain::CampaignActivity;
use crate::platform::dialect::{AlsoSteer, CampaignsVersion};

/// The state of a campaign that dials, and the only one in which it is paused.
pub(super) const RUNNING: &str = "Running";

/// The state of a campaign that does not, and the only one in which it is resumed.
pub(super) const PAUSED: &str = "Paused";

/// How a campaign uses the telephone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// It dials ahead of its agents.
    Predictive,
    /// It dials one call for each agent.
    Progressive,
    /// An agent is offered each record.
    Preview,
    /// It needs no agents.
    Agentless,
    /// It has no telephone calls.
    NoVoice,
    /// A mode that is not known.
    Other(String),
}

/// What is read of a campaign beside its state.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Campaign {
    pub(super) name: Option<String>,
    pub(super) arn: Option<String>,
    /// The queue whose agents take its calls.
    pub(super) queue: Option<String>,
    pub(super) mode: Mode,
    /// Whether a journey runs it.
    pub(super) journey: bool,
    /// After how many seconds a call counts as abandoned there.
    pub(super) abandoned_after_s: Option<u64>,
    /// Everything that a write of its pace replaces.
    pub(super) channels: Value,
}

impl Campaign {
    /// Reads the answer about one campaign, which has to be the one that was asked for.
    pub(super) fn parse(id: &str, version: CampaignsVersion, body: &[u8]) -> Result<Self, String> {
        let whole: Value = serde_json::from_slice(body)
            .map_err(|wrong| format!("the campaign cannot be read: {wrong}"))?;
        let found = whole
            .get("campaign")
            .filter(|campaign| campaign.is_object())
            .ok_or("the answer has no campaign")?;
        let text = |name: &str| found.get(name).and_then(Value::as_str).map(str::to_owned);
        let same = text("id").as_deref() == Some(id) || text("arn").as_deref() == Some(id);
        if !same {
            return Err(format!(
                "asked for campaign {id}, the platform answered about another"
            ));
        }
        let member = |names: &[&str]| names.iter().try_fold(found, |value, name| value.get(name));
        let (channels, modes, queue) = match version {
            CampaignsVersion::First => (
                member(&["dialerConfig"]),
                member(&["dialerConfig"]),
                member(&["outboundCallConfig", "connectQueueId"]),
            ),
            CampaignsVersion::Second => (
                member(&["channelSubtypeConfig"]),
                member(&["channelSubtypeConfig", "telephony", "outboundMode"]),
                member(&["channelSubtypeConfig", "telephony", "connectQueueId"]),
            ),
        };
        Ok(Self {
            name: text("name"),
            arn: text("arn"),
            queue: queue
                .and_then(Value::as_str)
                .filter(|queue| !queue.is_empty())
                .map(str::to_owned),
            mode: modes.map_or(Mode::NoVoice, mode),
            journey: text("type").as_deref() == Some("JOURNEY"),
            abandoned_after_s: modes.and_then(threshold),
            channels: channels.cloned().unwrap_or(Value::Null),
        })
    }

    /// Why it is not steered, whatever it does.
    pub(super) fn unsteerable(&self, also: AlsoSteer) -> Option<String> {
        if self.journey && !also.journeys {
            return Some("is run by a journey, which decides when it dials: write also_steer = [\"journeys\"] to steer it all the same".to_owned());
        }
        let without = |what: &str| {
            Some(format!(
                "{what}, so that nothing can be decided by agents: write also_steer = [\"agentless\"] to steer it all the same"
            ))
        };
        match &self.mode {
            Mode::Agentless if !also.agentless => without("dials without agents"),
            Mode::NoVoice if !also.agentless => without("makes no calls"),
            Mode::Predictive
            | Mode::Progressive
            | Mode::Preview
            | Mode::Agentless
            | Mode::NoVoice => None,
            Mode::Other(mode) => Some(format!("dials as `{mode}`, a mode that is not known")),
        }
    }
}

/// What a state means.
pub(super) fn activity(state: &str) -> CampaignActivity {
    let word = state.to_owned();
    match state {
        RUNNING => CampaignActivity::Running,
        PAUSED => CampaignActivity::Paused,
        // Whoever starts a campaign is a person, and an end is no pause.
        "Initialized" | "Stopped" | "Completed" | "Failed" => {
            CampaignActivity::NotCommandable { word }
        }
        _ => CampaignActivity::Unknown { word },
    }
}

/// The mode, of which there is exactly one. The first version has the same words with a longer end.
fn mode(modes: &Value) -> Mode {
    let mut names = modes.as_object().into_iter().flat_map(|modes| modes.keys());
    let (Some(name), None) = (names.next(), names.next()) else {
        return Mode::Other(modes.to_string().chars().take(40).collect());
    };
    match name.trim_end_matches("DialerConfig") {
        "predictive" => Mode::Predictive,
        "progressive" => Mode::Progressive,
        "preview" => Mode::Preview,
        "agentless" => Mode::Agentless,
        _ => Mode::Other(name.clone()),
    }
}

fn threshold(modes: &Value) -> Option<u64> {
    let strategies = modes
        .get("predictive")?
        .get("pacingStrategies")?
        .as_array()?;
    strategies.iter().find_map(|strategy| {
        let rate = strategy.get("abandonmentRate")?;
        rate.get("connectionThresholdSeconds")?.as_u64()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: AlsoSteer = AlsoSteer {
        journeys: true,
        agentless: true,
    };

    fn second(members: &str) -> Campaign {
        let text = format!(
            r#"{{"campaign":{{"id":"c","arn":"arn:x:campaign/c","name":"Renewals","connectInstanceId":"i",{members}}}}}"#
        );
        Campaign::parse("c", CampaignsVersion::Second, text.as_bytes()).unwrap()
    }

    fn voice(mode: &str) -> String {
        format!(
            r#""channelSubtypeConfig":{{"telephony":{{"connectQueueId":"q","outboundMode":{mode}}}}}"#
        )
    }

    #[test]
    fn each_state_means_one_thing_and_unknown_words_nothing() {
        assert_eq!(activity("Running"), CampaignActivity::Running);
        assert_eq!(activity("Paused"), CampaignActivity::Paused);
        for state in ["Initialized", "Stopped", "Completed", "Failed"] {
            let found = activity(state);
            assert!(
                matches!(found, CampaignActivity::NotCommandable { .. }),
                "{state}"
            );
        }
        for state in ["", "running", "PAUSED", "Draining"] {
            let found = activity(state);
            assert!(matches!(found, CampaignActivity::Unknown { .. }), "{state}");
        }
    }

    #[test]
    fn campaigns_without_agents_and_those_of_journeys_are_steered_only_if_that_is_asked_for() {
        let predictive = second(&voice(
            r#"{"predictive":{"bandwidthAllocation":0.8,"pacingStrategies":[{"abandonmentRate":{"targetRate":0.03,"connectionThresholdSeconds":3}}]}}"#,
        ));
        assert_eq!(predictive.mode, Mode::Predictive);
        assert_eq!(predictive.queue.as_deref(), Some("q"));
        assert_eq!(predictive.abandoned_after_s, Some(3));
        assert_eq!(predictive.unsteerable(AlsoSteer::default()), None);
        for (members, told) in [
            (voice(r#"{"agentless":{}}"#), "dials without agents"),
            (
                r#""channelSubtypeConfig":{"email":{}}"#.to_owned(),
                "makes no calls",
            ),
            (r#""type":"JOURNEY""#.to_owned(), "is run by a journey"),
        ] {
            let found = second(&members);
            let why = found.unsteerable(AlsoSteer::default()).unwrap();
            assert!(why.starts_with(told), "{why}");
            assert_eq!(found.unsteerable(ALL), None);
        }
        for unclear in [
            r#"{"telepathic":{}}"#,
            "{}",
            r#"{"preview":{},"agentless":{}}"#,
        ] {
            let found = second(&voice(unclear));
            assert!(
                found.unsteerable(ALL).unwrap().contains("not known"),
                "{unclear}"
            );
        }
    }

    #[test]
    fn a_campaign_of_the_first_version_has_a_form_of_its_own() {
        let text = r#"{"campaign":{"id":"c","arn":"a","name":"n","connectInstanceId":"i",
            "dialerConfig":{"progressiveDialerConfig":{"bandwidthAllocation":1.0,"dialingCapacity":0.5}},
            "outboundCallConfig":{"connectContactFlowId":"f","connectQueueId":"q1"}}}"#;
        let found = Campaign::parse("c", CampaignsVersion::First, text.as_bytes()).unwrap();
        assert_eq!(
            (found.mode, found.queue.as_deref()),
            (Mode::Progressive, Some("q1"))
        );
        for wrong in ["", "{}", r#"{"campaign":[]}"#, r#"{"campaign":{"id":"d"}}"#] {
            assert!(Campaign::parse("c", CampaignsVersion::Second, wrong.as_bytes()).is_err());
        }
    }
}
