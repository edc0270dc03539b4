//! Channels over which the platform tells of changes: who may hear of what, and what there is to be told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::super::super::answer::Answer;
use super::super::super::platform::Platform;
use super::super::super::refusal::Refused;
use super::super::super::time::SimTime;
use super::CloudState;
use super::answers::{RequestContext, json_answer, read_as, statuses};
use super::bodies;
use super::operation::CloudOperation;
use super::query::wrong;
use super::route::PLACE;

/// The topics that one channel takes.
const MOST_TOPICS: usize = 1_000;

/// A channel lives so long.
const LIFE: Duration = Duration::from_secs(24 * 3_600);

/// What a topic tells of.
enum Topic<'a> {
    Campaign(&'a str),
    Queue(&'a str),
}

impl<'a> Topic<'a> {
    fn read(text: &'a str) -> Option<Self> {
        if let Some(campaign) = text.strip_prefix("v2.outbound.campaigns.") {
            return (!campaign.is_empty()).then_some(Self::Campaign(campaign));
        }
        let queue = text.strip_prefix("v2.analytics.queues.")?;
        let queue = queue.strip_suffix(".observations")?;
        (!queue.is_empty()).then_some(Self::Queue(queue))
    }

    /// The right that is needed to hear of it.
    fn right(&self) -> Option<&'static str> {
        match self {
            Self::Campaign(_) => CloudOperation::Campaign.right(),
            Self::Queue(_) => CloudOperation::Observations.right(),
        }
    }
}

impl RequestContext<'_> {
    pub(super) fn make_channel(&mut self) -> Result<Answer, Refused> {
        if !self.cloud.settings.notifies {
            return Err(Refused::new(
                StatusCode::FORBIDDEN,
                "notification.transport.not.allowed",
                "no channel may be made",
            ));
        }
        let id = self.cloud.channels.make();
        let host = self.call.host.as_deref().unwrap_or("localhost");
        Ok(json_answer(&json!({
            "id": id,
            "connectUri": format!("ws://{host}{PLACE}{id}"),
            "expires": self.now.plus(LIFE).rfc3339(),
        })))
    }

    pub(super) fn subscribe(&mut self, id: &str) -> Result<Answer, Refused> {
        let body = read_as(&bodies::TOPICS, &self.call.body)?;
        let lenient = match self.query.first("ignoreErrors") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(wrong("ignoreErrors")),
        };
        let CloudState {
            settings, channels, ..
        } = &mut *self.cloud;
        let channel = channels.find_mut(id);
        let channel = channel.ok_or_else(|| {
            let why = format!("there is no channel {id}");
            Refused::bad_request("notification.unable.to.get.channel.id", why)
        })?;
        let wanted = body.as_array().into_iter().flatten();
        let wanted = wanted.filter_map(|topic| topic.get("id")?.as_str());
        let mut rows = Vec::new();
        let mut allowed = BTreeSet::new();
        for text in wanted {
            let topic = Topic::read(text);
            let right = topic.as_ref().and_then(Topic::right);
            let lacking = right.filter(|right| settings.withheld.contains(*right));
            let refused = match (&topic, lacking) {
                (None, _) => Some((StatusCode::BAD_REQUEST, "notification.invalid.topic")),
                (_, Some(_)) => Some((StatusCode::FORBIDDEN, "notification.unauthorized.topic")),
                (Some(_), None) => None,
            };
            match refused {
                Some((status, code)) if !lenient => {
                    let why = format!("topic {text} is not allowed");
                    return Err(Refused::new(status, code, why));
                }
                Some((_, code)) => rows.push(json!({
                    "id": text,
                    "state": "Rejected",
                    "rejectionReason": code,
                })),
                None => {
                    rows.push(json!({"id": text, "state": "Permitted"}));
                    allowed.insert(text.to_owned());
                }
            }
        }
        if channel.topics.union(&allowed).count() > MOST_TOPICS {
            let code = "notification.subscription.too.many.subscriptions";
            return Err(Refused::bad_request(code, "too many topics".to_owned()));
        }
        channel.topics.extend(allowed);
        Ok(json_answer(&json!({ "entities": rows })))
    }
}

impl Platform {
    /// Returns what each topic of a channel has to tell now; nothing where there is no such channel any more.
    pub(in crate::simulator) fn cloud_topics(
        &mut self,
        channel: &str,
        now: SimTime,
    ) -> Option<BTreeMap<String, Value>> {
        self.follow_cloud(now);
        let Self {
            world,
            cloud: Some(cloud),
            ..
        } = self
        else {
            return None;
        };
        if !cloud.settings.notifies {
            return None;
        }
        let channel = cloud.channels.find(channel)?;
        let tell = |topic: &String| {
            let body = match Topic::read(topic)? {
                Topic::Campaign(id) => {
                    let (version, _) = cloud.changes.version(id, now);
                    let campaign = world.campaign(id)?;
                    json!({"id": id, "campaignStatus": campaign.status, "version": version})
                }
                Topic::Queue(queue) => {
                    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
                    for status in statuses(world, cloud, queue).into_iter().flatten() {
                        let count = counts.entry(status).or_default();
                        *count = count.saturating_add(1);
                    }
                    json!({"queueId": queue, "data": counts})
                }
            };
            Some((
                topic.clone(),
                json!({"topicName": topic, "eventBody": body}),
            ))
        };
        Some(channel.topics.iter().filter_map(tell).collect())
    }
}
