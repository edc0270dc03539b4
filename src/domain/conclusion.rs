//! The verdict on one write, whatever it was to change.
//!
//! *One vocabulary.* Campaign commands, lists, queues and routing profiles end in the same ways. Each kind uses those that can
//! happen to it: only of a campaign is it decided whose a change is, only a queue is merged again.
//!
//! *Old words.* Before there was one vocabulary, lists and queues had words of their own. What is shown or kept of them has these
//! words until the next release: [`Conclusion::list_label`] and [`Conclusion::queue_label`] are the only places that know them.
//! Both old and new words are read.

use serde::{Deserialize, Serialize, Serializer};

/// The verdict on a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// It is in force, as it was read back or as the platform's answer proves, and it is ours.
    #[serde(alias = "applied", alias = "accepted")]
    Confirmed,
    /// It was in force already; nothing was sent.
    Unchanged,
    /// Somebody changed the object meanwhile; it is read and made up again.
    Stale,
    /// What it rested on is not so: somebody changed the same to something else, or there is no capacity for it.
    #[serde(alias = "no_capacity")]
    Conflict,
    /// It, or what the object would become by it, breaks a rule; nothing was sent.
    Invalid,
    /// The platform said no.
    Refused,
    /// It never left.
    NotSent,
    /// It had no effect.
    NotApplied,
    /// What was asked for is in force, but cannot be shown to be our doing: it counts as a person's.
    NotOurs,
    /// The platform said yes, and shows something else.
    Differs,
    /// Not known yet; the next reading decides.
    #[serde(alias = "lost")]
    Unknown,
}

impl Conclusion {
    /// What becomes of changes of queues, each old word once; for metrics.
    pub const OF_QUEUES: [Self; 9] = [
        Self::Confirmed,
        Self::Unchanged,
        Self::Stale,
        Self::Conflict,
        Self::Invalid,
        Self::Refused,
        Self::NotSent,
        Self::Unknown,
        Self::Differs,
    ];

    /// What becomes of lists, each old word once; for metrics.
    pub const OF_LISTS: [Self; 5] = [
        Self::Confirmed,
        Self::Conflict,
        Self::Refused,
        Self::Unknown,
        Self::NotSent,
    ];

    /// The word for logs, metrics and the store.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::Refused => "refused",
            Self::NotSent => "not_sent",
            Self::NotApplied => "not_applied",
            Self::NotOurs => "not_ours",
            Self::Differs => "differs",
            Self::Unknown => "unknown",
        }
    }

    /// The word of 0.1.0 for a change of a queue or a profile.
    #[must_use]
    pub fn queue_label(self) -> &'static str {
        match self {
            Self::Confirmed => "applied",
            Self::NotApplied => "not_sent",
            Self::Unchanged
            | Self::Stale
            | Self::Conflict
            | Self::Invalid
            | Self::Refused
            | Self::NotSent
            | Self::NotOurs
            | Self::Differs
            | Self::Unknown => self.label(),
        }
    }

    /// The word of 0.1.0 for a list.
    #[must_use]
    pub fn list_label(self) -> &'static str {
        match self {
            Self::Confirmed | Self::Unchanged => "accepted",
            Self::Conflict | Self::Stale => "no_capacity",
            Self::Refused | Self::Invalid => "refused",
            Self::NotSent | Self::NotApplied => "not_sent",
            Self::Unknown | Self::Differs | Self::NotOurs => "lost",
        }
    }

    /// Writes [`Self::queue_label`].
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands out references"
    )]
    pub(super) fn as_queue_label<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.queue_label())
    }

    /// Writes [`Self::list_label`].
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands out references"
    )]
    pub(super) fn as_list_label<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.list_label())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn read(word: &str) -> Conclusion {
        from_value(json!(word)).unwrap()
    }

    #[test]
    fn every_word_that_was_ever_kept_is_read() {
        let commands = [
            ("confirmed", Conclusion::Confirmed),
            ("refused", Conclusion::Refused),
            ("not_sent", Conclusion::NotSent),
            ("not_applied", Conclusion::NotApplied),
            ("not_ours", Conclusion::NotOurs),
            ("unknown", Conclusion::Unknown),
        ];
        for (word, means) in commands {
            assert_eq!(read(word), means, "{word}");
            assert_eq!((json!(means), means.label()), (json!(word), word));
        }
        let queues = [
            "applied",
            "unchanged",
            "stale",
            "conflict",
            "invalid",
            "refused",
            "not_sent",
            "unknown",
            "differs",
        ];
        assert_eq!(Conclusion::OF_QUEUES.map(Conclusion::queue_label), queues);
        assert_eq!(queues.map(read), Conclusion::OF_QUEUES);
        let lists = ["accepted", "no_capacity", "refused", "lost", "not_sent"];
        assert_eq!(Conclusion::OF_LISTS.map(Conclusion::list_label), lists);
        assert_eq!(lists.map(read), Conclusion::OF_LISTS);
    }
}
