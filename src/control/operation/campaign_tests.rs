//! One command against a platform that answers as scripted, while a person may act at any moment.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::CampaignOperation;
use crate::control::hand_clock::HandClock;
use crate::control::ports::Clock;
use crate::domain::{
    Autopilot, CampaignActivity, CampaignId, Command, CommandResult, Delivery, Direction,
    GroupCount, HeadCount, Policy, Sample, StatusFinding, StatusReading, Timestamp,
};
use crate::platform::port::{
    CampaignCommander, CampaignFinding, CampaignReader, CommandOrder, Urgency,
};

/// What happened, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Read,
    Sent,
}

struct Platform {
    clock: HandClock,
    /// What becomes of the commands, one after the other, and how long the answer takes; acknowledged beyond those.
    answers: Mutex<VecDeque<(Delivery, Duration)>>,
    /// What the campaign does, by the time from which on it does so.
    does: Mutex<Vec<(Timestamp, CampaignActivity)>>,
    steps: Mutex<Vec<Step>>,
    /// A wait behind the rate limit between the decision to send and the sending.
    behind: Duration,
    /// The age of the reading at each sending.
    ages: Mutex<Vec<Duration>>,
}

impl Platform {
    fn new(answers: impl IntoIterator<Item = Delivery>) -> Self {
        let clock = HandClock::default();
        let running = (clock.now(), CampaignActivity::Running);
        let at_once = |delivery| (delivery, Duration::from_millis(20));
        Self {
            clock,
            answers: Mutex::new(answers.into_iter().map(at_once).collect()),
            does: Mutex::new(vec![running]),
            steps: Mutex::default(),
            behind: Duration::ZERO,
            ages: Mutex::default(),
        }
    }

    fn becomes(&self, activity: CampaignActivity, after: Duration) {
        let at = self.clock.now().plus(after);
        self.does.lock().unwrap().push((at, activity));
    }

    fn reading(&self) -> StatusReading {
        let now = self.clock.now();
        let does = self.does.lock().unwrap();
        let (since, activity) = does.iter().rfind(|(at, _)| *at <= now).unwrap();
        StatusReading {
            version: Some(since.as_unix_millis().to_string()),
            updated_at: Some(*since),
            ..StatusReading::without_evidence(activity.clone(), String::new(), now)
        }
    }

    /// A pause that was authorised just now.
    fn command(&self) -> Command {
        let id: CampaignId = "c".parse().unwrap();
        let policies = BTreeMap::from([(id.clone(), Policy::default())]);
        let now = self.clock.now();
        let longest = Duration::from_secs(40);
        let mut pilot = Autopilot::new(1, policies, BTreeMap::new(), longest, now);
        let none = GroupCount::Known(HeadCount::default());
        pilot.observe_sample(
            Sample::Complete {
                taken_at: now,
                heads: vec![none],
            },
            now,
        );
        pilot.observe_status(&id, &StatusFinding::Found(self.reading()), now);
        pilot.authorise(&id, Direction::Pause, now).unwrap()
    }

    async fn deliver(&self, command: &Command) -> CommandResult {
        let delivering = CampaignOperation {
            commander: self,
            campaigns: self,
            clock: &self.clock,
            longest: Duration::from_secs(40),
            freshest: Duration::from_secs(1),
            usually_settles: Duration::from_secs(1),
        };
        delivering.deliver(command).await
    }

    fn steps(&self) -> Vec<Step> {
        self.steps.lock().unwrap().clone()
    }

    /// No sending follows another without a reading in between, and none rests on an old one.
    fn sound(&self) {
        let steps = self.steps();
        assert!(
            !steps.windows(2).any(|two| two == [Step::Sent, Step::Sent]),
            "{steps:?}"
        );
        let ages = self.ages.lock().unwrap();
        assert!(
            ages.iter().all(|age| *age <= Duration::from_secs(1)),
            "{ages:?}"
        );
    }
}

impl CampaignReader for Platform {
    fn read<'a>(
        &'a self,
        ids: &'a [CampaignId],
        _urgency: Urgency,
        _deadline: Timestamp,
    ) -> BoxFuture<'a, Vec<CampaignFinding>> {
        Box::pin(async move {
            self.steps.lock().unwrap().push(Step::Read);
            self.clock.advance(Duration::from_millis(20));
            let found = || Ok(StatusFinding::Found(self.reading()));
            ids.iter().map(|_| found()).collect()
        })
    }
}

