//! `status` and `explain`.

use std::io::IsTerminal;
use std::time::Duration;

use reqwest::Method;

use crate::cli::exit::Exit;
use crate::cli::form::Form;
use crate::cli::output;
use crate::cli::shown_times::ShownTimes;
use crate::domain::Asked;
use crate::serve::{
    CampaignDetail, CampaignDocument, OutageDocument, StatusDocument, TenantDocument,
};

use super::args::{ChosenArgs, ServerArgs};
use super::chosen::summary;
use super::client::{Client, ClientFault, STATUS};
use super::holds::whole_status;

/// The wait before a daemon that has gone is asked again.
const BEFORE_RECONNECT: Duration = Duration::from_secs(2);

/// An event is not larger than this: ten thousand campaigns take a tenth.
const LARGEST_EVENT: usize = 64 << 20;

pub(super) async fn status(
    server: &ServerArgs,
    watch: bool,
    chosen: &ChosenArgs,
) -> Result<Exit, ClientFault> {
    let form = server.form.form();
    let named = Client::new(server)?;
    let (document, text): (StatusDocument, _) = named.get(&STATUS, &[]).await?;
    let steering = match chosen.steered_elsewhere(&document) {
        Some(steered) => Some(named.steering(steered)?),
        None => None,
    };
    let client = steering.as_ref().unwrap_or(&named);
    if watch {
        return follow(client, chosen, form).await;
    }
    let (document, text) = if steering.is_some() {
        client.get(&STATUS, &[]).await?
    } else if chosen.is_of_several() && !document.elsewhere.is_empty() {
        let document = whole_status(client, document).await?;
        let text = serde_json::to_string(&document).unwrap_or_default();
        (document, text)
    } else {
        (document, text)
    };
    let (document, text) = chosen.of(document, text)?;
    show(&document, &text, (form, chosen));
    Ok(if document.alive && document.ready {
        Exit::Ok
    } else {
        Exit::Degraded
    })
}

pub(super) async fn explain(server: &ServerArgs, campaign: &str) -> Result<Exit, ClientFault> {
    let client = Client::new(server)?;
    let path = ["api", "v1", "campaigns", campaign];
    let (detail, text): (CampaignDetail, _) = client.get(&path, &[]).await?;
    if server.form.is_json() {
        output::result(text);
    } else {
        show_detail(&detail);
    }
    Ok(Exit::Ok)
}

/// Prints every status that the daemon sends, until interrupted. Only a first connection that fails is a fault.
async fn follow(client: &Client, chosen: &ChosenArgs, form: Form) -> Result<Exit, ClientFault> {
    let mut shown_before = false;
    loop {
        let request = client.request(Method::GET, &["api", "v1", "events"]);
        let mut response = match client.send(request).await {
            Ok(response) => response,
            Err(fault @ ClientFault::NotReached(_)) if shown_before => {
                for line in fault.lines() {
                    output::talk(line);
                }
                tokio::time::sleep(BEFORE_RECONNECT).await;
                continue;
            }
            Err(fault) => return Err(fault),
        };
        shown_before = true;
        let mut waiting = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            waiting.extend_from_slice(&chunk);
            for event in events(&mut waiting) {
                if let Ok(document) = serde_json::from_str::<StatusDocument>(&event) {
                    let (document, event) = chosen.of(document, event)?;
                    if form == Form::Table && std::io::stdout().is_terminal() {
                        output::clear();
                    }
                    show(&document, &event, (form, chosen));
                }
            }
            if waiting.len() > LARGEST_EVENT {
                break;
            }
        }
        tokio::time::sleep(BEFORE_RECONNECT).await;
    }
}

/// Removes complete events from the input, and returns their data.
fn events(waiting: &mut Vec<u8>) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(end) = waiting.windows(2).position(|two| two == b"\n\n") {
        let event: Vec<u8> = waiting.drain(..end.saturating_add(2)).collect();
        let text = String::from_utf8_lossy(&event);
        let data = text.lines().find_map(|line| line.strip_prefix("data: "));
        found.extend(data.map(str::to_owned));
    }
    found
}

