//! Whether everything came right once it was healed.

use campaign_autopilot::simulator::{Actor, Timestamps};
use serde_json::Value;

use crate::whole::dialect::Purpose;
use crate::whole::record::{Check, Checked};
use crate::whole::schedule::POLL_S;
use crate::whole::time::millis_of;

use super::audit::was_confirmed_before;
use super::commands::{LONGEST_WRONG_ANSWER, was_set_unseen};
use super::truth::{By, Change};
use super::windows::{is_within_own_window, next_reading};
use super::{Bench, Invariant};

/// Stamps that move by themselves.
const MOVING: [Timestamps; 2] = [Timestamps::MovesAtReads, Timestamps::MovesInWholeSeconds];

/// A campaign that the platform does not know is asked for at least this often, and is right three polls later.
const LONGEST_RECHECK: i64 = 15 * 60_000 + 3 * POLL_S * 1_000;

/// The longest that a command can be on its way without an answer: four tries of two seconds, as its daemons are set.
const LONGEST_WITHOUT_ANSWER: i64 = 8_000;

/// Most commands show within this time, and are read back within it.
const SETTLES_USUALLY: i64 = 1_000;

pub(super) fn judge(bench: &mut Bench<'_>) {
    if bench.record.schedule.setup.dry_run {
        return;
    }
    for checked in bench.record.checks.clone() {
        for (campaign, status) in &checked.statuses {
            let Some(status) = status else { continue };
            if given_up(bench, campaign, checked.at) || waits_for(bench, campaign, checked.at) {
                continue;
            }
            if unprovable(bench, campaign, checked.at) {
                told_as_unproven(bench, &checked, campaign, status);
                continue;
            }
            right(bench, &checked, campaign, status);
            shown(bench, &checked, campaign, status);
        }
    }
}

/// Whether strict ownership gives up the pause in force: no answer to its command was read and kept, and with that option such
/// a pause is nobody's that could be shown.
fn given_up(bench: &Bench<'_>, campaign: &str, at: i64) -> bool {
    let record = bench.record;
    let Some(By::Ours(decision)) = bench.truth.at(campaign, at).map(|change| &change.by) else {
        return false;
    };
    let confirmed = record.audit.iter().any(|row| {
        row.campaign.as_deref() == Some(campaign)
            && row.decision == *decision
            && row.event.get("conclusion").and_then(Value::as_str) == Some("confirmed")
    });
    let setup = &record.schedule.setup;
    setup.strict && !confirmed && !setup.shows_whose("PAUSED")
}

