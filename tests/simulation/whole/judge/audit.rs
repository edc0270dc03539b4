//! Whether the audit says what was so, and all of it.

use std::collections::BTreeMap;

use campaign_autopilot::simulator::{Actor, Effect};
use campaign_autopilot::store::AuditRecord;
use serde_json::Value;

use crate::whole::dialect::Purpose;
use crate::whole::schedule::Act;
use crate::whole::time::millis_of;

use super::truth::{By, Change};
use super::windows::is_like;
use super::{Bench, Invariant};

/// A person's act may be told of so much later: the status of a campaign is read every few polls.
const TOLD_LATE: i64 = 60_000;

pub(super) fn judge(bench: &mut Bench<'_>) {
    complete(bench);
    // Times in the audit are those of the daemon's clock.
    let stepped = bench
        .record
        .schedule
        .acts
        .iter()
        .any(|(_, act)| act.name() == "clock-step");
    if stepped {
        return;
    }
    let rows = bench.record.audit.clone();
    for row in &rows {
        truthful(bench, row);
    }
    lists(bench, &rows);
}

fn at(row: &AuditRecord) -> i64 {
    row.at
        .parse::<jiff::Timestamp>()
        .map_or(0, jiff::Timestamp::as_millisecond)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn complete(bench: &mut Bench<'_>) {
    let record = bench.record;
    let key = |row: &AuditRecord| {
        (
            row.campaign.clone().unwrap_or_default(),
            row.decision.clone(),
        )
    };
    let count = |kind: &str| {
        let mut many: BTreeMap<(String, String), (u32, i64)> = BTreeMap::new();
        for row in record.audit.iter().filter(|row| row.kind == kind) {
            let entry = many.entry(key(row)).or_default();
            *entry = (entry.0 + 1, at(row));
        }
        many
    };
    let (intents, outcomes) = (count("intent"), count("outcome"));
    let lists = count("assign_intent");
    let list_outcomes = count("assign_outcome");
    for request in record
        .requests
        .iter()
        .filter(|request| request.carried.is_some())
    {
        let kept = if request.purpose == Purpose::Command {
            &intents
        } else if request.purpose == Purpose::ListWrite {
            &lists
        } else {
            continue;
        };
        bench.stake(Invariant::AuditIncomplete);
        let campaign = request.target.clone().unwrap_or_default();
        let decision = request.decision.clone().unwrap_or_default();
        if !kept.contains_key(&(campaign.clone(), decision.clone())) {
            bench.violated(
                Invariant::AuditIncomplete,
                request.sent,
                Some(&campaign),
                format!("the command of {decision} is not in the audit"),
            );
        }
    }
    let died_after = |since: i64| {
        record.lives.iter().any(|life| {
            matches!(life.ended, "died" | "killed" | "by itself") && life.until >= since - 3_700_000
        })
    };
    for ((campaign, decision), (many, when)) in &intents {
        bench.stake(Invariant::AuditIncomplete);
        let ends = outcomes
            .get(&(campaign.clone(), decision.clone()))
            .map_or(0, |(many, _)| *many);
        if *many > 1 || ends > 1 {
            bench.violated(
                Invariant::AuditIncomplete,
                *when,
                Some(campaign),
                format!("{decision} has {many} intents and {ends} outcomes"),
            );
        }
        if ends == 0 && !died_after(*when) {
            bench.violated(
                Invariant::AuditIncomplete,
                *when,
                Some(campaign),
                format!("{decision} has no outcome"),
            );
        }
    }
    for ((campaign, decision), (many, when)) in &lists {
        let ends = list_outcomes
            .get(&(campaign.clone(), decision.clone()))
            .map_or(0, |(many, _)| *many);
        if ends > *many || (ends < *many && !died_after(*when)) {
            bench.violated(
                Invariant::AuditIncomplete,
                *when,
                Some(campaign),
                format!("{decision} has {many} list intents and {ends} outcomes"),
            );
        }
    }
}

fn truthful(bench: &mut Bench<'_>, row: &AuditRecord) {
    let Some(campaign) = row.campaign.clone() else {
        return;
    };
    if bench.truth.changes(&campaign).is_empty() {
        return;
    }
    match row.kind.as_str() {
        "outcome" => {
            let to = text(&row.event, "direction");
            let conclusion = text(&row.event, "conclusion");
            concluded(bench, &campaign, &row.decision, to, conclusion, at(row));
        }
        "noticed" => {
            let notice = row.event.get("notice").unwrap_or(&Value::Null);
            match text(notice, "notice") {
                "resolved" => {
                    let decision = notice.get("decision").map(decision).unwrap_or_default();
                    let (to, conclusion) = (text(notice, "to"), text(notice, "conclusion"));
                    concluded(bench, &campaign, &decision, to, conclusion, at(row));
                }
                "person_paused" => a_person(bench, &campaign, "PAUSED", at(row)),
                "person_resumed" | "persons_pause_ended" => {
                    a_person(bench, &campaign, "RUNNING", at(row));
                }
                _ => {}
            }
        }
        _ => {}
    }
}

/// A decision's name, from either form.
fn decision(value: &Value) -> String {
    let number = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
    value.as_str().map_or_else(
        || format!("{}-{}", number("run"), number("tick")),
        str::to_owned,
    )
}

fn concluded(
    bench: &mut Bench<'_>,
    campaign: &str,
    decision: &str,
    to: &str,
    conclusion: &str,
    at: i64,
) {
    let target = if to == "pause" { "PAUSED" } else { "RUNNING" };
    let took_effect = bench.truth.changes(campaign).iter().any(|change| {
        change.at <= at && change.to == target && change.by == By::Ours(decision.to_owned())
    });
    // One that came upon the doing of an earlier command of ours is in force as well, and ours; where no time tells them apart, or
    // neither was answered, either may be named.
    let in_force = bench.truth.at(campaign, at).is_some_and(|change| {
        let By::Ours(doing) = &change.by else {
            return false;
        };
        let accepted = |decision: &str| accepted(bench, campaign, decision);
        let told_apart = bench.record.schedule.setup.tells_when() && accepted(doing);
        change.to == target && (accepted(decision) || !told_apart)
    });
    // Another change that nobody can tell from its effect.
    let mut changes = bench.truth.changes(campaign).iter();
    let alike = changes.any(|change| {
        change.at <= at
            && change.to == target
            && is_like(bench.record, campaign, change, Some(decision))
    });
    bench.stake(Invariant::AuditFalse);
    let says = match conclusion {
        "confirmed" if !took_effect && !in_force && alike => {
            bench.alike();
            return;
        }
        "confirmed" if !took_effect && !in_force => "is told to be confirmed and never took effect",
        "refused" | "not_sent" | "not_applied" if took_effect => {
            "is told to have had no effect and had one"
        }
        _ => return,
    };
    bench.violated(
        Invariant::AuditFalse,
        at,
        Some(campaign),
        format!("the {to} of {decision} {says} ({conclusion})"),
    );
}

/// A list is told to be changed by a person once at most for each time that one did.
fn lists(bench: &mut Bench<'_>, rows: &[AuditRecord]) {
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.kind == "list_noticed") {
        let notice = row.event.get("notice").unwrap_or(&Value::Null);
        let Some(campaign) = row.campaign.as_deref() else {
            continue;
        };
        if text(notice, "list_notice") != "person_changed" {
            continue;
        }
        let at = at(row);
        let assigned = bench.record.effects.iter().filter(|effect| {
            let Effect::Assigned(replaced) = effect else {
                return false;
            };
            let by_person = replaced.by == Actor::Person && replaced.campaign == campaign;
            by_person && millis_of(replaced.at) <= at
        });
        // One that was deleted comes back with nobody on its list.
        let there = bench.record.there.iter();
        let there = there.filter(|(when, id, _)| id == campaign && *when <= at);
        let acts = assigned.count() + there.count();
        let times = told.entry(campaign).or_default();
        *times += 1;
        let times = *times;
        bench.stake(Invariant::AuditFalse);
        if times > acts {
            bench.violated(
                Invariant::AuditFalse,
                at,
                Some(campaign),
                format!(
                    "a person is told to have changed the list {times} times, after {acts} acts"
                ),
            );
        }
    }
}

