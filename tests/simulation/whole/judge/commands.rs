//! What was commanded, and on what.

use crate::whole::dialect::Purpose;
use crate::whole::record::{OperatorDone, Record};
use crate::whole::schedule::{Act, Asked};
use crate::whole::time::START;
use crate::whole::wire::Request;

use super::truth::{By, Change, command_of, reading_before};
use super::windows::is_within_own_window;
use super::{Bench, Invariant};

/// A command leaves on a reading no older than this: a second, and what a busy loop takes to act on it.
pub(super) const FRESH: i64 = 1_200;

/// A step of the clock is followed at the next tick and committed with it: three poll intervals, whatever else goes on.
const FOLLOWED_WITHIN: i64 = 30_000;

/// A command takes no longer than this from its decision to its last request.
const LONGEST_COMMAND: i64 = 60_000;

/// A campaign that the platform does not know for no longer than this is taken for a wrong answer.
pub(super) const LONGEST_WRONG_ANSWER: i64 = 60_000;

pub(super) fn judge(bench: &mut Bench<'_>) {
    undone(bench);
    sent(bench);
}

/// What people did and we turned back.
fn undone(bench: &mut Bench<'_>) {
    let record = bench.record;
    let all: Vec<(String, Vec<Change>)> = bench
        .truth
        .campaigns()
        .map(|(id, changes)| (id.to_owned(), changes.to_vec()))
        .collect();
    for (campaign, changes) in &all {
        for (place, change) in changes.iter().enumerate() {
            let By::Ours(decision) = &change.by else {
                // A person's act stands there to be undone.
                match change.to.as_str() {
                    "PAUSED" => bench.stake(Invariant::PersonUndone),
                    "RUNNING" if resumed_our_pause(record, campaign, changes, place) => {
                        bench.stake(Invariant::ResumeUndone);
                    }
                    _ => {}
                }
                continue;
            };
            let Some(before) = place.checked_sub(1).map(|place| &changes[place]) else {
                continue;
            };
            if before.by == By::Person || before.by == By::Before {
                let invariant = match change.to.as_str() {
                    "RUNNING" if change.from == "PAUSED" => Invariant::PersonUndone,
                    "PAUSED" if resumed_our_pause(record, campaign, changes, place - 1) => {
                        Invariant::ResumeUndone
                    }
                    _ => continue,
                };
                if unseen(record, campaign, &changes[..place]) {
                    bench.race();
                    continue;
                }
                let command = command_of(record, campaign, decision, &change.to, change.at);
                turned_back(bench, invariant, campaign, before, change, command);
            }
        }
    }
}

/// Whether a person has made a status again that we had made, or seemed to have made, on a platform that does not tell when a
/// campaign was changed, and no reading has shown that there was another one in between. A campaign that was away for no longer
/// than a wrong answer may have been there all the time.
fn unseen(record: &Record, campaign: &str, changes: &[Change]) -> bool {
    let [earlier @ .., undone, again] = changes else {
        return false;
    };
    let away = |gone: &Change| gone.to.is_empty() && undone.at - gone.at <= LONGEST_WRONG_ANSWER;
    let earlier = match earlier {
        [earlier @ .., gone] if away(gone) => earlier,
        earlier => earlier,
    };
    let Some(ours) = earlier.last().filter(|ours| ours.to == again.to) else {
        return false;
    };
    let made_again = matches!(ours.by, By::Ours(_))
        || is_within_own_window(record, campaign, ours)
        || unseen(record, campaign, earlier);
    let shows_late = i64::from(record.schedule.setup.shows_after_s) * 1_000;
    let shown_between = record.requests.iter().any(|request| {
        let between = |read: i64| undone.at <= read && read <= again.at + shows_late;
        let other = |shown: &str| !shown.eq_ignore_ascii_case(&again.to);
        request.shows(campaign).is_some_and(other)
            && request.carried.is_some_and(between)
            && is_remembered(record, campaign, request)
    });
    let setup = &record.schedule.setup;
    made_again && !shown_between && !setup.tells_when() && !setup.shows_whose(&again.to)
}

