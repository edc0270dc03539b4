//! What each operation on campaigns answers, and who may ask.

use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::super::super::answer::Answer;
use super::super::super::call::Call;
use super::super::super::effects::PaceWritten;
use super::super::super::faults::Endpoint;
use super::super::super::platform::Platform;
use super::super::super::refusal::Refused;
use super::super::super::script::Performance;
use super::super::super::status;
use super::super::super::time::SimTime;
use super::super::super::tokens::Token;
use super::super::super::world::World;
use super::ConnectState;
use super::configuration::{self, ConfigurationView};
use super::operation::ConnectOperation;
use super::refusals::{invalid, wrong_state};
use super::route::is_first_version;
use super::settings::ConnectVersion;
use super::signature::Claim;

/// The most campaigns whose states come with one answer.
const MOST_STATES: usize = 25;

/// The most campaigns in a page.
const MOST_IN_A_PAGE: usize = 50;

/// A request and everything that its answer depends on.
pub(super) struct RequestContext<'a> {
    pub(super) world: &'a mut World,
    pub(super) connect: &'a mut ConnectState,
    pub(super) performance: &'a mut Performance,
    pub(super) call: &'a Call,
    pub(super) now: SimTime,
    delay: Duration,
}

impl Platform {
    /// Checks the signature of a request; its key stands for the client.
    pub(in crate::simulator) fn connect_signed(
        &self,
        call: &Call,
        now: SimTime,
    ) -> Result<Token, Refused> {
        let Endpoint::Connect(operation) = call.seen.endpoint else {
            return Err(Refused::no_such("operation", call.seen.endpoint.name()));
        };
        let claim = Claim::read(call.header("authorization"))?;
        let key = claim.access_key;
        let refused = |name, why: &str| Refused::new(StatusCode::FORBIDDEN, name, why);
        if self.tokens.takes_any() {
            return Ok(Token::of(key));
        }
        let Some(connect) = &self.connect else {
            return Err(Refused::no_such("operation", operation.name()));
        };
        let settings = &connect.settings;
        let invalid_token = "The security token included in the request is invalid.";
        let given = call.header("x-amz-security-token");
        if given.is_some_and(|given| settings.expired_sessions.contains(given)) {
            let why = "The security token included in the request is expired";
            return Err(refused("ExpiredTokenException", why));
        }
        if settings.session.is_some() && settings.session.as_deref() != given {
            return Err(refused("UnrecognizedClientException", invalid_token));
        }
        let secret = self.tokens.secret_of(key);
        let secret = secret.ok_or_else(|| refused("UnrecognizedClientException", invalid_token))?;
        claim.check(call, secret, &settings.region, operation.service(), now)?;
        Ok(Token::of(key))
    }

    /// Does what a request asks for that was signed well.
    pub(in crate::simulator) fn connect_perform(
        &mut self,
        operation: ConnectOperation,
        call: &Call,
        token: &Token,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        let delay = self.rules.actuation_delay;
        let Self {
            world,
            connect: Some(connect),
            performance,
            ..
        } = self
        else {
            return Err(Refused::no_such("operation", operation.name()));
        };
        let first = is_first_version(&call.seen.path);
        let right = operation.right(first);
        if connect.settings.withheld.contains(right) {
            let client = &token.client;
            let why = format!("User: {client} is not authorized to perform: {right}");
            return Err(Refused::new(
                StatusCode::FORBIDDEN,
                "AccessDeniedException",
                why,
            ));
        }
        let mut context = RequestContext {
            world,
            connect,
            performance,
            call,
            now,
            delay,
        };
        let id = call.seen.target.as_deref().unwrap_or_default();
        match operation {
            ConnectOperation::ListCampaigns => context.campaigns(),
            ConnectOperation::DescribeCampaign => context.describe(id),
            ConnectOperation::GetCampaignState => {
                context.there(id)?;
                Ok(json_answer(&json!({ "state": context.shown(id) })))
            }
            ConnectOperation::GetCampaignStateBatch => context.states(),
            ConnectOperation::PauseCampaign => {
                context.command(id, token, (status::RUNNING, status::PAUSED))
            }
            ConnectOperation::ResumeCampaign => {
                context.command(id, token, (status::PAUSED, status::RUNNING))
            }
            ConnectOperation::UpdateCampaign => context.update(id, token),
            ConnectOperation::GetCurrentMetricData => context.current_metrics(id),
            ConnectOperation::GetMetricDataV2 => context.metric_data(),
        }
    }
}