/// Whether a change is the late effect of a command that was told to be confirmed before that, since a person was quicker with the
/// same: the platform does not tell when a campaign was changed, or its answer showed the person's change as the command's.
/// Nothing of it was expected any more.
pub(super) fn was_confirmed_before(bench: &Bench<'_>, campaign: &str, change: &Change) -> bool {
    let By::Ours(decided) = &change.by else {
        return false;
    };
    // The daemon's clock dates the rows.
    let mut acts = bench.record.schedule.acts.iter();
    let was_set = acts.any(|(_, act)| matches!(act, Act::ClockStep { .. }));
    let confirmed = bench.record.audit.iter().any(|row| {
        let notice = row.event.get("notice").unwrap_or(&Value::Null);
        let (said, of) = match row.kind.as_str() {
            "outcome" => (&row.event, Some(row.decision.clone())),
            "noticed" => (notice, notice.get("decision").map(decision)),
            _ => return false,
        };
        let confirmed = text(said, "conclusion") == "confirmed" && of.as_ref() == Some(decided);
        let before = was_set || at(row) < change.at;
        confirmed && row.campaign.as_deref() == Some(campaign) && before
    });
    let shown_as_ours = bench.record.requests.iter().any(|request| {
        let accepted = matches!(request.status, Some(200..=299));
        let of = request.target.as_deref() == Some(campaign)
            && request.decision.as_ref() == Some(decided);
        let there = request.carried.and_then(|at| bench.truth.at(campaign, at));
        let there = there.is_some_and(|there| there.by == By::Person && there.to == change.to);
        // Or was quicker with the effect than the platform.
        let mut since = bench.truth.changes(campaign).iter();
        let quicker = since.any(|other| {
            other.by == By::Person
                && other.to == change.to
                && (request.sent..change.at).contains(&other.at)
                && is_like(bench.record, campaign, other, Some(decided))
        });
        let persons = there || quicker;
        request.purpose == Purpose::Command && accepted && of && persons
    });
    confirmed && (shown_as_ours || !bench.record.schedule.setup.tells_when())
}

