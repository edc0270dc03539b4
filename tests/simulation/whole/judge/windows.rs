//! People's changes that nobody could tell from a command of ours: those within the own window of a request for the same.
//!
//! Such a platform names no author, and the change has the time that the request's own effect would have. The limits say
//! that it counts as ours. Everything outside of a request's own window is a person's, whatever went wrong around it.
//!
//! Where a pause of ours shows itself by what it wrote, a person's is like it only where they wrote the same: they saved a page that
//! was opened while our pause was in force.

use campaign_autopilot::simulator::Timestamps;

use crate::whole::dialect::Purpose;
use crate::whole::record::Record;
use crate::whole::wire::Request;

use super::commands::FRESH;
use super::truth::{By, Change, reading_before};

/// How closely the platform's clock is known.
const CLOCK_ERROR: i64 = 1_000;

/// Whether a person's change is what a request of ours for the same would have made.
pub(super) fn is_within_own_window(record: &Record, campaign: &str, change: &Change) -> bool {
    change.by == By::Person && is_like(record, campaign, change, None)
}

/// Whether a change is what a request of ours would have made, one of this decision if it is named.
pub(super) fn is_like(
    record: &Record,
    campaign: &str,
    change: &Change,
    decision: Option<&str>,
) -> bool {
    if record.schedule.setup.shows_whose(&change.to) {
        if record.is_taken_for_ours(campaign, change.at) {
            return true;
        }
        if decision.is_none() {
            return false;
        }
    }
    let strict = record.schedule.setup.strict && change.to == "PAUSED";
    let cut = [Timestamps::WholeSeconds, Timestamps::MovesInWholeSeconds];
    let whole_seconds = cut.contains(&record.schedule.setup.quirks.timestamps);
    let rounding = if whole_seconds { 1_000 } else { 0 };
    let within = |(from, until): (i64, i64)| {
        from - rounding <= change.at && change.at <= until + CLOCK_ERROR
    };
    let requests = record.requests.iter().filter(|request| {
        request.purpose == Purpose::Command
            && request.target.as_deref() == Some(campaign)
            && request.asks.as_deref() == Some(change.to.as_str())
            && decision.is_none_or(|decision| request.decision.as_deref() == Some(decision))
    });
    if strict {
        // Strict ownership asks for the version in the answer. That is the person's where the person was quicker than the command.
        let mut before = requests.filter(|request| matches!(request.status, Some(200..=299)));
        return before.any(|request| {
            let read = reading_before(record, campaign, request.life, request.sent);
            let read = read.and_then(|read| read.carried);
            let arrived = request.carried.unwrap_or(request.sent);
            (read.unwrap_or(request.sent)..=arrived).contains(&change.at)
        });
    }
    let mut windows = requests.filter_map(|request| window(record, campaign, request));
    let mut unsent = unsent(record, campaign, &change.to, decision).into_iter();
    windows.any(within) || unsent.any(within)
}

/// From the reading before a request to its end; where it was accepted, or was read to be on its way, to the end of the time in
/// which commands settle. None for a request that was refused.
fn window(record: &Record, campaign: &str, request: &Request) -> Option<(i64, i64)> {
    let before = reading_before(record, campaign, request.life, request.sent);
    let from = before
        .and_then(|before| before.carried)
        .unwrap_or(request.sent);
    let settles = record.schedule.setup.settles();
    let until = match (request.status, request.ended) {
        (Some(200..=299), Some(ended)) => ended + settles,
        (Some(400..=499), _) => return None,
        (_, Some(ended)) if is_read_on_its_way(record, campaign, request, ended) => ended + settles,
        (_, Some(ended)) => ended,
        (_, None) => next_reading(record, campaign, request.life)?,
    };
    Some((from, until))
}

/// Whether the next reading after a request shows the campaign between two statuses.
fn is_read_on_its_way(record: &Record, campaign: &str, request: &Request, ended: i64) -> bool {
    let next = record.requests.iter().find_map(|read| {
        let after = read.life == request.life && read.sent >= ended;
        after.then(|| read.shows(campaign))?
    });
    next.is_some_and(|word| {
        let settled = ["running", "paused"];
        !settled.contains(&word.to_ascii_lowercase().as_str())
    })
}

/// The windows of commands that a crash took before anybody could know whether they were sent.
fn unsent(record: &Record, campaign: &str, to: &str, decision: Option<&str>) -> Vec<(i64, i64)> {
    let direction = if to == "PAUSED" { "pause" } else { "resume" };
    let lives = record.lives.iter().enumerate();
    let died = lives.filter(|(_, life)| matches!(life.ended, "died" | "killed"));
    let windows = died.filter_map(|(number, life)| {
        let open = record.audit.iter().rfind(|row| {
            let at = row.at.parse::<jiff::Timestamp>().ok();
            let at = at.map_or(0, jiff::Timestamp::as_millisecond);
            row.kind == "intent"
                && row.campaign.as_deref() == Some(campaign)
                && (life.from..=life.until).contains(&at)
        })?;
        let asked = open.event.get("direction")?.as_str()?;
        let at = open.at.parse::<jiff::Timestamp>().ok()?.as_millisecond();
        let ended = record.audit.iter().any(|row| {
            row.kind == "outcome" && row.decision == open.decision && row.campaign == open.campaign
        });
        let named = decision.is_none_or(|decision| open.decision == decision);
        (asked == direction && named && !ended)
            .then(|| next_reading(record, campaign, number).map(|until| (at - FRESH, until)))
            .flatten()
    });
    windows.collect()
}

/// When a later life first read the campaign.
pub(super) fn next_reading(record: &Record, campaign: &str, life: usize) -> Option<i64> {
    let read = |request: &&Request| request.life > life && request.shows(campaign).is_some();
    record.requests.iter().find(read)?.ended
}
