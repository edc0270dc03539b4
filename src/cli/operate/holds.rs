//! `hold`, `pause`, `release` and `resume` of one campaign, several, a team's or all.
//!
//! *Several are asked about.* Whoever types at three in the morning is told how many campaigns are meant, and answers; a script says
//! `--yes`. What is then done is done by the daemon in one piece, on the campaigns that were counted.

use std::io::{BufRead, IsTerminal, stdin};

use reqwest::Method;

use crate::cli::exit::Exit;
use crate::cli::output;
use crate::serve::{CampaignDocument, HoldRequest, HoldsRequest, StatusDocument};

use super::args::{ServerArgs, WhichArgs, WhyArgs};
use super::changes::{CAMPAIGNS, ExitResult, author, end, query, tell};
use super::client::{Client, ClientFault, with_query};

/// The path of the holds of several campaigns.
const HOLDS: [&str; 3] = ["api", "v1", "holds"];

/// So many campaigns are named in a question, and the others counted.
const MOST_NAMED: usize = 5;

pub(super) async fn hold(
    server: &ServerArgs,
    which: &WhichArgs,
    kind: &str,
    lasts: String,
    why: WhyArgs,
) -> ExitResult {
    let client = Client::new(server)?;
    if let Some(campaign) = one_of(which) {
        let asked = HoldRequest {
            kind: kind.to_owned(),
            lasts,
            author: Some(author(&why)),
            reason: why.reason,
        };
        let path = [&CAMPAIGNS[..], &[campaign, "hold"]].concat();
        return Ok(tell(campaign, &client.put(&path, &asked).await?));
    }
    let campaigns = meant(&client, which).await?;
    let question = format!("hold {kind} for {lasts}");
    if !confirmed(which, &question, &campaigns)? {
        return Ok(nothing_done());
    }
    let asked = HoldsRequest {
        campaigns,
        kind: kind.to_owned(),
        lasts,
        author: Some(author(&why)),
        reason: why.reason,
        ..HoldsRequest::default()
    };
    Ok(tell("", &client.put(&HOLDS, &asked).await?))
}

pub(super) async fn release(server: &ServerArgs, which: &WhichArgs, why: WhyArgs) -> ExitResult {
    if let Some(campaign) = one_of(which) {
        return end(server, [campaign, "hold"], &why).await;
    }
    let client = Client::new(server)?;
    let campaigns = meant(&client, which).await?;
    if !confirmed(which, "release", &campaigns)? {
        return Ok(nothing_done());
    }
    let author = author(&why);
    let chosen = campaigns
        .iter()
        .map(|campaign| ("campaign", campaign.as_str()));
    let chosen: Vec<(&str, &str)> = chosen.chain(query(&why, &author)).collect();
    let request = client.request(Method::DELETE, &HOLDS);
    Ok(tell("", &client.ask(with_query(request, &chosen)).await?))
}

/// The campaign, where one is named.
fn one_of(which: &WhichArgs) -> Option<&str> {
    match which.campaigns.as_slice() {
        [campaign] => Some(campaign),
        _ => None,
    }
}

/// The campaigns that are meant.
async fn meant(client: &Client, which: &WhichArgs) -> Result<Vec<String>, ClientFault> {
    if !which.campaigns.is_empty() {
        return Ok(which.campaigns.clone());
    }
    let (status, _): (StatusDocument, _) = client.get(&["api", "v1", "status"], &[]).await?;
    let of_team = |team: &Option<String>| which.all || *team == which.team;
    let of_tenant = |tenant: &Option<String>| which.tenant.is_none() || *tenant == which.tenant;
    let not_running = status.tenants.iter().filter(|one| one.decision.is_none());
    for tenant in not_running.filter(|one| of_tenant(&Some(one.name.clone()))) {
        let why = tenant.not_ready.as_deref().unwrap_or("it has not begun");
        output::talk(format_args!(
            "warning: tenant {}: {why}; its campaigns may not be among those that are meant",
            tenant.name
        ));
    }
    let campaigns = status.campaigns.iter();
    let chosen: Vec<String> = campaigns
        .filter(|campaign| of_team(&campaign.team) && of_tenant(&campaign.tenant))
        .map(CampaignDocument::written_id)
        .collect();
    if chosen.is_empty() {
        return Err(ClientFault::Given(match (&which.team, &which.tenant) {
            (_, Some(tenant)) => format!(
                "--tenant: no such campaign is of the tenant `{tenant}`; `status` shows the tenants"
            ),
            (Some(team), None) => format!(
                "--team: no campaign is of the team `{team}`; `status -o json` shows the team of each"
            ),
            (None, None) => "--all: the daemon manages no campaign".to_owned(),
        }));
    }
    Ok(chosen)
}

/// Whether the campaigns are meant: tells how many there are and asks, where somebody is there to answer.
fn confirmed(which: &WhichArgs, what: &str, campaigns: &[String]) -> Result<bool, ClientFault> {
    if which.yes {
        return Ok(true);
    }
    let named = campaigns.iter().take(MOST_NAMED).map(String::as_str);
    let mut named: Vec<&str> = named.collect();
    let more = campaigns.len().saturating_sub(named.len());
    let more = format!("and {more} more");
    if campaigns.len() > named.len() {
        named.push(&more);
    }
    let many = campaigns.len();
    let plural = if many == 1 { "" } else { "s" };
    let question = format!("{many} campaign{plural} to {what}: {}", named.join(", "));
    if !stdin().is_terminal() {
        return Err(ClientFault::Given(format!(
            "{question}; nobody can be asked here, so say --yes if they are meant"
        )));
    }
    output::talk(format_args!("{question}. Type yes to go on:"));
    let mut answer = String::new();
    let read = stdin().lock().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim(), "yes" | "y"))
}

fn nothing_done() -> Exit {
    output::talk("campaign-autopilot: nothing was changed");
    Exit::NotThere
}
