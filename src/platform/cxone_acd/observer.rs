//! Who is available: agents' states and assignments, merged from deltas and counted for each group.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Mutex;

use crate::domain::workload::GroupMembers;
use crate::domain::{Group, GroupCount, HeadCount, Selector, Timestamp};
use crate::platform::http::RateShare;
use crate::platform::port::{
    AgentObserver, Observation, ObserveFault, ObserveRequest, PlatformFault, Tally, UnreadableRows,
};

use super::agent_rows::{snapshot, state};
use super::agent_state::{AgentNow, AgentStateRow, ReadyStates, StateId};
use super::campaign_skills::Target;
use super::counting::{SkillCount, count, members};
use super::delta::{Ask as DeltaAsk, Merged};
use super::groups::Groups;
use super::operation::Operation;
use super::reading::{Listed, ListingFault, PageSettings, decode, read_listing};
use super::skill_agents::{Assignment, AssignmentRow};
use super::tenant::{Ask, Tenant};

/// How the agents are read.
#[derive(Clone, Debug)]
pub(super) struct ObserverSettings {
    pub(super) pages: PageSettings,
    pub(super) ready: ReadyStates,
    /// The time from one reading of a skill's assignments to the next: who has a skill changes seldom, and each skill costs a call.
    pub(super) assignments_every: Duration,
}

/// Counts the agents of a tenant.
pub(super) struct Observer {
    tenant: Arc<Tenant>,
    groups: Arc<Groups>,
    settings: ObserverSettings,
    tables: Mutex<Tables>,
}

/// The tables of what is known of the agents.
struct Tables {
    states: Merged<u64, AgentNow>,
    skills: BTreeMap<u64, SkillTable>,
}

/// The agents who have a skill.
struct SkillTable {
    agents: Merged<u64, Assignment>,
    looked_at: Option<Timestamp>,
}

impl Observer {
    pub(super) fn new(
        tenant: Arc<Tenant>,
        groups: Arc<Groups>,
        settings: ObserverSettings,
    ) -> Self {
        Self {
            tenant,
            groups,
            settings,
            tables: Mutex::new(Tables {
                states: Merged::new(),
                skills: BTreeMap::new(),
            }),
        }
    }

    async fn read(&self, request: ObserveRequest<'_>) -> Result<Observation, ObserveFault> {
        let mut tables = self.tables.lock().await;
        let taken_at = self.tenant.now();
        let mut tally = Tally::default();
        self.follow_states(&mut tables.states, request.deadline, &mut tally)
            .await?;
        let mut heads = Vec::with_capacity(request.groups.len());
        let (mut sizes, mut members) = (Vec::new(), Vec::new());
        for group in request.groups {
            let counted = self
                .count(group, &mut tables, request.deadline, &mut tally)
                .await;
            if request.agents {
                sizes.push(counted.as_ref().ok().map(|group| group.count.size()));
                members.push(counted.as_ref().ok().map(|group| group.members.clone()));
            }
            let counted = counted.map(|group| known(group.count));
            heads.push(counted.unwrap_or_else(|why| GroupCount::Unknown { why }));
        }
        let states = tables.states.rows().filter(|_| request.agents);
        let agents = states.map(|states| snapshot(states, &self.settings.ready, taken_at));
        Ok(Observation {
            taken_at,
            heads,
            agents,
            sizes,
            members,
            unknown_state: None,
            tally,
        })
    }

    /// Brings the agents' states up to date.
    async fn follow_states(
        &self,
        states: &mut Merged<u64, AgentNow>,
        deadline: Timestamp,
        tally: &mut Tally,
    ) -> Result<(), ObserveFault> {
        let fields = AgentStateRow::FIELDS;
        // The first state that says neither number nor known name.
        let foreign = OnceLock::new();
        let read = |row: &AgentStateRow| {
            let agent = row.agent();
            if agent
                .as_ref()
                .is_ok_and(|(_, now)| now.state == StateId::NOT_KNOWN)
            {
                foreign.get_or_init(|| row.name());
            }
            agent
        };
        let ask = Self::listing_ask(Operation::AgentStates, None, fields, deadline);
        let followed = self.follow(states, ask, read, Nothing::IsUnreadable, tally);
        followed.await.map_err(|failed| ObserveFault {
            partial: failed.pages_read > 0,
            fault: failed.fault,
        })?;
        let mut known = states.rows().into_iter().flat_map(BTreeMap::values);
        let all_foreign = known.all(|now| now.state == StateId::NOT_KNOWN);
        if let Some(word) = foreign.get().filter(|_| all_foreign) {
            // Agents of whom no state can be read are not nobody.
            states.failed();
            let detail = format!("every agent is in the state {word:?}, which is not known");
            return Err(ObserveFault {
                fault: decode(detail),
                partial: true,
            });
        }
        let rows = states.rows().map_or(0, BTreeMap::len);
        tally.rows = Some(rows);
        let free = states.rows().into_iter().flatten();
        let free = free.filter(|(_, agent)| self.settings.ready.contain(agent.state));
        tally.free = u32::try_from(free.count()).ok();
        Ok(())
    }

