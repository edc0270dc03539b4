//! What happens outside of the daemon: at the platform, at its console, to the machine and to the receiver.

use std::time::Duration;

use campaign_autopilot::simulator::{
    AgentState, Assignment, FaultRule, FaultTiming, QueueStatistics, Quirks, SimTime,
};
use serde_json::{Value, json};

use super::disk::Trouble;
use super::life::Run;
use super::platform::agent;
use super::receiver::Mood;
use super::record::Mark;
use super::schedule::{Act, CAMPAIGNS, PREVIEWS, QUEUE, Span, TEAM};
use super::time::START;

impl Run<'_> {
    /// What happens whether or not a daemon lives.
    pub(super) fn outside(&mut self, act: &Act) {
        self.time.carry_platform();
        let now = self.time.now();
        self.dialling.look(&self.platform, now);
        match act {
            Act::Free { alpha, beta } => self.set_free(*alpha, *beta),
            Act::Person { campaign, to } => {
                let id = CAMPAIGNS[*campaign].0;
                self.mark("person", 1, Some(id));
                self.person(id, to);
            }
            Act::PersonFirst { campaign } => {
                let id = CAMPAIGNS[*campaign].0;
                self.mark("person-first", 1, Some(id));
                self.quicker.lock().unwrap().insert(id.to_owned());
            }
            Act::Gone { campaign } => {
                let id = CAMPAIGNS[*campaign].0;
                self.mark("campaign-gone", 1, Some(id));
                self.platform.remove_campaign(id);
                self.there.push((now, id.to_owned(), false));
                self.log_in_again();
            }
            Act::Back { campaign } => {
                let id = CAMPAIGNS[*campaign].0;
                self.mark("campaign-back", 1, Some(id));
                self.platform.put_campaign(id, "RUNNING");
                self.dialling.look(&self.platform, now);
                self.there.push((now, id.to_owned(), true));
                self.log_in_again();
            }
            Act::PersonAssigns { preview } => {
                let id = PREVIEWS[*preview];
                self.mark("person-assigns", 1, Some(id));
                let list: Vec<Assignment> = self.platform.assignments(id);
                let half = list.into_iter().step_by(2).collect();
                self.platform.person_assigns(id, half);
            }
            Act::PersonQueue { wait_s } => {
                self.mark("person-queue", 1, Some(QUEUE));
                let Value::Object(members) = json!({ "maxWaitTime": wait_s }) else {
                    unreachable!("an object");
                };
                self.platform.person_changes_queue(QUEUE, members);
            }
            Act::Fault {
                fault,
                endpoint,
                span,
            } => {
                let when = match span {
                    Span::Next(many) => FaultTiming::Next(*many),
                    Span::For(seconds) => {
                        let now = SimTime::from_unix_millis(now);
                        FaultTiming::Between(
                            now,
                            now.plus(Duration::from_secs(u64::from(*seconds))),
                        )
                    }
                };
                self.platform.inject(FaultRule {
                    fault: fault.clone(),
                    endpoint: Some(*endpoint),
                    when,
                });
            }
            Act::ClockStep { by_s } => {
                self.mark("clock-step", 30_000, None);
                self.time.step_machine(by_s * 1_000);
            }
            Act::DiskSlow { for_s, takes_ms } => {
                let lasts = i64::from(*for_s) * 1_000;
                self.mark("disk-slow", lasts, None);
                let takes = Duration::from_millis(u64::from(*takes_ms));
                self.trouble.lock().unwrap().slow = Some((now + lasts, takes));
            }
            Act::DiskFull { for_s } => {
                let lasts = i64::from(*for_s) * 1_000;
                self.mark("disk-full", lasts, None);
                self.trouble.lock().unwrap().full_until = Some(now + lasts);
            }
            Act::ReceiverDown { for_s } => {
                let lasts = i64::from(*for_s) * 1_000;
                self.mark("receiver-down", lasts, None);
                self.mood.lock().unwrap().down_until = now + lasts;
            }
            Act::ReceiverMute { for_s } => {
                let lasts = i64::from(*for_s) * 1_000;
                self.mark("receiver-mute", lasts, None);
                self.mood.lock().unwrap().mute_until = now + lasts;
            }
            // Nobody is there to be asked, or to die.
            Act::Operator { .. }
            | Act::Reload { .. }
            | Act::Kill { .. }
            | Act::Die { .. }
            | Act::Restart { .. } => {}
        }
    }

    fn person(&self, id: &str, does: &str) {
        let (dialect, now) = (self.schedule.setup.dialect(), self.time.now());
        let left = dialect.person(&self.platform, &self.dialling, (id, does), now);
        self.dialling.look(&self.platform, now);
        self.left.lock().unwrap().push((now, id.to_owned(), left));
    }

    pub(super) fn set_free(&mut self, alpha: u32, beta: u32) {
        self.time.carry_platform();
        for (team, free) in [("alpha", alpha), ("beta", beta)] {
            let nowhere = self.is_nowhere(team);
            for number in 0..TEAM {
                let state = if nowhere {
                    AgentState::Offline
                } else if number < free {
                    AgentState::Available
                } else if self.schedule.setup.others_leave {
                    AgentState::Offline
                } else {
                    match number % 4 {
                        0 => AgentState::WrapUp,
                        1 => AgentState::Offline,
                        _ => AgentState::Busy,
                    }
                };
                self.platform.set_agent_state(&agent(team, number), state);
            }
        }
        if self.schedule.setup.queue {
            self.count_calls();
        }
        self.free.push((self.time.now(), alpha, beta));
    }

    /// Whether a team has no campaign to be logged into.
    fn is_nowhere(&self, team: &str) -> bool {
        let setup = &self.schedule.setup;
        let pools = setup.pools().into_iter().zip(CAMPAIGNS);
        let mut of = pools.take(setup.campaigns);
        setup.dialect().logs_into_campaigns()
            && of.any(|(pool, (id, _))| {
                pool.team() == Some(team) && self.platform.campaign_status(id).is_none()
            })
    }

    /// Agents follow their campaign, where they are logged into one.
    fn log_in_again(&mut self) {
        if self.schedule.setup.dialect().logs_into_campaigns()
            && let Some((_, alpha, beta)) = self.free.last().copied()
        {
            self.set_free(alpha, beta);
        }
    }

    /// The queue's counters go on with the time.
    fn count_calls(&self) {
        let minutes = u64::try_from((self.time.now() - START) / 60_000).unwrap();
        let counted = QueueStatistics {
            waiting: 6,
            arrived: minutes * 60,
            answered: minutes * 55,
            abandoned: minutes,
            overflowed: 0,
            waited_seconds: minutes * 900,
            served_seconds: minutes * 55 * 150,
            active_interactions: Some(20),
            max_capacity: Some(50),
            agents: Some(36),
        };
        self.platform.set_queue_statistics(QUEUE, Some(counted));
    }

    pub(super) fn heal(&mut self) {
        self.time.carry_platform();
        self.crash.disarm();
        self.platform.clear_faults();
        // What a timestamp looks like is no fault that ends: another form of the same time is another version.
        self.platform.set_quirks(Quirks {
            timestamps: self.schedule.setup.quirks.timestamps,
            ..Quirks::default()
        });
        *self.trouble.lock().unwrap() = Trouble::default();
        *self.mood.lock().unwrap() = Mood::default();
        self.quicker.lock().unwrap().clear();
        // What a person stopped, a person starts again: nothing else would show whether the daemon still steers it.
        for (id, _) in CAMPAIGNS.iter().take(self.schedule.setup.campaigns) {
            let status = self.platform.campaign_status(id);
            if status.is_some_and(|status| !["RUNNING", "PAUSED"].contains(&status.as_str())) {
                self.person(id, "RUNNING");
            }
        }
        self.set_free(TEAM, TEAM);
    }

    pub(super) fn mark(&mut self, name: &'static str, lasts: i64, target: Option<&str>) {
        let from = self.time.now();
        self.marks.push(Mark {
            from,
            until: from + lasts,
            name,
            target: target.map(str::to_owned),
        });
    }

    /// What holds for the whole safety phase.
    pub(super) fn standing_marks(&mut self) {
        let setup = &self.schedule.setup;
        let lasts = setup.safety_s * 1_000;
        let mut names = setup.dialect().properties(setup);
        if setup.strict {
            names.push("strict");
        }
        if setup.adopt {
            names.push("adopt");
        }
        if setup.shows_after_s > 0 {
            names.push("shows-late");
        }
        if setup.rate.is_some_and(|rate| rate < 5.0) {
            names.push("low-rate");
        }
        for name in names {
            self.mark(name, lasts, None);
        }
    }
}
