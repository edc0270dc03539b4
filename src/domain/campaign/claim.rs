//! What an operator says about a pause: that the autopilot may resume it, or that it never may.
//!
//! *Decides* whose the pause counts as from here on, and nothing else. The way out of [`PauseOwner::Unproven`] that needs
//! nobody at the platform, in either direction; a pause that is a person's or ours can change hands too.
//!
//! *Conditions.* The campaign has to be believed paused. A claim rests on the last reading: a version that has moved since
//! then is a touch like any other, and makes the pause unproven again.
//!
//! *Never here:* a command. A claimed pause is resumed by the thresholds at a later poll, after the reading that every
//! command needs; samples from before the claim confirm nothing. A resume that was already on its way when the pause was
//! given away is not called back.

use serde::{Deserialize, Serialize};

use crate::domain::belief::{Belief, PauseOwner};
use crate::domain::time::Timestamp;

use super::ownership::Campaign;

/// The new owner of a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseClaim {
    /// The autopilot: it resumes the campaign by the thresholds.
    Ours,
    /// People: the pause is a manual one, and the autopilot never resumes it.
    Theirs,
}

/// The owner of a pause, as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseOwnerKind {
    /// The autopilot.
    Autopilot,
    /// A person.
    Person,
    /// It cannot be shown to be the autopilot's, and may be.
    Unproven,
}

impl PauseOwnerKind {
    /// Returns the kind of an owner.
    #[must_use]
    pub fn new(owner: &PauseOwner) -> Self {
        match owner {
            PauseOwner::Autopilot { .. } => Self::Autopilot,
            PauseOwner::Person => Self::Person,
            PauseOwner::Unproven { .. } => Self::Unproven,
        }
    }

    /// Returns the word for documents and the audit.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Autopilot => "autopilot",
            Self::Person => "person",
            Self::Unproven => "unproven",
        }
    }
}

