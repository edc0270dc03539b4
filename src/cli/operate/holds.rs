//! `hold`, `pause`, `release` and `resume` of one campaign, several, a team's or all.
//!
//! *Several are asked about.* Whoever types at three in the morning is told how many campaigns are meant, and answers; a script says
//! `--yes`. What is then done is done by the daemon in one piece, on the campaigns that were counted.

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal, stdin};

use reqwest::{Method, RequestBuilder};

use crate::cli::exit::Exit;
use crate::cli::form::Form;
use crate::cli::output;
use crate::control::operator::AppliedChange;
use crate::serve::{
    ApiFault, CampaignAnswer, CampaignDocument, ChangeAnswer, HoldRequest, HoldsRequest, STANDBY,
    StatusDocument, SteeredElsewhere, words,
};

use super::args::{ServerArgs, WhichArgs, WhyArgs};
use super::changes::{CAMPAIGNS, ExitResult, author, end, query, tell};
use super::client::{Client, ClientFault, STATUS, with_query};

/// The path of the holds of several campaigns.
const HOLDS: [&str; 3] = ["api", "v1", "holds"];

/// So many campaigns are named in a question, and the others counted.
const MOST_NAMED: usize = 5;

/// So many campaigns that are as they were are told with their reason.
const MOST_REFUSED: usize = 20;

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
            author: author(&why),
            reason: why.reason,
        };
        let path = [&CAMPAIGNS[..], &[campaign, "hold"]].concat();
        return Ok(tell(server, campaign, &client.put(&path, &asked).await?));
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
        author: author(&why),
        reason: why.reason,
        ..HoldsRequest::default()
    };
    ask_all(server, &client, client.putting(&HOLDS, &asked)?).await
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
    let chosen: Vec<(&str, &str)> = chosen.chain(query(&why, author.as_deref())).collect();
    let request = client.request(Method::DELETE, &HOLDS);
    ask_all(server, &client, with_query(request, &chosen)).await
}

/// Asks the daemon, and then those that steer what it does not: the same of each, which does it for its own tenants. What is done is told of
/// each; it went well where every tenant was reached.
async fn ask_all(server: &ServerArgs, client: &Client, request: RequestBuilder) -> ExitResult {
    let again = request.try_clone();
    let fault = match client.ask_here::<ChangeAnswer>(request).await {
        Err(ClientFault::Refused(_, fault)) if !fault.elsewhere.is_empty() => *fault,
        done => {
            let answer = done?;
            let exit = tell(server, "", &answer);
            if !server.form.is_json() {
                tell_refused(&answer.0.campaigns);
            }
            return Ok(exit);
        }
    };
    let mut told = Told::new(server.form.form());
    let mut left = told.take(fault, None);
    for address in addresses(&left) {
        let Some(again) = again.as_ref().and_then(RequestBuilder::try_clone) else {
            break;
        };
        let asked = async {
            let other = client.at(&address)?;
            other
                .ask_here::<ChangeAnswer>(other.redirected(again)?)
                .await
        };
        let still = match asked.await {
            Ok((answer, text)) => {
                told.made(&answer.made, (&answer.campaigns, &text), Some(&address));
                Vec::new()
            }
            Err(ClientFault::Refused(_, fault)) => told.take(*fault, Some(&address)),
            Err(fault) => {
                told.faults.extend(fault.lines());
                continue;
            }
        };
        let is_done = |one: &SteeredElsewhere| {
            let by_it = one.address.as_ref() == Some(&address);
            by_it && !still.iter().any(|other| other.tenant == one.tenant)
        };
        left.retain(|one| !is_done(one));
    }
    for one in left {
        told.faults.push(match one.tenant {
            Some(tenant) => format!("tenant {tenant}: not reached; {} steers it", one.member),
            None => format!("not reached: {} steers", one.member),
        });
    }
    Ok(told.end())
}

/// Tells which campaigns are as they were.
fn tell_refused(campaigns: &[CampaignAnswer]) {
    for line in refused_lines(campaigns) {
        output::told(line);
    }
}

/// What is told of campaigns that are as they were, a line each; of many, how many more there are.
fn refused_lines(campaigns: &[CampaignAnswer]) -> Vec<String> {
    let refused: Vec<String> = campaigns
        .iter()
        .filter_map(|one| Some(format!("  {}: {}", one.written_id(), one.refused.as_ref()?)))
        .collect();
    let more = refused.len().saturating_sub(MOST_REFUSED);
    let mut lines: Vec<String> = refused.into_iter().take(MOST_REFUSED).collect();
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    lines
}

/// The addresses of those that steer, each once.
fn addresses(elsewhere: &[SteeredElsewhere]) -> BTreeSet<String> {
    let addresses = elsewhere.iter().filter_map(|one| one.address.clone());
    addresses.collect()
}

/// What several daemons have answered.
struct Told {
    form: Form,
    faults: Vec<String>,
    done: bool,
}

impl Told {
    fn new(form: Form) -> Self {
        Self {
            form,
            faults: Vec::new(),
            done: false,
        }
    }

    /// Tells what one has done, and what it has left as it was: in sentences, or as it answered.
    fn made(
        &mut self,
        made: &AppliedChange,
        (campaigns, text): (&[CampaignAnswer], &str),
        by: Option<&str>,
    ) {
        self.done = true;
        if self.form == Form::Json {
            output::result(text);
            return;
        }
        let made = words::made(made);
        match by {
            Some(address) => output::told(format_args!("{made} ({address})")),
            None => output::told(made),
        }
        tell_refused(campaigns);
    }

    /// Takes in why one has not done everything, and returns what others are to be asked for.
    fn take(&mut self, fault: ApiFault, by: Option<&str>) -> Vec<SteeredElsewhere> {
        if let Some(made) = &fault.made {
            // Where nothing was done, the faults say why.
            let text = serde_json::to_string(&fault).unwrap_or_default();
            self.made(made, (&fault.campaigns, &text), by);
        }
        // The sentences of a standby say whom to ask, which is being done.
        if fault.error != STANDBY {
            self.faults.extend(fault.faults);
        }
        fault.elsewhere
    }

    fn end(self) -> Exit {
        if self.done && self.form == Form::Table {
            output::talk_zone();
        }
        for line in &self.faults {
            output::talk(format_args!("campaign-autopilot: {line}"));
        }
        match (self.faults.is_empty(), self.done) {
            (true, true) => Exit::Ok,
            (true, false) => nothing_done(),
            (false, _) => Exit::Unreachable,
        }
    }
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
    let (status, _) = client.get(&STATUS, &[]).await?;
    let status = whole_status(client, status).await?;
    let of_team = |team: &Option<String>| which.team.is_none() || *team == which.team;
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

/// The status of the daemon, with the campaigns of those that steer what it does not; `elsewhere` then names those that could not be asked.
pub(super) async fn whole_status(
    client: &Client,
    mut status: StatusDocument,
) -> Result<StatusDocument, ClientFault> {
    for address in addresses(&status.elsewhere) {
        let other = client.at(&address)?;
        let other: (StatusDocument, _) = other.get(&STATUS, &[]).await?;
        let (other, _) = other;
        status.campaigns.extend(other.campaigns);
        let runs = other.tenants.into_iter();
        let runs: Vec<_> = runs.filter(|one| one.decision.is_some()).collect();
        status
            .tenants
            .retain(|one| !runs.iter().any(|other| other.name == one.name));
        status.tenants.extend(runs);
        status
            .tenants
            .sort_by(|one, other| one.name.cmp(&other.name));
    }
    status.elsewhere.retain(|one| one.address.is_none());
    Ok(status)
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
