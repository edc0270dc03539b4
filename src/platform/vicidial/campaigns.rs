//! Reading and commanding campaigns.
//!
//! All come with one list. A pause is a level that dials nothing and that nobody else would choose, so that it shows whose it is; in
//! an adaptive campaign the method goes along in the same request, since the platform would set the level anew. A resume writes what
//! was there before, and only where the campaign still shows our pause. What was there is remembered with the intent, by the caller.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::{
    CampaignActivity, CampaignId, Delivery, DialsBy, Direction, StatusFinding, StatusReading,
    Timestamp,
};
use crate::platform::dialect::PauseMethod;
use crate::platform::http::failed_delivery;
use crate::platform::port::{
    CampaignCommander, CampaignFinding, CampaignReader, CommandOrder, NameMemory, PlatformFault,
    PlatformNames, Rival, RivalKind, Urgency,
};

use super::campaign::{Campaign, Dialling, MARK, RATIO};
use super::effect::EffectWatch;
use super::endpoints;
use super::known::KnownCampaigns;
use super::listings::Listings;
use super::read_backs::ReadBacks;
use super::site::{Order, Site, decode, share};
use super::standstill::StandstillWatch;

/// The level at which the adaptive process begins anew.
const ADAPTIVE_START: &str = "1.0";

/// The level at which a resume in stages begins.
const STAGE: &str = "1.0";

/// Reads campaigns of a system.
pub(super) struct Campaigns {
    pub(super) site: Arc<Site>,
    pub(super) listings: Arc<Listings>,
    pub(super) known: Arc<KnownCampaigns>,
    pub(super) effects: EffectWatch,
    pub(super) standstills: StandstillWatch,
    pub(super) method: PauseMethod,
    pub(super) names: NameMemory,
}

/// Commands campaigns of a system.
pub(super) struct Commander {
    pub(super) campaigns: Arc<Campaigns>,
    pub(super) read_backs: Arc<ReadBacks>,
}

impl Campaigns {
    async fn read_all(
        &self,
        ids: &[CampaignId],
        urgency: Urgency,
        deadline: Timestamp,
    ) -> Vec<CampaignFinding> {
        if let ([id], Urgency::Command | Urgency::BeforeCommand) = (ids, urgency) {
            let found = self
                .listings
                .one(id.as_str(), share(urgency), deadline)
                .await;
            let read_at = self.site.now();
            return vec![found.map(|found| match found {
                Some(campaign) => self.finding(id, &campaign, read_at),
                None => StatusFinding::Missing,
            })];
        }
        let since = self.site.now();
        let listed = self.listings.every(since, share(urgency), deadline).await;
        let dated = match listed {
            Ok(dated) => dated,
            Err(fault) => return ids.iter().map(|_| Err(fault.clone())).collect(),
        };
        let mut findings = Vec::with_capacity(ids.len());
        for id in ids {
            findings.push(match dated.listing.get(id.as_str()) {
                Some(campaign) => Ok(self.finding(id, campaign, dated.read_at)),
                // One row that cannot be read may be this campaign's.
                None => match &dated.listing.unreadable.why {
                    Some(why) => Err(decode(format!(
                        "campaign {id} is not among the rows that can be read: {why}"
                    ))),
                    None => Ok(StatusFinding::Missing),
                },
            });
        }
        if urgency == Urgency::Routine {
            self.effects.look(&dated.listing, ids, deadline).await;
            self.standstills.look(&dated.listing, ids, deadline).await;
        }
        findings
    }

    fn finding(&self, id: &CampaignId, found: &Campaign, read_at: Timestamp) -> StatusFinding {
        self.names.note(id, found.name.as_deref());
        let activity = found.activity(self.method);
        let runs = activity == CampaignActivity::Running;
        let word = match &activity {
            CampaignActivity::NotCommandable { word } => word.clone(),
            CampaignActivity::Running
            | CampaignActivity::Paused
            | CampaignActivity::Changing { .. }
            | CampaignActivity::Unknown { .. } => found.word(),
        };
        StatusFinding::Found(StatusReading {
            // The mark is the same whenever it is read: whoever changed the campaign has taken it away.
            version: found.is_marked().then(|| found.dialling.text()),
            changed_by: found.author(self.method),
            dials_by: runs.then(|| {
                Box::new(DialsBy {
                    text: found.dialling.text(),
                    ratio: found.dialling.exact_ratio(),
                })
            }),
            ..StatusReading::without_evidence(activity, word, read_at)
        })
    }
}

impl CampaignReader for Campaigns {
    fn configured(&self, ids: &[CampaignId]) {
        self.known.relist(ids);
    }

