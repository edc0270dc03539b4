//! What each operation answers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::super::super::agent_state::AgentState;
use super::super::super::answer::Answer;
use super::super::super::call::Call;
use super::super::super::effects::PaceWritten;
use super::super::super::journal::Actor;
use super::super::super::platform::{Platform, read_body};
use super::super::super::refusal::Refused;
use super::super::super::script::Performance;
use super::super::super::status;
use super::super::super::time::SimTime;
use super::super::super::tokens::Token;
use super::super::super::work::Work;
use super::super::super::world::{AgentRecord, World};
use super::CloudState;
use super::bodies::{self, Form};
use super::changes::{Author, word};
use super::operation::CloudOperation;
use super::query::{Query, wrong};
use super::settings::StopLasts;
use super::wire::{self, CampaignView};

/// The calls for each agent of campaigns that set none.
const USUAL_CALLS: f64 = 3.0;

/// The most calls for each agent that may be set, as the settings tell it.
const MOST_CALLS: f64 = 15.0;

/// The most campaigns that one request may name.
const MOST_IDS: usize = 100;

/// A request and everything that its answer depends on.
pub(super) struct RequestContext<'a> {
    pub(super) world: &'a mut World,
    pub(super) cloud: &'a mut CloudState,
    performance: &'a mut Performance,
    pub(super) call: &'a Call,
    pub(super) query: Query,
    client: &'a str,
    pub(super) now: SimTime,
}

impl Platform {
    /// Takes in what was done to campaigns.
    pub(in crate::simulator) fn follow_cloud(&mut self, now: SimTime) {
        let delay = self.rules.actuation_delay;
        let Self { world, cloud, .. } = self;
        if let Some(cloud) = cloud {
            cloud.joined.follow(now);
            let CloudState {
                changes, settings, ..
            } = cloud;
            changes.follow(world, settings, delay, now);
        }
    }

    /// Counts a request against the limit of the minute.
    pub(in crate::simulator) fn cloud_admits(&mut self, now: SimTime) -> Result<(), String> {
        let window = self.cloud.as_mut().and_then(|cloud| cloud.window.as_mut());
        window.map_or(Ok(()), |window| window.take(now))
    }

