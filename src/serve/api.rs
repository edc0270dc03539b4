//! The operations of the admin API.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::{Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use std::str::FromStr;
use std::sync::Arc;

use crate::control::CampaignView;
use crate::control::ObservableState;
use crate::control::operator::{AppliedChange, Author, OperatorCommand, OperatorError};
use crate::domain::aim::AbandonTarget;
use crate::domain::outcomes::{FedCounters, fed_readings};
use crate::domain::{
    CampaignId, HoldKind, IdError, Limit, PauseClaim, PauseOwnerKind, QueueId, TenantName,
    Thresholds, Timestamp,
};

use crate::identity::Role;

use super::answer::{Answered, Body, Failure, full, json};
use super::caller::Caller;
use super::connections::{Peer, Slot};
use super::documents::{CampaignDetail, ChangeAnswer};
use super::gate::TurnedAway;
use super::openapi;
use super::operations::{Operation, Trace, find};
use super::outage::OutageDocument;
use super::query::Query;
use super::schema::SCHEMA;
use super::sources::Sources;
use super::tenants::{ServedTenant, TenantList};

/// A change takes a few hundred bytes.
const LARGEST_BODY: usize = 16 << 10;

/// A row of counters takes some two hundred bytes, and there may be some thousand campaigns.
pub(super) const LARGEST_LIST: usize = 1 << 20;

/// A client that sends its body more slowly than this is dropped.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a threshold override lasts unless the request says: a shift.
const DEFAULT_LASTS: Duration = Duration::from_secs(8 * 3600);

/// A request to hold a campaign.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// `running`, `paused` or `as-is`.
    pub kind: String,
    /// How long, such as `30m`.
    #[serde(rename = "for")]
    pub lasts: String,
    /// The reason, for the audit.
    pub reason: String,
    /// The author, for the audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

/// A request that says whose a campaign's pause is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseOwnerRequest {
    /// `autopilot` or `person`.
    pub owner: String,
    /// The reason, for the audit.
    pub reason: String,
    /// The author, for the audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

/// A request to override the thresholds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThresholdsRequest {
    /// The pause threshold: agents such as `5`, or a share such as `12%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_below: Option<String>,
    /// The resume threshold, given like the pause threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_at: Option<String>,
    /// The share of abandoned calls that the campaign's aim is set to, instead of thresholds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abandon_target: Option<String>,
    /// How long, such as `2h`; eight hours unless given.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<String>,
    /// The reason, for the audit.
    pub reason: String,
    /// The author, for the audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

/// A request that feeds counters of dials and of what became of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomesRequest {
    /// The tenant whose campaigns they are; needed where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The campaigns with their counters.
    pub outcomes: Vec<FedCounters>,
    /// The reason, for the audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The author, for the audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

/// The description of the API.
pub(super) fn described() -> Response<Body> {
    rendered(Bytes::from_static(openapi::DESCRIPTION.as_bytes()))
}

impl Sources {
    /// Serves one request of the admin API.
    pub(super) async fn operate(
        self: &Arc<Self>,
        request: Request<Incoming>,
        slot: &Arc<Slot>,
    ) -> Response<Body> {
        match self.operated(request, slot).await {
            Ok(answer) => answer,
            Err(failure) => failure.answer(),
        }
    }