    fn read<'a>(
        &'a self,
        ids: &'a [CampaignId],
        urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Vec<CampaignFinding>> {
        Box::pin(self.read_all(ids, urgency, deadline))
    }

    fn rivals<'a>(
        &'a self,
        ids: &'a [CampaignId],
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<Rival>, PlatformFault>> {
        let told = |campaigns: Vec<CampaignId>, why: &str| {
            let rivals = campaigns.into_iter().map(|campaign| Rival {
                campaign,
                description: why.to_owned(),
                kind: RivalKind::Hinders,
            });
            rivals.collect::<Vec<Rival>>()
        };
        let mut rivals = told(self.effects.without_effect(ids), super::effect::WHY);
        let standing = self.standstills.standing(ids);
        rivals.extend(told(standing, super::standstill::WHY));
        Box::pin(std::future::ready(Ok(rivals)))
    }

    fn names(&self) -> Arc<PlatformNames> {
        self.names.known()
    }
}

/// The fields that bring a command about.
fn fields(
    direction: Direction,
    before: &StatusReading,
    (restore, staged): (Option<&str>, bool),
    method: PauseMethod,
) -> Result<Vec<(&'static str, String)>, String> {
    let level = |level: &str| ("auto_dial_level", level.to_owned());
    let dial_method = |method: &str| ("dial_method", method.to_owned());
    match direction {
        Direction::Pause if before.activity != CampaignActivity::Running => {
            Err("it is not running".to_owned())
        }
        Direction::Pause if method == PauseMethod::Active => Ok(vec![("active", "N".to_owned())]),
        Direction::Pause => {
            let dials = before.dials_by.as_ref();
            let dials = dials.and_then(|dials| Dialling::parse(&dials.text));
            let dials = dials.ok_or("what it dials by could not be read")?;
            if dials.is_by_level() {
                Ok(vec![level(MARK)])
            } else if dials.is_adaptive() {
                // Together: the adaptive process would set the level anew within seconds.
                Ok(vec![dial_method(RATIO), level(MARK)])
            } else {
                Err("its method could not be set again".to_owned())
            }
        }
        Direction::Resume => {
            let marked = before.version.as_deref().and_then(Dialling::parse);
            let Some(marked) = marked.filter(Dialling::is_marked) else {
                let ours = method == PauseMethod::Active
                    && before.activity == CampaignActivity::Paused
                    && before.changed_by.is_none();
                return if ours {
                    Ok(vec![("active", "Y".to_owned())])
                } else {
                    Err("it does not show our pause".to_owned())
                };
            };
            let restored = restore.and_then(Dialling::parse).ok_or(
                "what it dialled by before is not remembered: set method and level on its page",
            )?;
            if restored.is_adaptive() {
                Ok(vec![dial_method(&restored.method), level(ADAPTIVE_START)])
            } else if restored.method == marked.method {
                let begins = if staged { STAGE } else { &restored.level };
                Ok(vec![level(begins)])
            } else {
                Err(format!(
                    "it dials by {} now and by {} before the pause: set method and level on its page",
                    marked.method, restored.method
                ))
            }
        }
    }
}

impl Commander {
    async fn send(&self, order: CommandOrder<'_>) -> Delivery {
        let Campaigns {
            site,
            known,
            method,
            ..
        } = &*self.campaigns;
        let id = order.campaign;
        let refused = |why: String| Delivery::Refused { why, wait: None };
        let restore = order.restore.map(|dials| dials.text.as_str());
        let restore = (restore, order.staged);
        if !known.lists(id) {
            return refused(format!("{id} is not in the configuration"));
        }
        let fields = match fields(order.direction, order.before, restore, *method) {
            Ok(fields) => fields,
            Err(why) => {
                let word = &order.before.word;
                return refused(format!("campaign {id} is `{word}`: {why}"));
            }
        };
        let request = Order {
            endpoint: endpoints::UPDATE,
            campaign: id.as_str(),
            fields,
            decision: order.decision.to_string(),
            leave_by: Some(order.leave_by),
            deadline: order.deadline,
        };
        let delivery = match site.write(request).await {
            Ok(()) => Delivery::Acknowledged { version: None },
            Err(failed) => failed_delivery(failed),
        };
        let may_be_there = matches!(
            delivery,
            Delivery::Acknowledged { .. } | Delivery::Lost { .. }
        );
        if order.direction == Direction::Pause && may_be_there {
            self.read_backs.paused();
        }
        delivery
    }
}

