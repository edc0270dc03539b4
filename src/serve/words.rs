//! Events in words for people.

use crate::control::operator::AppliedChange;
use crate::control::ports::AuditEvent;
use crate::domain::QueueId;
use crate::domain::assignment::ListNotice;
use crate::domain::queue::QueueRecord;
use crate::domain::throttle::PaceNotice;
use crate::domain::{Alert, Delivery, Direction, HoldKind, Notice, PauseOwnerKind, UnprovenEnd};

/// So many lines of a reload are told in a row of the audit, which has all of them.
const MOST_LINES: usize = 5;

/// Describes an applied change.
#[must_use]
pub fn made(made: &AppliedChange) -> String {
    match made {
        AppliedChange::Held {
            hold,
            until,
            was_until,
        } => {
            let was = was_until.map_or(String::new(), |was| format!(", instead of until {was}"));
            format!("held {} until {until}{was}", hold.label())
        }
        AppliedChange::HeldSeveral {
            hold,
            until,
            campaigns,
        } => format!("{campaigns} campaigns held {} until {until}", hold.label()),
        AppliedChange::ReleasedSeveral { campaigns, .. } => match campaigns {
            0 => "none of them was held".to_owned(),
            1 => "one campaign no longer held".to_owned(),
            several => format!("{several} campaigns no longer held"),
        },
        AppliedChange::Released { hold } => format!("no longer held {}", hold.label()),
        AppliedChange::PauseClaimed { was, ended_hold } => {
            let already = match was {
                PauseOwnerKind::Autopilot => "the autopilot's already",
                PauseOwnerKind::Person => "claimed for the autopilot, was a person's",
                PauseOwnerKind::Unproven => "claimed for the autopilot, was of unknown origin",
            };
            let hold = end_of_hold(*ended_hold);
            format!("pause {already}: resumed by the thresholds; {hold}")
        }
        AppliedChange::PauseGivenAway { was, ended_hold } => {
            let already = match was {
                PauseOwnerKind::Autopilot => "given away, was the autopilot's",
                PauseOwnerKind::Person => "a manual one already",
                PauseOwnerKind::Unproven => "given away, was of unknown origin",
            };
            let hold = end_of_hold(*ended_hold);
            format!("pause {already}: never resumed by the autopilot; {hold}")
        }
        AppliedChange::ThresholdsSet {
            thresholds,
            before,
            until,
        } => format!(
            "pause below {} (was {}), resume at {} (was {}) until {until}",
            thresholds.pause_below(),
            before.pause_below(),
            thresholds.resume_at(),
            before.resume_at(),
        ),
        AppliedChange::AbandonTargetSet {
            target,
            before,
            until,
        } => format!("aimed at {target} abandoned (was {before}) until {until}"),
        AppliedChange::ThresholdsRestored { thresholds } => format!(
            "pause below {}, resume at {} as configured",
            thresholds.pause_below(),
            thresholds.resume_at(),
        ),
        AppliedChange::QueueHeld { queue, until } => format!("queue {queue} held until {until}"),
        AppliedChange::QueueReleased {
            queue, given_back, ..
        } => {
            let back = if *given_back {
                ", somebody's figures given back"
            } else {
                ""
            };
            format!("queue {queue} released{back}")
        }
        AppliedChange::OutcomesFed { campaigns, counted } => format!(
            "outcomes fed of {campaigns} campaigns: {} dials, {} answered, {} connected, {} abandoned more",
            counted.dials, counted.answered, counted.connected, counted.abandoned
        ),
        AppliedChange::Reloaded {
            changes,
            after_restart,
            not_read_again,
            ..
        } => {
            let mut lines = vec!["configuration reloaded".to_owned()];
            lines.extend(changes.iter().map(|change| format!("  {change}")));
            let later = after_restart.iter();
            lines.extend(later.map(|change| format!("  {change} (at the next start)")));
            if lines.len() == 1 {
                lines.push("  nothing differs".to_owned());
            }
            let kept = not_read_again.iter();
            lines.extend(kept.map(|variable| {
                format!("  {variable}: not read again, as of every variable; a secret in a file is")
            }));
            lines.join("\n")
        }
        AppliedChange::ReloadRefused { faults } => {
            format!("configuration not reloaded: {}", faults.join(" | "))
        }
    }
}

