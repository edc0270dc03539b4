//! Log lines on their way to standard error: written by a thread of their own, so that a log that nobody reads holds nobody up.
//!
//! *Bounded.* What waits takes no more than [`MOST_BYTES`]. A line beyond that is lost, and so is one that cannot be written. Lost lines are
//! counted in a metric, and reported by a line of their own as soon as somebody reads again.
//!
//! *Ending.* The last lines are waited for, but not for long: [`LogQueue::flush`].

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Some thousand lines: what a daemon with hundreds of campaigns logs within a minute of trouble.
const MOST_BYTES: usize = 1 << 20;

/// Bytes that are written at once: as much as a pipe usually takes.
const BATCH_BYTES: usize = 64 << 10;

/// Lines that were lost in this process, which has one log.
static LOST: AtomicU64 = AtomicU64::new(0);

/// Returns how many log lines this process has lost.
#[must_use]
pub(super) fn lost_lines() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// The lines that wait.
#[derive(Default)]
struct Waiting {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Whether the thread is writing.
    writing: bool,
    /// Lost since that was last reported.
    lost: u64,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The queue of log lines; clones lead to the same one.
#[derive(Clone)]
pub(super) struct LogQueue(Arc<Shared>);

impl LogQueue {
    /// Starts the thread that writes to `output`, and calls `report` with the number of lines that were lost, once it can write
    /// again.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(super) fn start(
        output: impl Write + Send + 'static,
        report: impl Fn(u64) + Send + 'static,
    ) -> io::Result<Self> {
        let queue = Self(Arc::default());
        let shared = Arc::clone(&queue.0);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_lines(&shared, output, &report))?;
        Ok(queue)
    }

    fn push(&self, line: &[u8]) {
        let mut waiting = self.0.lock();
        if waiting.bytes.saturating_add(line.len()) > MOST_BYTES {
            waiting.lost = waiting.lost.saturating_add(1);
            LOST.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.bytes = waiting.bytes.saturating_add(line.len());
        waiting.lines.push_back(line.to_vec());
        drop(waiting);
        self.0.changed.notify_all();
    }

    /// Waits until everything is written, no longer than `longest`; returns whether it is.
    pub(super) fn flush(&self, longest: Duration) -> bool {
        let busy = |waiting: &mut Waiting| waiting.writing || !waiting.lines.is_empty();
        let waited = self
            .0
            .changed
            .wait_timeout_while(self.0.lock(), longest, busy);
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !busy(&mut waiting)
    }
}

/// Writes until the process ends.
fn write_lines(shared: &Shared, mut output: impl Write, report: &impl Fn(u64)) {
    loop {
        let idle = |waiting: &mut Waiting| waiting.lines.is_empty();
        let waiting = shared.changed.wait_while(shared.lock(), idle);
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let (mut batch, mut lines) = (Vec::new(), 0_u64);
        while batch.len() < BATCH_BYTES
            && let Some(line) = waiting.lines.pop_front()
        {
            batch.extend_from_slice(&line);
            lines = lines.saturating_add(1);
        }
        waiting.bytes = waiting.bytes.saturating_sub(batch.len());
        waiting.writing = true;
        drop(waiting);
        let written = output.write_all(&batch).and_then(|()| output.flush());
        let mut waiting = shared.lock();
        waiting.writing = false;
        let lost = if written.is_ok() {
            std::mem::take(&mut waiting.lost)
        } else {
            // The reader has gone, say: there is no other place to log to.
            waiting.lost = waiting.lost.saturating_add(lines);
            LOST.fetch_add(lines, Ordering::Relaxed);
            0
        };
        drop(waiting);
        shared.changed.notify_all();
        if lost > 0 {
            report(lost);
        }
    }
}

/// Takes one line, which the formatter writes at once.
pub(super) struct LineWriter(LogQueue);

impl Write for LineWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogQueue {
    type Writer = LineWriter;

    fn make_writer(&self) -> LineWriter {
        LineWriter(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// An output that takes a batch only when it is let.
    struct Gated {
        let_through: Receiver<()>,
        written: Sender<Vec<u8>>,
    }

    impl Write for Gated {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let wrong = |_| io::ErrorKind::BrokenPipe;
            self.let_through.recv().map_err(wrong)?;
            self.written
                .send(bytes.to_vec())
                .map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_an_output_that_takes_nothing_and_what_is_lost_is_counted() {
        let ((open, let_through), (written, output)) = (channel(), channel());
        let (report, lost) = channel();
        let gated = Gated {
            let_through,
            written,
        };
        let queue = LogQueue::start(gated, move |lines| report.send(lines).unwrap()).unwrap();
        let line = vec![b'x'; 64 << 10];
        let before = lost_lines();
        // Twice the bound, and what the thread has in hand.
        for _ in 0..2 * MOST_BYTES / line.len() {
            queue.make_writer().write_all(&line).unwrap();
        }
        let counted = lost_lines() - before;
        assert!(counted > 0, "the bound holds");
        assert!(!queue.flush(Duration::from_millis(1)), "nothing is written");
        // Its reader comes back.
        open.send(()).unwrap();
        let taken = output.recv().unwrap();
        assert_eq!(taken.len(), line.len());
        assert_eq!(
            lost.recv().unwrap(),
            counted,
            "as soon as it can be reported"
        );
        drop(open);
    }

    #[test]
    fn lines_come_whole_and_in_order_and_are_waited_for_at_the_end() {
        let ((open, let_through), (written, output)) = (channel(), channel());
        let gated = Gated {
            let_through,
            written,
        };
        let queue = LogQueue::start(gated, |_| {}).unwrap();
        for line in ["one\n", "two\n", "three\n"] {
            queue.make_writer().write_all(line.as_bytes()).unwrap();
        }
        for _ in 0..3 {
            open.send(()).unwrap();
        }
        assert!(queue.flush(Duration::from_secs(60)));
        drop(queue);
        let text: Vec<u8> = output.try_iter().flatten().collect();
        assert_eq!(text, b"one\ntwo\nthree\n");
    }
}
