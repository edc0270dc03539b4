//! What each operation answers.

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::super::super::answer::Answer;
use super::super::super::call::Call;
use super::super::super::journal::Actor;
use super::super::super::platform::Platform;
use super::super::super::refusal::Refused;
use super::super::super::script::Performance;
use super::super::super::time::SimTime;
use super::super::super::tokens::Token;
use super::super::super::world::World;
use super::AcdState;
use super::assignments::Assignment;
use super::listing::{ListingRequest, wrapped};
use super::number::whole;
use super::operation::AcdOperation;
use super::query::{Query, wrong};
use super::roster::has_skill;
use super::skill_settings;
use super::skills::{GROUP, Running, SkillView, not_there, untouchables};
use super::wire::{self, Counters};

/// When the assignments that nobody wrote were made.
const LONG_AGO: SimTime = SimTime::from_unix_millis(0);

/// The proficiency of whom nobody gave one.
pub(super) const USUAL_PROFICIENCY: i64 = 3;

/// The longest span of a summary, in days.
const MOST_DAYS: u64 = 30;

/// The most agents in one write.
const MOST_AGENTS: usize = 10_000;

/// A request and everything that its answer depends on.
struct RequestContext<'a> {
    world: &'a mut World,
    acd: &'a mut AcdState,
    performance: &'a mut Performance,
    call: &'a Call,
    query: Query,
    now: SimTime,
}

impl Platform {
    /// Does what a request asks for whose token is good.
    pub(in crate::simulator) fn acd_perform(
        &mut self,
        operation: AcdOperation,
        call: &Call,
        token: &Token,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        let delay = self.rules.actuation_delay;
        let Self {
            world,
            acd: Some(acd),
            performance,
            ..
        } = self
        else {
            return Err(Refused::no_such("operation", operation.name()));
        };
        let AcdState {
            roster,
            settings,
            assignments,
            ..
        } = &mut *acd;
        roster.follow(world, settings, assignments, now);
        let mut context = RequestContext {
            world,
            acd,
            performance,
            call,
            query: Query::read(&call.query),
            now,
        };
        let id = call.seen.target.as_deref().unwrap_or_default();
        match operation {
            AcdOperation::AreaToken | AcdOperation::GlobalToken | AcdOperation::Discovery => {
                Err(Refused::no_such("operation", operation.name()))
            }
            AcdOperation::AgentStates => context.agent_states(),
            AcdOperation::SkillsActivity => context.activity(),
            AcdOperation::Skills => context.skills(),
            AcdOperation::Skill => context.skill(id),
            AcdOperation::PutSkill => context.put_skill(id),
            AcdOperation::StartSkill => {
                let campaign = context.startable(id)?;
                let by = call.actor(token);
                context.world.command(&campaign, "RUNNING", by, delay, now);
                Ok(accepted())
            }
            AcdOperation::StopSkill => {
                let campaign = context.stoppable(id)?;
                let (by, at_once) = (call.actor(token), std::time::Duration::ZERO);
                context.world.command(&campaign, "PAUSED", by, at_once, now);
                context.acd.stops.begin(&campaign, now);
                Ok(accepted())
            }
            AcdOperation::SkillAgents => context.assignments(id),
            AcdOperation::AssignAgents => context.assign(id, true, &call.actor(token)),
            AcdOperation::ChangeAgents => context.assign(id, false, &call.actor(token)),
            AcdOperation::SkillSummary => context.summary(id),
            AcdOperation::SkillParameters => context.parameters(id),
            AcdOperation::GeneralSettings => context.general_settings(id),
            AcdOperation::PutGeneralSettings => context.put_general_settings(id, call.actor(token)),
            AcdOperation::CampaignSkills => context.campaign_skills(id),
            AcdOperation::DialerContacts => context.dialer_contacts(),
            AcdOperation::BusinessUnit => Ok(context.business_unit()),
            AcdOperation::ServerTime => Ok(context.json(json!({"serverTime": now.rfc3339()}))),
        }
    }
}

