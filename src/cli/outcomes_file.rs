//! A file by which a site feeds counters of dials and of what became of them, read in the place of the platform's.
//!
//! It is looked at as often as the platform would be asked, and read when its size or the time of its last change differs. It
//! holds a JSON list with a row for each campaign; rows of campaigns that are not managed are passed over. A file with a fault
//! is not read in part: nothing of it is taken in until it has changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use futures_util::future::BoxFuture;

use crate::control::ports::Clock;
use crate::domain::outcomes::{FedCounters, OutcomeReading, fed_readings};
use crate::domain::{CampaignId, Timestamp};
use crate::given_file::{LONGEST_SETTINGS, read_text};
use crate::platform::port::{FaultKind, OutcomeFinding, OutcomeReader, PlatformFault};

/// What tells one content of the file from the next.
type Stamp = (Option<SystemTime>, u64);

/// Reads the file.
pub(super) struct OutcomesFile {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    /// The content that was read last.
    read: Arc<Mutex<Option<Stamp>>>,
}

impl OutcomesFile {
    pub(super) fn new(path: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self {
            path,
            clock,
            read: Arc::default(),
        }
    }
}

/// Reads the file if it differs from what was read last; none where it does not.
fn read_changed(
    path: &Path,
    read: &Mutex<Option<Stamp>>,
    now: Timestamp,
) -> Result<Option<Vec<(CampaignId, OutcomeReading)>>, String> {
    let metadata = std::fs::metadata(path).map_err(|wrong| wrong.to_string())?;
    let stamp = (metadata.modified().ok(), metadata.len());
    let mut last = read.lock().unwrap_or_else(PoisonError::into_inner);
    if *last == Some(stamp) {
        return Ok(None);
    }
    let text = read_text(path, LONGEST_SETTINGS).map_err(|wrong| wrong.to_string())?;
    *last = Some(stamp);
    let rows: Vec<FedCounters> = serde_json::from_str(&text).map_err(|wrong| wrong.to_string())?;
    let readings = fed_readings(&rows, now).map_err(|faults| faults.join("; "))?;
    Ok(Some(readings))
}

impl OutcomeReader for OutcomesFile {
    fn most_at_once(&self) -> usize {
        usize::MAX
    }

    fn fed_from(&self) -> Option<String> {
        Some(self.path.display().to_string())
    }

    fn outcomes<'a>(
        &'a self,
        campaigns: &'a [CampaignId],
        _since: Timestamp,
        _deadline: Timestamp,
    ) -> BoxFuture<'a, Vec<OutcomeFinding>> {
        let (path, read, now) = (self.path.clone(), Arc::clone(&self.read), self.clock.now());
        Box::pin(async move {
            let looked = tokio::task::spawn_blocking(move || read_changed(&path, &read, now)).await;
            let found = looked.unwrap_or_else(|wrong| Err(wrong.to_string()));
            let found = found.map_err(|wrong| PlatformFault {
                kind: FaultKind::Decode,
                detail: format!("outcomes_file {}: {wrong}", self.path.display()),
            });
            let found = found.map(|readings| {
                let readings = readings.into_iter().flatten();
                readings.collect::<BTreeMap<CampaignId, OutcomeReading>>()
            });
            let finding = |id: &CampaignId| match &found {
                Ok(readings) => Ok(readings.get(id).copied()),
                Err(fault) => Err(fault.clone()),
            };
            campaigns.iter().map(finding).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_715_783_530_000);

    fn row(dials: u64) -> String {
        format!(
            r#"[{{"campaign": "a", "since": "2024-05-15T00:00:00Z", "until": "2024-05-15T14:00:00Z", "dials": {dials}, "answered": 5, "abandoned": 1}}]"#
        )
    }

    #[test]
    fn a_file_is_read_when_it_has_changed_and_a_fault_is_said_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("outcomes.json");
        let read = Mutex::new(None);
        assert!(
            read_changed(&path, &read, NOW).is_err(),
            "it is not there yet"
        );
        std::fs::write(&path, row(100)).unwrap();
        let dials = || {
            let found = read_changed(&path, &read, NOW)?;
            Ok::<_, String>(found.map(|readings| readings[0].1.counters.dials))
        };
        assert_eq!(dials(), Ok(Some(100)));
        assert_eq!(dials(), Ok(None));
        std::fs::write(&path, row(1_000)).unwrap();
        assert_eq!(dials(), Ok(Some(1_000)));
        std::fs::write(&path, "[{}]").unwrap();
        assert!(dials().unwrap_err().contains("campaign"));
        assert_eq!(dials(), Ok(None));
    }
}