    async fn operated(self: &Arc<Self>, request: Request<Incoming>, slot: &Arc<Slot>) -> Answered {
        let peer = request.extensions().get::<Peer>();
        let peer = peer.and_then(|Peer(address)| *address);
        let access = &self.api.access;
        let admitted = access.admit(request.method(), request.headers(), peer);
        let caller = &admitted.map_err(turned_away)?;
        let uri = request.uri().clone();
        let (operation, id) = find(request.method(), uri.path())?;
        require(caller, operation.needs())?;
        self.take(operation)?;
        let query = Query::of(uri.query().unwrap_or_default());
        let tenants = self.tenants();
        let campaign = || campaign_in(&tenants, id.unwrap_or_default());
        match operation {
            Operation::Describe => Ok(described()),
            Operation::WhoAmI => Ok(json(&caller.document())),
            Operation::Configuration => Ok(json(&self.api.configuration.document())),
            Operation::Status => Ok(rendered(self.status().await)),
            Operation::Campaigns => Ok(rendered(self.campaigns().await)),
            Operation::Queues => Ok(self.queues()),
            Operation::Recalibrate => {
                let by = (&query, caller);
                self.recalibrate(id.unwrap_or_default(), by, slot).await
            }
            Operation::Trigger => self.trigger(request, (&query, caller), slot).await,
            Operation::HoldQueue => {
                let asked = (request, caller);
                self.hold_queue(id.unwrap_or_default(), asked, slot).await
            }
            Operation::ReleaseQueue => {
                let by = (&query, caller);
                self.release_queue(id.unwrap_or_default(), by, slot).await
            }
            Operation::Campaign => self.campaign(&campaign()?),
            Operation::Series => {
                let _busy = slot.busy();
                self.series(&campaign()?, &query).await
            }
            Operation::CampaignOutcomes => self.outcomes(&campaign()?, &query, slot).await,
            Operation::Events => self.events(slot).ok_or_else(|| {
                Failure::one(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "busy",
                    "too many clients follow the events; close one",
                )
            }),
            Operation::Pauses => self.pauses(&query, slot).await,
            Operation::History => {
                let _busy = slot.busy();
                self.history(&query).await
            }
            Operation::SetThresholds => {
                let campaign = campaign()?;
                set_thresholds(campaign, body(request).await?, caller, slot).await
            }
            Operation::Hold => {
                let campaign = campaign()?;
                let asked: HoldRequest = body(request).await?;
                let (change, author) = hold(campaign.id, &asked, caller)?;
                ask(&campaign.served, slot, change, author).await
            }
            Operation::Release => {
                let author = query.author(caller)?;
                let campaign = campaign()?;
                let change = OperatorCommand::Release {
                    campaigns: vec![campaign.id],
                };
                ask(&campaign.served, slot, change, author).await
            }
            Operation::ClaimPause => {
                let campaign = campaign()?;
                let asked: PauseOwnerRequest = body(request).await?;
                let (change, author) = claim_pause(campaign.id, &asked, caller)?;
                ask(&campaign.served, slot, change, author).await
            }
            Operation::RestoreThresholds => {
                let author = query.author_or(caller, "as configured")?;
                let campaign = campaign()?;
                let change = OperatorCommand::RestoreThresholds {
                    campaign: campaign.id,
                };
                ask(&campaign.served, slot, change, author).await
            }
            Operation::HoldSeveral => self.hold_several(request, caller, slot).await,
            Operation::ReleaseSeveral => self.release_several(&query, caller, slot).await,
            Operation::FeedOutcomes => {
                let asked: OutcomesRequest = body_within(request, LARGEST_LIST).await?;
                let served = tenants.chosen(asked.tenant.as_deref())?.running()?;
                let (change, author) = feed(&asked, self.shown.clock.now(), caller)?;
                ask(served, slot, change, author).await
            }
            Operation::Reload => {
                let _busy = slot.busy();
                self.reload(&query, caller).await
            }
        }
    }

    /// Takes what an operation may leave in the store from the rate of such operations.
    fn take(&self, operation: Operation) -> Result<(), Failure> {
        let now = self.shown.clock.monotonic();
        let taken = match operation.leaves() {
            Trace::Nothing => Ok(()),
            Trace::Calibration => self.calibrations.take(now),
            Trace::Change => self.changes.take(now),
        };
        taken.map_err(Failure::too_many)
    }

    async fn reload(&self, query: &Query, caller: &Caller) -> Answered {
        let author = query.author_or(caller, "asked for by the API")?;
        let made = self.api.reload.reload(author).await?;
        let refused = matches!(made, AppliedChange::ReloadRefused { .. });
        let mut answer = json(&ChangeAnswer {
            schema: SCHEMA,
            made,
            campaigns: Vec::new(),
            notes: Vec::new(),
        });
        if refused {
            *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        }
        Ok(answer)
    }