impl RequestContext<'_> {
    fn is_first(&self) -> bool {
        is_first_version(&self.call.seen.path)
    }

    /// Whether the campaigns are in the version of the API that was asked.
    fn is_here(&self) -> bool {
        (self.connect.settings.version == ConnectVersion::First) == self.is_first()
    }

    fn there(&self, id: &str) -> Result<(), Refused> {
        if self.is_here() && self.world.campaign(id).is_some() {
            return Ok(());
        }
        let why = format!("Campaign {id} not found.");
        Err(Refused::new(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            why,
        ))
    }

    /// The state that a reading shows.
    fn shown(&self, id: &str) -> String {
        let campaign = self.world.campaign(id);
        campaign.map_or_else(String::new, |campaign| state(campaign.seen_at(self.now).0))
    }

    fn campaigns(&self) -> Result<Answer, Refused> {
        let body = self.body()?;
        let most = match body.get("maxResults") {
            None => MOST_IN_A_PAGE,
            Some(most) => whole(most)
                .filter(|most| (1..=MOST_IN_A_PAGE).contains(most))
                .ok_or_else(|| invalid("maxResults must be between 1 and 50"))?,
        };
        let from = match body.get("nextToken").and_then(Value::as_str) {
            None => 0,
            Some(token) => token
                .strip_prefix("from-")
                .and_then(|from| from.parse().ok())
                .ok_or_else(|| invalid("nextToken is not one of ours"))?,
        };
        let instance = body
            .get("filters")
            .and_then(|filters| filters.get("instanceIdFilter"));
        let settings = &self.connect.settings;
        let wanted = instance.is_none_or(|filter| {
            filter.get("operator").and_then(Value::as_str) == Some("Eq")
                && filter.get("value").and_then(Value::as_str) == Some(&settings.instance)
        });
        let ids: Vec<&str> = self
            .world
            .campaigns()
            .map(|(id, _)| id)
            .filter(|_| wanted && self.is_here())
            .collect();
        let page = ids.iter().skip(from).take(most);
        let rows: Vec<Value> = page
            .filter_map(|id| Some(configuration::summary(&self.view(id)?)))
            .collect();
        let mut answer = json!({ "campaignSummaryList": rows });
        let until = from.saturating_add(most);
        if until < ids.len()
            && let Some(answer) = answer.as_object_mut()
        {
            answer.insert("nextToken".to_owned(), json!(format!("from-{until}")));
        }
        Ok(json_answer(&answer))
    }

    fn view<'a>(&'a self, id: &'a str) -> Option<ConfigurationView<'a>> {
        let settings = &self.connect.settings;
        Some(ConfigurationView {
            id,
            name: &self.world.campaign(id)?.name,
            instance: &settings.instance,
            region: &settings.region,
            queue: settings.queue_of(id),
            mode: settings.mode_of(id),
            bandwidth: settings.bandwidth_of(id),
            journey: settings.journeys.contains(id),
            written: self.connect.written.get(id),
            first: self.is_first(),
        })
    }

    fn describe(&self, id: &str) -> Result<Answer, Refused> {
        self.there(id)?;
        let view = self
            .view(id)
            .ok_or_else(|| Refused::no_such("campaign", id))?;
        Ok(json_answer(
            &json!({ "campaign": configuration::campaign(&view) }),
        ))
    }

    /// 200, whatever became of single campaigns.
    fn states(&self) -> Result<Answer, Refused> {
        let body = self.body()?;
        let ids =
            texts(body.get("campaignIds")).filter(|ids| (1..=MOST_STATES).contains(&ids.len()));
        let ids = ids.ok_or_else(|| invalid("campaignIds must have 1 to 25 members"))?;
        let settings = &self.connect.settings;
        let (mut found, mut failed) = (Vec::new(), Vec::new());
        for id in ids.iter().filter(|id| !settings.left_out.contains(**id)) {
            if settings.unreadable.contains(*id) {
                failed.push(json!({"campaignId": id, "failureCode": "UnknownError"}));
            } else if self.there(id).is_ok() {
                found.push(json!({"campaignId": id, "state": self.shown(id)}));
            } else {
                failed.push(json!({"campaignId": id, "failureCode": "ResourceNotFound"}));
            }
        }
        Ok(json_answer(
            &json!({"successfulRequests": found, "failedRequests": failed}),
        ))
    }

    /// A command is for one state alone, and a second one is refused.
    fn command(
        &mut self,
        id: &str,
        token: &Token,
        (from, to): (&str, &str),
    ) -> Result<Answer, Refused> {
        self.there(id)?;
        if self.connect.settings.conflicts > 0 {
            self.connect.settings.conflicts -= 1;
            return Err(Refused::conflict("ConflictException", "Conflict."));
        }
        let campaign = self.world.campaign(id);
        let is = campaign.map_or_else(String::new, |campaign| campaign.status.clone());
        if is != from {
            return Ok(wrong_state(&state(&is), self.connect.settings.error_name));
        }
        let by = self.call.actor(token);
        self.world.command(id, to, by, self.delay, self.now);
        Ok(acknowledged())
    }

    /// The whole configuration is replaced. What is fixed once a campaign was started has to be the same.
    fn update(&mut self, id: &str, token: &Token) -> Result<Answer, Refused> {
        self.there(id)?;
        let body = self.body()?;
        let first = self.is_first();
        let view = self
            .view(id)
            .ok_or_else(|| Refused::no_such("campaign", id))?;
        let before = configuration::channels(&view);
        let (mode, bandwidth) = configuration::check(&body, &before, first)?;
        if let Some(answer) = self.closed_to_updates(id) {
            return Ok(answer);
        }
        let settings = &mut self.connect.settings;
        let usual = configuration::hundredths(settings.bandwidth_of(id));
        settings.bandwidths.insert(id.to_owned(), bandwidth);
        settings.modes.insert(id.to_owned(), mode);
        self.connect.written.insert(id.to_owned(), body);
        self.world.paced(PaceWritten {
            at: self.now,
            campaign: id.to_owned(),
            by: self.call.actor(token),
            from: usual,
            to: configuration::hundredths(bandwidth),
            usual: 100,
        });
        Ok(acknowledged())
    }

    fn closed_to_updates(&self, id: &str) -> Option<Answer> {
        let is = state(&self.world.campaign(id)?.status);
        let closed = ["Completed", "Failed", "Stopped"].contains(&is.as_str());
        closed.then(|| wrong_state(&is, self.connect.settings.error_name))
    }

    pub(super) fn body(&self) -> Result<Value, Refused> {
        let value: Option<Value> = serde_json::from_slice(&self.call.body).ok();
        value
            .filter(Value::is_object)
            .ok_or_else(|| Refused::bad_request("SerializationException", "the body is not JSON"))
    }
}

/// A status of the centre as a state of this platform.
fn state(status: &str) -> String {
    let mut letters = status.chars();
    letters.next().map_or_else(String::new, |first| {
        first
            .to_uppercase()
            .chain(letters.as_str().to_lowercase().chars())
            .collect()
    })
}

pub(super) fn texts(list: Option<&Value>) -> Option<Vec<&str>> {
    let list = list?.as_array()?;
    list.iter().map(Value::as_str).collect()
}

pub(super) fn whole(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|value| usize::try_from(value).ok())
}

pub(super) fn json_answer(body: &Value) -> Answer {
    Answer::json(StatusCode::OK, body.to_string().into())
}

fn acknowledged() -> Answer {
    Answer::applied(Bytes::new())
}