impl CampaignCommander for Platform {
    fn command<'a>(&'a self, order: CommandOrder<'a>) -> BoxFuture<'a, Delivery> {
        Box::pin(async move {
            self.clock.advance(self.behind);
            let now = self.clock.now();
            if now > order.leave_by {
                let why = "the reading grew old".to_owned();
                return Delivery::NotSent { why };
            }
            self.steps.lock().unwrap().push(Step::Sent);
            let age = now.since(order.before.read_at);
            self.ages.lock().unwrap().push(age);
            let answer = self.answers.lock().unwrap().pop_front();
            let Some((delivery, takes)) = answer else {
                self.becomes(CampaignActivity::Paused, Duration::ZERO);
                return Delivery::Acknowledged { version: None };
            };
            self.clock.advance(takes);
            delivery
        })
    }
}

fn lost() -> Delivery {
    Delivery::Lost {
        why: "no answer in time".to_owned(),
    }
}

fn busy() -> Delivery {
    Delivery::Refused {
        why: "too many".to_owned(),
        wait: Some(Duration::from_secs(2)),
    }
}

fn turned_away() -> Delivery {
    Delivery::NotSent {
        why: "another token is needed".to_owned(),
    }
}

#[tokio::test]
async fn whatever_is_sent_again_is_read_before() {
    for first in [lost(), busy(), turned_away()] {
        let platform = Platform::new([first]);
        let result = platform.deliver(&platform.command()).await;
        assert_eq!(result.delivery, Delivery::Acknowledged { version: None });
        let expected = [Step::Sent, Step::Read, Step::Sent, Step::Read];
        assert_eq!(platform.steps(), expected);
        platform.sound();
    }
}

#[tokio::test]
async fn a_person_who_acts_before_it_is_sent_again_is_left_alone() {
    for first in [lost(), busy(), turned_away()] {
        let platform = Platform::new([first]);
        let command = platform.command();
        platform.becomes(CampaignActivity::Paused, Duration::from_millis(100));
        let result = platform.deliver(&command).await;
        assert_ne!(result.delivery, Delivery::Acknowledged { version: None });
        let sent = platform.steps();
        assert_eq!(sent.iter().filter(|step| **step == Step::Sent).count(), 1);
        assert!(
            matches!(result.after, StatusFinding::Found(found) if found.activity == CampaignActivity::Paused)
        );
    }
}

#[tokio::test]
async fn a_reading_that_grew_old_before_the_command_left_is_made_anew() {
    let platform = Platform::new([]);
    let command = platform.command();
    // A slow commit, or a process that was stopped.
    platform.clock.advance(Duration::from_secs(7));
    let result = platform.deliver(&command).await;
    assert_eq!(result.delivery, Delivery::Acknowledged { version: None });
    assert_eq!(platform.steps(), [Step::Read, Step::Sent, Step::Read]);
    platform.sound();

    let platform = Platform::new([]);
    let command = platform.command();
    platform.becomes(CampaignActivity::Paused, Duration::from_secs(3));
    platform.clock.advance(Duration::from_secs(7));
    let result = platform.deliver(&command).await;
    assert!(matches!(result.delivery, Delivery::NotSent { .. }));
    assert_eq!(platform.steps(), [Step::Read], "a person was quicker");
}

#[tokio::test]
async fn behind_a_rate_limit_that_never_gives_a_turn_in_time_nothing_leaves() {
    let platform = Platform {
        behind: Duration::from_secs(2),
        ..Platform::new([])
    };
    let result = platform.deliver(&platform.command()).await;
    assert!(matches!(result.delivery, Delivery::NotSent { .. }));
    assert!(!platform.steps().contains(&Step::Sent));
}

#[tokio::test]
async fn the_refusal_of_a_later_attempt_says_nothing_of_a_lost_one() {
    let refused = Delivery::Refused {
        why: "no right".to_owned(),
        wait: None,
    };
    let platform = Platform::new([lost(), refused]);
    let result = platform.deliver(&platform.command()).await;
    assert_eq!(
        result.delivery,
        Delivery::Lost {
            why: "no answer in time; then: no right".to_owned()
        }
    );
    platform.sound();
}

#[tokio::test]
async fn the_tries_are_bounded() {
    let platform = Platform::new((0..9).map(|_| lost()));
    let result = platform.deliver(&platform.command()).await;
    assert_eq!(result.delivery, lost());
    let sent = platform.steps();
    assert_eq!(sent.iter().filter(|step| **step == Step::Sent).count(), 3);
    platform.sound();
}