fn show(document: &StatusDocument, text: &str, (form, chosen): (Form, &ChosenArgs)) {
    if form == Form::Json {
        output::result(text);
        return;
    }
    if let Some(line) = outage_line(document.outage.as_ref()) {
        output::told(line);
    }
    let outage = document.outage.as_ref();
    let told_above = outage.is_some_and(|outage| outage.stale);
    let health = match (document.alive, &document.not_ready) {
        (false, _) => "the loop is silent".to_owned(),
        // The line above says it.
        (true, Some(_)) if told_above && document.tenants.is_empty() => "not ready".to_owned(),
        (true, Some(why)) => format!("not ready: {why}"),
        (true, None) => "ready".to_owned(),
    };
    let dry = if document.dry_run { ", dry run" } else { "" };
    let read = document.sample_at.as_deref().unwrap_or("never");
    let clock = ShownTimes::here().clock();
    output::told(format_args!(
        "{health}{dry}, agents read {read}; it is {clock}"
    ));
    if document.campaigns.is_empty() {
        output::result(chosen.none_in_words());
    } else {
        output::result(summary(&document.campaigns));
    }
    for tenant in &document.tenants {
        output::told(tenant_line(tenant));
    }
    for steered in &document.elsewhere {
        output::told(steered.says());
    }
    for found in &document.store_damage {
        output::told(format_args!("the store is damaged: {found}"));
    }
    let last = document.config.last_reload.as_ref();
    if let Some(last) = last.filter(|last| !last.ok) {
        output::told(format_args!(
            "the configuration read at {} was refused, the old one is in force:",
            last.at
        ));
        for fault in &last.faults {
            output::told(format_args!("  {fault}"));
        }
    }
    let layout = Layout::of(&document.campaigns);
    for campaign in &document.campaigns {
        show_campaign(campaign, layout);
    }
    let widest = document
        .queues
        .iter()
        .map(|found| found.written_id().len())
        .max();
    let width = widest.unwrap_or_default();
    for queue in &document.queues {
        let (id, state, why) = (queue.written_id(), queue.state.label(), &queue.why);
        output::told(format_args!("{id:width$}  queue {state}: {why}"));
    }
}

/// What is told first while readings stay away.
fn outage_line(outage: Option<&OutageDocument>) -> Option<String> {
    let OutageDocument { stale, says, .. } = outage?;
    let tone = if *stale { "OUTAGE" } else { "no reading" };
    Some(format!("{tone} {says}"))
}

/// How a tenant does, in a line.
fn tenant_line(tenant: &TenantDocument) -> String {
    let TenantDocument {
        name,
        alive,
        not_ready,
        sample_at,
        campaigns,
        ..
    } = tenant;
    let health = match (alive, not_ready) {
        (false, _) => "the loop is silent",
        (true, Some(why)) => why,
        (true, None) => "ready",
    };
    let read = sample_at.as_deref().unwrap_or("never");
    format!("tenant {name}: {health}, agents read {read}, campaigns: {campaigns}")
}

/// Where a campaign's lines stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// Behind the id, in a column of this width.
    Column(usize),
    /// Below the title: names are long, and a column as wide as the longest leaves a narrow terminal nothing.
    Block,
}

impl Layout {
    fn of(campaigns: &[CampaignDocument]) -> Self {
        if campaigns.iter().any(|campaign| campaign.name.is_some()) {
            return Self::Block;
        }
        let widest = campaigns
            .iter()
            .map(|campaign| campaign.written_id().len())
            .max();
        Self::Column(widest.unwrap_or_default())
    }
}

fn show_campaign(campaign: &CampaignDocument, layout: Layout) {
    for line in campaign_lines(campaign, layout) {
        output::told(line);
    }
}