    fn campaign(&self, campaign: &NamedCampaign) -> Answered {
        let now = self.shown.clock.now();
        let observed = campaign.served.observed.borrow().clone();
        let view = view(&observed, &campaign.id)?;
        let detail = CampaignDetail::of(&view, now);
        let tenant = campaign.tenant.as_ref();
        Ok(json(&detail.described(tenant, &observed, &campaign.id)))
    }
}

/// A document that is rendered already.
fn rendered(document: Bytes) -> Response<Body> {
    full(StatusCode::OK, "application/json", document)
}

/// A campaign as a request names it.
pub(super) struct NamedCampaign {
    /// Whose it is, where tenants have names.
    pub(super) tenant: Option<TenantName>,
    /// What that tenant is served from.
    pub(super) served: Arc<ServedTenant>,
    /// Its id on the platform.
    pub(super) id: CampaignId,
}

impl NamedCampaign {
    /// Refuses one that is not managed.
    pub(super) fn managed(&self) -> Result<(), Failure> {
        managed(&self.served.observed.borrow(), &self.id)
    }
}

/// Refuses a campaign that is not managed.
pub(super) fn managed(observed: &ObservableState, id: &CampaignId) -> Result<(), Failure> {
    view(observed, id).map(drop)
}

fn view(observed: &ObservableState, id: &CampaignId) -> Result<CampaignView, Failure> {
    let campaigns = &observed.campaigns;
    let at = campaigns.binary_search_by(|view| view.id.cmp(id));
    let view = at.ok().and_then(|at| campaigns.get(at)).cloned();
    view.ok_or_else(|| {
        Failure::from(OperatorError::unknown(
            id,
            campaigns.iter().map(|view| &view.id),
        ))
    })
}

/// How a token is given.
const GIVE_TOKEN: &str = "give the commands --token-file FILE or AUTOPILOT_ADMIN_TOKEN, or send `Authorization: Bearer` with it";

/// Refuses whoever may do less than is needed.
fn require(caller: &Caller, needed: Role) -> Result<(), Failure> {
    let role = caller.role();
    if role.includes(needed) {
        return Ok(());
    }
    let who = caller.in_words();
    let fault = format!(
        "this needs the role {needed}, and {who} has the role {role}; ask somebody who has it, or have a token made with `token add NAME --role {needed}`"
    );
    Err(Failure::one(StatusCode::FORBIDDEN, "role", fault))
}

fn turned_away(why: TurnedAway) -> Failure {
    match why {
        TurnedAway::Host => Failure::one(
            StatusCode::MISDIRECTED_REQUEST,
            "host",
            "the Host is none of ours; call by address or localhost, or allow the name with --allowed-host",
        ),
        TurnedAway::Origin => Failure::one(
            StatusCode::FORBIDDEN,
            "origin",
            "requests from other pages are not served",
        ),
        TurnedAway::NoToken => Failure::one(
            StatusCode::UNAUTHORIZED,
            "token",
            format!("no token came, and this daemon asks for one: {GIVE_TOKEN}"),
        ),
        TurnedAway::WrongToken => Failure::one(
            StatusCode::UNAUTHORIZED,
            "token",
            format!(
                "the token that came is none of this daemon's; was it replaced or removed, or is it another daemon's? {GIVE_TOKEN}"
            ),
        ),
        TurnedAway::UserHeader(name) => Failure::one(
            StatusCode::UNAUTHORIZED,
            "user_header",
            format!(
                "the proxy's header {name} holds no name, or came twice; have the proxy replace what clients send"
            ),
        ),
        TurnedAway::Actions => Failure::one(
            StatusCode::FORBIDDEN,
            "actions",
            "this daemon takes no changes from a browser; start it with --allow-actions, or use the commands",
        ),
    }
}

