//! `status` and `explain`.

use std::io::IsTerminal;
use std::time::Duration;

use reqwest::Method;

use crate::cli::exit::Exit;
use crate::cli::output;
use crate::domain::Asked;
use crate::serve::{CampaignDetail, CampaignDocument, StatusDocument};

use super::args::{Form, ServerArgs};
use super::client::{Client, ClientFault};

/// Clears a terminal and goes to its first line.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// The wait before a daemon that has gone is asked again.
const BEFORE_RECONNECT: Duration = Duration::from_secs(2);

/// An event is not larger than this: ten thousand campaigns take a tenth.
const LARGEST_EVENT: usize = 64 << 20;

pub(super) async fn status(
    server: &ServerArgs,
    watch: bool,
    form: Form,
) -> Result<Exit, ClientFault> {
    let client = Client::new(server)?;
    if watch {
        return follow(&client, form).await;
    }
    let (document, text): (StatusDocument, _) = client.get(&["api", "v1", "status"], &[]).await?;
    show(&document, &text, form);
    Ok(if document.alive && document.ready {
        Exit::Ok
    } else {
        Exit::Degraded
    })
}

pub(super) async fn explain(
    server: &ServerArgs,
    campaign: &str,
    form: Form,
) -> Result<Exit, ClientFault> {
    let client = Client::new(server)?;
    let path = ["api", "v1", "campaigns", campaign];
    let (detail, text): (CampaignDetail, _) = client.get(&path, &[]).await?;
    if form == Form::Json {
        output::result(text);
    } else {
        show_detail(&detail);
    }
    Ok(Exit::Ok)
}

/// Prints every status that the daemon sends, until interrupted. Only a first connection that fails is a fault.
async fn follow(client: &Client, form: Form) -> Result<Exit, ClientFault> {
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
                    if form == Form::Table && std::io::stdout().is_terminal() {
                        output::result(CLEAR);
                    }
                    show(&document, &event, form);
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

fn show(document: &StatusDocument, text: &str, form: Form) {
    if form == Form::Json {
        output::result(text);
        return;
    }
    let health = match (document.alive, &document.not_ready) {
        (false, _) => "the loop is silent".to_owned(),
        (true, Some(why)) => format!("not ready: {why}"),
        (true, None) => "ready".to_owned(),
    };
    let dry = if document.dry_run { ", dry run" } else { "" };
    let read = document.sample_at.as_deref().unwrap_or("never");
    output::result(format_args!("{health}{dry}, agents read {read}"));
    let last = document.config.last_reload.as_ref();
    if let Some(last) = last.filter(|last| !last.ok) {
        output::result(format_args!(
            "the configuration read at {} was refused, the old one is in force:",
            last.at
        ));
        for fault in &last.faults {
            output::result(format_args!("  {fault}"));
        }
    }
    let widest = document.campaigns.iter().map(|found| found.id.len()).max();
    for campaign in &document.campaigns {
        show_campaign(campaign, widest.unwrap_or_default());
    }
    let widest = document.queues.iter().map(|found| found.id.len()).max();
    let width = widest.unwrap_or_default();
    for queue in &document.queues {
        let (id, state, why) = (&queue.id, queue.state.label(), &queue.why);
        output::result(format_args!("{id:width$}  queue {state}: {why}"));
    }
}

fn show_campaign(campaign: &CampaignDocument, width: usize) {
    output::result(format_args!("{:width$}  {}", campaign.id, campaign.why));
    if let Some(hold) = &campaign.hold {
        output::result(format_args!(
            "{:width$}  held {} until {} by {}: {}",
            "", hold.kind, hold.until, hold.author, hold.reason
        ));
    }
    if let Some(set) = &campaign.set {
        output::result(format_args!(
            "{:width$}  pause below {}, resume at {} until {} by {}: {} (configured: {}, {})",
            "",
            set.pause_below,
            set.resume_at,
            set.until,
            set.author,
            set.reason,
            campaign.configured.pause_below,
            campaign.configured.resume_at,
        ));
    }
}

/// Prints a campaign with the verdict of every stage; `eval` has the same form.
pub(in crate::cli) fn show_detail(detail: &CampaignDetail) {
    show_campaign(&detail.campaign, detail.campaign.id.len());
    for stage in &detail.stages {
        let mark = match stage.asked {
            Asked::Passed => "passed  ",
            Asked::Decided => "DECIDED ",
            Asked::NotAsked => "-       ",
        };
        let until = stage.until.as_ref();
        let until = until.map_or(String::new(), |until| format!(", until {until}"));
        output::result(format_args!(
            "  {:13}  {mark}{}{until}",
            stage.name, stage.says
        ));
    }
    for change in &detail.would_change {
        output::result(format_args!("  changes when {change}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
