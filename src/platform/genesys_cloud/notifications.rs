//! Notifications: the platform tells of changes by itself, and the next poll comes sooner for it.
//!
//! They carry nothing: what changed is read by a poll. No first picture comes with a subscription, and what happens while no
//! connection stands is lost, so each connection begins with a wake-up. Losing them costs time and nothing else: polls go on at
//! their interval.
//!
//! A channel is made by POST, topics are given to it by POST, and a websocket leads to its texts. A topic that the client's roles do not
//! allow is left out (`ignoreErrors`). There is a text each half minute; where none comes, a ping is sent, and without any answer
//! the connection is made anew. **\[I\]** That a client by credentials may make a channel is nowhere said.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing::info;

use crate::platform::http::{PushConnection, RateShare};
use crate::platform::port::PlatformFault;

use super::endpoints;
use super::known::KnownCampaigns;
use super::organisation::{Ask, Organisation, decode};

/// The topics that one channel takes.
const MOST_TOPICS: usize = 1_000;

/// A text comes at least this often, be it only that the connection lives.
const QUIET: Duration = Duration::from_secs(35);

/// A ping is answered within this.
const ANSWERED: Duration = Duration::from_secs(10);

/// The wait before a connection is made anew, doubled with each that fails at once, up to [`LONGEST_WAIT`].
const SHORTEST_WAIT: Duration = Duration::from_secs(2);

/// See [`SHORTEST_WAIT`].
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The longest that a channel may take to be made.
const MAKING: Duration = Duration::from_secs(30);

const PING: &str = r#"{"message":"ping"}"#;

/// The platform is about to end the connection.
const CLOSING: &str = "v2.system.socket_closing";

/// What a client of notifications is told of the channel itself.
const OF_THE_CHANNEL: &str = "channel.metadata";

/// Wakes the poller when the platform tells of a change.
pub(super) struct Notifications {
    subscriber: Arc<Subscriber>,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Subscriber {
    organisation: Arc<Organisation>,
    known: Arc<KnownCampaigns>,
    /// The queues whose agents were last counted.
    queues: Mutex<BTreeSet<String>>,
    wake: Notify,
}

/// A channel, as it is made.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Channel {
    id: String,
    connect_uri: String,
}

/// A text that came.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    topic_name: String,
}

impl Notifications {
    pub(super) fn new(organisation: Arc<Organisation>, known: Arc<KnownCampaigns>) -> Self {
        Self {
            subscriber: Arc::new(Subscriber {
                organisation,
                known,
                queues: Mutex::default(),
                wake: Notify::new(),
            }),
            task: Mutex::new(None),
        }
    }

    /// The agents of these queues are counted from now on.
    pub(super) fn count(&self, queues: &[&str]) {
        let queues = queues.iter().map(|queue| (*queue).to_owned()).collect();
        *self
            .subscriber
            .queues
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = queues;
    }

    /// Ends when the platform has told of a change since the last call. The first call makes the channel: commands that only look make
    /// none.
    pub(super) async fn changed(&self) {
        {
            let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
            if task.is_none() {
                let subscriber = Arc::clone(&self.subscriber);
                *task = Some(tokio::spawn(async move { subscriber.listen().await }));
            }
        }
        self.subscriber.wake.notified().await;
    }
}

impl Drop for Notifications {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task.take() {
            task.abort();
        }
    }
}

impl Subscriber {
    /// Keeps a connection for as long as the daemon runs.
    async fn listen(&self) {
        let mut wait = SHORTEST_WAIT;
        let mut told = false;
        loop {
            match self.connect().await {
                Ok((connection, topics)) => {
                    info!("the platform reports changes by itself: polls come sooner for it");
                    told = false;
                    wait = SHORTEST_WAIT;
                    self.organisation.push_connected(true);
                    self.wake.notify_one();
                    self.follow(connection, &topics).await;
                    self.organisation.push_connected(false);
                }
                Err(fault) => {
                    if !told {
                        info!(why = %fault.detail, "the platform does not report changes by itself: it is polled at the interval");
                        told = true;
                    }
                    wait = wait.saturating_mul(2).min(LONGEST_WAIT);
                }
            }
            self.organisation.sleep(wait).await;
        }
    }

    /// Makes a channel with all topics and opens the way to it.
    async fn connect(&self) -> Result<(Box<dyn PushConnection>, BTreeSet<String>), PlatformFault> {
        let topics = self.topics();
        let made = self.ask(&["notifications", "channels"], Vec::new(), Value::Null);
        let channel: Channel = made.await?;
        let wanted: Vec<Value> = topics.iter().map(|topic| json!({"id": topic})).collect();
        let path = ["notifications", "channels", &channel.id, "subscriptions"];
        let ignoring = vec![("ignoreErrors", "true".to_owned())];
        let _accepted: Value = self.ask(&path, ignoring, wanted.into()).await?;
        let address = channel.connect_uri.parse();
        let address = address.map_err(|_| decode("the channel has no address".to_owned()))?;
        let connection = self.organisation.open_push(address).await?;
        Ok((connection, topics))
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        path: &[&str],
        query: Vec<(&'static str, String)>,
        body: Value,
    ) -> Result<T, PlatformFault> {
        let ask = Ask {
            endpoint: endpoints::NOTIFICATIONS,
            path,
            query,
            body: Some(body),
            right: "notifications",
            share: RateShare::Readings,
            deadline: self.organisation.now().plus(MAKING),
        };
        let parse = |body: &[u8]| {
            serde_json::from_slice(body)
                .map_err(|wrong| format!("the answer about notifications cannot be read: {wrong}"))
        };
        self.organisation.read(ask, parse).await
    }

    /// Follows a connection to its end.
    async fn follow(&self, mut connection: Box<dyn PushConnection>, topics: &BTreeSet<String>) {
        let mut pinged = false;
        loop {
            let patience = if pinged { ANSWERED } else { QUIET };
            let came = tokio::select! {
                came = connection.next() => Some(came),
                () = self.organisation.sleep(patience) => None,
            };
            match came {
                Some(Ok(Some(text))) => {
                    pinged = false;
                    let topic = serde_json::from_str::<Told>(&text).map(|told| told.topic_name);
                    match topic.as_deref() {
                        Ok(CLOSING) => return,
                        Ok(OF_THE_CHANNEL) | Err(_) => {}
                        Ok(_) => {
                            self.organisation.push_came();
                            self.wake.notify_one();
                        }
                    }
                }
                // It ended or broke.
                Some(Ok(None) | Err(_)) => return,
                None if pinged => return,
                None => {
                    pinged = true;
                    if connection.send(PING.to_owned()).await.is_err() {
                        return;
                    }
                }
            }
            // Campaigns were added or taken out, or other queues count.
            if *topics != self.topics() {
                return;
            }
        }
    }

    fn topics(&self) -> BTreeSet<String> {
        let campaigns = self.known.all();
        let campaigns = campaigns
            .iter()
            .map(|id| format!("v2.outbound.campaigns.{id}"));
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let queues = queues
            .iter()
            .map(|queue| format!("v2.analytics.queues.{queue}.observations"));
        campaigns.chain(queues).take(MOST_TOPICS).collect()
    }
}
