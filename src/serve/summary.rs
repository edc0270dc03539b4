//! The status of all tenants in one document.

use ring::digest::{SHA256, digest};

use crate::control::ObservableState;
use crate::domain::{TenantName, Timestamp, Zone};

use super::assignments::AssignmentDocument;
use super::documents::{
    CampaignDocument, ConfigDocument, DaemonDocument, ReloadDocument, StatusDocument,
    TenantDocument,
};
use super::outage::OutageDocument;
use super::queue_documents::QueueDocument;
use super::schema::SCHEMA;
use super::simulation::SimulationDocument;
use super::tenants::{TenantEntry, TenantList};

/// Returns why the daemon is not ready, a part for each tenant; nothing when it is.
pub(super) fn not_ready(tenants: &TenantList, ending: bool) -> Vec<String> {
    if ending {
        return vec!["shutting down".to_owned()];
    }
    // A member that steers some of the tenants is as it has to be; one that steers none is a standby.
    let steers = tenants.steers();
    let entries = tenants.entries.iter();
    let entries = entries.filter(|entry| !steers || entry.steered_by.is_none());
    let parts = entries.filter_map(|entry| {
        let why = entry.not_ready()?;
        Some(match &entry.name {
            Some(name) => format!("tenant {name}: {why}"),
            None => why,
        })
    });
    parts.collect()
}

impl StatusDocument {
    /// Describes every tenant at `now`, by states that are of this version or later.
    pub(super) fn of(
        (tenants, version): (&TenantList, u64),
        (now, zone): (Timestamp, &Zone),
        ending: bool,
        actions: bool,
        started_at: Timestamp,
    ) -> Self {
        let not_ready = not_ready(tenants, ending);
        let states: Vec<(&TenantEntry, ObservableState)> = tenants
            .entries
            .iter()
            .filter_map(|entry| Some((entry, entry.observed()?)))
            .collect();
        let of_all = |so: fn(&ObservableState) -> bool| states.iter().all(|(_, state)| so(state));
        let ended = !states.is_empty() && of_all(|state| state.ended);
        let one = match states.as_slice() {
            [(entry, state)] if entry.name.is_none() => Some(state),
            _ => None,
        };
        let mut document = Self {
            schema: SCHEMA,
            version,
            now: now.to_string(),
            time_zone: zone.name().to_owned(),
            alive: tenants.entries.iter().all(|entry| entry.alive(now)),
            ready: not_ready.is_empty(),
            not_ready: (!not_ready.is_empty()).then(|| not_ready.join("; ")),
            outage: longest_outage(&states),
            ended,
            simulation: one.and_then(SimulationDocument::of),
            dry_run: !states.is_empty() && of_all(|state| state.dry_run),
            actions: actions && !ended,
            daemon: DaemonDocument {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                revision: env!("AUTOPILOT_REVISION").to_owned(),
                started_at: started_at.to_string(),
            },
            decision: one.and_then(|state| state.decision.map(|decision| decision.to_string())),
            poll_interval_s: shortest_interval(&states),
            // The oldest: that of any other tenant would hide it.
            sample_at: states
                .iter()
                .map(|(_, state)| state.sample_at)
                .min()
                .flatten()
                .map(|at| at.to_string()),
            journal_writable: of_all(|state| state.journal_writable),
            store_damage: Vec::new(),
            config: config(&states),
            tenants: Vec::new(),
            elsewhere: tenants.elsewhere(),
            campaigns: Vec::new(),
            queues: Vec::new(),
            assignments: Vec::new(),
        };
        for (entry, state) in &states {
            document.add(entry.name.as_ref(), state, now);
        }
        for entry in &tenants.entries {
            if let Some(name) = &entry.name {
                let tenant = TenantDocument::of(name, entry, now);
                document.tenants.push(tenant);
            }
        }
        document
    }

    /// Adds what one tenant has.
    fn add(&mut self, tenant: Option<&TenantName>, observed: &ObservableState, now: Timestamp) {
        let damage = observed.store_damage.iter().map(|found| match tenant {
            Some(name) => format!("tenant {name}: {found}"),
            None => found.clone(),
        });
        self.store_damage.extend(damage);
        let campaigns = observed
            .campaigns
            .iter()
            .map(|view| CampaignDocument::of(view, now).described(tenant, observed, &view.id));
        self.campaigns.extend(campaigns);
        let named = || tenant.map(ToString::to_string);
        let queues = observed.queues.iter().map(|view| QueueDocument {
            tenant: named(),
            ..QueueDocument::of(view)
        });
        self.queues.extend(queues);
        let assignments = observed.assignments.iter().map(|view| AssignmentDocument {
            tenant: named(),
            ..AssignmentDocument::of(view, now)
        });
        self.assignments.extend(assignments);
    }
}

impl TenantDocument {
    fn of(name: &TenantName, entry: &TenantEntry, now: Timestamp) -> Self {
        let state = entry.observed();
        let state = state.as_ref();
        let not_ready = entry.not_ready();
        Self {
            name: name.to_string(),
            alive: entry.alive(now),
            ready: not_ready.is_none(),
            not_ready,
            outage: state.and_then(OutageDocument::of),
            decision: state.and_then(|state| state.decision.map(|decision| decision.to_string())),
            poll_interval_s: state.map(|state| state.poll_interval.as_secs_f64()),
            sample_at: state.and_then(|state| state.sample_at.map(|at| at.to_string())),
            journal_writable: state.is_some_and(|state| state.journal_writable),
            campaigns: state.map_or(0, |state| state.campaigns.len()),
            config: state.map(|state| state.config.clone()),
        }
    }
}

/// The outage that has lasted longest: with several tenants, its sentence says whose it is.
fn longest_outage(states: &[(&TenantEntry, ObservableState)]) -> Option<OutageDocument> {
    let outages = states
        .iter()
        .filter(|(_, state)| !state.ended)
        .filter_map(|(entry, state)| Some((entry, state.outage.as_ref()?.since, state)));
    let (entry, _, state) = outages.min_by_key(|(_, since, state)| (!state.is_stale(), *since))?;
    let mut document = OutageDocument::of(state)?;
    if let Some(name) = &entry.name {
        document.says = format!("tenant {name}: {}", document.says);
    }
    Some(document)
}

/// The shortest interval: what is shown is not older than it says.
fn shortest_interval(states: &[(&TenantEntry, ObservableState)]) -> f64 {
    let intervals = states.iter().map(|(_, state)| state.poll_interval);
    intervals.min().unwrap_or_default().as_secs_f64()
}

/// The hash of the configurations of all tenants, by name: that of the one, or a hash of theirs.
#[must_use]
pub fn config_hash<'a>(hashes: impl Iterator<Item = &'a str>) -> String {
    match hashes.collect::<Vec<_>>().as_slice() {
        [one] => (*one).to_owned(),
        several => hash_of(&several.join("\n")),
    }
}

fn hash_of(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    let digits = hash.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

/// The configuration: its hash, of several that of all hashes, and the reload that was last tried.
fn config(states: &[(&TenantEntry, ObservableState)]) -> ConfigDocument {
    let hashes = states.iter().map(|(_, state)| state.config.as_str());
    let last = states
        .iter()
        .filter_map(|(_, state)| state.last_reload.as_ref())
        .max_by_key(|last| (last.at, !last.faults.is_empty()));
    ConfigDocument {
        hash: config_hash(hashes),
        last_reload: last.map(|last| ReloadDocument {
            at: last.at.to_string(),
            by: last.by.clone(),
            ok: last.faults.is_empty(),
            faults: last.faults.clone(),
            changes: last.changes.clone(),
        }),
    }
}
