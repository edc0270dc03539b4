//! What earlier runs have left in the state directory, looked at before a start.
//!
//! A daemon that began anew beside the state of an earlier one would take its pauses for those of people and leave campaigns paused. So a
//! change between settings with and without `[[tenant]]` tables starts only once the state was moved to where it is looked for.

use std::path::{Path, PathBuf};

use tracing::warn;

use crate::domain::TenantName;
use crate::settings::{Settings, TENANTS};
use crate::store::{StoreReader, has_store};

use super::start_fault::StartFault;
use super::tenant::Orphans;

/// Refuses a start where the state of another form of settings lies.
pub(crate) fn refuse_state_of_others(settings: &Settings) -> Result<(), StartFault> {
    // On a server each row names its tenant.
    if settings.store.is_some() {
        return Ok(());
    }
    let root = settings.state_root();
    match &settings.tenant {
        Some(tenant) if has_store(&root) => Err(StartFault::StateOfOne {
            tenant: root.join(TENANTS).join(tenant.as_str()),
            root,
        }),
        None if !has_store(&root) => match stored(&root).into_iter().next() {
            Some((_, of_tenant)) => Err(StartFault::StateOfTenants { of_tenant, root }),
            None => Ok(()),
        },
        Some(_) | None => Ok(()),
    }
}

/// Warns of tenants whose state is there and who are not in the configuration any more, and of the campaigns that they left paused.
pub(crate) fn tell_of_tenants_that_went(settings: &[Settings]) {
    let Some(first) = settings.first() else {
        return;
    };
    let configured = |name: &TenantName| {
        let mut names = settings.iter().filter_map(|one| one.tenant.as_ref());
        names.any(|known| known == name)
    };
    for (tenant, directory) in stored(&first.state_root()) {
        if configured(&tenant) {
            continue;
        }
        warn!(%tenant, state_dir = %directory.display(), "not in the configuration any more: its state is kept and its campaigns are not steered");
        let states = StoreReader::open(&directory).and_then(|reader| reader.states());
        match states {
            Ok(states) => {
                let _inside = tracing::error_span!("tenant", %tenant).entered();
                Orphans::among(states.iter()).tell();
            }
            Err(wrong) => warn!(%tenant, %wrong, "what it left cannot be read"),
        }
    }
}

/// The tenants of which a store is there, by name.
fn stored(root: &Path) -> Vec<(TenantName, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(root.join(TENANTS)) else {
        return Vec::new();
    };
    let named = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().to_str()?.parse::<TenantName>().ok()?;
        Some((name, entry.path()))
    });
    let mut stored: Vec<_> = named.filter(|(_, path)| has_store(path)).collect();
    stored.sort();
    stored
}

/// The directory of a tenant's state below `root`, for commands that read no settings.
///
/// # Errors
/// Which tenants there are, where none or another one is named.
pub(crate) fn state_of(root: &Path, tenant: Option<&str>) -> Result<PathBuf, String> {
    let stored = stored(root);
    let names = || {
        let names: Vec<&str> = stored.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    };
    match tenant {
        None if stored.is_empty() || has_store(root) => Ok(root.to_owned()),
        None => Err(format!(
            "{} has the state of several tenants; give --tenant with one of {}",
            root.display(),
            names()
        )),
        Some(tenant) => {
            let found = stored.iter().find(|(name, _)| name.as_str() == tenant);
            match found {
                Some((_, path)) => Ok(path.clone()),
                None if stored.is_empty() => Err(format!(
                    "--tenant {tenant}: {} has no state of tenants",
                    root.display()
                )),
                None => Err(format!(
                    "--tenant {tenant}: {} has no state of that one; there are {}",
                    root.display(),
                    names()
                )),
            }
        }
    }
}
