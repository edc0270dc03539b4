//! Rows of the platform's audit: who changed what a campaign does.

use serde::Deserialize;

use crate::domain::{Author, Timestamp};

use super::campaign::{OFF, Reference, STOPPING};

/// Rows may carry the time of a change a little before the campaign does. No person starts and stops a campaign within so short a time.
const SAME_CHANGE_MS: i64 = 1_000;

/// One row. What is not known of it is left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuditRow {
    event_date: Option<String>,
    action: Option<String>,
    level: Option<String>,
    status: Option<String>,
    entity: Option<Reference>,
    user: Option<Reference>,
    client: Option<Reference>,
    #[serde(default)]
    property_changes: Option<Vec<PropertyChange>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PropertyChange {
    property: Option<String>,
    #[serde(default)]
    old_values: Option<Vec<String>>,
    #[serde(default)]
    new_values: Option<Vec<String>>,
}

/// What the audit says of a pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Authorship {
    /// Who changed last what the campaign does.
    By(Author),
    /// The rows are complete, and none of them changes what the campaign does.
    Untold,
    /// No row is as young as the change that the campaign shows: rows may come late.
    Late,
}

impl AuditRow {
    fn at(&self) -> Option<Timestamp> {
        Timestamp::parse_rfc3339(self.event_date.as_deref()?)
    }

    fn is_of(&self, campaign: &str) -> bool {
        let entity = self.entity.as_ref().and_then(|entity| entity.id.as_deref());
        // The query names the campaign already.
        entity.is_none_or(|id| id == campaign)
    }

    fn failed(&self) -> bool {
        self.status.as_deref() == Some("FAILURE")
    }

    /// The change of what the campaign does, from and to, where the row is one.
    fn status_change(&self) -> Option<(Option<&str>, Option<&str>)> {
        let changes = self.property_changes.as_deref().unwrap_or_default();
        let change = changes.iter().find(|change| {
            let property = change.property.as_deref().unwrap_or_default();
            property.eq_ignore_ascii_case("campaignStatus")
        });
        if let Some(change) = change {
            let old = change.old_values.as_ref().and_then(|values| values.first());
            let new = change.new_values.as_ref().and_then(|values| values.first());
            return Some((old.map(String::as_str), new.map(String::as_str)));
        }
        let action = self.action.as_deref().unwrap_or_default();
        let commands = ["start", "stop"];
        commands
            .iter()
            .any(|command| action.eq_ignore_ascii_case(command))
            .then_some((None, None))
    }

    /// The end of a stop that somebody asked for before: the platform's own doing, and nobody's decision.
    fn ends_a_stop(&self) -> bool {
        self.is_of_the_platform() && self.status_change() == Some((Some(STOPPING), Some(OFF)))
    }

    fn is_of_the_platform(&self) -> bool {
        self.level.as_deref().is_some_and(|level| level != "USER")
    }

    fn author(&self, own_client: &str) -> Author {
        let named = |reference: &Option<Reference>| {
            let reference = reference.as_ref()?;
            let id = reference.id.as_deref().filter(|id| !id.is_empty())?;
            Some((id.to_owned(), reference.name.clone()))
        };
        if let Some((id, name)) = named(&self.user) {
            let name = name.unwrap_or_else(|| format!("user {id}"));
            return Author::Somebody { name };
        }
        match named(&self.client) {
            Some((id, _)) if id == own_client && !self.is_of_the_platform() => Author::Ours,
            Some((id, name)) => Author::Somebody {
                name: name.unwrap_or_else(|| format!("client {id}")),
            },
            None if self.is_of_the_platform() => Author::Somebody {
                name: "the platform itself".to_owned(),
            },
            None => Author::Somebody {
                name: "somebody".to_owned(),
            },
        }
    }
}