/// Asks a tenant's loop for a change.
async fn ask(
    served: &ServedTenant,
    slot: &Arc<Slot>,
    change: OperatorCommand,
    author: Author,
) -> Answered {
    let answer = asked_for(served, slot, change, author).await?;
    Ok(json(&answer))
}

async fn asked_for(
    served: &ServedTenant,
    slot: &Arc<Slot>,
    change: OperatorCommand,
    author: Author,
) -> Result<ChangeAnswer, Failure> {
    let _busy = slot.busy();
    let made = served.handle.ask(change, author).await?;
    Ok(ChangeAnswer {
        schema: SCHEMA,
        made,
        campaigns: Vec::new(),
        notes: notes(served),
    })
}

/// Sets thresholds, and says what to know of them.
async fn set_thresholds(
    campaign: NamedCampaign,
    asked: ThresholdsRequest,
    caller: &Caller,
    slot: &Arc<Slot>,
) -> Answered {
    let (change, author) = thresholds(campaign.id.clone(), &asked, caller)?;
    let beyond = beyond_the_pool(&campaign, &change);
    let answer = asked_for(&campaign.served, slot, change, author).await?;
    let notes = beyond.into_iter().chain(answer.notes).collect();
    Ok(json(&ChangeAnswer { notes, ..answer }))
}

/// What to know of a threshold that no number of agents reaches. How many are not offline is known where a threshold in force is a share of
/// them; elsewhere the platform is asked for the available ones alone, and nothing is said.
fn beyond_the_pool(campaign: &NamedCampaign, change: &OperatorCommand) -> Option<String> {
    let OperatorCommand::Thresholds { thresholds, .. } = change else {
        return None;
    };
    let observed = campaign.served.observed.borrow();
    let view = view(&observed, &campaign.id).ok()?;
    let known = view.reason.as_ref()?.staffed()?;
    let beyond = |key: &str, limit: Limit| match limit {
        Limit::Agents(agents) if agents > known => Some(format!("{key} {agents}")),
        Limit::Agents(_) | Limit::Share(_) => None,
    };
    let resume_at = beyond("resume_at", thresholds.resume_at())?;
    let (what, then) = match beyond("pause_below", thresholds.pause_below()) {
        Some(pause_below) => (
            format!("{pause_below} and {resume_at} are"),
            "the campaign is paused",
        ),
        None => (
            format!("{resume_at} is"),
            "once paused, the campaign stays so",
        ),
    };
    Some(format!(
        "{what} more than the {known} agents that are not offline: {then} until as many are available"
    ))
}

/// What keeps a change of these campaigns from acting now: it is in force, and nobody may believe that it has stopped anything.
pub(super) fn notes(served: &ServedTenant) -> Vec<String> {
    let outage = OutageDocument::of(&served.observed.borrow());
    let told = outage.map(|outage| {
        format!(
            "readings stay away, and the platform may take no command: it acts once they are back; {}",
            outage.says
        )
    });
    told.into_iter().collect()
}

/// Finds the campaign in a path.
fn campaign_in(tenants: &TenantList, part: &str) -> Result<NamedCampaign, Failure> {
    let text = decoded(part, "campaign")?;
    let (entry, id) = tenants.split("campaign", &text)?;
    Ok(NamedCampaign {
        tenant: entry.name.clone(),
        served: Arc::clone(entry.running()?),
        id: id_in(id, "campaign")?,
    })
}

/// Finds the queue in a path, with what its tenant is served from.
pub(super) fn queue_in(
    tenants: &TenantList,
    part: &str,
) -> Result<(Arc<ServedTenant>, QueueId), Failure> {
    let text = decoded(part, "queue")?;
    let (entry, id) = tenants.split("queue", &text)?;
    Ok((Arc::clone(entry.running()?), id_in(id, "queue")?))
}

fn decoded(part: &str, what: &str) -> Result<String, Failure> {
    let text = percent_decode_str(part).decode_utf8();
    let text = text.map_err(|_| Failure::bad(vec![format!("{what}: is no UTF-8 text")]))?;
    Ok(text.into_owned())
}

