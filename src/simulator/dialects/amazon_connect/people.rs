//! What a test changes and looks at, beside what every dialect has.

use super::super::super::handle::SimHandle;
use super::ConnectState;
use super::settings::ConnectSettings;

impl SimHandle {
    /// Changes how the platform behaves from now on; `false` on a platform of another dialect.
    #[must_use]
    pub fn change_connect(&self, change: impl FnOnce(&mut ConnectSettings)) -> bool {
        self.in_connect(|connect| change(&mut connect.settings))
            .is_some()
    }

    /// A person sets the bandwidth of a campaign; `false` on a platform of another dialect.
    #[must_use]
    pub fn person_sets_bandwidth(&self, campaign: &str, bandwidth: f64) -> bool {
        self.in_connect(|connect| {
            connect.written.remove(campaign);
            let set = &mut connect.settings.bandwidths;
            set.insert(campaign.to_owned(), bandwidth);
        })
        .is_some()
    }

    /// The whole of what a client wrote last of a campaign's channels; nothing where none did.
    #[must_use]
    pub fn written_channels(&self, campaign: &str) -> Option<serde_json::Value> {
        self.in_connect(|connect| connect.written.get(campaign).cloned())
            .flatten()
    }

    /// The bandwidth that a campaign is set to; nothing on a platform of another dialect.
    #[must_use]
    pub fn bandwidth(&self, campaign: &str) -> Option<f64> {
        self.in_connect(|connect| connect.settings.bandwidth_of(campaign))
    }

    fn in_connect<T>(&self, act: impl FnOnce(&mut ConnectState) -> T) -> Option<T> {
        self.with_platform(|platform, _| platform.connect.as_mut().map(act))
    }
}
