//! The limit on requests: so many in each minute, told on each answer.

use hyper::header::HeaderName;

use super::super::super::time::SimTime;

const COUNT: HeaderName = HeaderName::from_static("inin-ratelimit-count");
const ALLOWED: HeaderName = HeaderName::from_static("inin-ratelimit-allowed");
const RESET: HeaderName = HeaderName::from_static("inin-ratelimit-reset");

const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);

/// The requests of the minute that is under way.
#[derive(Clone, Debug)]
pub(super) struct Window {
    allowed: u32,
    count: u32,
    since: SimTime,
}

impl Window {
    pub(super) fn new(allowed: u32, now: SimTime) -> Self {
        Self {
            allowed,
            count: 0,
            since: now,
        }
    }

    /// Counts one request, or says how many seconds to wait.
    pub(super) fn take(&mut self, now: SimTime) -> Result<(), String> {
        if now.since(self.since) >= MINUTE {
            self.since = now;
            self.count = 0;
        }
        if self.count >= self.allowed {
            return Err(self.reset(now).to_string());
        }
        self.count += 1;
        Ok(())
    }

    pub(super) fn headers(&self, now: SimTime) -> [(HeaderName, String); 3] {
        [
            (COUNT, self.count.to_string()),
            (ALLOWED, self.allowed.to_string()),
            (RESET, self.reset(now).to_string()),
        ]
    }

    /// Whole seconds until the next minute begins.
    fn reset(&self, now: SimTime) -> u64 {
        let left = MINUTE.saturating_sub(now.since(self.since));
        left.as_secs().saturating_add(1)
    }
}
