//! Which form a receiver wants, and what its answers mean.

use crate::domain::TenantName;
use crate::notify::ports::OutboxEntry;
use crate::notify::retry::Refusals;
use crate::notify::signature::SigningKeys;
use crate::secrets::Secret;

use super::words::Story;
use super::{pagerduty, slack, teams};

/// The form that a receiver wants, with the secret that belongs to it.
#[derive(Clone, Debug)]
pub enum Form {
    /// The stored JSON, described as `CloudEvents` and signed as Standard Webhooks.
    Signed(SigningKeys),
    /// A message of Slack's incoming webhooks.
    Slack,
    /// An adaptive card for a Workflows webhook of Microsoft Teams.
    Teams,
    /// An event of PagerDuty's Events API v2, with the routing key of an integration.
    PagerDuty(Secret),
}

/// The forms by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormName {
    /// [`Form::Signed`].
    Signed,
    /// [`Form::Slack`].
    Slack,
    /// [`Form::Teams`].
    Teams,
    /// [`Form::PagerDuty`].
    PagerDuty,
}

impl FormName {
    /// Every form, by its word in the settings.
    pub const WORDS: &[(&'static str, Self)] = &[
        ("signed", Self::Signed),
        ("slack", Self::Slack),
        ("teams", Self::Teams),
        ("pagerduty", Self::PagerDuty),
    ];

    /// Its word in the settings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::PagerDuty => "pagerduty",
        }
    }
}

impl Form {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> FormName {
        match self {
            Self::Signed(_) => FormName::Signed,
            Self::Slack => FormName::Slack,
            Self::Teams => FormName::Teams,
            Self::PagerDuty(_) => FormName::PagerDuty,
        }
    }

    /// The secret that belongs to it, if one does.
    #[must_use]
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Signed(keys) => Some(keys.secret()),
            Self::PagerDuty(routing_key) => Some(routing_key),
            Self::Slack | Self::Teams => None,
        }
    }

    /// The answers that refuse the entry itself, so that it is not retried for long. Any other is about the receiver, which may be set
    /// right: an archived channel (Slack's 410) or an address that is gone (404) keeps messages until they are too old.
    #[must_use]
    pub fn refusals(&self) -> Refusals {
        match self {
            Self::Signed(_) => Refusals::SIGNED,
            Self::Slack => Refusals {
                statuses: &[400, 413, 422],
                most: 3,
            },
            Self::Teams => Refusals {
                statuses: &[400, 413, 415, 422],
                most: 3,
            },
            // PagerDuty's documentation says of 400 not to retry.
            Self::PagerDuty(_) => Refusals {
                statuses: &[400, 413, 422],
                most: 1,
            },
        }
    }

    /// Whether one entry is sent at a time, and none while the receiver asks to wait. Slack and Teams take about one and four messages a
    /// second, and PagerDuty as many as it says at the time.
    #[must_use]
    pub fn one_by_one(&self) -> bool {
        match self {
            Self::Signed(_) => false,
            Self::Slack | Self::Teams | Self::PagerDuty(_) => true,
        }
    }

    /// The body of an entry in the forms that are not signed.
    pub(in crate::notify) fn body(
        &self,
        entry: &OutboxEntry,
        (source, tenant): (&str, Option<&TenantName>),
    ) -> Option<String> {
        let value = serde_json::from_str(&entry.body).unwrap_or_default();
        let story = || Story::new(entry, &value, tenant);
        let body = match self {
            Self::Signed(_) => return None,
            Self::Slack => slack::body(&story()),
            Self::Teams => teams::body(&story()),
            Self::PagerDuty(routing_key) => {
                pagerduty::body(entry, &value, &story(), (source, tenant), routing_key)
            }
        };
        Some(body.to_string())
    }
}
