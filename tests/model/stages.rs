//! What the verdicts of every decision have to satisfy, stage by stage over [`Stage::ALL`].

use campaign_autopilot::domain::{
    Asked, Autopilot, CampaignId, Cause, Outcome, Reason, Stage, explain,
};

/// The laws that a decision breaks.
pub(crate) fn what_is_wrong(pilot: &Autopilot, id: &CampaignId, reason: &Reason) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut say = |text: String| wrong.push(format!("{id}: {text} in {reason:?}"));
    let verdicts = reason.stages.list();
    let decided: Vec<Stage> = verdicts
        .iter()
        .filter(|verdict| verdict.asked == Asked::Decided)
        .map(|verdict| verdict.stage)
        .collect();
    if decided.len() > 1 {
        say(format!("{decided:?} decided"));
    }
    let decided = decided.first().copied();
    // Stale data under `on_stale = pause` asks for a pause without a number, so that what weighs numbers is left out.
    let failsafe = matches!(
        reason.outcome,
        Outcome::Command {
            cause: Cause::StaleFailsafe,
            ..
        }
    ) || (decided == Some(Stage::People)
        && reason.available().is_none()
        && reason.stages.calendar_alone().is_none());
    // A hold whose resume was refused waits; nothing else is asked then.
    let refused_hold = reason.hold().is_some() && decided == Some(Stage::BackOff);
    let left_out = |stage| {
        if refused_hold {
            return stage > Stage::Hold && stage < Stage::BackOff;
        }
        failsafe
            && !matches!(
                stage,
                Stage::Status
                    | Stage::InFlight
                    | Stage::Changing
                    | Stage::Calendar
                    | Stage::Hold
                    | Stage::Sample
                    | Stage::People
            )
    };
    for (stage, verdict) in Stage::ALL.iter().zip(&verdicts) {
        if verdict.stage != *stage {
            say(format!("{:?} in the place of {stage:?}", verdict.stage));
        }
        let expected = match decided {
            Some(stage) if verdict.stage == stage => Asked::Decided,
            Some(stage) if verdict.stage > stage => Asked::NotAsked,
            Some(_) | None => Asked::Passed,
        };
        let expected = if left_out(*stage) {
            Asked::NotAsked
        } else {
            expected
        };
        if verdict.asked != expected {
            say(format!("{:?} {:?}", verdict.stage, verdict.asked));
        }
        if verdict.until.is_some_and(|until| until <= reason.at) {
            say(format!("{:?} until the past", verdict.stage));
        }
    }
    match reason.outcome {
        Outcome::Suppressed { by, .. } if decided != Some(by.stage()) => {
            say(format!("held back by {by:?}, decided by {decided:?}"));
        }
        Outcome::NothingToDo if !matches!(decided, Some(Stage::Thresholds | Stage::Hold)) => {
            say(format!("nothing to do, decided by {decided:?}"));
        }
        Outcome::Command { cause, .. }
            if (cause == Cause::Hold) != (decided == Some(Stage::Hold))
                || (decided == Some(Stage::Calendar) && cause != Cause::Calendar) =>
        {
            say(format!("commanded, decided by {decided:?}"));
        }
        Outcome::Suppressed { .. } | Outcome::NothingToDo | Outcome::Command { .. } => {}
    }
    let told = explain(pilot.campaign(id).unwrap().state(), Some(reason)).stages;
    let told = told.iter().map(|told| (told.stage, told.asked, told.until));
    let said = verdicts
        .iter()
        .map(|verdict| (verdict.stage, verdict.asked, verdict.until));
    if !told.eq(said) {
        say("the explanation tells something else".to_owned());
    }
    if let Some(stage) = decided
        && let Some(until) = reason.stages.verdict(stage).until
    {
        let mut later = pilot.clone();
        let plan = later.decide(until);
        let again = plan.reasons.iter().find(|(other, _)| other == id);
        let (_, again) = again.unwrap();
        if again.stages.verdict(stage).asked == Asked::Decided {
            say(format!("{stage:?} decides beyond its own time"));
        }
    }
    let written = serde_json::to_string(reason).unwrap();
    if serde_json::from_str::<Reason>(&written).unwrap() != *reason {
        say(format!("it is read back as something else than {written}"));
    }
    wrong
}