fn id_in<T: FromStr<Err = IdError>>(text: &str, what: &str) -> Result<T, Failure> {
    text.parse()
        .map_err(|fault: IdError| Failure::bad(vec![format!("{what}: an id {fault}")]))
}

pub(super) async fn body<T: DeserializeOwned>(request: Request<Incoming>) -> Result<T, Failure> {
    body_within(request, LARGEST_BODY).await
}

pub(super) async fn body_within<T: DeserializeOwned>(
    request: Request<Incoming>,
    largest: usize,
) -> Result<T, Failure> {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // A form of another site's page cannot send this content type without a preflight request.
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Failure::one(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media_type",
            "send JSON, with content-type application/json",
        ));
    }
    let read = Limited::new(request.into_body(), largest).collect();
    let read = tokio::time::timeout(BODY_TIMEOUT, read).await;
    let read = read.map_err(|_| {
        let fault = "the body did not come in time";
        Failure::one(StatusCode::REQUEST_TIMEOUT, "slow", fault)
    })?;
    let read = read.map_err(|_| {
        let fault = format!("the body broke off or is larger than {largest} bytes");
        Failure::one(StatusCode::PAYLOAD_TOO_LARGE, "body", fault)
    })?;
    serde_json::from_slice(&read.to_bytes())
        .map_err(|wrong| Failure::bad(vec![format!("body: {wrong}")]))
}

/// Parses a duration; the loop checks its bounds.
pub(super) fn lasts(text: &str, faults: &mut Vec<String>) -> Duration {
    let parsed = humantime::parse_duration(text.trim());
    parsed.unwrap_or_else(|_| {
        faults.push(format!(
            "for: `{text}` is not a duration; write such as 30m"
        ));
        Duration::ZERO
    })
}

pub(super) fn author(
    caller: &Caller,
    typed: Option<&str>,
    reason: &str,
    faults: &mut Vec<String>,
) -> Option<Author> {
    match caller.author(typed, reason) {
        Ok(author) => Some(author),
        Err(wrong) => {
            faults.extend(wrong);
            None
        }
    }
}

fn thresholds(
    campaign: CampaignId,
    asked: &ThresholdsRequest,
    caller: &Caller,
) -> Result<(OperatorCommand, Author), Failure> {
    let mut faults = Vec::new();
    let author = author(caller, asked.author.as_deref(), &asked.reason, &mut faults);
    if let Some(target) = &asked.abandon_target {
        return abandon_target(campaign, target, asked, author, faults);
    }
    let mut limit = |key: &str, text: Option<&str>| {
        let read = text.map(|text| text.trim().parse::<Limit>());
        match read {
            Some(Ok(limit)) => return Some(limit),
            Some(Err(wrong)) => faults.push(format!("{key}: {wrong}")),
            None => faults.push(format!("{key}: is missing")),
        }
        None
    };
    let pause_below = limit("pause_below", asked.pause_below.as_deref());
    let resume_at = limit("resume_at", asked.resume_at.as_deref());
    let lines = pause_below
        .zip(resume_at)
        .map(|(pause_below, resume_at)| Thresholds::new(pause_below, resume_at));
    if let Some(Err(wrong)) = &lines {
        faults.push(format!("resume_at: {wrong}"));
    }
    let lasts = asked
        .lasts
        .as_ref()
        .map_or(DEFAULT_LASTS, |text| lasts(text, &mut faults));
    match (author, lines) {
        (Some(author), Some(Ok(thresholds))) if faults.is_empty() => Ok((
            OperatorCommand::Thresholds {
                campaign,
                thresholds,
                lasts,
            },
            author,
        )),
        (_, _) => Err(Failure::bad(faults)),
    }
}