    /// Brings one skill's assignments up to date, if that is due.
    async fn follow_skill(
        &self,
        skill: u64,
        tables: &mut Tables,
        deadline: Timestamp,
        tally: &mut Tally,
    ) -> Result<(), PlatformFault> {
        let now = self.tenant.now();
        let table = tables.skills.entry(skill).or_insert_with(|| SkillTable {
            agents: Merged::new(),
            looked_at: None,
        });
        let fresh = table
            .looked_at
            .filter(|_| !self.groups.take_reassigned(skill))
            .is_some_and(|at| at <= now && now.since(at) < self.settings.assignments_every);
        if fresh {
            return Ok(());
        }
        let fields = AssignmentRow::FIELDS;
        let read = |row: &AssignmentRow| row.assignment();
        let ask = Self::listing_ask(Operation::SkillAgents, Some(skill), fields, deadline);
        let followed = self.follow(&mut table.agents, ask, read, Nothing::IsNobody, tally);
        // A reading that failed is made again at the next poll.
        table.looked_at = None;
        followed.await.map_err(|failed| failed.fault)?;
        table.looked_at = Some(now);
        Ok(())
    }

    fn listing_ask(
        operation: Operation,
        id: Option<u64>,
        fields: &str,
        deadline: Timestamp,
    ) -> Ask {
        Ask {
            operation,
            id,
            query: vec![("fields", fields.to_owned())],
            share: RateShare::Readings,
            deadline,
        }
    }

    /// Brings a table up to date by a delta or by reading it whole.
    async fn follow<R: super::listing::Row, V>(
        &self,
        table: &mut Merged<u64, V>,
        ask: Ask,
        read: impl Fn(&R) -> Result<(u64, V), String>,
        nothing: Nothing,
        tally: &mut Tally,
    ) -> Result<(), ListingFault> {
        let asked_at = self.tenant.now();
        let delta = table.ask(asked_at);
        // Should this be given up in the middle, the table is read whole the next time.
        table.failed();
        if let DeltaAsk::Since(since) = delta {
            let mut ask = ask.clone();
            ask.query.push(("updatedSince", since.clone()));
            let changed = self.listed(&ask, &read, tally).await?;
            if changed.unreadable.rows == 0 {
                let time = changed
                    .rows
                    .as_ref()
                    .map_or(Some(since), |_| changed.last_poll_time);
                table.merge(changed.rows.unwrap_or_default(), time);
                return Ok(());
            }
            // Whose state it is that cannot be read is not known, so that what is known of anybody may be old.
        }
        let Followed {
            rows,
            unreadable,
            last_poll_time,
        } = self.listed(&ask, &read, tally).await?;
        let invalid = |detail: String| ListingFault {
            fault: decode(detail),
            pages_read: tally.calls,
        };
        let rows = match (rows, nothing) {
            (Some(rows), _) => rows,
            (None, Nothing::IsNobody) => Vec::new(),
            (None, Nothing::IsUnreadable) => {
                let detail = "asked for every agent, the platform says that nothing changed";
                return Err(invalid(detail.to_owned()));
            }
        };
        unreadable.bearable(rows.len()).map_err(invalid)?;
        // Where nobody was found, or somebody could not be read, a delta could not make up for it: the next reading is whole.
        let continued = last_poll_time.filter(|_| !rows.is_empty() && unreadable.rows == 0);
        table.replace(rows, continued, asked_at);
        Ok(())
    }

