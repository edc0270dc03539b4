//! The receiver of messages.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use campaign_autopilot::domain::Timestamp;
use campaign_autopilot::notify::{Answer, OutboxEntry, Post};
use futures_util::future::BoxFuture;

use super::time::Time;

/// A message that the receiver took.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) at: i64,
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) event: String,
    pub(crate) body: String,
}

/// How the receiver is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mood {
    pub(crate) down_until: i64,
    /// It takes messages and its answers are lost.
    pub(crate) mute_until: i64,
}

/// Takes messages.
pub(crate) struct Receiver {
    pub(crate) time: Arc<Time>,
    pub(crate) mood: Arc<Mutex<Mood>>,
    pub(crate) taken: Arc<Mutex<Vec<Taken>>>,
}

impl Receiver {
    async fn take(&self, entry: &OutboxEntry) -> Answer {
        tokio::time::sleep(Duration::from_millis(30)).await;
        let now = self.time.now();
        let mood = *self.mood.lock().unwrap();
        if now < mood.down_until {
            let why = "connection refused".to_owned();
            return Answer::Connect { why };
        }
        self.taken.lock().unwrap().push(Taken {
            at: now,
            id: entry.id.clone(),
            key: entry.key.clone(),
            event: entry.event.clone(),
            body: entry.body.clone(),
        });
        if now < mood.mute_until {
            tokio::time::sleep(Duration::from_secs(5)).await;
            return Answer::Timeout;
        }
        Answer::Status {
            status: 204,
            retry_after: None,
            leads_to: None,
            excerpt: String::new(),
        }
    }
}

impl Post for Receiver {
    fn post<'a>(&'a self, entry: &'a OutboxEntry, _now: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(self.take(entry))
    }
}