/// Whether a request of the decision was carried out and said so.
fn accepted(bench: &Bench<'_>, campaign: &str, decision: &str) -> bool {
    bench.record.requests.iter().any(|request| {
        request.purpose == Purpose::Command
            && request.target.as_deref() == Some(campaign)
            && request.decision.as_deref() == Some(decision)
            && request.carried.is_some()
            && request
                .status
                .is_some_and(|status| (200..300).contains(&status))
    })
}

fn a_person(bench: &mut Bench<'_>, campaign: &str, to: &str, at: i64) {
    bench.stake(Invariant::AuditFalse);
    let changes = bench.truth.changes(campaign);
    let before = changes.partition_point(|change| change.at <= at);
    let so = changes[..before]
        .iter()
        .rev()
        .enumerate()
        .any(|(back, change)| {
            // What is in force, or was set lately.
            let recent = back == 0 || at - change.at <= TOLD_LATE;
            let ours = matches!(change.by, By::Ours(_));
            let shown = bench.record.schedule.setup.shows_whose(to);
            let anybodys = !ours || (!shown && was_confirmed_before(bench, campaign, change));
            recent && change.to == to && anybodys
        });
    // Who asks for what is in force, while a command of ours is about to change it, has set it too. A level that is set under a pause
    // by the switch shows when the switch is turned on again.
    let by_switch = bench.record.schedule.setup.by_switch;
    let pressed = bench.record.journal.iter().any(|entry| {
        let written = millis_of(entry.at);
        entry.campaign == campaign
            && entry.by == Actor::Person
            && entry.to == to
            && written <= at
            && (by_switch || at - TOLD_LATE <= written)
    });
    if !so && !pressed {
        bench.violated(
            Invariant::AuditFalse,
            at,
            Some(campaign),
            format!("a person is told to have set {to}, and none has"),
        );
    }
}
