//! Whether a resume puts back what its pause took the place of, where a pause does that.

use crate::whole::record::Record;

use super::truth::{By, Change, command_of};
use super::{Bench, Invariant};

pub(super) fn judge(bench: &mut Bench<'_>) {
    // A switch takes the place of nothing.
    if bench.record.dialled.is_empty() || bench.record.schedule.setup.by_switch {
        return;
    }
    let all: Vec<(String, Vec<Change>)> = bench
        .truth
        .campaigns()
        .map(|(id, changes)| (id.to_owned(), changes.to_vec()))
        .collect();
    for (campaign, changes) in &all {
        for (pause, resume) in changes.iter().zip(changes.iter().skip(1)) {
            let (By::Ours(paused), By::Ours(resumed)) = (&pause.by, &resume.by) else {
                continue;
            };
            // A resume of before that comes late puts back what was there then: nobody can call it back.
            let command = command_of(bench.record, campaign, resumed, "RUNNING", resume.at);
            let behind = command.is_some_and(|command| command.sent >= pause.at);
            if pause.to == "PAUSED" && resume.to == "RUNNING" && behind {
                put_back(bench, campaign, (pause, paused), resume);
            }
        }
    }
}

fn put_back(
    bench: &mut Bench<'_>,
    campaign: &str,
    (pause, decision): (&Change, &str),
    resume: &Change,
) {
    let record = bench.record;
    let dialect = record.schedule.setup.dialect();
    let of = record.dialled.iter().filter(|set| set.campaign == campaign);
    let before = of.clone().rfind(|set| set.at < pause.at);
    let after = of.clone().find(|set| set.at >= resume.at);
    let (Some(before), Some(after)) = (before, after) else {
        return;
    };
    // What it dialled by when it was last read before the pause, by whichever life: a person may have changed that since.
    let Some(read) = last_read(record, campaign, decision, pause) else {
        return;
    };
    let known = of.clone().rfind(|set| set.at <= read);
    if known.is_none_or(|known| !dialect.dial_alike(&known.set, &before.set)) {
        bench.race();
        return;
    }
    bench.stake(Invariant::NotPutBack);
    if !after.set.active || !dialect.dial_alike(&before.set, &after.set) {
        let said = format!(
            "{} {} before the pause, {} {} after the resume",
            before.set.method, before.set.level, after.set.method, after.set.level
        );
        bench.violated(Invariant::NotPutBack, resume.at, Some(campaign), said);
    }
}

/// When the campaign was last read to be running before a pause took effect.
fn last_read(record: &Record, campaign: &str, decision: &str, pause: &Change) -> Option<i64> {
    let command = command_of(record, campaign, decision, "PAUSED", pause.at)?;
    let mut readings = record.requests.iter().rev().filter_map(|request| {
        let shown = request.shows(campaign) == Some("RUNNING");
        let ended = request.ended.is_some_and(|ended| ended <= pause.at);
        (shown && ended && request.life >= command.life).then_some(request.carried?)
    });
    readings.next()
}
