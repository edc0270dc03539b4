//! Writing settings of one queue.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::control::ports::Clock;
use crate::domain::queue::{Member, Members, Setting, WriteForm};
use crate::domain::{DecisionId, Delivery, QueueId, Timestamp};
use crate::platform::port::{
    PlatformFault, QueueOrder, QueueReader, QueueReading, QueueWriter, Urgency,
};

use super::engine::{Attempt, Carried, Engine, Seen, Target};

/// How often one change of a queue is sent.
const MOST_WRITES: u32 = 3;

/// One change of a queue.
#[derive(Clone, Copy)]
pub(in crate::control) struct QueueOperation<'a> {
    pub(in crate::control) reader: &'a dyn QueueReader,
    pub(in crate::control) writer: &'a dyn QueueWriter,
    pub(in crate::control) clock: &'a dyn Clock,
    pub(in crate::control) queue: &'a QueueId,
    /// Members with what they are to become.
    pub(in crate::control) change: &'a Members,
    /// In which form it is written.
    pub(in crate::control) form: WriteForm,
    pub(in crate::control) decision: DecisionId,
    /// The longest that one exchange with the platform may take.
    pub(in crate::control) longest: Duration,
    /// How long the platform usually takes to show a change.
    pub(in crate::control) usually_settles: Duration,
}

impl QueueOperation<'_> {
    /// Writes the change on what was read, and finds out what came of it.
    pub(in crate::control) async fn write(self, reading: QueueReading) -> Carried<QueueReading> {
        let engine = Engine {
            clock: self.clock,
            deadline: self.clock.now().plus(self.longest),
            reading: self.longest,
            most_writes: MOST_WRITES,
            usually_settles: self.usually_settles,
        };
        engine.carry_out(&self, reading).await
    }
}

impl Target for QueueOperation<'_> {
    type Reading = QueueReading;

    fn read(
        &self,
        _urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'_, Result<Seen<QueueReading>, PlatformFault>> {
        Box::pin(async move {
            let read = self.reader.read_queue(self.queue, deadline).await?;
            Ok(read.map_or(Seen::Missing, Seen::Found))
        })
    }

    /// A write of a queue names the version that it rests on, and is refused when that is no longer in force; where the
    /// platform has none, the writer itself compares a reading with it.
    fn good_until(&self, _reading: &QueueReading) -> Option<Timestamp> {
        None
    }

    fn is_untouched(&self, before: &QueueReading, now: &QueueReading) -> bool {
        before.version == now.version && before.sha256 == now.sha256
    }

    fn is_shown(&self, reading: &QueueReading) -> bool {
        self.change
            .iter()
            .all(|(member, wanted)| reading.members.get(member) == Some(wanted))
    }

    fn write<'a>(&'a self, attempt: Attempt<'a, QueueReading>) -> BoxFuture<'a, Delivery> {
        let order = QueueOrder {
            reading: attempt.before,
            change: self.change,
            form: self.form,
            decision: self.decision,
        };
        self.writer.write_queue(order, attempt.deadline)
    }
}

/// How a member that was to become `wanted` differs from it, for people; nothing when it does not.
pub(in crate::control) fn differing(
    member: Member,
    wanted: &Setting,
    after: &QueueReading,
) -> Option<String> {
    let found = after.members.get(&member);
    if found == Some(wanted) {
        return None;
    }
    let found = found.map_or("nothing".to_owned(), |found| format!("`{found}`"));
    Some(format!(
        "{member}: `{wanted}` was written, and version {} has {found}",
        after.version
    ))
}