/// Whether what a request showed was committed: a daemon that died right after it knows nothing of it.
fn is_remembered(record: &Record, campaign: &str, request: &Request) -> bool {
    let Some(life) = record.lives.get(request.life) else {
        return true;
    };
    let mut rows = record.audit.iter().filter_map(|row| {
        let at: jiff::Timestamp = row.at.parse().ok()?;
        (row.campaign.as_deref() == Some(campaign)).then_some(at.as_millisecond())
    });
    let died = matches!(life.ended, "died" | "killed") && life.until - request.sent <= FRESH;
    !died || rows.any(|at| request.ended.is_some_and(|ended| ended <= at) && at <= life.until)
}

/// Whether the change at `place` is a person's resume of a pause of ours that the daemon has seen.
fn resumed_our_pause(record: &Record, campaign: &str, changes: &[Change], place: usize) -> bool {
    let resume = &changes[place];
    let Some(pause) = place.checked_sub(1).map(|place| &changes[place]) else {
        return false;
    };
    let ours = matches!(pause.by, By::Ours(_)) && pause.to == "PAUSED";
    let seen = record.requests.iter().any(|request| {
        request.shows(campaign) == Some("PAUSED")
            && request
                .carried
                .is_some_and(|carried| pause.at <= carried && carried <= resume.at)
    });
    ours && resume.by == By::Person && resume.to == "RUNNING" && seen
}

fn turned_back(
    bench: &mut Bench<'_>,
    invariant: Invariant,
    campaign: &str,
    person: &Change,
    ours: &Change,
    command: Option<&Request>,
) {
    let record = bench.record;
    let setup = &record.schedule.setup;
    let Some(command) = command else {
        bench.violated(
            invariant,
            ours.at,
            Some(campaign),
            format!("{} -> {} by a request that nobody sent", ours.from, ours.to),
        );
        return;
    };
    let wanted = if invariant == Invariant::PersonUndone {
        "running"
    } else {
        "paused"
    };
    // What was decided under a hold is carried out to its end, and the daemon counts from when it took the hold.
    let times = [decided_at(record, campaign, command), command.sent];
    let asked_for = |from: HoldFrom| {
        let mut held = times.iter().map(|at| held(record, campaign, *at, from));
        held.any(|held| held == Some(wanted))
    };
    if asked_for(HoldFrom::Asked) || asked_for(HoldFrom::Answered) {
        return;
    }
    if person.by == By::Before && setup.adopt {
        return;
    }
    let passed = command.sent - person.at + steps_unseen(record, person.at, command.sent);
    if invariant == Invariant::ResumeUndone && passed >= i64::from(setup.grace_s) * 1_000 {
        return;
    }
    if person.at > command.sent {
        bench.race();
        return;
    }
    let reading = reading_before(record, campaign, command.life, command.sent);
    let (read, age) = reading.map_or((i64::MIN, i64::MAX), |reading| {
        let ended = reading.ended.unwrap_or(i64::MIN);
        (reading.carried.unwrap_or(i64::MIN), command.sent - ended)
    });
    if person.at >= read && age <= FRESH {
        bench.race();
        return;
    }
    if is_within_own_window(record, campaign, person) {
        bench.alike();
        return;
    }
    let says = if person.at >= read {
        format!(
            "a person acted {} ms before the command, which rests on a reading {age} ms old",
            command.sent - person.at
        )
    } else {
        format!(
            "a person's {} of {} s before was turned back by {}",
            person.to,
            (command.sent - person.at) / 1_000,
            command.decision.as_deref().unwrap_or("?")
        )
    };
    bench.violated(invariant, ours.at, Some(campaign), says);
}

/// When a command was decided on: its intent is committed before its first request, which can take seconds on a slow disk.
fn decided_at(record: &Record, campaign: &str, command: &Request) -> i64 {
    let intent = record.audit.iter().find(|row| {
        row.kind == "intent"
            && row.campaign.as_deref() == Some(campaign)
            && command.decision.as_ref() == Some(&row.decision)
    });
    let at = intent.and_then(|row| row.at.parse::<jiff::Timestamp>().ok());
    // The daemon's clock may have been set.
    let within_its_time = |at: &i64| (command.sent - LONGEST_COMMAND..=command.sent).contains(at);
    let at = at
        .map(jiff::Timestamp::as_millisecond)
        .filter(within_its_time);
    at.unwrap_or(command.sent)
}