fn end_of_hold(ended: Option<HoldKind>) -> String {
    ended.map_or_else(
        || "no hold was in force".to_owned(),
        |hold| format!("no longer held {}", hold.label()),
    )
}

/// Describes a row of the audit, on one line.
#[must_use]
#[expect(
    clippy::too_many_lines,
    reason = "one match, so that no event is forgotten"
)]
pub fn event(event: &AuditEvent) -> String {
    match event {
        AuditEvent::Started {
            version,
            dry_run,
            damage,
            ..
        } => {
            let dry = if *dry_run { ", dry run" } else { "" };
            let damage: Vec<String> = damage.iter().map(|found| format!("; {found}")).collect();
            format!("started, version {version}{dry}{}", damage.concat())
        }
        AuditEvent::Stopped => "ended in order".to_owned(),
        AuditEvent::ClockStepped { milliseconds } => format!(
            "the machine's clock was set by {milliseconds} ms; holds and waiting times moved with it"
        ),
        AuditEvent::Intent {
            direction, reason, ..
        } => format!("to {direction}: {reason}"),
        AuditEvent::Outcome {
            direction,
            conclusion,
            delivery,
            ..
        } => {
            let why = match delivery {
                Delivery::Acknowledged { .. } => String::new(),
                Delivery::Lost { why }
                | Delivery::Conflict { why }
                | Delivery::Refused { why, .. }
                | Delivery::NotSent { why } => {
                    format!(": {why}")
                }
            };
            format!("{direction} {}{why}", conclusion.label())
        }
        AuditEvent::Noticed { notice: seen } => notice(seen),
        AuditEvent::Alerted { alert: told } => alert(told),
        AuditEvent::AimMoved { from, aim } => format!("{aim}; was {from}"),
        AuditEvent::PaceIntent {
            step,
            before,
            to,
            why,
            ..
        } => {
            let before = before.number_and_unit().0;
            format!("to {step}, from {before} to {}: {why}", to.in_words())
        }
        AuditEvent::PaceOutcome {
            step,
            conclusion,
            delivery,
            ..
        } => {
            let why = delivery.why().map(|why| format!(": {why}"));
            format!("{step} {}{}", conclusion.label(), why.unwrap_or_default())
        }
        AuditEvent::PaceNoticed { notice } => pace_notice(notice),
        AuditEvent::AssignIntent {
            trigger,
            agents,
            joining,
            leaving,
            ..
        } => format!(
            "to assign {agents} agents, {} joining and {} leaving: {trigger}",
            joining.len(),
            leaving.len()
        ),
        AuditEvent::AssignOutcome { end, agents, .. } => {
            format!("assigning {agents} agents: {}", end.conclusion.list_label())
        }
        AuditEvent::ListNoticed {
            notice:
                ListNotice::PersonChanged {
                    joined,
                    left,
                    altered,
                    ..
                },
        } => format!(
            "list of agents changed by a person: {joined} joined, {left} left, {altered} with other skills, hours or calls"
        ),
        AuditEvent::ListNoticed {
            notice: ListNotice::Resolved,
        } => "list of agents, whose outcome was unknown: read back".to_owned(),
        AuditEvent::Operator {
            by,
            typed,
            reason,
            made: change,
        } => {
            let typed = typed.as_ref();
            let typed = typed.map_or(String::new(), |typed| format!(" (\"{typed}\")"));
            applied(change, &format!("by {by}{typed}: {reason}"))
        }
        AuditEvent::Queue { record } => queue(record),
        AuditEvent::Sealed {
            first,
            last,
            file,
            by,
            ..
        } => {
            let by = by.as_ref().map_or(String::new(), |by| format!(", by {by}"));
            format!("rows {first} to {last} of the audit sealed in {file}{by}")
        }
        AuditEvent::SegmentRemoved { first, last, by } => {
            let by = by.as_ref().map_or(String::new(), |by| format!(", by {by}"));
            format!("rows {first} to {last} of the audit removed, which were sealed before{by}")
        }
        AuditEvent::Outbox { event, .. } => format!("message {event} was not simply delivered"),
    }
}

