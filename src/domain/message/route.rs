//! Which receiver wants which message.
//!
//! A message is written once for each receiver that wants it. The key of each copy has the receiver's name in front, so that messages
//! keep their order for each receiver, and none waits for another receiver's.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::domain::ids::CampaignId;
use crate::domain::slug::{self, LONGEST, NotASlug};

use super::envelope::Message;
use super::kind::MessageKind;

/// Why a text is no name of a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiverNameError {
    /// It is empty or too long.
    #[error("has not 1 to {LONGEST} characters")]
    Length,
    /// It has another character.
    #[error("has a character that is none of a-z, 0-9 and -")]
    Character,
    /// It means something else.
    #[error("is what the receiver of --webhook-url is called")]
    Taken,
}

/// The name of a receiver: lower-case letters, digits and `-`, 1 to 40 of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReceiverName(Arc<str>);

impl ReceiverName {
    /// What the receiver without a name is called in metrics and on the command line: that of `--webhook-url`.
    pub const NAMELESS: &str = "webhook";

    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as the end of a variable's name: upper case, `-` as `_`.
    #[must_use]
    pub fn in_variable(&self) -> String {
        slug::in_variable(&self.0)
    }
}

impl FromStr for ReceiverName {
    type Err = ReceiverNameError;

    fn from_str(text: &str) -> Result<Self, ReceiverNameError> {
        slug::check(text).map_err(|wrong| match wrong {
            NotASlug::Length => ReceiverNameError::Length,
            NotASlug::Character => ReceiverNameError::Character,
        })?;
        if text == Self::NAMELESS {
            return Err(ReceiverNameError::Taken);
        }
        Ok(Self(Arc::from(text)))
    }
}

impl fmt::Display for ReceiverName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A receiver and the messages that it wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name; the receiver of `--webhook-url` has none.
    pub receiver: Option<ReceiverName>,
    /// The events that it wants; every one unless given.
    pub events: Option<BTreeSet<MessageKind>>,
    /// The campaigns whose events it wants; those of every one unless given. An event about no campaign then goes to it only where
    /// `events` names it.
    pub campaigns: Option<BTreeSet<CampaignId>>,
}

impl Route {
    /// Every message to this receiver.
    #[must_use]
    pub fn everything(receiver: Option<ReceiverName>) -> Self {
        Self {
            receiver,
            events: None,
            campaigns: None,
        }
    }

    /// Whether it wants a message.
    #[must_use]
    pub fn wants(&self, message: &Message) -> bool {
        let named = self.events.as_ref();
        let named = named.map(|events| events.contains(&message.kind()));
        if named == Some(false) {
            return false;
        }
        match (&self.campaigns, message.key.campaign()) {
            (None, _) => true,
            (Some(campaigns), Some(campaign)) => campaigns.contains(campaign),
            (Some(_), None) => named == Some(true),
        }
    }

    /// The key in whose order its copy of a message is delivered.
    #[must_use]
    pub fn key(&self, message: &Message) -> String {
        match &self.receiver {
            None => message.key.to_string(),
            Some(name) => format!("@{name}/{}", message.key),
        }
    }
}

/// The receiver's name in a key, if it has one, and the key without it.
#[must_use]
pub fn receiver_of(key: &str) -> (Option<&str>, &str) {
    let named = key.strip_prefix('@').and_then(|key| key.split_once('/'));
    named.map_or((None, key), |(name, rest)| (Some(name), rest))
}

#[cfg(test)]
mod tests {
    use crate::domain::ids::DecisionId;
    use crate::domain::status::Direction;
    use crate::domain::time::Timestamp;

    use super::*;

    const AT: Timestamp = Timestamp::from_unix_millis(1_716_215_520_000);
    const DECISION: DecisionId = DecisionId { run: 3, tick: 41 };

    fn paused(campaign: &str) -> Message {
        let campaign = campaign.parse().unwrap();
        Message::campaign_changed(&campaign, Direction::Pause, None, None, DECISION, AT)
    }

    fn route(events: &[MessageKind], campaigns: &[&str]) -> Route {
        let campaigns = campaigns.iter().map(|id| id.parse().unwrap());
        let campaigns: BTreeSet<CampaignId> = campaigns.collect();
        Route {
            receiver: Some("ops".parse().unwrap()),
            events: (!events.is_empty()).then(|| events.iter().copied().collect()),
            campaigns: (!campaigns.is_empty()).then_some(campaigns),
        }
    }

    #[test]
    fn a_receiver_gets_the_events_and_the_campaigns_that_it_asks_for() {
        let stale = Message::data_stale(3, None, DECISION, AT);
        let all = route(&[], &[]);
        assert!(all.wants(&paused("a")) && all.wants(&stale));
        let by_event = route(&[MessageKind::DataStale], &[]);
        assert!(!by_event.wants(&paused("a")) && by_event.wants(&stale));
        let by_campaign = route(&[], &["a"]);
        assert!(by_campaign.wants(&paused("a")) && !by_campaign.wants(&paused("b")));
        assert!(!by_campaign.wants(&stale), "it is about no campaign");
        let both = route(
            &[MessageKind::CampaignPaused, MessageKind::DataStale],
            &["a"],
        );
        assert!(both.wants(&stale), "it is named");
        assert!(both.wants(&paused("a")) && !both.wants(&paused("b")));
    }

    #[test]
    fn a_key_has_the_receiver_in_front_and_gives_it_back() {
        let message = paused("a/b");
        let named = route(&[], &[]).key(&message);
        assert_eq!(named, "@ops/campaign/a/b");
        assert_eq!(receiver_of(&named), (Some("ops"), "campaign/a/b"));
        let plain = Route::everything(None).key(&message);
        assert_eq!(plain, "campaign/a/b");
        assert_eq!(receiver_of(&plain), (None, "campaign/a/b"));
    }

    #[test]
    fn a_name_is_a_slug_that_is_not_taken() {
        let of = |text: &str| text.parse::<ReceiverName>().map(|name| name.in_variable());
        assert_eq!(of("slack-ops"), Ok("SLACK_OPS".to_owned()));
        assert_eq!(of(""), Err(ReceiverNameError::Length));
        assert_eq!(of("a/b"), Err(ReceiverNameError::Character));
        assert_eq!(of("webhook"), Err(ReceiverNameError::Taken));
    }
}