fn abandon_target(
    campaign: CampaignId,
    target: &str,
    asked: &ThresholdsRequest,
    author: Option<Author>,
    mut faults: Vec<String>,
) -> Result<(OperatorCommand, Author), Failure> {
    if asked.pause_below.is_some() || asked.resume_at.is_some() {
        faults.push("abandon_target: is given beside thresholds; give one of both".to_owned());
    }
    let target = target.trim().parse::<AbandonTarget>();
    if let Err(wrong) = &target {
        faults.push(format!("abandon_target: {wrong}"));
    }
    let given = asked.lasts.as_ref();
    let lasts = given.map_or(DEFAULT_LASTS, |text| lasts(text, &mut faults));
    match (author, target) {
        (Some(author), Ok(target)) if faults.is_empty() => Ok((
            OperatorCommand::AbandonTarget {
                campaign,
                target,
                lasts,
            },
            author,
        )),
        (_, _) => Err(Failure::bad(faults)),
    }
}

/// Parses what a hold is, for how long, and by whom; adds every fault.
pub(super) fn held(
    caller: &Caller,
    kind: &str,
    for_so_long: &str,
    by: Option<&str>,
    reason: &str,
    faults: &mut Vec<String>,
) -> (Option<HoldKind>, Duration, Option<Author>) {
    const KINDS: [HoldKind; 3] = [HoldKind::Running, HoldKind::Paused, HoldKind::AsIs];
    let author = author(caller, by, reason, faults);
    let found = KINDS.into_iter().find(|known| known.label() == kind);
    if found.is_none() {
        faults.push(format!(
            "kind: `{kind}` is not known; write running, paused or as-is"
        ));
    }
    (found, lasts(for_so_long, faults), author)
}

fn hold(
    campaign: CampaignId,
    asked: &HoldRequest,
    caller: &Caller,
) -> Result<(OperatorCommand, Author), Failure> {
    let mut faults = Vec::new();
    let (kind, lasts, author) = held(
        caller,
        &asked.kind,
        &asked.lasts,
        asked.author.as_deref(),
        &asked.reason,
        &mut faults,
    );
    match (author, kind) {
        (Some(author), Some(kind)) if faults.is_empty() => Ok((
            OperatorCommand::Hold {
                campaigns: vec![campaign],
                kind,
                lasts,
            },
            author,
        )),
        (_, _) => Err(Failure::bad(faults)),
    }
}

fn feed(
    asked: &OutcomesRequest,
    now: Timestamp,
    caller: &Caller,
) -> Result<(OperatorCommand, Author), Failure> {
    let mut faults = Vec::new();
    let reason = asked.reason.as_deref().unwrap_or("outcomes fed by the API");
    let author = author(caller, asked.author.as_deref(), reason, &mut faults);
    if asked.outcomes.is_empty() {
        faults.push("outcomes: is empty; give a row for each campaign".to_owned());
    }
    match (author, fed_readings(&asked.outcomes, now)) {
        (Some(author), Ok(readings)) if faults.is_empty() => {
            Ok((OperatorCommand::FeedOutcomes { readings }, author))
        }
        (_, read) => {
            faults.extend(read.err().into_iter().flatten());
            Err(Failure::bad(faults))
        }
    }
}

fn claim_pause(
    campaign: CampaignId,
    asked: &PauseOwnerRequest,
    caller: &Caller,
) -> Result<(OperatorCommand, Author), Failure> {
    const OWNERS: [(PauseOwnerKind, PauseClaim); 2] = [
        (PauseOwnerKind::Autopilot, PauseClaim::Ours),
        (PauseOwnerKind::Person, PauseClaim::Theirs),
    ];
    let mut faults = Vec::new();
    let author = author(caller, asked.author.as_deref(), &asked.reason, &mut faults);
    let owner = OWNERS
        .into_iter()
        .find(|(owner, _)| owner.label() == asked.owner);
    if owner.is_none() {
        faults.push(format!(
            "owner: `{}` is not known; write autopilot or person",
            asked.owner
        ));
    }
    match (author, owner) {
        (Some(author), Some((_, claim))) => {
            Ok((OperatorCommand::ClaimPause { campaign, claim }, author))
        }
        (_, _) => Err(Failure::bad(faults)),
    }
}