impl RequestContext<'_> {
    fn json(&self, body: Value) -> Answer {
        wrapped(self.acd.settings.release, body)
    }

    fn page(&self, request: &ListingRequest, member: &str, rows: Vec<Value>) -> Answer {
        let path = &self.call.seen.path;
        request.page(&self.acd.settings, member, rows, path, self.now)
    }

    fn agent_states(&self) -> Result<Answer, Refused> {
        let request = ListingRequest::read(&self.query, &self.acd.settings)?;
        let release = self.acd.settings.release;
        let changed = |since: SimTime| request.since.is_none_or(|asked| since >= asked);
        let rows = self
            .acd
            .roster
            .agents()
            .filter(|(_, _, since)| changed(*since))
            .map(|(agent, shown, since)| wire::agent_state(release, agent, shown, since))
            .collect();
        Ok(self.page(&request, "agentStates", rows))
    }

    /// The campaigns' skills, then those that nobody should command.
    fn views(&mut self) -> Vec<SkillView> {
        let Self {
            world, acd, now, ..
        } = self;
        let AcdState {
            roster,
            stops,
            settings,
            ..
        } = &mut **acd;
        let mut views: Vec<SkillView> = world
            .campaigns()
            .filter_map(|(id, campaign)| {
                Some(SkillView {
                    id: roster.skill(id)?,
                    name: campaign.name.clone(),
                    active: true,
                    outbound: true,
                    strategy: "Personal Connection",
                    agentless: false,
                    running: stops.shown(id, world, settings, *now),
                    campaign: Some(id.to_owned()),
                })
            })
            .chain(untouchables())
            .collect();
        views.sort_by_key(|view| view.id);
        views
    }

    fn view(&mut self, id: &str) -> Result<SkillView, Refused> {
        let number: u64 = id.parse().map_err(|_| Refused::no_such("skill", id))?;
        let mut views = self.views().into_iter();
        views
            .find(|view| view.id == number)
            .ok_or_else(|| Refused::no_such("skill", id))
    }

    fn skills(&mut self) -> Result<Answer, Refused> {
        let media = self.query.whole("mediaTypeId", i64::MIN)?;
        let active = self.query.flag("isActive")?;
        let strategy = self.query.text("outboundStrategy").map(str::to_owned);
        let request = ListingRequest::read(&self.query, &self.acd.settings)?;
        let release = self.acd.settings.release;
        let rows = self
            .views()
            .into_iter()
            .filter(|_| media.is_none_or(|media| media == 4))
            .filter(|view| active.is_none_or(|active| active == view.active))
            .filter(|view| {
                strategy
                    .as_deref()
                    .is_none_or(|strategy| strategy == view.strategy)
            })
            .map(|view| wire::skill(release, &view))
            .collect();
        Ok(self.page(&request, "skills", rows))
    }

    fn skill(&mut self, id: &str) -> Result<Answer, Refused> {
        let view = self.view(id)?;
        let release = self.acd.settings.release;
        let mut skill = wire::skill(release, &view);
        for (name, value) in self.skill_settings(view.id) {
            wire::insert(&mut skill, &name, wire::as_in(release, value));
        }
        Ok(self.json(skill))
    }

    fn skill_settings(&self, skill: u64) -> Map<String, Value> {
        let mut settings = skill_settings::at_first();
        settings.extend(self.acd.written.get(&skill).cloned().unwrap_or_default());
        settings
    }

    /// Members that are left out stay as they are. A skill that runs, or is about to stop, takes nothing.
    fn put_skill(&mut self, id: &str) -> Result<Answer, Refused> {
        let written = skill_settings::of_body(&self.call.body)?;
        let view = self.view(id)?;
        if view.running != Running::Flag(false) {
            return Err(refused_state(id));
        }
        self.acd.written.entry(view.id).or_default().extend(written);
        let body = json!({"success": true, "skillId": view.id});
        let mut answer = self.json(body);
        answer.applied = true;
        Ok(answer)
    }

    /// The campaign of a skill that may be started now.
    fn startable(&mut self, id: &str) -> Result<String, Refused> {
        let view = self.commanded(id)?;
        let campaign = view.campaign.ok_or_else(|| refused_state(id))?;
        let status = self.world.campaign(&campaign).map(|known| &*known.status);
        if status == Some("PAUSED") && view.running == Running::Flag(false) {
            Ok(campaign)
        } else {
            Err(refused_state(id))
        }
    }

    /// The campaign of a skill that may be stopped now.
    fn stoppable(&mut self, id: &str) -> Result<String, Refused> {
        let view = self.commanded(id)?;
        let campaign = view.campaign.ok_or_else(|| refused_state(id))?;
        if self.acd.stops.under_way(&campaign) {
            return Err(refused_state(id));
        }
        match self.world.campaign(&campaign).map(|known| &*known.status) {
            Some("RUNNING") => Ok(campaign),
            Some("PAUSED") | None => Err(not_there(id)),
            Some(_) => Err(refused_state(id)),
        }
    }

    fn commanded(&mut self, id: &str) -> Result<SkillView, Refused> {
        if self.query.text("force").is_some() {
            let why = "force ends live calls, and nobody may do that here";
            return Err(Refused::bad_request("invalid_request", why));
        }
        let view = self.view(id)?;
        if view.strategy.is_empty() {
            return Err(not_there(id));
        }
        Ok(view)
    }

    /// Who has a skill, in the order of the agents' numbers.
    fn members(&self, view: &SkillView) -> Vec<(u64, Assignment)> {
        let campaign = view.campaign.as_deref();
        campaign.map_or_else(Vec::new, |campaign| {
            members_of(self.world, self.acd, view.id, campaign)
        })
    }

    fn assignments(&mut self, id: &str) -> Result<Answer, Refused> {
        let request = ListingRequest::read(&self.query, &self.acd.settings)?;
        let view = self.view(id)?;
        let release = self.acd.settings.release;
        let rows = self
            .members(&view)
            .into_iter()
            .filter(|(_, own)| request.since.is_none_or(|since| own.changed >= since))
            .map(|(agent, own)| wire::assignment(release, view.id, agent, &own))
            .collect();
        Ok(self.page(&request, "agentSkillAssignments", rows))
    }

    /// Gives agents a skill, or changes the assignments of those who have it; each agent has a result of their own.
    fn assign(&mut self, id: &str, give: bool, by: &Actor) -> Result<Answer, Refused> {
        let orders = assign_orders(&self.call.body)?;
        let view = self.view(id)?;
        let members = self.members(&view);
        let release = self.acd.settings.release;
        let mut results = Vec::new();
        let mut errors = 0;
        for order in orders {
            let known = self
                .acd
                .roster
                .numbers()
                .any(|(_, number)| number == order.agent);
            let own = members.iter().find(|(agent, _)| *agent == order.agent);
            let own = own.map(|(_, own)| *own);
            let refused = self.acd.assignments.refusal(view.id, order.agent);
            let fault = match (known, own) {
                (false, _) => Some("unknown agent"),
                (true, None) if !give => Some("the agent does not have the skill"),
                (true, _) => refused,
            };
            if let Some(fault) = fault {
                errors += 1;
                results.push(wire::assign_result(release, order.agent, Some(fault)));
                continue;
            }
            let usual = own.map_or(USUAL_PROFICIENCY, |own| own.proficiency);
            let assignment = Assignment {
                active: order.active.unwrap_or(own.is_none_or(|own| own.active)),
                proficiency: order.proficiency.unwrap_or(usual),
                changed: self.now,
            };
            let (by, book) = (by.clone(), &mut self.acd.assignments);
            book.set(view.id, order.agent, assignment, by);
            results.push(wire::assign_result(release, order.agent, None));
        }
        let body = json!({"resultSet": {"errorCount": errors, "agentResults": results}});
        Ok(Answer::applied(Bytes::from(body.to_string())))
    }

    fn counters(&mut self, view: &SkillView) -> Counters {
        let figures = self.performance.figures();
        let own = figures.and_then(|figures| {
            let mut campaigns = figures.campaigns.into_iter();
            campaigns.find(|figures| Some(&figures.id) == view.campaign.as_ref())
        });
        own.map_or(
            Counters {
                dials: 0,
                connects: 0,
                abandons: 0,
            },
            |own| Counters {
                dials: own.dials,
                connects: own.answered,
                abandons: own.abandoned,
            },
        )
    }

    fn span(&self) -> Result<(), Refused> {
        let from = self.query.needed_time("startDate")?;
        let until = self.query.needed_time("endDate")?;
        let longest = std::time::Duration::from_secs(MOST_DAYS * 24 * 3_600);
        let length = until.since(from);
        if length.is_zero() || length > longest {
            return Err(wrong("the span of startDate and endDate"));
        }
        Ok(())
    }

    /// Counted since the beginning of the day: the centre keeps no intervals.
    fn summary(&mut self, id: &str) -> Result<Answer, Refused> {
        self.span()?;
        let view = self.view(id)?;
        let counters = self.counters(&view);
        let release = self.acd.settings.release;
        let row = wire::summary(release, view.id, &view.name, &counters);
        Ok(self.json(json!({ "skillSummaries": [row] })))
    }

    fn dialer_contacts(&mut self) -> Result<Answer, Refused> {
        self.span()?;
        let start = self.query.needed_time("startDate")?.rfc3339();
        let mut rows = Vec::new();
        for view in self.views() {
            let Counters {
                dials,
                connects,
                abandons,
            } = self.counters(&view);
            if view.campaign.is_some() {
                rows.push(
                    json!({"skillId": view.id, "skillName": view.name, "intervalStartDate": start,
                    "dials": dials, "connects": connects, "abandons": abandons}),
                );
            }
        }
        Ok(self.json(json!({ "wfM_OB_StatsV9": rows })))
    }

    fn pacing(&self, view: &SkillView) -> Map<String, Value> {
        self.acd.pacing(view.id, view.campaign.as_deref())
    }

    fn parameters(&mut self, id: &str) -> Result<Answer, Refused> {
        let view = self.view(id)?;
        let settings = self.pacing(&view);
        let scheduled = self.acd.settings.scheduled;
        Ok(self.json(
            json!({"skillNo": view.id, "skillName": view.name, "generalSettings": settings,
            "scheduleSettings": {"isScheduled": scheduled}}),
        ))
    }

    fn general_settings(&mut self, id: &str) -> Result<Answer, Refused> {
        let view = self.view(id)?;
        Ok(self.json(Value::Object(self.pacing(&view))))
    }

    /// Members that are left out stay as they are.
    fn put_general_settings(&mut self, id: &str, by: Actor) -> Result<Answer, Refused> {
        let written = general_settings_of(&self.call.body)?;
        let view = self.view(id)?;
        let (skill, campaign) = (view.id, view.campaign);
        self.acd.write_pacing(
            self.world,
            (skill, campaign.as_deref()),
            written,
            by,
            self.now,
        );
        let mut answer = Answer::json(StatusCode::OK, Bytes::new());
        answer.applied = true;
        Ok(answer)
    }

    fn campaign_skills(&mut self, id: &str) -> Result<Answer, Refused> {
        if id.parse() != Ok(GROUP) {
            return Err(Refused::no_such("campaign", id));
        }
        let rows: Vec<Value> = self
            .views()
            .into_iter()
            .map(|view| json!({"skillId": view.id, "skillName": view.name, "mediaType": 4}))
            .collect();
        Ok(self.json(json!({"totalRecords": rows.len(), "skills": rows})))
    }

    fn activity(&mut self) -> Result<Answer, Refused> {
        self.query.whole("mediaTypeId", i64::MIN)?;
        let outbound = self.query.flag("IsOutbound")?;
        let request = ListingRequest::read(&self.query, &self.acd.settings)?;
        let mut rows = Vec::new();
        for view in self.views() {
            if outbound.is_some_and(|outbound| outbound != view.outbound) {
                continue;
            }
            let mut members = self.members(&view);
            members.retain(|(_, own)| own.active);
            let of = |states: &[i64], own_only: bool| {
                let counted = self.acd.roster.agents().filter(|(agent, shown, _)| {
                    let place = members.binary_search_by_key(agent, |(member, _)| *member);
                    place.is_ok()
                        && states.contains(&shown.state)
                        && (!own_only || shown.skill == Some(view.id))
                });
                counted.count()
            };
            rows.push(json!({
                "skillId": view.id,
                "skillName": view.name,
                "serverTime": self.now.rfc3339(),
                "isActive": view.active,
                "isOutbound": view.outbound,
                "isNaturalCalling": !view.strategy.is_empty(),
                "agentsAvailable": of(&[1, 7], false),
                "agentsWorking": of(&[4], true),
                "agentsUnavailable": of(&[2, 3], false),
                "agentsLoggedIn": of(&[1, 2, 3, 4, 7], false),
            }));
        }
        Ok(self.page(&request, "skillActivity", rows))
    }

    fn business_unit(&self) -> Answer {
        let limit = self.acd.settings.daily_calls;
        self.json(json!({"businessUnits": [{"businessUnitId": 1, "businessUnitName": "Simulated", "apiPublishedLimit": limit,
            "enableSkillAbandonRate": true, "priorityBasedBlending": self.acd.settings.blended}]}))
    }
}

