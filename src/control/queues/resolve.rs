//! Finds out what became of writes whose outcome is not known: after a crash, and after an answer that was lost.

use crate::control::ports::{Batch, JournalFault};
use crate::domain::queue::{Member, QueueRecord, WriteForm};
use crate::domain::{Conclusion, Timestamp};

use super::keeper::{Finished, Prepared, QueueKeeper, differing, in_json};
use super::ports::OpenQueueIntent;
use crate::platform::port::QueueReading;

impl QueueKeeper {
    /// Finds out what became of a write whose outcome is not known, and commits that. `false` when that cannot be told
    /// yet: the queue cannot be read, or the write may still be on its way.
    ///
    /// # Errors
    /// When it cannot be committed.
    pub async fn resolve(&self, open: &OpenQueueIntent) -> Result<bool, JournalFault> {
        if self.clock.now().since(open.at) < self.settings.longest {
            return Ok(false);
        }
        let QueueRecord::Intent {
            queue,
            version_before,
            change,
            ..
        } = &open.record
        else {
            return Ok(true);
        };
        let Ok(read) = self.platform.read_queue(queue, self.deadline()).await else {
            return Ok(false);
        };
        let (conclusion, why) = resolved(*version_before, change, read.as_ref());
        let record = QueueRecord::Resolved {
            queue: queue.clone(),
            conclusion,
            version_before: *version_before,
            version_after: read.as_ref().map(|read| read.version),
            configuration_sha256: read.map(|read| read.sha256),
            why: why.clone(),
        };
        let batch = Batch {
            audit: vec![self.row(open.decision, record)],
            ..Batch::default()
        };
        self.commit(batch).await?;
        self.events.resolved(queue, open.decision, conclusion, &why);
        Ok(true)
    }
}

impl Finished {
    /// The write as one whose outcome is not known, at `now`.
    pub(super) fn left_open(&self, now: Timestamp) -> OpenQueueIntent {
        let Prepared {
            reading, merged, ..
        } = &self.prepared;
        OpenQueueIntent {
            decision: self.decision,
            at: now,
            record: QueueRecord::Intent {
                queue: reading.queue.clone(),
                form: WriteForm::Whole,
                version_before: reading.version,
                change: in_json(&merged.write),
                overridden: in_json(&merged.conflicts),
                by: None,
            },
        }
    }
}

/// What a reading tells of a write that rested on `version_before`.
fn resolved(
    version_before: i64,
    change: &serde_json::Value,
    read: Option<&QueueReading>,
) -> (Conclusion, Vec<String>) {
    let Some(read) = read else {
        return (Conclusion::Unknown, vec!["the queue is gone".to_owned()]);
    };
    if read.version == version_before {
        let why = format!("the queue is still at version {version_before}");
        return (Conclusion::NotApplied, vec![why]);
    }
    let entries = change.as_object().into_iter().flatten();
    let differing: Vec<String> = entries
        .filter_map(|(key, value)| {
            let member = Member::of(key)?;
            differing(member, &member.read_kept(value).ok()?, read)
        })
        .collect();
    if differing.is_empty() {
        (Conclusion::Confirmed, differing)
    } else {
        (Conclusion::Differs, differing)
    }
}
