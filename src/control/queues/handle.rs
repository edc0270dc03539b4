//! Operators' requests to the calibration of queues, and the inbox through which they reach its loop. It is like the campaigns'
//! inbox and separate from it, so that a platform that answers slowly about queues keeps nobody from holding a campaign.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::control::operator::{AppliedChange, Author};
use crate::domain::QueueId;
use crate::domain::queue::{ClassicInputs, Members};

use super::view::QueueView;

/// Requests that may wait.
const MOST_WAITING: usize = 16;

/// A request is given up after this long: a change with its readings, on a platform in trouble, takes about as long.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A request of an operator.
#[derive(Clone, Debug, PartialEq)]
pub enum CalibrationCommand {
    /// Read the queue and calibrate it now.
    Recalibrate,
    /// Calibrate it by figures that the request brings along.
    Given(ClassicInputs),
    /// Hold it for a while.
    Hold(Duration),
    /// End its hold, and calibrate again what somebody changed.
    Release,
}

/// The result of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum CalibrationAnswer {
    /// The queue was calibrated, or it was found why not.
    Calibrated {
        /// The queue as it is now.
        queue: Box<QueueView>,
        /// What was written; empty when nothing was.
        written: Members,
    },
    /// It is held, or may be calibrated again.
    Changed(AppliedChange),
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalibrationError {
    /// The queue is not calibrated by this daemon.
    #[error(
        "queue `{0}` is not calibrated here; add a [[queue]] table with this id to the settings file"
    )]
    Unknown(QueueId),
    /// Figures for `classic`, and another model calibrates the queue.
    #[error(
        "queue `{0}` is calibrated by erlang_a, which uses what it measures; use /api/v1/queues/{0}/recalibrate"
    )]
    OtherModel(QueueId),
    /// The figures are out of range.
    #[error("{}", .0.join("; "))]
    Figures(Vec<String>),
    /// There is neither a hold nor a figure that somebody changed.
    #[error("queue `{0}` is not held, and nobody changed its figures")]
    NothingInForce(QueueId),
    /// The duration is out of bounds.
    #[error(
        "a duration must be between 1s and 7d; what is meant to stay belongs in the configuration"
    )]
    Lasts,
    /// It could not be committed.
    #[error("the store cannot be written, so nothing was changed: {0}")]
    StoreClosed(String),
    /// Too many requests wait.
    #[error("too many requests wait; try again in a moment")]
    Busy,
    /// The loop did not get to it in time, or is ending.
    #[error(
        "the calibration did not get to it in time; it may still happen, and `status` shows whether it did"
    )]
    NoAnswer,
}

/// A request on its way to the loop.
pub(super) struct CalibrationRequest {
    pub(super) queue: QueueId,
    pub(super) ask: CalibrationCommand,
    pub(super) author: Author,
    pub(super) reply: oneshot::Sender<Result<CalibrationAnswer, CalibrationError>>,
}

/// A handle that sends requests to the calibration's inbox.
#[derive(Clone)]
pub struct QueueHandle(mpsc::Sender<CalibrationRequest>);

impl QueueHandle {
    pub(super) fn new() -> (Self, mpsc::Receiver<CalibrationRequest>) {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        (Self(sender), receiver)
    }

    /// Sends a request and waits for the answer.
    ///
    /// # Errors
    /// When the request was not carried out.
    pub async fn ask(
        &self,
        queue: QueueId,
        ask: CalibrationCommand,
        author: Author,
    ) -> Result<CalibrationAnswer, CalibrationError> {
        let (reply, answer) = oneshot::channel();
        let request = CalibrationRequest {
            queue,
            ask,
            author,
            reply,
        };
        self.0.try_send(request).map_err(|full| match full {
            mpsc::error::TrySendError::Full(_) => CalibrationError::Busy,
            mpsc::error::TrySendError::Closed(_) => CalibrationError::NoAnswer,
        })?;
        match tokio::time::timeout(LONGEST_WAIT, answer).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) | Err(_) => Err(CalibrationError::NoAnswer),
        }
    }
}
