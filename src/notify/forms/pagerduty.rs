//! The form of PagerDuty's Events API v2: an alert is triggered, and resolved when what it is about is over.
//!
//! The key by which PagerDuty finds the alert is made of the daemon's source, the tenant, the campaign and what is wrong with it, so that
//! it is the same for the beginning and the end, and after a restart. Only events that begin or end something are of use there; and unless
//! the settings name others, only those that a person should be woken for. PagerDuty answers 202; its documentation says to retry 429 and
//! 5xx, and not 400.

use std::collections::BTreeSet;

use ring::digest::{SHA256, digest};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::domain::{MessageKind, TenantName};
use crate::notify::ports::OutboxEntry;
use crate::secrets::Secret;

use super::words::Story;

/// Where events go unless the settings say otherwise.
pub const PAGERDUTY_ENQUEUE: &str = "https://events.pagerduty.com/v2/enqueue";

/// The longest key of an alert, in bytes.
const LONGEST_KEY: usize = 255;

/// Whether an event begins or ends an alert.
#[must_use]
pub fn alerting(kind: MessageKind) -> bool {
    match kind {
        MessageKind::CampaignPaused
        | MessageKind::CampaignResumed
        | MessageKind::CampaignPausedByPerson
        | MessageKind::CampaignResumedByPerson
        | MessageKind::CampaignFlapping
        | MessageKind::CampaignPauseUnproven
        | MessageKind::CampaignPaceChanged
        | MessageKind::DataStale
        | MessageKind::ConfigurationReloaded => true,
        // A hold ends by itself without an event, and the others are no state at all.
        MessageKind::CampaignHeld
        | MessageKind::CampaignReleased
        | MessageKind::CampaignPauseClaimed
        | MessageKind::CampaignThresholdsSet
        | MessageKind::AssignmentDispatch
        | MessageKind::QueueUpdated
        | MessageKind::QueueRoutingUpdated
        | MessageKind::QueueDrainRate
        | MessageKind::QueueHeld
        | MessageKind::QueueReleased
        | MessageKind::AuditHead
        | MessageKind::WebhookTest => false,
    }
}

/// The events that go there unless the settings name some: those that a person should be woken for. A pause is everyday work.
#[must_use]
pub fn usually_alerting() -> BTreeSet<MessageKind> {
    BTreeSet::from([
        MessageKind::CampaignFlapping,
        MessageKind::CampaignPauseUnproven,
        MessageKind::DataStale,
        MessageKind::ConfigurationReloaded,
    ])
}

/// Events with those that end what they begin.
#[must_use]
pub fn with_ends(mut events: BTreeSet<MessageKind>) -> BTreeSet<MessageKind> {
    let begins = [
        MessageKind::CampaignPaused,
        MessageKind::CampaignPausedByPerson,
    ];
    if begins.iter().any(|kind| events.contains(kind)) {
        events.insert(MessageKind::CampaignResumed);
        events.insert(MessageKind::CampaignResumedByPerson);
    }
    events
}

/// What an event does to which alert; a severity triggers it.
struct Alert {
    condition: &'static str,
    severity: Option<&'static str>,
}

fn alert(event: &str, status: &str) -> Alert {
    let (condition, severity) = match (event, status) {
        ("campaign.paused" | "campaign.paused_by_person", _) => ("paused", Some("info")),
        ("campaign.resumed" | "campaign.resumed_by_person", _) => ("paused", None),
        ("campaign.flapping", _) => ("flapping", Some("warning")),
        ("campaign.pause_unproven", "UNPROVEN") => ("pause_unproven", Some("warning")),
        ("campaign.pause_unproven", _) => ("pause_unproven", None),
        ("campaign.pace_changed", "STEPPED_DOWN" | "RESERVE_SET") => ("pace", Some("info")),
        ("campaign.pace_changed", _) => ("pace", None),
        ("data.stale", "STALE") => ("data_stale", Some("critical")),
        ("data.stale", _) => ("data_stale", None),
        ("configuration.reloaded", "REFUSED") => ("configuration", Some("error")),
        ("configuration.reloaded", _) => ("configuration", None),
        ("webhook.test", "TEST") => ("test", Some("info")),
        ("webhook.test", _) => ("test", None),
        // Was written for another form that the receiver had before. To resolve what was never triggered changes nothing.
        (_, _) => ("note", None),
    };
    Alert {
        condition,
        severity,
    }
}

