//! Runs the loop under its supervisor's eyes.

use std::sync::Arc;

use super::cycle::Cycle;
use super::supervisor::Supervised;

impl Cycle {
    /// The same loop with somebody who restarts it when it hangs.
    #[must_use]
    pub fn supervised(mut self, by: Supervised) -> Self {
        self.supervised = Some(by);
        self
    }

    /// Ticks until a shutdown is asked for, then records the end; the supervisor, if there is one, sees it live.
    pub async fn run(mut self) {
        self.tell_supervisor();
        let signs = self
            .supervised
            .as_ref()
            .map(|by| by.signs(Arc::clone(&self.clock), self.observed.subscribe()));
        let turning = self.turn();
        match signs {
            None => turning.await,
            Some(signs) => tokio::select! {
                biased;
                () = turning => {}
                never = signs => match never {},
            },
        }
    }

    pub(super) fn tell_supervisor(&mut self) {
        if let Some(supervised) = &mut self.supervised {
            supervised.tell(&self.observed.borrow());
        }
    }
}
