//! `history`.

use crate::cli::exit::Exit;
use crate::cli::output;
use crate::serve::{EntryDocument, HistoryDocument};

use super::args::ServerArgs;
use super::client::{Client, ClientFault};

pub(super) async fn history(
    server: &ServerArgs,
    since: &str,
    (tenant, campaign): (Option<&str>, Option<&str>),
    limit: u32,
) -> Result<Exit, ClientFault> {
    let limit = limit.to_string();
    let mut query = vec![("since", since), ("limit", limit.as_str())];
    query.extend(tenant.map(|tenant| ("tenant", tenant)));
    query.extend(campaign.map(|campaign| ("campaign", campaign)));
    let client = Client::new(server)?;
    let (document, text): (HistoryDocument, _) =
        client.get(&["api", "v1", "history"], &query).await?;
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
        output::told(format_args!(
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