    /// Does what a request asks for whose token is good.
    pub(in crate::simulator) fn cloud_perform(
        &mut self,
        operation: CloudOperation,
        call: &Call,
        token: &Token,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        self.follow_cloud(now);
        let delay = self.rules.actuation_delay;
        let Self {
            world,
            cloud: Some(cloud),
            performance,
            ..
        } = self
        else {
            return Err(Refused::no_such("operation", operation.name()));
        };
        if let Some(right) = operation.right()
            && cloud.settings.withheld.contains(right)
        {
            let why = format!(
                "Unable to perform the requested action. You are missing the following permission(s): {right}"
            );
            return Err(Refused::new(
                StatusCode::FORBIDDEN,
                "missing.permissions",
                why,
            ));
        }
        let mut context = RequestContext {
            world,
            cloud,
            performance,
            call,
            query: Query::read(&call.query),
            client: &token.client,
            now,
        };
        let id = call.seen.target.as_deref().unwrap_or_default();
        let answer = match operation {
            CloudOperation::Token => Err(Refused::no_such("operation", operation.name())),
            CloudOperation::TokenClient => Ok(json_answer(&json!({
                "organization": {"id": "org", "name": "Example"},
                "OAuthClient": {"id": token.client, "name": "campaign-autopilot"},
            }))),
            CloudOperation::Campaigns => context.campaigns(),
            CloudOperation::Campaign => context.campaign(id),
            CloudOperation::PatchCampaign => context.patch(id, call.actor(token)),
            CloudOperation::StartCampaign => {
                context.startable(id)?;
                let by = call.actor(token);
                context.world.command(id, status::RUNNING, by, delay, now);
                Ok(acknowledged())
            }
            CloudOperation::StopCampaign => {
                context.stoppable(id)?;
                let shows = if context.cloud.settings.stop == StopLasts::NoTime {
                    delay
                } else {
                    Duration::ZERO
                };
                let by = call.actor(token);
                context.world.command(id, status::PAUSED, by, shows, now);
                Ok(acknowledged())
            }
            CloudOperation::Diagnostics => context.diagnostics(id),
            CloudOperation::Observations => context.observations(),
            CloudOperation::Rules => context.rivals(wire::rule),
            CloudOperation::Sequences => context.rivals(wire::sequence),
            CloudOperation::Schedules => {
                let rivals = context.cloud.settings.rivals.iter();
                let schedules: Vec<Value> = rivals.filter_map(wire::schedule).collect();
                Ok(json_answer(&json!(schedules)))
            }
            CloudOperation::OutboundSettings => Ok(json_answer(&json!({
                "maxCallsPerAgentDecimal": USUAL_CALLS,
                "maxConfigurableCallsPerAgent": MOST_CALLS,
                "maxLineUtilization": 1.0,
                "abandonSeconds": 2.0,
                "complianceAbandonRateDenominator": "ALL_CALLS",
            }))),
            CloudOperation::Aggregates => context.aggregates(),
            CloudOperation::Audits => context.audits(),
            CloudOperation::AuditedServices => {
                let mut names = vec![json!({"name": "Routing", "entities": []})];
                if context.cloud.settings.audited {
                    names.push(json!({"name": "Outbound", "entities": [{"name": "Campaign"}]}));
                }
                Ok(json_answer(&json!({ "services": names })))
            }
            CloudOperation::Queue => context.queue(id),
            CloudOperation::PutQueue => {
                let whole = read_as(&bodies::QUEUE, &call.body)?;
                context.cloud.write_queue(id, whole, &token.client, now)
            }
            CloudOperation::Members => context.members(id),
            CloudOperation::ChangeMembers => context.change_members(id),
            CloudOperation::CreateChannel => context.make_channel(),
            CloudOperation::Subscribe => context.subscribe(id),
        }?;
        // What this request did is seen by the next one, whenever that comes.
        self.follow_cloud(now);
        Ok(answer)
    }
}