/// The body of an event.
pub(super) fn body(
    entry: &OutboxEntry,
    members: &Value,
    story: &Story,
    (source, tenant): (&str, Option<&TenantName>),
    routing_key: &Secret,
) -> Value {
    let status = members.get("status").and_then(Value::as_str);
    let Alert {
        condition,
        severity,
    } = alert(&entry.event, status.unwrap_or_default());
    let tenant = tenant.map_or_else(String::new, |tenant| format!("{tenant}/"));
    let key = format!("{source}/{tenant}{}/{condition}", entry.subject);
    let routing_key = routing_key.text();
    let mut event = json!({
        "routing_key": routing_key.expose_secret(),
        "event_action": if severity.is_some() { "trigger" } else { "resolve" },
        "dedup_key": bounded(key),
    });
    if let (Some(severity), Some(event)) = (severity, event.as_object_mut()) {
        event.insert("client".to_owned(), json!("campaign-autopilot"));
        let payload = json!({
            "summary": story.headline,
            "source": source.trim_start_matches("urn:campaign-autopilot:"),
            "severity": severity,
            "timestamp": entry.at.to_string(),
            "component": entry.subject,
            "class": entry.event,
            "custom_details": members,
        });
        event.insert("payload".to_owned(), payload);
    }
    event
}

/// A key that is too long, by its hash.
fn bounded(key: String) -> String {
    if key.len() <= LONGEST_KEY {
        return key;
    }
    let hash = digest(&SHA256, key.as_bytes());
    let digits = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::entry;
    use super::*;

    const SOURCE: &str = "urn:campaign-autopilot:api.example.com";

    fn of(event: &str, members: &Value) -> Value {
        let entry = entry(event, members);
        let story = Story::new(&entry, members, None);
        let key = Secret::from("0123456789abcdef0123456789abcdef".to_owned());
        body(&entry, members, &story, (SOURCE, None), &key)
    }

    #[test]
    fn a_doubtful_pause_triggers_and_its_end_resolves_the_same_alert() {
        let doubtful = json!({
            "campaignId": "cmp-1", "campaignName": "Spring renewals", "status": "UNPROVEN",
        });
        let triggered = of("campaign.pause_unproven", &doubtful);
        let expected = json!({
            "routing_key": "0123456789abcdef0123456789abcdef",
            "event_action": "trigger",
            "dedup_key": "urn:campaign-autopilot:api.example.com/cmp-1/pause_unproven",
            "client": "campaign-autopilot",
            "payload": {
                "summary": "Spring renewals stays paused while agents stand idle: nobody can say whose pause it is",
                "source": "api.example.com",
                "severity": "warning",
                "timestamp": "2024-05-20T14:32:00.000Z",
                "component": "cmp-1",
                "class": "campaign.pause_unproven",
                "custom_details": doubtful,
            },
        });
        assert_eq!(triggered, expected);
        let resolved = of("campaign.pause_unproven", &json!({"status": "RESOLVED"}));
        let expected = json!({
            "routing_key": "0123456789abcdef0123456789abcdef",
            "event_action": "resolve",
            "dedup_key": triggered["dedup_key"],
        });
        assert_eq!(resolved, expected);
    }

    #[test]
    fn whoever_paused_it_whoever_resumes_it_ends_that() {
        let key = |event: &str| of(event, &json!({}))["dedup_key"].clone();
        let action = |event: &str| of(event, &json!({}))["event_action"].clone();
        let paused = ["campaign.paused", "campaign.paused_by_person"];
        let resumed = ["campaign.resumed", "campaign.resumed_by_person"];
        for (event, expected) in paused
            .map(|event| (event, "trigger"))
            .into_iter()
            .chain(resumed.map(|event| (event, "resolve")))
        {
            assert_eq!(
                (key(event), action(event)),
                (key("campaign.paused"), json!(expected))
            );
        }
        let events = with_ends(BTreeSet::from([MessageKind::CampaignPausedByPerson]));
        assert!(events.contains(&MessageKind::CampaignResumed));
        assert!(events.contains(&MessageKind::CampaignResumedByPerson));
        assert_eq!(with_ends(usually_alerting()), usually_alerting());
        assert!(usually_alerting().into_iter().all(alerting));
    }

    #[test]
    fn every_event_that_may_be_asked_for_has_a_condition() {
        for kind in MessageKind::ALL.into_iter().filter(|kind| alerting(*kind)) {
            assert_ne!(alert(kind.name(), "").condition, "note", "{kind:?}");
        }
    }

    #[test]
    fn a_key_that_is_too_long_is_hashed() {
        let long = "x".repeat(300);
        assert_eq!(bounded(long.clone()).len(), 64);
        assert_ne!(bounded(long.clone()), bounded(long + "y"));
    }
}
