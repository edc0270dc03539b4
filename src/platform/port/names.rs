//! What a platform calls its campaigns, remembered as readings bring it along.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::{CampaignId, CampaignLabels};

/// The platform's own names of campaigns.
pub type PlatformNames = BTreeMap<CampaignId, String>;

/// The names that readings have brought along, for adapters whose platform gives some.
///
/// No call is made for a name: whoever reads what a campaign does learns it.
#[derive(Debug, Default)]
pub struct NameMemory {
    known: Mutex<Arc<PlatformNames>>,
}

impl NameMemory {
    /// Notes what the platform called a campaign just now. An answer without a name leaves what is known.
    pub fn note(&self, campaign: &CampaignId, name: Option<&str>) {
        let Some(name) = name.and_then(CampaignLabels::platform_name) else {
            return;
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if name == campaign.as_str() {
            // It says nothing beside the id.
            if known.contains_key(campaign) {
                Arc::make_mut(&mut known).remove(campaign);
            }
        } else if known.get(campaign) != Some(&name) {
            Arc::make_mut(&mut known).insert(campaign.clone(), name);
        }
    }

    /// Returns every name that is known.
    #[must_use]
    pub fn known(&self) -> Arc<PlatformNames> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_name_is_known_and_an_id_is_no_name() {
        let memory = NameMemory::default();
        let id = |text: &str| text.parse::<CampaignId>().unwrap();
        let known = || {
            let names = memory.known();
            names
                .iter()
                .map(|(id, name)| format!("{id}: {name}"))
                .collect::<Vec<_>>()
        };
        memory.note(&id("c-1"), Some("Spring renewals"));
        memory.note(&id("c-2"), Some("c-2"));
        memory.note(&id("c-3"), None);
        assert_eq!(known(), ["c-1: Spring renewals"]);
        memory.note(&id("c-1"), None);
        memory.note(&id("c-1"), Some(" \t "));
        assert_eq!(known(), ["c-1: Spring renewals"], "an answer without one");
        memory.note(&id("c-1"), Some("Summer renewals"));
        assert_eq!(known(), ["c-1: Summer renewals"]);
        memory.note(&id("c-1"), Some("c-1"));
        assert_eq!(known(), [""; 0]);
    }
}
