//! What operators ask of the calibration of queues, and the way by which it reaches its loop: like the campaigns' desk,
//! and apart from it, so that a platform that answers slowly about queues keeps nobody from holding a campaign.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::control::operator::{Author, Made};
use crate::domain::QueueId;
use crate::domain::queue::{ClassicInputs, Members};

use super::view::QueueView;

/// Requests that may wait.
const MOST_WAITING: usize = 16;

/// A request is given up after this long: a change with its readings, on a platform in trouble, takes about as long.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum QueueAsk {
    /// Read the queue and calibrate it now.
    Recalibrate,
    /// Calibrate it by figures that are brought along.
    Given(ClassicInputs),
    /// Leave it alone for a while.
    Hold(Duration),
    /// End its hold, and give back what somebody changed.
    Release,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum QueueAnswer {
    /// The queue was calibrated, or it was found why not.
    Calibrated {
        /// How it stands now.
        queue: Box<QueueView>,
        /// What was written; empty when nothing was.
        written: Members,
    },
    /// It is held, or free again.
    Changed(Made),
}

/// Why it was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueRefusal {
    /// No such queue is calibrated.
    #[error(
        "queue `{0}` is not calibrated here; add a [[queue]] table with this id to the settings file"
    )]
    Unknown(QueueId),
    /// Figures for `classic`, and another model calibrates the queue.
    #[error(
        "queue `{0}` is calibrated by erlang_a, which takes what it measures; ask for /api/v1/queues/{0}/recalibrate"
    )]
    OtherModel(QueueId),
    /// The figures make no sense.
    #[error("{}", .0.join("; "))]
    Figures(Vec<String>),
    /// Neither a hold nor somebody's figures.
    #[error("queue `{0}` is neither held nor somebody's")]
    NothingInForce(QueueId),
    /// It cannot last so long, or not at all.
    #[error("it lasts from 1s to 7d; what is meant to stay belongs into the configuration")]
    Lasts,
    /// It could not be committed.
    #[error("the store cannot be written, so nothing was changed: {0}")]
    StoreClosed(String),
    /// Too many requests wait.
    #[error("too many requests wait; try again in a moment")]
    Busy,
    /// The loop did not get to it, or ends.
    #[error(
        "the calibration did not get to it in time; it may still come to pass, and `status` shows whether it did"
    )]
    NoAnswer,
}

/// One request on its way.
pub(super) struct QueueRequested {
    pub(super) queue: QueueId,
    pub(super) ask: QueueAsk,
    pub(super) author: Author,
    pub(super) reply: oneshot::Sender<Result<QueueAnswer, QueueRefusal>>,
}

/// Where requests are handed in.
#[derive(Clone)]
pub struct QueueDesk(mpsc::Sender<QueueRequested>);

impl QueueDesk {
    pub(super) fn new() -> (Self, mpsc::Receiver<QueueRequested>) {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        (Self(sender), receiver)
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn ask(
        &self,
        queue: QueueId,
        ask: QueueAsk,
        author: Author,
    ) -> Result<QueueAnswer, QueueRefusal> {
        let (reply, answer) = oneshot::channel();
        let request = QueueRequested {
            queue,
            ask,
            author,
            reply,
        };
        self.0.try_send(request).map_err(|full| match full {
            mpsc::error::TrySendError::Full(_) => QueueRefusal::Busy,
            mpsc::error::TrySendError::Closed(_) => QueueRefusal::NoAnswer,
        })?;
        match tokio::time::timeout(LONGEST_WAIT, answer).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) | Err(_) => Err(QueueRefusal::NoAnswer),
        }
    }
}