fn campaign_lines(campaign: &CampaignDocument, layout: Layout) -> Vec<String> {
    let mut said = vec![campaign.why.clone()];
    said.extend(about(campaign));
    if let Some(calendar) = &campaign.calendar {
        said.push(format!("calendar {}: {}", calendar.name, calendar.says));
    }
    if let Some(target) = &campaign.changing_to {
        said.push(format!(
            "changing: our command to make it {target} is accepted and does not show yet"
        ));
    }
    let rivals = campaign.rivals.iter();
    said.extend(rivals.map(|rival| format!("rival on the platform: {rival}")));
    if let Some(outcomes) = &campaign.outcomes {
        said.push(format!(
            "{}, counted until {}",
            outcomes.says, outcomes.as_of
        ));
    }
    // What is in force is in the reason.
    if let Some(aim) = campaign.aim.as_ref().filter(|aim| !aim.in_force) {
        said.push(format!("aim, not in force: {}", aim.says));
    }
    let guards = campaign.guards.iter();
    let throttle = campaign.throttle.as_ref();
    let told =
        throttle.filter(|throttle| throttle.is_ours() || throttle.left_alone_since.is_some());
    if let Some(throttle) = told {
        said.push(format!("pace: {}", throttle.says));
    }
    said.extend(guards.map(|guard| format!("guard {}: {}", guard.name, guard.says)));
    if let Some(hold) = &campaign.hold {
        said.push(format!(
            "held {} until {} by {}: {}",
            hold.kind, hold.until, hold.author, hold.reason
        ));
    }
    if let Some((set, target)) = campaign
        .set
        .as_ref()
        .and_then(|set| Some((set, set.abandon_target.as_ref()?)))
    {
        said.push(format!(
            "aimed at {target} until {} by {}: {}",
            set.until, set.author, set.reason
        ));
    } else if let Some(set) = &campaign.set {
        said.push(format!(
            "pause below {}, resume at {} until {} by {}: {} (configured: {}, {})",
            set.pause_below,
            set.resume_at,
            set.until,
            set.author,
            set.reason,
            campaign.configured.pause_below,
            campaign.configured.resume_at,
        ));
    }
    match layout {
        Layout::Column(width) => {
            let id = campaign.written_id();
            let ids = std::iter::once(id.as_str()).chain(std::iter::repeat(""));
            ids.zip(said)
                .map(|(id, line)| format!("{id:width$}  {line}"))
                .collect()
        }
        Layout::Block => {
            let title = match &campaign.name {
                Some(name) => format!("{name} ({})", campaign.written_id()),
                None => campaign.written_id(),
            };
            let said = said.into_iter().map(|line| format!("  {line}"));
            std::iter::once(title).chain(said).collect()
        }
    }
}

/// Returns what the settings say of a campaign: its team, and what to know of it.
fn about(campaign: &CampaignDocument) -> Option<String> {
    match (&campaign.team, &campaign.note) {
        (Some(team), Some(note)) => Some(format!("team {team}: {note}")),
        (Some(team), None) => Some(format!("team {team}")),
        (None, Some(note)) => Some(note.clone()),
        (None, None) => None,
    }
}