    /// Reads a listing, and each of its rows by itself.
    async fn listed<R: super::listing::Row, V>(
        &self,
        ask: &Ask,
        read: impl Fn(&R) -> Result<(u64, V), String>,
        tally: &mut Tally,
    ) -> Result<Followed<V>, ListingFault> {
        let Listed {
            rows,
            mut unreadable,
            cut_at,
            last_poll_time,
            calls,
        } = read_listing::<R>(&self.tenant, ask, self.settings.pages).await?;
        tally.calls = tally.calls.saturating_add(calls);
        tally.page_rows = cut_at.or(tally.page_rows);
        let rows = rows.map(|rows| {
            let each = rows.iter().map(&read);
            each.filter_map(|row| row.map_err(|why| unreadable.note(&why)).ok())
                .collect()
        });
        self.tenant.note_unreadable(ask.operation, &unreadable);
        Ok(Followed {
            rows,
            unreadable,
            last_poll_time,
        })
    }

    async fn count(
        &self,
        group: &Group,
        tables: &mut Tables,
        deadline: Timestamp,
        tally: &mut Tally,
    ) -> Result<Counted, String> {
        let target: Target = match group {
            Group::Own(campaign) => campaign.as_str().parse()?,
            Group::Queue(queue) => queue.as_str().parse()?,
            Group::Rows(Selector::All) => return Ok(self.everyone(&tables.states)),
            Group::Rows(Selector::AnySkill(_) | Selector::AllSkills(_) | Selector::Agents(_)) => {
                return Err("agents are counted by skill and not chosen by their rows".to_owned());
            }
        };
        let skills = self
            .groups
            .dialling_skills_of(target, &self.tenant, self.settings.pages, deadline)
            .await
            .map_err(|fault| fault.detail)?;
        for skill in &skills {
            self.follow_skill(*skill, tables, deadline, tally)
                .await
                .map_err(|fault| fault.detail)?;
        }
        let Tables { states, skills: of } = tables;
        let states = states.rows().ok_or("no agent's state is known")?;
        let assigned = skills
            .iter()
            .map(|skill| {
                let table = of.get(skill).and_then(|table| table.agents.rows());
                table
                    .map(|agents| (*skill, agents))
                    .ok_or_else(|| format!("it is not known who has skill {skill}"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let ready = &self.settings.ready;
        Ok(Counted {
            count: count(assigned.iter().copied(), states, ready),
            members: members(assigned, states, ready),
        })
    }

    fn everyone(&self, states: &Merged<u64, AgentNow>) -> Counted {
        let mut counted = SkillCount::default();
        for agent in states.rows().into_iter().flat_map(BTreeMap::values) {
            let place = match agent.state {
                StateId::LOGGED_OUT => &mut counted.offline,
                state if self.settings.ready.contain(state) => &mut counted.available,
                StateId::OUTBOUND_CONTACT => &mut counted.serving,
                _ => &mut counted.busy,
            };
            *place = place.saturating_add(1);
            let ready = self.settings.ready.contain(agent.state);
            if agent.wrap_up && agent.state != StateId::LOGGED_OUT && !ready {
                counted.wrap_up = counted.wrap_up.saturating_add(1);
            }
        }
        let agents = states.rows().into_iter().flatten();
        let agents = agents.map(|(agent, now)| (*agent, state(now, &self.settings.ready)));
        Counted {
            count: counted,
            members: GroupMembers::new(agents.collect()),
        }
    }
}

/// The agents of a group, counted and one by one.
struct Counted {
    count: SkillCount,
    members: GroupMembers,
}

/// Rows of a listing.
struct Followed<V> {
    /// Those that can be read; nothing where the platform said that there is nothing to report.
    rows: Option<Vec<(u64, V)>>,
    unreadable: UnreadableRows,
    last_poll_time: Option<String>,
}

/// What 204 or 304 says to a reading of everything.
#[derive(Clone, Copy)]
enum Nothing {
    /// That there is nobody.
    IsNobody,
    /// Nothing that can be believed: a tenant has agents.
    IsUnreadable,
}

fn known(count: SkillCount) -> GroupCount {
    GroupCount::Known(HeadCount {
        free: count.available,
        serving: count.serving,
        wrap_up: count.wrap_up,
        staffed: count.staffed(),
    })
}

impl AgentObserver for Observer {
    fn observe<'a>(
        &'a self,
        request: ObserveRequest<'a>,
    ) -> BoxFuture<'a, Result<Observation, ObserveFault>> {
        Box::pin(self.read(request))
    }
}