/// Who has a campaign's skill, in the order of the agents' numbers.
pub(super) fn members_of(
    world: &World,
    acd: &AcdState,
    skill: u64,
    campaign: &str,
) -> Vec<(u64, Assignment)> {
    let mut members: Vec<(u64, Assignment)> = acd
        .roster
        .numbers()
        .filter_map(|(id, number)| {
            let by_skill = || {
                let agent = world.agent(id)?;
                has_skill(&acd.settings, campaign, &agent.skills).then_some(Assignment {
                    active: true,
                    proficiency: USUAL_PROFICIENCY,
                    changed: LONG_AGO,
                })
            };
            let own = acd.assignments.get(skill, number).or_else(by_skill)?;
            Some((number, own))
        })
        .collect();
    members.sort_by_key(|(number, _)| *number);
    members
}

/// One agent of a write.
struct AssignOrder {
    agent: u64,
    active: Option<bool>,
    proficiency: Option<i64>,
}

fn assign_orders(body: &[u8]) -> Result<Vec<AssignOrder>, Refused> {
    let body: Value = serde_json::from_slice(body).map_err(|_| wrong("the body"))?;
    let agents = body.get("agents").and_then(Value::as_array);
    let agents = agents.ok_or_else(|| wrong("agents"))?;
    if agents.len() > MOST_AGENTS {
        return Err(wrong("the number of agents"));
    }
    let order = |agent: &Value| {
        let agent = agent.as_object()?;
        let active = agent.get("isActive");
        let proficiency = agent.get("proficiency");
        Some(AssignOrder {
            // A number that no agent can have is an unknown agent.
            agent: u64::try_from(whole(agent.get("agentId")?)?).unwrap_or(0),
            active: active
                .map(Value::as_bool)
                .map_or(Some(None), |flag| flag.map(Some))?,
            proficiency: proficiency.map_or(Some(None), |value| {
                let proficiency = whole(value)?;
                (1..=20).contains(&proficiency).then_some(Some(proficiency))
            })?,
        })
    };
    agents
        .iter()
        .map(|agent| order(agent).ok_or_else(|| wrong("one of the agents")))
        .collect()
}