/// Whether the change in force is our doing and nothing that the platform tells can show it: it took effect after its request
/// had ended, in another version than the answer told, or the daemon died meanwhile on a platform that does not tell when a
/// campaign was changed. Or a person saved the campaign since, and may have meant it to stay paused.
fn unprovable(bench: &Bench<'_>, campaign: &str, at: i64) -> bool {
    let Some(change) = bench.truth.at(campaign, at) else {
        return false;
    };
    let By::Ours(decision) = &change.by else {
        return false;
    };
    let touched = bench.record.journal.iter().any(|entry| {
        let written = millis_of(entry.at);
        entry.campaign == campaign
            && entry.by == Actor::Person
            && (change.at..=at).contains(&written)
    });
    if touched {
        return true;
    }
    if bench.record.schedule.setup.shows_whose(&change.to) {
        return false;
    }
    let mut tries = bench.record.requests.iter().filter(|request| {
        request.purpose == Purpose::Command
            && request.target.as_deref() == Some(campaign)
            && request.decision.as_deref() == Some(decision)
    });
    let tells_when = bench.record.schedule.setup.tells_when();
    // A reading after it that did not show it yet says that it was not made by then.
    let shown_late = bench.record.requests.iter().any(|request| {
        let read = request
            .carried
            .is_some_and(|read| change.at < read && read <= at);
        let other = request
            .shows(campaign)
            .is_some_and(|shown| !shown.eq_ignore_ascii_case(&change.to));
        read && other
    });
    // What was plainly accepted, and made this change and no earlier one, may show for as long as commands settle.
    let settles = bench.record.schedule.setup.settles();
    let accepted = tries.clone().any(|request| {
        let plainly = request.fault.is_none() && matches!(request.status, Some(200..=299));
        let mut since = bench.truth.changes(campaign).iter();
        let made = since.find(|other| other.at >= request.sent);
        let until = request.ended.map(|ended| ended + settles);
        plainly
            && made.is_some_and(|made| made.at == change.at)
            && until.is_some_and(|until| is_shown_by(bench, campaign, change, until))
    });
    if shown_late && !tells_when && !accepted {
        return true;
    }
    // A word that nobody knows may be anybody's doing, and stamps that move by themselves do not say whose.
    let unknown_word = tries.clone().any(|command| {
        let mut readings = bench.record.requests.iter();
        readings.any(|request| {
            let read = request
                .carried
                .is_some_and(|read| command.sent < read && read <= at);
            read && request.shows(campaign).is_some_and(is_unknown)
        })
    });
    if !tells_when && was_unknown_for_long(bench, campaign, change.at, at) {
        return true;
    }
    // Where our clock alone dates what is read, and was set while nobody could tell, it says nothing of what came before.
    let mut sent = tries.clone();
    if !tells_when && sent.any(|command| was_set_unseen(bench.record, command.sent, at)) {
        return true;
    }
    if unknown_word && MOVING.contains(&bench.record.schedule.setup.quirks.timestamps) {
        return true;
    }
    // A crash takes an answer that was not recorded.
    let recorded = bench.record.audit.iter().any(|row| {
        row.kind == "outcome"
            && row.campaign.as_deref() == Some(campaign)
            && row.decision == *decision
    });
    !tries.any(|request| {
        if accepted && recorded {
            return true;
        }
        // What was refused has done nothing.
        if matches!(request.status, Some(400..=499)) {
            return false;
        }
        let shown = if let Some(ended) = request.ended.filter(|_| recorded) {
            // Without a time of the change, only a reading right after the request shows that it was made by then.
            change.at <= ended
                && (tells_when || is_read_by(bench, campaign, ended + SETTLES_USUALLY))
        } else {
            let next = next_reading(bench.record, campaign, request.life);
            let until = next.map(|read| read.min(request.sent + LONGEST_WITHOUT_ANSWER));
            tells_when && until.is_some_and(|until| change.at <= until)
        };
        request.sent <= change.at && shown
    })
}

/// Whether the platform did not know a campaign the last times, and it is not asked for again yet: that takes 1, 2, 4, 8, ... polls.
fn waits_for(bench: &Bench<'_>, campaign: &str, at: i64) -> bool {
    let before = bench.record.requests.iter().rev().filter(|request| {
        let asked =
            request.purpose == Purpose::Status && request.target.as_deref() == Some(campaign);
        let said = request.shows(campaign).is_some() || request.misses(campaign);
        request.sent <= at && (asked || said)
    });
    let mut missing = before
        .take_while(|request| request.misses(campaign))
        .peekable();
    let Some(last) = missing.peek().map(|request| request.sent) else {
        return false;
    };
    let times = u32::try_from(missing.count()).unwrap_or(u32::MAX);
    let polls = 1_i64.checked_shl(times - 1).unwrap_or(i64::MAX);
    // Once it is found, it takes its three polls as any other.
    let wait = polls.saturating_add(3).saturating_mul(POLL_S * 1_000);
    at - last <= wait.min(LONGEST_RECHECK)
}

/// Whether the platform has not known a campaign for longer than a wrong answer lasts: it may have been made anew meanwhile.
fn was_unknown_for_long(bench: &Bench<'_>, campaign: &str, from: i64, to: i64) -> bool {
    let mut since = None;
    let requests = bench.record.requests.iter();
    for request in requests.filter(|request| (from..=to).contains(&request.sent)) {
        if request.shows(campaign).is_some() {
            let known = request.ended.unwrap_or(request.sent);
            if since.is_some_and(|since| known - since > LONGEST_WRONG_ANSWER) {
                return true;
            }
            since = None;
        } else if request.misses(campaign) {
            since.get_or_insert(request.sent);
        }
    }
    false
}

/// Whether no daemon knows a platform's word.
fn is_unknown(word: &str) -> bool {
    let known = ["running", "paused", "stopped", "resuming", "pausing"];
    !known.contains(&word.to_ascii_lowercase().as_str())
}

/// Whether a reading up to `until` shows a change.
fn is_shown_by(bench: &Bench<'_>, campaign: &str, change: &Change, until: i64) -> bool {
    bench.record.requests.iter().any(|request| {
        let read = request
            .carried
            .is_some_and(|read| change.at <= read && read <= until);
        let shown = request.shows(campaign);
        read && shown.is_some_and(|shown| shown.eq_ignore_ascii_case(&change.to))
    })
}