impl Campaign {
    /// Gives the pause to whom the claim names and returns who had it; `None` means that the campaign is not believed
    /// paused, and nothing was changed.
    pub(crate) fn claim_pause(
        &mut self,
        claim: PauseClaim,
        now: Timestamp,
    ) -> Option<PauseOwnerKind> {
        let Belief::Paused(owner) = &self.state.belief else {
            return None;
        };
        let had = PauseOwnerKind::new(owner);
        match (claim, had) {
            // Asked for again: the version that shows the pause to be ours stays the one that was seen.
            (PauseClaim::Ours, PauseOwnerKind::Autopilot)
            | (PauseClaim::Theirs, PauseOwnerKind::Person) => {}
            (PauseClaim::Ours, PauseOwnerKind::Person | PauseOwnerKind::Unproven) => {
                let last = self.state.last_reading.as_ref();
                let version = last.and_then(|last| last.version.clone());
                self.believe(Belief::Paused(PauseOwner::Autopilot { version }), now);
            }
            (PauseClaim::Theirs, PauseOwnerKind::Autopilot | PauseOwnerKind::Unproven) => {
                self.believe(Belief::Paused(PauseOwner::Person), now);
            }
        }
        Some(had)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::domain::replay::{Input, replay};
    use crate::domain::{
        Autopilot, CampaignActivity, CampaignId, Direction, Doubt, Evidence, GroupCount, HeadCount,
        PlatformTraits, Policy, Sample, StatusFinding, StatusReading,
    };

    const START: Timestamp = Timestamp::from_unix_millis(1_715_783_530_000);

    fn id() -> CampaignId {
        "c".parse().unwrap()
    }

    fn after(s: u64) -> Timestamp {
        START.plus(Duration::from_secs(s))
    }

    fn versions() -> PlatformTraits {
        PlatformTraits {
            evidence: Evidence::Version,
            ..PlatformTraits::default()
        }
    }

    fn policies() -> BTreeMap<CampaignId, Policy> {
        let policy = Policy {
            confirm_resume: "2/2".parse().unwrap(),
            ..Policy::default()
        };
        BTreeMap::from([(id(), policy)])
    }

    fn pilot() -> Autopilot {
        let longest = Duration::from_secs(30);
        Autopilot::new(1, policies(), BTreeMap::new(), longest, START).on_platform(versions())
    }

    fn reading(activity: CampaignActivity, version: &str, s: u64) -> StatusFinding {
        StatusFinding::Found(StatusReading {
            version: Some(version.to_owned()),
            ..StatusReading::without_evidence(activity, String::new(), after(s))
        })
    }

    /// A campaign that ran and that somebody has paused.
    fn paused_by_a_person() -> Autopilot {
        let mut pilot = pilot();
        for (activity, version) in [
            (CampaignActivity::Running, "1"),
            (CampaignActivity::Paused, "2"),
        ] {
            pilot.observe_status(&id(), &reading(activity, version, 0), START);
        }
        assert_eq!(owner(&pilot), PauseOwnerKind::Person);
        pilot
    }

    fn owner(pilot: &Autopilot) -> PauseOwnerKind {
        let belief = &pilot.campaign(&id()).unwrap().state().belief;
        let Belief::Paused(owner) = belief else {
            panic!("{belief:?}");
        };
        PauseOwnerKind::new(owner)
    }

    fn free(available: u32, s: u64) -> Sample {
        let head = GroupCount::Known(HeadCount {
            free: available,
            serving: 0,
            wrap_up: 0,
            staffed: available,
        });
        Sample::Complete {
            taken_at: after(s),
            heads: vec![head],
        }
    }

    fn poll(pilot: &mut Autopilot, available: u32, s: u64) -> Vec<Direction> {
        pilot.observe_sample(free(available, s), after(s));
        let plan = pilot.decide(after(s));
        plan.commands
            .iter()
            .map(|(_, wanted)| wanted.direction)
            .collect()
    }

    #[test]
    fn a_claimed_pause_is_resumed_by_the_thresholds_and_by_new_samples_only() {
        let mut pilot = paused_by_a_person();
        for s in 1..5 {
            assert_eq!(poll(&mut pilot, 50, s), [], "a person's pause");
        }
        let had = pilot.claim_pause(&id(), PauseClaim::Ours, after(5));
        assert_eq!(had, Some(PauseOwnerKind::Person));
        assert_eq!(owner(&pilot), PauseOwnerKind::Autopilot);
        assert_eq!(pilot.campaign(&id()).unwrap().state().since, after(5));
        assert_eq!(poll(&mut pilot, 2, 6), [], "too few agents");
        assert_eq!(poll(&mut pilot, 50, 7), [], "the first of two samples");
        assert_eq!(poll(&mut pilot, 50, 8), [Direction::Resume]);
        let same = reading(CampaignActivity::Paused, "2", 8);
        pilot.observe_status(&id(), &same, after(8));
        assert!(
            pilot
                .authorise(&id(), Direction::Resume, after(8))
                .is_some(),
            "as it was when it was claimed"
        );
    }

    #[test]
    fn a_claim_is_worth_what_was_read_and_not_what_somebody_does_afterwards() {
        let mut pilot = paused_by_a_person();
        pilot.claim_pause(&id(), PauseClaim::Ours, after(1));
        let touched = reading(CampaignActivity::Paused, "3", 2);
        pilot.observe_status(&id(), &touched, after(2));
        assert_eq!(owner(&pilot), PauseOwnerKind::Unproven);
        poll(&mut pilot, 50, 3);
        assert_eq!(poll(&mut pilot, 50, 4), []);
        let had = pilot.claim_pause(&id(), PauseClaim::Ours, after(5));
        assert_eq!(had, Some(PauseOwnerKind::Unproven), "it can be claimed too");
        poll(&mut pilot, 50, 6);
        assert_eq!(poll(&mut pilot, 50, 7), [Direction::Resume]);
    }

    #[test]
    fn a_pause_that_was_given_away_is_a_manual_one() {
        for doubt in [None, Some(Doubt::Outcome)] {
            let mut pilot = paused_by_a_person();
            pilot.claim_pause(&id(), PauseClaim::Ours, after(1));
            if let Some(doubt) = doubt {
                let campaign = pilot.campaigns.get_mut(&id()).unwrap();
                campaign.believe(Belief::Paused(PauseOwner::Unproven { doubt }), after(1));
            }
            assert!(
                pilot
                    .claim_pause(&id(), PauseClaim::Theirs, after(2))
                    .is_some()
            );
            assert_eq!(owner(&pilot), PauseOwnerKind::Person);
            let same = reading(CampaignActivity::Paused, "2", 3);
            pilot.observe_status(&id(), &same, after(3));
            for s in 3..9 {
                assert_eq!(poll(&mut pilot, 50, s), []);
            }
            assert!(
                pilot
                    .authorise(&id(), Direction::Resume, after(9))
                    .is_none()
            );
        }
    }

    #[test]
    fn said_twice_changes_nothing_the_second_time() {
        for claim in [PauseClaim::Ours, PauseClaim::Theirs] {
            let mut pilot = paused_by_a_person();
            pilot.claim_pause(&id(), claim, after(1));
            let once = pilot.clone();
            let had = pilot.claim_pause(&id(), claim, after(2));
            assert_eq!(had, Some(owner(&once)));
            assert_eq!(pilot, once);
        }
    }

    #[test]
    fn only_a_pause_can_be_claimed() {
        let mut pilot = pilot();
        let found = |pilot: &mut Autopilot, finding: &StatusFinding| {
            pilot.observe_status(&id(), finding, after(1));
            let before = pilot.clone();
            for claim in [PauseClaim::Ours, PauseClaim::Theirs] {
                assert_eq!(pilot.claim_pause(&id(), claim, after(2)), None);
            }
            assert_eq!(*pilot, before);
        };
        found(&mut pilot, &StatusFinding::Unreadable);
        found(&mut pilot, &reading(CampaignActivity::Running, "1", 1));
        let word = "STOPPED".to_owned();
        let stopped = reading(CampaignActivity::NotCommandable { word }, "2", 1);
        found(&mut pilot, &stopped);
        found(&mut pilot, &StatusFinding::Missing);
        let elsewhere: CampaignId = "elsewhere".parse().unwrap();
        let none = pilot.claim_pause(&elsewhere, PauseClaim::Ours, after(3));
        assert_eq!(none, None);
    }

    /// What the journal keeps of a claimed pause up to the resume that follows, `claimed` being the operator's part.
    fn recorded(claimed: Vec<Input>) -> Vec<(Timestamp, Input)> {
        let status = |finding| Input::Status {
            campaign: id(),
            finding,
        };
        let start = Input::Start {
            run: 1,
            policies: policies(),
            restored: BTreeMap::new(),
            command_longest: Duration::from_secs(30),
            traits: versions(),
            calendars: crate::domain::Calendars::default(),
        };
        let wanted = |directions: &[Direction]| Input::Decide {
            wanted: directions.iter().map(|wanted| (id(), *wanted)).collect(),
            paces: Vec::new(),
        };
        let mut inputs = vec![
            (START, start),
            (START, status(reading(CampaignActivity::Running, "1", 0))),
            (START, status(reading(CampaignActivity::Paused, "2", 0))),
        ];
        inputs.extend(claimed.into_iter().map(|input| (after(1), input)));
        for (s, wanted) in [(2, wanted(&[])), (3, wanted(&[Direction::Resume]))] {
            let sample = free(50, s);
            inputs.push((after(s), Input::Sample { sample }));
            inputs.push((after(s), wanted));
        }
        // As the journal keeps them.
        let text = serde_json::to_string(&inputs).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn claim(claim: PauseClaim) -> Input {
        Input::PauseClaimed {
            campaign: id(),
            claim,
        }
    }

    #[test]
    fn a_replay_comes_to_the_same_decisions() {
        assert_eq!(
            replay(recorded(vec![claim(PauseClaim::Ours)]))
                .unwrap()
                .compared,
            2
        );
        for without in [vec![], vec![claim(PauseClaim::Theirs)]] {
            let wrong = replay(recorded(without)).unwrap_err();
            assert_eq!(wrong.again, "nothing to command");
        }
    }

    #[test]
    fn a_claim_that_could_not_be_committed_is_taken_back_in_a_replay_too() {
        let mut pilot = paused_by_a_person();
        let before = pilot.campaign(&id()).unwrap().clone();
        pilot.claim_pause(&id(), PauseClaim::Ours, after(1));
        pilot.restore_campaign(&id(), before.clone());
        assert_eq!(pilot, paused_by_a_person());
        let restored = Input::CampaignRestored {
            campaign: id(),
            before: Box::new(before),
        };
        let wrong = replay(recorded(vec![claim(PauseClaim::Ours), restored])).unwrap_err();
        assert_eq!(wrong.again, "nothing to command");
    }
}
