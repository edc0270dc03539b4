//! A rival: another campaign that dials for some of the same agents.

use crate::domain::Policy;

use super::dial::DialRule;
use super::step::Step;

/// How a rival dialled while the record was made, and goes on to dial.
#[derive(Clone, Debug, PartialEq)]
pub struct RivalRule {
    /// How it dials.
    pub dial: DialRule,
    /// The policy under which it did.
    pub policy: Policy,
}

/// A rival on one day.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RivalDay {
    /// Its agents and calls.
    pub(super) steps: Vec<Step>,
    /// The agents who work for both campaigns.
    pub(super) shared: Vec<Step>,
    /// The agents who work for one campaign or both, and the calls of both.
    pub(super) pool: Vec<Step>,
}

impl RivalDay {
    /// Joins what is known of the campaign, the rival, and the agents whom they share.
    pub(super) fn new(own: &[Step], steps: Vec<Step>, shared: Vec<Step>) -> Self {
        let three = own.iter().zip(&steps).zip(&shared);
        let pool = three.map(|((own, rival), shared)| either(own, rival, shared));
        Self {
            pool: pool.collect(),
            steps,
            shared,
        }
    }
}

/// The agents of either campaign: those of both less those who are in both, while the agents of the rival are known.
fn either(own: &Step, rival: &Step, shared: &Step) -> Step {
    // Sums of the others are scaled to the time for which the campaign's own are known.
    let scaled = |step: &Step, member: fn(&Step) -> f64| {
        if step.covered > 0.0 {
            member(step) * own.covered / step.covered
        } else {
            0.0
        }
    };
    let sum = |member: fn(&Step) -> f64| {
        (member(own) + scaled(rival, member) - scaled(shared, member)).max(member(own))
    };
    Step {
        working: sum(|step| step.working),
        busy: sum(|step| step.busy),
        wrap_up: sum(|step| step.wrap_up),
        starts: sum(|step| step.starts),
        connected: own.connected + scaled(rival, |step| step.connected),
        dials: own.dials + rival.dials,
        answered: own.answered + rival.answered,
        abandoned: own.abandoned + rival.abandoned,
        ..*own
    }
}