/// The general settings of a body, each within what the contract allows.
fn general_settings_of(body: &[u8]) -> Result<Map<String, Value>, Refused> {
    let body: Value = serde_json::from_slice(body).map_err(|_| wrong("the body"))?;
    let settings = body.get("generalSettings").and_then(Value::as_object);
    let settings = settings.ok_or_else(|| wrong("generalSettings"))?;
    let between = |value: &Value, least: i64, most: i64| {
        whole(value).is_some_and(|number| (least..=most).contains(&number))
    };
    let per_cent = |value: &Value, most: f64| {
        value
            .as_f64()
            .is_some_and(|number| (0.0..=most).contains(&number))
    };
    for (name, value) in settings {
        let allowed = match name.as_str() {
            "maximumRatio" => between(value, 1, 3),
            "blockMultipleCalls" => value.is_boolean(),
            "percentageOfAgentsBeforeOverdial" | "beginDampenPercentage" => between(value, 0, 100),
            "maximumRingingDuration" => between(value, 1, 60),
            "abandonRateThreshold" => per_cent(value, 99.9),
            "abandonRateCutoff" => per_cent(value, 100.0),
            "aggressiveness" => value.is_string(),
            _ => true,
        };
        if !allowed {
            return Err(wrong(name));
        }
    }
    Ok(settings.clone())
}

fn accepted() -> Answer {
    let mut answer = Answer::json(StatusCode::ACCEPTED, Bytes::new());
    answer.applied = true;
    answer
}

fn refused_state(id: &str) -> Refused {
    Refused::conflict(
        "conflict",
        format!("the state of skill {id} does not allow it"),
    )
}