/// From when a hold is counted.
#[derive(Clone, Copy)]
enum HoldFrom {
    Asked,
    Answered,
}

/// The hold that an operator was told to be in force for a command sent at `at`.
fn held(record: &Record, campaign: &str, at: i64, from: HoldFrom) -> Option<&'static str> {
    let mut asked = record.operators.iter().filter(|done| {
        let hold = matches!(
            done.asked,
            Asked::HoldPaused { .. }
                | Asked::HoldRunning { .. }
                | Asked::HoldAsIs { .. }
                | Asked::Release
        );
        hold && done.campaign == campaign && done.sent <= at
    });
    let told = |done: &OperatorDone| {
        let answered = done.answered.filter(|(answered, _)| *answered <= at);
        answered.filter(|(_, status)| *status == 200)
    };
    let (last, answered) = asked
        .clone()
        .rev()
        .find_map(|done| Some((done, told(done)?.0)))?;
    // What was asked for since, and nobody was told of, may be in force.
    if asked.any(|done| done.sent > last.sent && done.answered.is_none()) {
        return None;
    }
    // The clock may have been set just before, and the daemon have died before it could follow.
    let unseen = steps_unseen(record, last.sent - FOLLOWED_WITHIN, at);
    let from = match from {
        HoldFrom::Asked => last.sent,
        HoldFrom::Answered => answered,
    };
    let until = |for_s: u32| from + i64::from(for_s) * 1_000 - unseen;
    match last.asked {
        Asked::HoldPaused { for_s } => (at < until(for_s)).then_some("paused"),
        Asked::HoldRunning { for_s } => (at < until(for_s)).then_some("running"),
        Asked::HoldAsIs { for_s } => (at < until(for_s)).then_some("as-is"),
        Asked::Release | Asked::Thresholds { .. } | Asked::RestoreThresholds => None,
    }
}

/// How far the machine's clock was set forward from one time to another while no daemon ran that could tell that from time
/// passing: none, or one that ended before its next tick was committed.
fn steps_unseen(record: &Record, from: i64, to: i64) -> i64 {
    unseen_steps(record, from, to)
        .into_iter()
        .sum::<i64>()
        .max(0)
}

/// Whether the machine's clock was set from one time to another while no daemon ran that could tell.
pub(super) fn was_set_unseen(record: &Record, from: i64, to: i64) -> bool {
    !unseen_steps(record, from, to).is_empty()
}

fn unseen_steps(record: &Record, from: i64, to: i64) -> Vec<i64> {
    let acts = record.schedule.acts.iter();
    let steps = acts.filter_map(|(after, act)| {
        if let Act::ClockStep { by_s } = act {
            Some((START + after, by_s * 1_000))
        } else {
            None
        }
    });
    let unseen = steps.filter(|(at, _)| {
        let mut lives = record.lives.iter();
        let seen = lives.any(|life| life.from <= *at && *at + FOLLOWED_WITHIN <= life.until);
        from <= *at && *at <= to && !seen
    });
    unseen.map(|(_, by)| by).collect()
}

/// Each command by itself.
fn sent(bench: &mut Bench<'_>) {
    let record = bench.record;
    let commands: Vec<&Request> = record
        .requests
        .iter()
        .filter(|request| request.purpose == Purpose::Command)
        .collect();
    for (place, command) in commands.iter().enumerate() {
        let campaign = command.target.as_deref().unwrap_or_default();
        let earlier = commands[..place]
            .iter()
            .rfind(|other| other.target == command.target);
        one(bench, campaign, command, earlier.copied());
    }
    blind_writes(bench);
    bench.stake(Invariant::DryRunSends);
    if record.schedule.setup.dry_run {
        let writes = record.requests.iter().filter(|request| request.writes());
        let first = writes.map(|request| request.sent).next();
        if let Some(at) = first {
            bench.violated(Invariant::DryRunSends, at, None, "a write in a dry run");
        }
    }
}