impl RequestContext<'_> {
    /// What a reading shows of a campaign.
    fn view(&self, id: &str) -> Option<Value> {
        let campaign = self.world.campaign(id)?;
        let (shown, _) = campaign.seen_at(self.now);
        let (version, changed) = self.cloud.changes.version(id, self.now);
        let status = if self.cloud.changes.is_stopping(id) {
            "stopping".to_owned()
        } else {
            word(shown)
        };
        let settings = &self.cloud.settings;
        let host = self.call.host.as_deref().unwrap_or_default();
        let host = if settings.absolute_links {
            format!("http://{host}")
        } else {
            String::new()
        };
        let view = CampaignView {
            id,
            name: &campaign.name,
            status,
            mode: settings.mode_of(id),
            version,
            changed: changed.unwrap_or(SimTime::from_unix_millis(1_704_182_400_000)),
            queue: settings.queue_of(id),
            calls_per_agent: settings.calls_per_agent.get(id).copied(),
            edited: self.cloud.edited.get(id),
            host: &host,
        };
        Some(view.json())
    }

    /// The campaign, if it is there and lies in a division that is granted.
    fn there(&self, id: &str, code: &'static str) -> Result<(), Refused> {
        if self.cloud.settings.elsewhere.contains(id) {
            return Err(Refused::new(
                StatusCode::FORBIDDEN,
                "missing.division.permissions",
                "You are missing permissions in the division of the object",
            ));
        }
        if self.world.campaign(id).is_some() {
            return Ok(());
        }
        let why = format!("there is no campaign {id}");
        Err(Refused::new(StatusCode::NOT_FOUND, code, why))
    }

    fn campaigns(&self) -> Result<Answer, Refused> {
        let page = self.query.page()?;
        let ids: BTreeSet<&str> = self.query.every("id").collect();
        if ids.len() > MOST_IDS {
            let why = "at most 100 ids may be named";
            return Err(Refused::bad_request("too.many.bulk.retrieves", why));
        }
        let queue = self.query.first("distributionQueueId");
        let settings = &self.cloud.settings;
        let rows = self
            .world
            .campaigns()
            .map(|(id, _)| id)
            .filter(|id| !settings.elsewhere.contains(*id))
            .filter(|id| ids.is_empty() || ids.contains(id))
            .filter(|id| queue.is_none_or(|queue| settings.queue_of(id) == queue))
            .filter_map(|id| self.view(id))
            .collect();
        Ok(json_answer(&wire::page(rows, page)))
    }

    fn campaign(&self, id: &str) -> Result<Answer, Refused> {
        self.there(id, "resource.not.found")?;
        let view = self.view(id);
        let view = view.ok_or_else(|| Refused::no_such("campaign", id))?;
        Ok(json_answer(&view))
    }

    /// Members that are left out stay as they are.
    fn patch(&mut self, id: &str, by: Actor) -> Result<Answer, Refused> {
        self.there(id, "resource.not.found")?;
        let body = read_as(&bodies::PACE, &self.call.body)?;
        let Some(calls) = body.get("maxCallsPerAgent") else {
            return Ok(acknowledged());
        };
        let calls = calls.as_f64().unwrap_or(USUAL_CALLS);
        let set = &mut self.cloud.settings.calls_per_agent;
        let before = set.insert(id.to_owned(), calls);
        let usual = before.unwrap_or(USUAL_CALLS);
        let (from, to) = (usual.to_string(), calls.to_string());
        let author = Author::Client(self.client.to_owned());
        let values = (from.as_str(), to.as_str());
        let changes = &mut self.cloud.changes;
        changes.edited(self.now, id, author, "maxCallsPerAgent", values);
        self.world.paced(PaceWritten {
            at: self.now,
            campaign: id.to_owned(),
            by,
            from: whole_calls(usual),
            to: whole_calls(calls),
            usual: whole_calls(USUAL_CALLS),
        });
        Ok(acknowledged())
    }

    /// The word that decides whether a command is accepted.
    fn word(&self, id: &str) -> String {
        if self.cloud.changes.is_stopping(id) {
            return "stopping".to_owned();
        }
        let campaign = self.world.campaign(id);
        campaign.map_or_else(String::new, |campaign| word(&campaign.status))
    }

    fn startable(&self, id: &str) -> Result<(), Refused> {
        self.there(id, "campaign.not.found")?;
        let word = self.word(id);
        // A campaign that is complete or invalid may be started, and dials its list from the first record again.
        if !["off", "complete", "invalid"].contains(&word.as_str()) {
            return Err(bad_transition(id, &word, "on"));
        }
        let active = self.world.campaigns().filter(|(other, _)| {
            *other != id && ["on", "stopping"].contains(&self.word(other).as_str())
        });
        if active.count() >= self.cloud.settings.most_active {
            let why = "too many campaigns are active";
            return Err(Refused::bad_request("active.campaigns.limit.exceeded", why));
        }
        Ok(())
    }

    fn stoppable(&self, id: &str) -> Result<(), Refused> {
        self.there(id, "campaign.not.found")?;
        match self.word(id).as_str() {
            "on" => Ok(()),
            word => Err(bad_transition(id, word, "off")),
        }
    }

    fn statuses(&self, queue: &str) -> Vec<Option<&'static str>> {
        statuses(self.world, self.cloud, queue)
    }

    fn observations(&self) -> Result<Answer, Refused> {
        let body = read_as(&bodies::OBSERVATIONS, &self.call.body)?;
        let asked = values_of(&body, "queueId")?;
        let metrics = body.get("metrics").and_then(Value::as_array);
        let metrics = metrics.ok_or_else(|| wrong("metrics"))?;
        let wants = |metric: &str| metrics.iter().any(|wanted| wanted == metric);
        let settings = &self.cloud.settings;
        let shown = asked
            .into_iter()
            .filter(|queue| settings.has_queue(queue) && !settings.silent_queues.contains(queue));
        let mut results = Vec::new();
        for queue in shown {
            let statuses = self.statuses(&queue);
            let mut data = Vec::new();
            if wants("oMemberUsers") && !statuses.is_empty() {
                data.push(wire::observed("oMemberUsers", None, statuses.len()));
            }
            let joined = statuses.iter().flatten().count();
            if wants("oActiveUsers") && joined > 0 {
                data.push(wire::observed("oActiveUsers", None, joined));
            }
            for status in ["IDLE", "INTERACTING"] {
                let count = statuses.iter().filter(|has| **has == Some(status)).count();
                // A status that nobody has is absent.
                if wants("oOnQueueUsers") && count > 0 {
                    data.push(wire::observed("oOnQueueUsers", Some(status), count));
                }
            }
            if !data.is_empty() {
                results.push(json!({"group": {"queueId": queue}, "data": data}));
            }
        }
        Ok(json_answer(&json!({ "results": results })))
    }

    fn diagnostics(&self, id: &str) -> Result<Answer, Refused> {
        self.there(id, "campaign.not.found")?;
        let queue = self.cloud.settings.queue_of(id);
        let statuses = self.statuses(queue);
        let on_queue = statuses.iter().flatten().count();
        let idle = statuses.iter().filter(|has| **has == Some("IDLE")).count();
        let own = self.world.agents().filter(|(agent, _)| {
            matches!(self.world.work(agent), Some(Work::Outbound { campaign }) if campaign == id)
        });
        let own = u32::try_from(own.count()).unwrap_or(u32::MAX);
        let own = self.cloud.serving.get(id).copied().unwrap_or(own);
        let bounded = |many: &BTreeMap<String, usize>| {
            let many = many.get(queue).copied().unwrap_or_default();
            many.min(on_queue)
        };
        let without_station = bounded(&self.cloud.settings.without_station);
        let elsewhere = bounded(&self.cloud.settings.on_other_edge_group);
        Ok(json_answer(&json!({
            "callableContacts": {},
            "queueUtilizationDiagnostic": {
                "queue": {"id": queue},
                "usersInQueue": statuses.len(),
                "activeUsersInQueue": on_queue,
                "usersOnQueue": on_queue,
                "usersNotUtilized": idle,
                "usersOnQueueWithStation": on_queue.saturating_sub(without_station),
                "usersOnACampaignCall": own,
                "usersOnDifferentEdgeGroup": elsewhere,
                "usersOnANonCampaignCall": 0,
            },
        })))
    }

    fn rivals(
        &self,
        of_kind: impl Fn(&super::settings::CloudRival) -> Option<Value>,
    ) -> Result<Answer, Refused> {
        let page = self.query.page()?;
        let rivals = self.cloud.settings.rivals.iter();
        let rows = rivals.filter_map(of_kind).collect();
        Ok(json_answer(&wire::page(rows, page)))
    }

    /// Counted since the beginning of the day: the centre keeps no intervals.
    fn aggregates(&mut self) -> Result<Answer, Refused> {
        let body = read_as(&bodies::AGGREGATES, &self.call.body)?;
        let asked = values_of(&body, "outboundCampaignId")?;
        let figures = self.performance.figures();
        let mut results = Vec::new();
        for figures in figures.into_iter().flat_map(|figures| figures.campaigns) {
            if !asked.contains(&figures.id) || figures.dials == 0 {
                continue;
            }
            let counts = [
                ("nOutboundAttempted", figures.dials),
                ("nOutboundConnected", figures.answered),
                ("nOutboundAbandoned", figures.abandoned),
            ];
            // A metric that has nothing is absent, too.
            let metrics: Vec<Value> = counts
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(metric, count)| json!({"metric": metric, "stats": {"count": count}}))
                .collect();
            results.push(json!({
                "group": {"mediaType": "voice", "outboundCampaignId": figures.id},
                "data": [{"interval": body.get("interval"), "metrics": metrics}],
            }));
        }
        Ok(json_answer(&json!({ "results": results })))
    }

    fn audits(&self) -> Result<Answer, Refused> {
        let body = read_as(&bodies::AUDITS, &self.call.body)?;
        let filters = body.get("filters").and_then(Value::as_array);
        let campaign = filters.into_iter().flatten().find_map(|filter| {
            let of_entity = filter.get("property").and_then(Value::as_str) == Some("EntityId");
            filter.get("value").filter(|_| of_entity)?.as_str()
        });
        let CloudState {
            settings, changes, ..
        } = &*self.cloud;
        let rows = if settings.audited {
            changes.rows(campaign, settings.audit_lag, self.now)
        } else {
            Vec::new()
        };
        let number = |name: &str, usual: usize| {
            let number = body.get(name).and_then(Value::as_u64);
            number
                .and_then(|number| usize::try_from(number).ok())
                .unwrap_or(usual)
        };
        let page = super::query::PageRequest {
            size: number("pageSize", 25).max(1),
            number: number("pageNumber", 1).max(1),
        };
        Ok(json_answer(&wire::page(rows, page)))
    }

    fn queue(&self, id: &str) -> Result<Answer, Refused> {
        let mut queue = self.cloud.queue(id)?;
        // It changes with the agents, whoever wrote the queue.
        if let Value::Object(members) = &mut queue {
            let joined = self.statuses(id).len();
            members.insert("memberCount".to_owned(), json!(joined));
        }
        Ok(json_answer(&queue))
    }
}