/// Prints a campaign with the verdict of every stage; `eval` has the same form.
pub(in crate::cli) fn show_detail(detail: &CampaignDetail) {
    if let Some(line) = outage_line(detail.outage.as_ref()) {
        output::told(line);
    }
    show_campaign(
        &detail.campaign,
        Layout::of(std::slice::from_ref(&detail.campaign)),
    );
    for stage in &detail.stages {
        let mark = match stage.asked {
            Asked::Passed => "passed  ",
            Asked::Decided => "DECIDED ",
            Asked::NotAsked => "-       ",
        };
        let until = stage.until.as_ref();
        let until = until.map_or(String::new(), |until| format!(", until {until}"));
        output::told(format_args!(
            "  {:13}  {mark}{}{until}",
            stage.name, stage.says
        ));
    }
    for change in &detail.would_change {
        output::told(format_args!("  changes when {change}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn campaign(id: &str, name: Option<&str>) -> CampaignDocument {
        let labels = serde_json::json!({
            "id": id, "name": name, "team": name.map(|_| "Sales"), "note": name.map(|_| "until May"),
            "rivals": ["the schedule of skill 7 starts and stops it by the clock"],
            "state": "running", "changing_to": name.map(|_| "paused"), "since": "2024-05-15T13:32:10.000Z",
            "configured": {"pause_below": "5", "resume_at": "8"}, "why": "running, as it should be",
            "aim": name.map(|_| serde_json::json!({
                "target": "0.5%", "threshold": 4.5, "resume_at": 6.5, "signal": null, "answered": 612, "abandoned": 3,
                "span_s": 7200, "responds": true, "in_force": false,
                "says": "threshold 4.5: 3 of 612 calls abandoned in 2h, aimed at 0.5%",
            })),
            "outcomes": name.map(|_| serde_json::json!({
                "as_of": "2024-05-15T14:32:10.000Z", "source": "platform", "window_s": 7200, "known_s": 7200, "dials": 900,
                "answered": 620, "connected": 609, "abandoned": 3, "abandoned_share": 0.0049,
                "says": "3 of 612 calls abandoned in 2h (0.49%)",
            })),
            "guards": name.map(|_| serde_json::json!([guard()])).unwrap_or(serde_json::json!([])),
        });
        serde_json::from_value(labels).unwrap()
    }

    fn guard() -> serde_json::Value {
        serde_json::json!({
            "name": "us-sales", "preset": "us-ftc", "period_from": "2024-05-01", "period_to": "2024-05-30",
            "zone": "UTC", "numerator": "abandoned", "denominator": "answered", "counted": 12, "calls": 1204,
            "share": 0.009_966, "share_upper": 0.015_896, "limit": 0.03, "budget": 24, "known_s": 7200,
            "unknown_s": 0, "carried_s": 0, "state": "within",
            "says": "12 of 1204 calls (1.00%, up to 1.59%) of 3% allowed: within the limit",
        })
    }

    #[test]
    fn a_name_comes_first_and_what_is_known_of_a_campaign_stands_below() {
        let campaigns = [
            campaign("884291", Some("Spring renewals")),
            campaign("7", None),
        ];
        let layout = Layout::of(&campaigns);
        let lines: Vec<String> = campaigns
            .iter()
            .flat_map(|campaign| campaign_lines(campaign, layout))
            .collect();
        assert_eq!(
            lines,
            [
                "Spring renewals (884291)",
                "  running, as it should be",
                "  team Sales: until May",
                "  changing: our command to make it paused is accepted and does not show yet",
                "  rival on the platform: the schedule of skill 7 starts and stops it by the clock",
                "  3 of 612 calls abandoned in 2h (0.49%), counted until 2024-05-15T14:32:10.000Z",
                "  aim, not in force: threshold 4.5: 3 of 612 calls abandoned in 2h, aimed at 0.5%",
                "  guard us-sales: 12 of 1204 calls (1.00%, up to 1.59%) of 3% allowed: within the limit",
                "7",
                "  running, as it should be",
                "  rival on the platform: the schedule of skill 7 starts and stops it by the clock",
            ]
        );
    }

    #[test]
    fn without_names_ids_stand_in_a_column() {
        let campaigns = [campaign("884291", None), campaign("7", None)];
        let layout = Layout::of(&campaigns);
        assert_eq!(layout, Layout::Column(6));
        assert_eq!(
            campaign_lines(&campaigns[1], layout),
            [
                "7       running, as it should be",
                "        rival on the platform: the schedule of skill 7 starts and stops it by the clock",
            ]
        );
    }

    #[test]
    fn events_are_taken_apart_wherever_they_are_cut() {
        let text =
            b"retry: 2000\nid: 1\nevent: status\ndata: {\"a\":1}\n\n: still here\n\ndata: {}\n\n";
        for cut in 0..text.len() {
            let (head, tail) = text.split_at(cut);
            let mut waiting = head.to_vec();
            let mut found = events(&mut waiting);
            waiting.extend_from_slice(tail);
            found.extend(events(&mut waiting));
            assert_eq!(found, ["{\"a\":1}", "{}"], "cut at {cut}");
            assert!(waiting.is_empty());
        }
    }
}