/// Lists and queues: a write behind another one, with nothing read in between.
fn blind_writes(bench: &mut Bench<'_>) {
    let record = bench.record;
    for (place, write) in record.requests.iter().enumerate() {
        let reads = if write.purpose == Purpose::ListWrite {
            Purpose::List
        } else if write.purpose == Purpose::QueueWrite {
            Purpose::Queue
        } else {
            continue;
        };
        let mut before = record.requests[..place]
            .iter()
            .rev()
            .filter(|other| other.life == write.life && other.target == write.target)
            .filter(|other| other.purpose == reads || other.endpoint == write.endpoint);
        let Some(last) = before.next() else { continue };
        bench.stake(Invariant::BlindRepeat);
        // Another write behind one that was plainly taken is another change, and has an intent of its own.
        let unreadable = ["garbled-json", "wrong-json", "empty-200", "206"];
        let taken = last.status.is_some_and(|s| (200..300).contains(&s))
            && last.fault.is_none_or(|fault| !unreadable.contains(&fault));
        if last.endpoint == write.endpoint && !taken {
            let status = last
                .status
                .map_or("no answer".to_owned(), |s| s.to_string());
            bench.violated(
                Invariant::BlindRepeat,
                write.sent,
                write.target.as_deref(),
                format!(
                    "{} sent again after {status}, nothing read in between",
                    write.endpoint.name()
                ),
            );
        }
    }
}

fn one(bench: &mut Bench<'_>, campaign: &str, command: &Request, earlier: Option<&Request>) {
    let record = bench.record;
    let target = Some(campaign);
    let asks = command.asks.clone().unwrap_or_default();
    let reading = reading_before(record, campaign, command.life, command.sent);
    bench.stake(Invariant::StaleReading);
    if let Some(earlier) = earlier {
        bench.stake(Invariant::BlindRepeat);
        bench.stake(Invariant::TwoAtOnce);
        let on_its_way =
            earlier.life == command.life && earlier.ended.is_none_or(|ended| ended > command.sent);
        if on_its_way {
            bench.violated(
                Invariant::TwoAtOnce,
                command.sent,
                target,
                "a command while another is on its way",
            );
        }
        let again = reading.is_none_or(|reading| reading.sent < earlier.sent);
        if again && earlier.life == command.life {
            let status = earlier
                .status
                .map_or("no answer".to_owned(), |s| s.to_string());
            bench.violated(
                Invariant::BlindRepeat,
                command.sent,
                target,
                format!("{asks} sent again after {status}, nothing read in between"),
            );
            // It is old as well, of course.
            return;
        }
    }
    let Some(reading) = reading else {
        bench.violated(
            Invariant::StaleReading,
            command.sent,
            target,
            format!("{asks} without any reading in this life"),
        );
        return;
    };
    let age = command.sent - reading.ended.unwrap_or(command.sent);
    if age > FRESH {
        bench.violated(
            Invariant::StaleReading,
            command.sent,
            target,
            format!("{asks} on a reading {age} ms old"),
        );
    }
    bench.stake(Invariant::NotCommandable);
    let shown = reading.shows(campaign).unwrap_or_default();
    let opposite = match asks.as_str() {
        "PAUSED" => "RUNNING",
        _ => "PAUSED",
    };
    if !shown.eq_ignore_ascii_case(opposite) {
        bench.violated(
            Invariant::NotCommandable,
            command.sent,
            target,
            format!("{asks} to a campaign that showed {shown}"),
        );
    }
    if let Some(hold) = held(record, campaign, command.sent, HoldFrom::Asked) {
        bench.stake(Invariant::HoldBroken);
        let fits = matches!(
            (hold, asks.as_str()),
            ("paused", "PAUSED") | ("running", "RUNNING")
        );
        if !fits {
            bench.violated(
                Invariant::HoldBroken,
                command.sent,
                target,
                format!("{asks} while held {hold}"),
            );
        }
    }
}