/// The members of a queue, whether they have joined or not.
pub(super) fn members<'a>(
    world: &'a World,
    cloud: &'a CloudState,
    queue: &str,
) -> impl Iterator<Item = (&'a str, &'a AgentRecord)> + use<'a> {
    let skill = cloud.settings.members.get(queue);
    world
        .agents()
        .filter(move |(_, agent)| skill.is_none_or(|skill| agent.skills.contains(skill)))
}

/// The status of each agent of a queue; nothing of those who are off it.
pub(super) fn statuses(
    world: &World,
    cloud: &CloudState,
    queue: &str,
) -> Vec<Option<&'static str>> {
    members(world, cloud, queue)
        .filter(|(id, _)| cloud.joined.has(queue, id))
        .map(|(id, agent)| routing_status(world, id, agent))
        .collect()
}

/// The routing status of an agent; nothing of one who is off the queues.
pub(super) fn routing_status(world: &World, id: &str, agent: &AgentRecord) -> Option<&'static str> {
    if agent.state == AgentState::Offline || world.work(id) == Some(&Work::Break) {
        None
    } else if agent.state == AgentState::Available {
        Some("IDLE")
    } else {
        Some("INTERACTING")
    }
}

/// The values of a question's predicates of one dimension.
fn values_of(body: &Value, dimension: &str) -> Result<BTreeSet<String>, Refused> {
    let predicates = body
        .get("filter")
        .and_then(|filter| filter.get("predicates"));
    let predicates = predicates
        .and_then(Value::as_array)
        .filter(|predicates| !predicates.is_empty())
        .ok_or_else(|| wrong("filter"))?;
    let values = predicates.iter().map(|predicate| {
        let same = predicate.get("dimension").and_then(Value::as_str) == Some(dimension);
        let value = predicate.get("value").and_then(Value::as_str);
        value
            .filter(|_| same)
            .map(str::to_owned)
            .ok_or_else(|| wrong("filter.predicates"))
    });
    values.collect()
}

pub(super) fn read_as(form: &Form, body: &[u8]) -> Result<Value, Refused> {
    let value: Value = read_body(body).map_err(|_| wrong("the body"))?;
    form.check(&value)?;
    Ok(value)
}

/// The whole calls for each agent that the dialler of the centre makes of a setting.
fn whole_calls(calls: f64) -> u32 {
    format!("{:.0}", calls.ceil()).parse().unwrap_or(1)
}

fn bad_transition(id: &str, from: &str, to: &str) -> Refused {
    Refused::bad_request(
        "invalid.update.bad.status.transition",
        format!("campaign {id} cannot go from {from} to {to}"),
    )
}

pub(super) fn json_answer(body: &Value) -> Answer {
    Answer::json(StatusCode::OK, body.to_string().into())
}

fn acknowledged() -> Answer {
    let mut answer = Answer::json(StatusCode::NO_CONTENT, bytes::Bytes::new());
    answer.applied = true;
    answer
}