/// Describes an applied change with its author, as one sentence.
fn applied(change: &AppliedChange, by: &str) -> String {
    if let AppliedChange::Reloaded {
        changes,
        after_restart,
        ..
    } = change
    {
        if changes.is_empty() && after_restart.is_empty() {
            return format!("configuration reloaded, nothing differs, {by}");
        }
        let now = some_of("; changed: ", changes);
        let later = some_of("; at the next start: ", after_restart);
        return format!("configuration reloaded, {by}{now}{later}");
    }
    if let AppliedChange::ReloadRefused { faults } = change {
        let why = some_of(": ", faults);
        return format!("configuration not reloaded, {by}; the one before stays in force{why}");
    }
    format!("{}, {by}", made(change))
}

/// The first lines of several behind their mark, and how many more there are; empty where there are none.
fn some_of(mark: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let first: Vec<&str> = lines.iter().take(MOST_LINES).map(String::as_str).collect();
    let more = match lines.len().saturating_sub(first.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{mark}{}{more}", first.join(", "))
}

fn pace_notice(notice: &PaceNotice) -> String {
    match notice {
        PaceNotice::Resolved {
            step, conclusion, ..
        } => format!("{step}, whose outcome was unknown: {}", conclusion.label()),
        PaceNotice::PersonChanged {
            found,
            ours,
            original,
        } => format!(
            "pace changed by somebody else to {}, from our {}: it stays, and {} is not put back",
            found.in_words(),
            ours.number_and_unit().0,
            original.number_and_unit().0
        ),
        PaceNotice::NothingToStepDown { ratio } => {
            format!("cannot be stepped down: it dials {ratio} for each idle agent as it is")
        }
    }
}

fn queue(record: &QueueRecord) -> String {
    match record {
        QueueRecord::Intent {
            queue,
            version_before,
            ..
        } => format!("to change queue {queue}, version {version_before}"),
        QueueRecord::Outcome {
            queue,
            conclusion,
            why,
            ..
        } => {
            let why = behind(": ", why);
            format!("queue {queue}: {}{why}", conclusion.queue_label())
        }
        QueueRecord::ReassignIntent {
            agent,
            queues,
            status,
            ..
        } => {
            let queues: Vec<&str> = queues.iter().map(QueueId::as_str).collect();
            format!(
                "to move agent {agent} to {}, status {} as read",
                queues.join(", "),
                status.label()
            )
        }
        QueueRecord::ReassignOutcome {
            agent, conclusion, ..
        } => {
            format!("agent {agent} moved: {}", conclusion.queue_label())
        }
        QueueRecord::ReassignResolved { agent, why, .. } => {
            let why = behind(": ", why);
            format!("agent {agent}: a move whose outcome was unknown{why}")
        }
        QueueRecord::Resolved {
            queue,
            conclusion,
            why,
            ..
        } => {
            let why = behind(", ", why);
            let conclusion = conclusion.queue_label();
            format!("queue {queue}: a change whose outcome was unknown is {conclusion}{why}")
        }
    }
}

/// Returns what is wrong as the end of a sentence; empty where nothing is.
fn behind(mark: &str, why: &[String]) -> String {
    if why.is_empty() {
        return String::new();
    }
    format!("{mark}{}", why.join("; "))
}

fn notice(notice: &Notice) -> String {
    match notice {
        Notice::FoundPaused => "found paused, not by us".to_owned(),
        Notice::PersonPaused => "paused by a person".to_owned(),
        Notice::PersonResumed { .. } => "our pause was resumed by a person".to_owned(),
        Notice::PersonsPauseEnded => "a person's pause has ended".to_owned(),
        Notice::Adopted => "pause taken over as ours".to_owned(),
        Notice::Resolved { to, conclusion, .. } => {
            format!("{to}, whose outcome was unknown: {}", conclusion.label())
        }
        Notice::Flapping { resumes, limit } => {
            format!("flapping: {resumes} resumes within an hour, limit {limit}")
        }
        Notice::Unproven {
            to: Direction::Pause,
            doubt,
            ..
        } => format!("paused, by whom is not known: {}", doubt.explained()),
        Notice::Unproven {
            to: Direction::Resume,
            ..
        } => "our pause was resumed, by whom is not known".to_owned(),
        Notice::UnprovenEnded { .. } => "a pause of unknown origin has ended".to_owned(),
        Notice::StampWorthless => {
            "the platform's time of the last change moves by itself: no evidence any more"
                .to_owned()
        }
        Notice::StillChanging { word } => {
            format!("{word} on the platform for longer than our command takes there")
        }
        Notice::Missing => "not known to the platform".to_owned(),
        Notice::Back => "known to the platform again".to_owned(),
        Notice::OtherStatus { word } => format!("{word} on the platform: not commanded"),
    }
}

fn alert(alert: &Alert) -> String {
    match alert {
        Alert::Stale { streak } => format!("data stale: {streak} invalid polls in a row"),
        Alert::Fresh => "valid polls are back".to_owned(),
        Alert::UnprovenPause { doubt, .. } => {
            format!(
                "agents idle, pause of unknown origin: {}",
                doubt.explained()
            )
        }
        Alert::UnprovenPauseEnded { end, .. } => {
            let end = match end {
                UnprovenEnd::Running => "the campaign dials",
                UnprovenEnd::Autopilot => "it is the autopilot's",
                UnprovenEnd::Person => "it is a person's",
                UnprovenEnd::Stopped => "the campaign is stopped",
            };
            format!("pause of unknown origin resolved: {end}")
        }
        Alert::BudgetExhausted { .. } => "resume budget of this hour used up".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Timestamp;

    use super::*;

    fn row(made: AppliedChange) -> String {
        event(&AuditEvent::Operator {
            by: "anna".to_owned(),
            typed: None,
            reason: "trial".to_owned(),
            made,
        })
    }

    fn lines(many: usize) -> Vec<String> {
        (1..=many)
            .map(|line| format!("key{line}: 5 -> 6"))
            .collect()
    }

    #[test]
    fn an_extended_hold_is_one_sentence() {
        let at = |text| Timestamp::parse_rfc3339(text).unwrap();
        let held = AppliedChange::Held {
            hold: HoldKind::Paused,
            until: at("2026-11-28T04:10:00Z"),
            was_until: Some(at("2026-11-28T03:13:00Z")),
        };
        assert_eq!(
            row(held),
            "held paused until 2026-11-28T04:10:00.000Z, instead of until 2026-11-28T03:13:00.000Z, by anna: trial"
        );
    }

    #[test]
    fn a_reload_is_one_sentence_however_much_it_changed() {
        let reloaded = |changes, after_restart, not_read_again: &[&str]| {
            let not_read_again = not_read_again.iter().map(|name| (*name).to_owned());
            row(AppliedChange::Reloaded {
                config: String::new(),
                changes,
                after_restart,
                not_read_again: not_read_again.collect(),
            })
        };
        assert_eq!(
            reloaded(Vec::new(), Vec::new(), &["CXONE_CLIENT_SECRET"]),
            "configuration reloaded, nothing differs, by anna: trial"
        );
        assert_eq!(
            reloaded(lines(2), lines(1), &[]),
            "configuration reloaded, by anna: trial; changed: key1: 5 -> 6, key2: 5 -> 6; at the next start: key1: 5 -> 6"
        );
        let many = reloaded(lines(9), Vec::new(), &[]);
        assert!(many.ends_with("key5: 5 -> 6 and 4 more"), "{many}");
        let faults = lines(1);
        assert_eq!(
            row(AppliedChange::ReloadRefused { faults }),
            "configuration not reloaded, by anna: trial; the one before stays in force: key1: 5 -> 6"
        );
    }
}