/// Who brought about that a campaign is off, by the rows of the audit about it in any order. `changed_at` is when the campaign
/// was changed last, by whatever change.
pub(super) fn authorship(
    rows: &[AuditRow],
    campaign: &str,
    own_client: &str,
    changed_at: Option<Timestamp>,
) -> Authorship {
    let mut dated: Vec<(Timestamp, &AuditRow)> = rows
        .iter()
        .filter(|row| row.is_of(campaign) && !row.failed())
        .filter_map(|row| Some((row.at()?, row)))
        .collect();
    dated.sort_by_key(|(at, _)| *at);
    let newest = dated.last().map(|(at, _)| at.as_unix_millis());
    let late = changed_at.is_none_or(|changed| {
        newest.is_none_or(|newest| newest < changed.as_unix_millis().saturating_sub(SAME_CHANGE_MS))
    });
    if late {
        return Authorship::Late;
    }
    let mut changes = dated
        .iter()
        .rev()
        .filter(|(_, row)| row.status_change().is_some() && !row.ends_a_stop());
    changes.next().map_or(Authorship::Untold, |(_, row)| {
        Authorship::By(row.author(own_client))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn row(second: u32, who: &Value, from: &str, to: &str) -> Value {
        let mut row = json!({"eventDate": format!("2026-08-03T09:15:{second:02}Z"), "action": "Update",
            "entity": {"id": "c"}, "level": "USER", "status": "SUCCESS",
            "propertyChanges": [{"property": "campaignStatus", "oldValues": [from], "newValues": [to]}]});
        row.as_object_mut()
            .unwrap()
            .extend(who.as_object().unwrap().clone());
        row
    }

    fn edit(second: u32, who: &Value) -> Value {
        let mut row = row(second, who, "", "");
        row["propertyChanges"] =
            json!([{"property": "callerName", "oldValues": ["a"], "newValues": ["b"]}]);
        row
    }

    fn asked(rows: &[Value], changed: u32) -> Authorship {
        let rows: Vec<AuditRow> = serde_json::from_value(json!(rows)).unwrap();
        let changed = format!("2026-08-03T09:15:{changed:02}Z");
        authorship(&rows, "c", "ours", Timestamp::parse_rfc3339(&changed))
    }

    fn somebody(name: &str) -> Authorship {
        let name = name.to_owned();
        Authorship::By(Author::Somebody { name })
    }

    #[test]
    fn the_last_change_of_what_it_does_decides_and_an_edit_does_not() {
        let ours = json!({"client": {"id": "ours"}});
        let ana = json!({"user": {"id": "u", "name": "Ana"}});
        let other = json!({"client": {"id": "other"}});
        let system = json!({"level": "SYSTEM"});
        let stop = || row(1, &ours, "on", "off");
        assert_eq!(asked(&[stop()], 1), Authorship::By(Author::Ours));
        assert_eq!(
            asked(&[stop(), edit(9, &ana)], 9),
            Authorship::By(Author::Ours)
        );
        let again = [row(9, &ana, "on", "off"), row(5, &ana, "off", "on"), stop()];
        assert_eq!(asked(&again, 9), somebody("Ana"));
        assert_eq!(
            asked(&[row(1, &other, "on", "off")], 1),
            somebody("client other")
        );
        assert_eq!(
            asked(&[row(1, &system, "on", "off")], 1),
            somebody("the platform itself")
        );
        let slow = [
            row(1, &ours, "on", "stopping"),
            row(8, &system, "stopping", "off"),
        ];
        assert_eq!(asked(&slow, 8), Authorship::By(Author::Ours));
    }

    #[test]
    fn rows_that_come_late_or_say_nothing_are_no_answer() {
        let ours = json!({"client": {"id": "ours"}});
        let ana = json!({"user": {"id": "u"}});
        assert_eq!(asked(&[], 1), Authorship::Late);
        assert_eq!(asked(&[row(1, &ours, "on", "off")], 30), Authorship::Late);
        assert_eq!(asked(&[edit(30, &ana)], 30), Authorship::Untold);
        let mut failed = row(30, &ana, "on", "off");
        failed["status"] = json!("FAILURE");
        assert_eq!(asked(&[failed], 30), Authorship::Late);
        let mut of_another = row(30, &ana, "on", "off");
        of_another["entity"] = json!({"id": "d"});
        assert_eq!(asked(&[of_another], 30), Authorship::Late);
        assert_eq!(authorship(&[], "c", "ours", None), Authorship::Late);
    }

    #[test]
    fn our_client_in_the_hands_of_a_user_is_that_user() {
        let both = json!({"client": {"id": "ours"}, "user": {"id": "u"}});
        assert_eq!(asked(&[row(1, &both, "on", "off")], 1), somebody("user u"));
    }
}
