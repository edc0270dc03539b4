//! Objects of answers, as the contract spells them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::super::time::SimTime;
use super::query::PageRequest;
use super::settings::CloudRival;

/// A campaign with everything that its answer shows.
pub(super) struct CampaignView<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) status: String,
    pub(super) mode: &'a str,
    pub(super) version: u64,
    pub(super) changed: SimTime,
    pub(super) queue: &'a str,
    pub(super) calls_per_agent: Option<f64>,
    pub(super) edited: Option<&'a BTreeMap<String, Value>>,
    pub(super) host: &'a str,
}

impl CampaignView<'_> {
    pub(super) fn json(&self) -> Value {
        let mut campaign = json!({
            "id": self.id,
            "name": self.name,
            "dateCreated": "2024-01-02T08:00:00.000Z",
            "dateModified": self.changed.rfc3339(),
            "version": self.version,
            "contactList": {"id": format!("list-of-{}", self.id), "name": self.name},
            "dialingMode": self.mode,
            "campaignStatus": self.status,
            "phoneColumns": [{"columnName": "phone", "type": "HOME"}],
            "abandonRate": 3.0,
            "callerName": "Example",
            "callerAddress": "+15555550100",
            "outboundLineCount": 40,
            "alwaysRunning": true,
            "priority": 3,
            "division": {"id": "division-home", "name": "Home"},
            "errors": [],
            "selfUri": format!("{}/api/v2/outbound/campaigns/{}", self.host, self.id),
        });
        if let Value::Object(members) = &mut campaign {
            if !matches!(self.mode, "agentless" | "external") {
                let queue = json!({"id": self.queue, "name": self.queue});
                members.insert("queue".to_owned(), queue);
            }
            if let Some(calls) = self.calls_per_agent {
                members.insert("maxCallsPerAgentDecimal".to_owned(), json!(calls));
            }
            for (name, value) in self.edited.into_iter().flatten() {
                members.insert(name.clone(), value.clone());
            }
        }
        campaign
    }
}

/// A page of these rows, which are all that match.
pub(super) fn page(rows: Vec<Value>, page: PageRequest) -> Value {
    let total = rows.len();
    let pages = total.div_ceil(page.size).max(1);
    let skipped = page.number.saturating_sub(1).saturating_mul(page.size);
    let rows: Vec<Value> = rows.into_iter().skip(skipped).take(page.size).collect();
    json!({
        "entities": rows,
        "pageSize": page.size,
        "pageNumber": page.number,
        "total": total,
        "pageCount": pages,
    })
}

/// A row of an observation.
pub(super) fn observed(metric: &str, qualifier: Option<&str>, count: usize) -> Value {
    let mut row = json!({"metric": metric, "stats": {"count": count}});
    if let (Some(qualifier), Value::Object(members)) = (qualifier, &mut row) {
        members.insert("qualifier".to_owned(), json!(qualifier));
    }
    row
}

/// A campaign rule, where that is what the rival is.
pub(super) fn rule(rival: &CloudRival) -> Option<Value> {
    let (id, enabled, triggered) = match rival {
        CloudRival::Rule(id) => (id, true, false),
        CloudRival::TriggeredRule(id) => (id, true, true),
        CloudRival::DisabledRule(id) => (id, false, false),
        CloudRival::Sequence(_) | CloudRival::IdleSequence(_) | CloudRival::Schedule(_) => {
            return None;
        }
    };
    let entities = if triggered {
        json!({"campaigns": [], "useTriggeringEntity": true})
    } else {
        json!({"campaigns": [{"id": id}], "useTriggeringEntity": false})
    };
    Some(json!({
        "id": format!("rule-of-{id}"),
        "name": format!("Rule of {id}"),
        "enabled": enabled,
        "campaignRuleConditions": [],
        "campaignRuleEntities": {"campaigns": [{"id": id}]},
        "campaignRuleActions": [{"id": "1", "actionType": "turnOffCampaign", "campaignRuleActionEntities": entities}],
    }))
}

/// A campaign sequence, where that is what the rival is.
pub(super) fn sequence(rival: &CloudRival) -> Option<Value> {
    let (id, status) = match rival {
        CloudRival::Sequence(id) => (id, "on"),
        CloudRival::IdleSequence(id) => (id, "off"),
        CloudRival::Rule(_)
        | CloudRival::TriggeredRule(_)
        | CloudRival::DisabledRule(_)
        | CloudRival::Schedule(_) => return None,
    };
    Some(json!({
        "id": format!("sequence-of-{id}"),
        "name": format!("Sequence of {id}"),
        "status": status,
        "campaigns": [{"id": id}],
        "currentCampaign": 0,
    }))
}

/// A schedule, where that is what the rival is.
pub(super) fn schedule(rival: &CloudRival) -> Option<Value> {
    let CloudRival::Schedule(id) = rival else {
        return None;
    };
    Some(json!({
        "id": format!("schedule-of-{id}"),
        "name": format!("Schedule of {id}"),
        "campaign": {"id": id},
        "intervals": [],
        "timeZone": "Europe/Berlin",
    }))
}

/// A queue that nobody wrote.
pub(super) fn queue(id: &str) -> Value {
    json!({
        "id": id,
        "name": id,
        "division": {"id": "division-home", "name": "Home"},
        "dateModified": "2024-01-02T08:00:00.000Z",
        "modifiedBy": "user-ana",
        "memberCount": 0,
        "mediaSettings": {"call": {"alertingTimeoutSeconds": 8, "serviceLevel": {"percentage": 0.8, "durationMs": 20000}}},
        "acwSettings": {"wrapupPrompt": "OPTIONAL", "timeoutMs": 30000},
        "skillEvaluationMethod": "ALL",
    })
}

/// The members of an object, or none.
pub(super) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}
