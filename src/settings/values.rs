//! The values of single settings before they are checked against each other, and how each is read.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use crate::domain::{CampaignId, Policy, Zone};
use crate::identity::{AddressRange, Role};
use crate::notify::ReceiverUrl;
use crate::platform::dialect::{
    AgentSource, AlsoSteer, CampaignsVersion, Dialect, EmptyMeans, PauseMethod,
};
use crate::platform::http::AuthStyle;
use crate::telemetry::{LogFormat, TraceProtocol};

use super::keeping::Keeping;
use super::merge::{Layers, Noted, Rule};
use super::row::{Landing, ListLanding, Row, Setting};

/// The settings of the process, each by itself; the default where none is given that can be read.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own that somebody can give"
)]
pub(super) struct Values {
    pub(super) platform: Dialect,
    pub(super) base_url: Option<Url>,
    pub(super) client_id: Option<String>,
    pub(super) token_url: Option<Url>,
    pub(super) auth: AuthStyle,
    pub(super) scopes: Vec<String>,
    pub(super) area_token_url: Option<Url>,
    pub(super) region: Option<String>,
    pub(super) instance_id: Option<String>,
    pub(super) metrics_url: Option<Url>,
    pub(super) campaigns_version: CampaignsVersion,
    pub(super) empty_means: EmptyMeans,
    pub(super) also_steer: AlsoSteer,
    pub(super) registered_client_id: Option<String>,
    pub(super) api_versions: Option<String>,
    pub(super) ready_states: Option<String>,
    pub(super) agents: AgentSource,
    pub(super) longest_call: Duration,
    pub(super) notifications: bool,
    pub(super) pause_method: PauseMethod,
    pub(super) allow_http: bool,
    pub(super) refused_login_wait: Duration,
    pub(super) staged_resume: Option<Duration>,
    pub(super) poll_interval: Duration,
    pub(super) requests_per_second: Option<f64>,
    pub(super) burst: u32,
    pub(super) page_size: usize,
    pub(super) page_concurrency: usize,
    pub(super) request_timeout: Duration,
    pub(super) status_reads_per_poll: usize,
    pub(super) record_workload: bool,
    pub(super) outcomes_every: Duration,
    pub(super) outcomes_file: Option<String>,
    pub(super) roster: Option<String>,
    pub(super) assign_interval: Duration,
    pub(super) assign_moved_agents: u32,
    pub(super) assign_horizon: Duration,
    /// In thousandths.
    pub(super) assign_churn: u32,
    pub(super) call_rate_window: Duration,
    pub(super) webhook_url: Option<ReceiverUrl>,
    pub(super) webhook_allow_http: bool,
    pub(super) webhook_timeout: Duration,
    pub(super) webhook_give_up_after: Duration,
    pub(super) keeping: Keeping,
    pub(super) allowed_hosts: Vec<String>,
    pub(super) trusted_proxies: Vec<AddressRange>,
    pub(super) user_header: String,
    pub(super) proxy_role: Option<Role>,
    pub(super) allow_actions: bool,
    pub(super) state_dir: Option<PathBuf>,
    pub(super) store: Option<String>,
    pub(super) listen: Option<SocketAddr>,
    pub(super) advertise_address: Option<Url>,
    pub(super) time_zone: Option<Zone>,
    pub(super) dry_run: bool,
    pub(super) once: bool,
    pub(super) log_format: LogFormat,
    pub(super) otlp_endpoint: Option<Url>,
    pub(super) otlp_protocol: TraceProtocol,
}

/// Any setting, whatever its type.
pub(super) trait AnySetting: Sync {
    /// Its row.
    fn row(&'static self) -> &'static Row;

    /// Reads it in all layers and puts its value into its place, where it has one there.
    fn read_into(&'static self, _layers: &mut Layers<'_>, _values: &mut Values) {}

    /// Reads it in all layers, where its place is in the rules of each campaign.
    fn read_rule(&'static self, _layers: &mut Layers<'_>) -> Option<Box<dyn AppliesToCampaign>> {
        None
    }
}

impl AnySetting for Row {
    fn row(&'static self) -> &'static Row {
        self
    }
}

impl<T> AnySetting for Setting<T> {
    fn row(&'static self) -> &'static Row {
        &self.row
    }
}

impl<T: Clone> AnySetting for Landing<T, Values> {
    fn row(&'static self) -> &'static Row {
        &self.setting.row
    }

    fn read_into(&'static self, layers: &mut Layers<'_>, values: &mut Values) {
        let given = layers.read(&self.setting).value();
        if let Some(value) = given.or_else(|| layers.default_of(&self.setting)) {
            (self.lands)(values, value);
        }
    }
}

impl<T> AnySetting for ListLanding<T, Values> {
    fn row(&'static self) -> &'static Row {
        &self.row
    }

    fn read_into(&'static self, layers: &mut Layers<'_>, values: &mut Values) {
        if let Some(value) = layers.read_list(&self.row, self.parse) {
            (self.lands)(values, value);
        }
    }
}

impl<T: Clone + 'static> AnySetting for Landing<T, Policy> {
    fn row(&'static self) -> &'static Row {
        &self.setting.row
    }

    fn read_rule(&'static self, layers: &mut Layers<'_>) -> Option<Box<dyn AppliesToCampaign>> {
        Some(Box::new(ReadRule {
            rule: layers.read(&self.setting),
            default: layers.default_of(&self.setting),
            lands: self.lands,
        }))
    }
}

/// A rule that was read in all layers.
pub(super) trait AppliesToCampaign {
    /// Puts what holds for this campaign into its rules; notes where it comes from when it was said of this one alone.
    fn apply(&self, id: &CampaignId, policy: &mut Policy, noted: &mut Noted);
}

struct ReadRule<T: 'static> {
    rule: Rule<T>,
    default: Option<T>,
    lands: fn(&mut Policy, T),
}

impl<T: Clone> AppliesToCampaign for ReadRule<T> {
    fn apply(&self, id: &CampaignId, policy: &mut Policy, noted: &mut Noted) {
        let given = self.rule.noted_for(id, noted);
        if let Some(value) = given.or_else(|| self.default.clone()) {
            (self.lands)(policy, value);
        }
    }
}