/// Whether the first whole reading that was made after a command was sent came by `until`.
fn is_read_by(bench: &Bench<'_>, campaign: &str, until: i64) -> bool {
    let earliest = until - SETTLES_USUALLY;
    bench.record.requests.iter().any(|request| {
        let read = request
            .carried
            .is_some_and(|read| earliest <= read && read <= until);
        request.shows(campaign).is_some() && read
    })
}

/// A pause that cannot be shown to be ours stays, and is told as one of which nobody can say whose it is.
fn told_as_unproven(bench: &mut Bench<'_>, checked: &Checked, campaign: &str, status: &str) {
    bench.stake(Invariant::ViewFalse);
    let change = bench.truth.at(campaign, checked.at);
    if change.is_some_and(|change| was_confirmed_before(bench, campaign, change)) {
        return;
    }
    // Who has pressed pause on what our pause had stopped already has made it theirs.
    let pressed = bench.record.journal.iter().any(|entry| {
        entry.campaign == campaign
            && entry.by == Actor::Person
            && entry.to == "PAUSED"
            && change.is_some_and(|change| change.at <= millis_of(entry.at))
            && millis_of(entry.at) <= checked.at
    });
    if pressed {
        return;
    }
    let owner = checked.document.as_ref().and_then(|document| {
        let campaigns = document.get("campaigns")?.as_array()?;
        let view = campaigns
            .iter()
            .find(|view| view.get("id").and_then(Value::as_str) == Some(campaign))?;
        view.get("paused_by")?.as_str().map(str::to_owned)
    });
    if status == "PAUSED" && !matches!(owner.as_deref(), Some("unproven" | "autopilot")) {
        bench.violated(
            Invariant::ViewFalse,
            checked.at,
            Some(campaign),
            format!("a pause of ours that came late is shown as {owner:?}"),
        );
    }
}

fn right(bench: &mut Bench<'_>, checked: &Checked, campaign: &str, status: &str) {
    let by = bench
        .truth
        .at(campaign, checked.at)
        .map(|change| change.by.clone());
    let ours = matches!(by, Some(By::Ours(_)));
    match checked.check {
        Check::Healed | Check::AllResumed => {
            bench.stake(Invariant::LeftPaused);
            if status == "PAUSED" && ours {
                bench.violated(
                    Invariant::LeftPaused,
                    checked.at,
                    Some(campaign),
                    format!("our pause is still there ({:?})", checked.check),
                );
            }
        }
        Check::AllPaused => {
            bench.stake(Invariant::LeftRunning);
            if status == "RUNNING" {
                bench.violated(
                    Invariant::LeftRunning,
                    checked.at,
                    Some(campaign),
                    "runs though nobody was there for three polls",
                );
            }
        }
    }
}

fn shown(bench: &mut Bench<'_>, checked: &Checked, campaign: &str, status: &str) {
    bench.stake(Invariant::ViewFalse);
    let Some(document) = &checked.document else {
        bench.violated(
            Invariant::ViewFalse,
            checked.at,
            None,
            "nobody answers for the status",
        );
        return;
    };
    let campaigns = document.get("campaigns").and_then(Value::as_array);
    let view = campaigns
        .into_iter()
        .flatten()
        .find(|view| view.get("id").and_then(Value::as_str) == Some(campaign));
    let member = |name: &str| {
        view.and_then(|view| view.get(name))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let by = bench
        .truth
        .at(campaign, checked.at)
        .map(|change| change.by.clone());
    let (state, owner) = (member("state"), member("paused_by"));
    let alike = bench
        .truth
        .at(campaign, checked.at)
        .is_some_and(|change| is_within_own_window(bench.record, campaign, change));
    let right = match (status, &by) {
        ("RUNNING", _) => state == "running",
        ("PAUSED", Some(By::Ours(_))) => state == "paused" && owner == "autopilot",
        ("PAUSED", _) => state == "paused" && (alike || owner != "autopilot"),
        _ => state == "stopped",
    };
    if !right {
        bench.violated(
            Invariant::ViewFalse,
            checked.at,
            Some(campaign),
            format!(
                "{status} by {by:?} is shown as {state} {owner} ({:?})",
                checked.check
            ),
        );
    }
}