impl CampaignCommander for Commander {
    fn command<'a>(&'a self, order: CommandOrder<'a>) -> BoxFuture<'a, Delivery> {
        Box::pin(self.send(order))
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Author;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

    fn running(dials_by: &str) -> StatusReading {
        StatusReading {
            dials_by: Some(Box::new(DialsBy {
                text: dials_by.to_owned(),
                ratio: None,
            })),
            ..StatusReading::without_evidence(CampaignActivity::Running, dials_by.to_owned(), NOW)
        }
    }

    fn marked(text: &str) -> StatusReading {
        StatusReading {
            version: Some(text.to_owned()),
            changed_by: Some(Author::Ours),
            ..StatusReading::without_evidence(CampaignActivity::Paused, text.to_owned(), NOW)
        }
    }

    fn sent(
        direction: Direction,
        before: &StatusReading,
        restore: Option<&str>,
        method: PauseMethod,
    ) -> Option<String> {
        let fields = fields(direction, before, (restore, false), method).ok()?;
        let fields = fields.iter().map(|(name, value)| format!("{name}={value}"));
        Some(fields.collect::<Vec<_>>().join("&"))
    }

    #[test]
    fn a_pause_is_the_mark_with_the_method_where_that_is_adaptive() {
        let pause = |by: &str| sent(Direction::Pause, &running(by), None, PauseMethod::Level);
        let mark = Some("auto_dial_level=0.0001");
        assert_eq!(pause("RATIO 2.0").as_deref(), mark);
        assert_eq!(pause("SHARED_RATIO 1.0").as_deref(), mark);
        assert_eq!(
            pause("ADAPT_TAPERED 1.733").as_deref(),
            Some("dial_method=RATIO&auto_dial_level=0.0001")
        );
        assert_eq!(pause("SHARED_ADAPT_TAPERED 1.5"), None);
        assert_eq!(pause("MANUAL 0"), None);
        let by_active = sent(
            Direction::Pause,
            &running("SHARED_ADAPT_TAPERED 1.5"),
            None,
            PauseMethod::Active,
        );
        assert_eq!(by_active.as_deref(), Some("active=N"));
    }

    #[test]
    fn a_resume_writes_what_was_there_and_only_over_our_mark() {
        let resume = |before: &StatusReading, restore: Option<&str>| {
            sent(Direction::Resume, before, restore, PauseMethod::Level)
        };
        let ratio = marked("RATIO 0.0001");
        for (restore, expected) in [
            (Some("RATIO 2.0"), Some("auto_dial_level=2.0")),
            (
                Some("ADAPT_TAPERED 1.733"),
                Some("dial_method=ADAPT_TAPERED&auto_dial_level=1.0"),
            ),
            (Some("SHARED_RATIO 2.0"), None),
            (Some("nonsense"), None),
            (None, None),
        ] {
            assert_eq!(resume(&ratio, restore).as_deref(), expected, "{restore:?}");
        }
        let shared = marked("SHARED_RATIO 0.0001");
        assert_eq!(
            resume(&shared, Some("SHARED_RATIO 1.5")).as_deref(),
            Some("auto_dial_level=1.5")
        );
        let stopped = StatusReading {
            changed_by: Some(Author::Somebody {
                name: "x".to_owned(),
            }),
            version: None,
            ..marked("RATIO 0")
        };
        assert_eq!(resume(&stopped, Some("RATIO 2.0")), None);
    }

    #[test]
    fn a_resume_in_stages_begins_at_one_and_only_by_ratio() {
        let before = marked("RATIO 0.0001");
        let begins = |restore: &str| {
            let restore = (Some(restore), true);
            let fields = fields(Direction::Resume, &before, restore, PauseMethod::Level);
            fields.unwrap().last().unwrap().1.clone()
        };
        assert_eq!(begins("RATIO 2.5"), "1.0");
        assert_eq!(begins("ADAPT_TAPERED 2.5"), "1.0");
    }

    #[test]
    fn by_active_only_a_pause_that_names_nobody_is_ended() {
        let mut before = marked("inactive RATIO 2.0");
        before.version = None;
        before.changed_by = None;
        let resume = |before: &StatusReading, restore| {
            sent(Direction::Resume, before, restore, PauseMethod::Active)
        };
        assert_eq!(resume(&before, None).as_deref(), Some("active=Y"));
        before.changed_by = Some(Author::Somebody {
            name: "x".to_owned(),
        });
        assert_eq!(resume(&before, None), None);
        // A pause from before the setting was changed is ended as it was made.
        let marked = marked("RATIO 0.0001");
        assert_eq!(
            resume(&marked, Some("RATIO 2.0")).as_deref(),
            Some("auto_dial_level=2.0")
        );
    }
}
