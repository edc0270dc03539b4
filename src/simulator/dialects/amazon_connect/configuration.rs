//! How a campaign is set up, as a reading shows it and a write replaces it.

use serde_json::{Value, json};

use super::super::super::refusal::Refused;
use super::refusals::invalid;

/// What there is to be shown of a campaign.
pub(super) struct ConfigurationView<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) instance: &'a str,
    pub(super) region: &'a str,
    pub(super) queue: &'a str,
    pub(super) mode: &'a str,
    pub(super) bandwidth: f64,
    pub(super) journey: bool,
    /// What was written last.
    pub(super) written: Option<&'a Value>,
    /// Whether the first version shows it.
    pub(super) first: bool,
}

/// The campaign in a listing.
pub(super) fn summary(view: &ConfigurationView<'_>) -> Value {
    let mut shown = json!({
        "id": view.id,
        "arn": arn(view),
        "name": view.name,
        "connectInstanceId": view.instance,
    });
    if !view.first
        && let Some(shown) = shown.as_object_mut()
    {
        shown.insert("channelSubtypes".to_owned(), json!(["TELEPHONY"]));
        shown.insert("type".to_owned(), json!(kind(view)));
    }
    shown
}

/// The whole campaign.
pub(super) fn campaign(view: &ConfigurationView<'_>) -> Value {
    let channels = channels(view);
    let mut shown = summary(view);
    let Some(members) = shown.as_object_mut() else {
        return shown;
    };
    members.remove("channelSubtypes");
    if view.first {
        members.insert("dialerConfig".to_owned(), channels);
        let call = json!({"connectContactFlowId": "flow-1", "connectQueueId": view.queue});
        members.insert("outboundCallConfig".to_owned(), call);
    } else {
        members.insert("channelSubtypeConfig".to_owned(), channels);
        members.insert(
            "schedule".to_owned(),
            json!({
                "startTime": "2024-01-01T00:00:00Z",
                "endTime": "2034-01-01T00:00:00Z",
            }),
        );
    }
    shown
}

/// What a write of a campaign's pace replaces.
pub(super) fn channels(view: &ConfigurationView<'_>) -> Value {
    let member = if view.first {
        "dialerConfig"
    } else {
        "channelSubtypeConfig"
    };
    if let Some(written) = view.written.and_then(|written| written.get(member)) {
        return written.clone();
    }
    let mode = mode(view);
    if view.first {
        return json!({ first_mode(view.mode): mode });
    }
    let mut telephony = json!({
        "capacity": 1.0,
        "outboundMode": { view.mode: mode },
        "defaultOutboundConfig": {"connectContactFlowId": "flow-1", "ringTimeout": 30},
    });
    if view.mode != "agentless"
        && let Some(telephony) = telephony.as_object_mut()
    {
        telephony.insert("connectQueueId".to_owned(), json!(view.queue));
    }
    json!({ "telephony": telephony })
}

/// Checks a write; returns the mode and the bandwidth in it.
pub(super) fn check(body: &Value, before: &Value, first: bool) -> Result<(String, f64), Refused> {
    let member = if first {
        "dialerConfig"
    } else {
        "channelSubtypeConfig"
    };
    let given = body.get(member).and_then(Value::as_object);
    let given = given.ok_or_else(|| invalid(&format!("{member} is required")))?;
    let modes = if first {
        given
    } else {
        let telephony = given.get("telephony").and_then(Value::as_object);
        let telephony = telephony.ok_or_else(|| invalid("telephony is required"))?;
        let was = before.get("telephony");
        for fixed in ["connectQueueId", "defaultOutboundConfig"] {
            if telephony.get(fixed) != was.and_then(|was| was.get(fixed)) {
                return Err(invalid(&format!("{fixed} cannot be changed")));
            }
        }
        let modes = telephony.get("outboundMode").and_then(Value::as_object);
        modes.ok_or_else(|| invalid("outboundMode is required"))?
    };
    let mut modes = modes.iter();
    let (Some((mode, settings)), None) = (modes.next(), modes.next()) else {
        return Err(invalid("there must be exactly one mode"));
    };
    let known = ["predictive", "progressive", "preview", "agentless"];
    let mut known = known
        .into_iter()
        .filter(|mode| !first || *mode != "preview");
    let mode = known.find(|known| {
        let name = if first {
            first_mode(known)
        } else {
            (*known).to_owned()
        };
        name == *mode
    });
    let mode = mode.ok_or_else(|| invalid("the mode is not known"))?;
    let (least, most) = if first { (0.0, 1.0) } else { (0.0, 2.0) };
    let bandwidth = match settings.get("bandwidthAllocation") {
        None => 1.0,
        Some(given) => given
            .as_f64()
            .filter(|given| (least..=most).contains(given))
            .ok_or_else(|| invalid("bandwidthAllocation is out of range"))?,
    };
    Ok((mode.to_owned(), bandwidth))
}

/// The name of a mode in the first version.
fn first_mode(mode: &str) -> String {
    format!("{mode}DialerConfig")
}

/// A bandwidth in hundredths.
pub(super) fn hundredths(bandwidth: f64) -> u32 {
    format!("{:.0}", bandwidth * 100.0).parse().unwrap_or(0)
}

fn mode(view: &ConfigurationView<'_>) -> Value {
    let allocation = view.bandwidth;
    match view.mode {
        "agentless" => json!({}),
        "predictive" if !view.first => json!({
            "bandwidthAllocation": allocation,
            "pacingStrategies": [{"abandonmentRate": {
                "targetRate": 0.03,
                "connectionStartPoint": "GREETING_END",
                "connectionThresholdSeconds": 2,
                "evaluationWindow": "PT24H",
            }}],
        }),
        "preview" => json!({
            "bandwidthAllocation": allocation,
            "timeoutConfig": {"durationInSeconds": 60},
            "agentActions": ["DISCARD"],
        }),
        _ => json!({ "bandwidthAllocation": allocation }),
    }
}

fn kind(view: &ConfigurationView<'_>) -> &'static str {
    if view.journey { "JOURNEY" } else { "MANAGED" }
}

fn arn(view: &ConfigurationView<'_>) -> String {
    let ConfigurationView { region, id, .. } = view;
    format!("arn:aws:connect-campaigns:{region}:111122223333:campaign/{id}")
}
