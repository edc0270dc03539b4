//! `history`.

use crate::cli::exit::Exit;
use crate::cli::moment::Moment;
use crate::cli::output;
use crate::cli::shown_times::ShownTimes;
use crate::serve::{EntryDocument, HistoryDocument};

use super::args::ServerArgs;
use super::client::{Client, ClientFault};

/// The path of the history.
const HISTORY: [&str; 3] = ["api", "v1", "history"];

pub(super) async fn history(
    server: &ServerArgs,
    since: Moment,
    (tenant, campaign): (Option<&str>, Option<&str>),
    limit: u32,
) -> Result<Exit, ClientFault> {
    let limit = limit.to_string();
    let client = Client::new(server)?;
    let mut whose = Vec::from_iter(tenant.map(|tenant| ("tenant", tenant)));
    if since.is_on_clock() {
        // The clock is that of the daemon's zone, which its answers name. A campaign that has only a past would not be known here.
        let shortly = [&[("since", "1s"), ("limit", "1")], &whose[..]].concat();
        client.get::<HistoryDocument>(&HISTORY, &shortly).await?;
    }
    whose.extend(campaign.map(|campaign| ("campaign", campaign)));
    let since = match since {
        Moment::Ago(ago) => humantime::format_duration(ago).to_string(),
        Moment::At(_) | Moment::OnClock(..) => ShownTimes::here().time_of(since).to_string(),
    };
    let query = [&[("since", since.as_str()), ("limit", &limit)], &whose[..]].concat();
    let (document, text): (HistoryDocument, _) = client.get(&HISTORY, &query).await?;
    if server.form.is_json() {
        output::result(text);
        return Ok(Exit::Ok);
    }
    for entry in &document.entries {
        let EntryDocument {
            tenant,
            entry,
            says,
        } = entry;
        let campaign = entry.campaign.as_deref().unwrap_or("-");
        let campaign = match tenant {
            Some(tenant) => format!("{tenant}/{campaign}"),
            None => campaign.to_owned(),
        };
        output::recorded(format_args!(
            "{}  {campaign}  {says} [{}]",
            entry.at, entry.decision
        ));
    }
    if document.entries.is_empty() {
        output::talk_told(format_args!("nothing happened since {}", document.since));
    } else if document.more {
        output::talk("there is more; give a larger --limit or a --since that is nearer");
    }
    output::talk_zone();
    Ok(Exit::Ok)
}
