//! What differs between the configuration in force and one that was read anew, and when it acts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::control::operator::NewRules;
use crate::domain::TenantName;
use crate::secrets::Secret;
use crate::serve::ValueDocument;
use crate::settings::{Resolved, Settings, acts_at_once, is_of_process};

/// Lines that each reload may repeat in the audit, faults and what waits for a restart: a file that is wrong on every line, read
/// over and over, must not fill it.
const MOST_LINES: usize = 20;

/// A value as text, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Valued {
    text: String,
    origin: String,
}

/// Every value, by key; of a campaign only what was said of that one alone.
pub(crate) type Values = BTreeMap<String, Valued>;

/// The values of a configuration: those of the process, and those of each tenant.
#[derive(Clone, Debug, Default)]
pub(crate) struct TenantValues {
    /// What holds for the process and acts only at a start.
    pub(crate) process: Values,
    tenants: BTreeMap<Option<TenantName>, Values>,
}

impl TenantValues {
    /// The values of a configuration that was read.
    pub(crate) fn of(resolved: &Resolved) -> Self {
        let names = resolved
            .all()
            .map(|one| (one.tenant.clone(), Values::new()));
        let mut values = Self {
            process: Values::new(),
            tenants: names.collect(),
        };
        for (key, value, origin) in &resolved.origins {
            let value = Valued {
                text: value.clone(),
                origin: origin.to_string(),
            };
            values.add(key, &value);
        }
        values
    }

    fn add(&mut self, key: &str, value: &Valued) {
        let behind = key.strip_prefix("tenant.");
        let named = behind.and_then(|behind| behind.split_once('.'));
        let named = named.and_then(|(name, rest)| Some((name.parse::<TenantName>().ok()?, rest)));
        if let Some((name, rest)) = named {
            let values = self.tenants.entry(Some(name)).or_default();
            values.insert(rest.to_owned(), value.clone());
        } else if is_of_process(key) && !acts_at_once(key) {
            self.process.insert(key.to_owned(), value.clone());
        } else {
            // Calendars are everybody's.
            for values in self.tenants.values_mut() {
                values.insert(key.to_owned(), value.clone());
            }
        }
    }

    /// All of them by key: what every tenant has alike stands there once, and what only some have, or have otherwise, under the name of each.
    pub(crate) fn listed(&self) -> Vec<ValueDocument> {
        let alike = |key: &String, value: &Valued| {
            let mut all = self.tenants.values();
            all.all(|values| values.get(key) == Some(value))
        };
        let mut listed: BTreeMap<String, &Valued> = BTreeMap::new();
        listed.extend(self.process.iter().map(|(key, value)| (key.clone(), value)));
        for (name, values) in &self.tenants {
            for (key, value) in values {
                let key = match name {
                    Some(name) if !alike(key, value) => format!("tenant.{name}.{key}"),
                    Some(_) | None => key.clone(),
                };
                listed.insert(key, value);
            }
        }
        let documents = listed.into_iter().map(|(key, value)| ValueDocument {
            key,
            value: value.text.clone(),
            origin: value.origin.clone(),
        });
        documents.collect()
    }

    /// Those of one tenant.
    pub(crate) fn of_tenant(&self, name: Option<&TenantName>) -> Values {
        let values = self.tenants.get(&name.cloned());
        values.cloned().unwrap_or_default()
    }

    /// Those of a tenant are in force as they were found, and so is where the secrets of the process are kept.
    pub(crate) fn adopt(&mut self, name: Option<&TenantName>, found: &Self, places: &[&str]) {
        self.tenants.insert(name.cloned(), found.of_tenant(name));
        self.process
            .retain(|key, _| !places.contains(&key.as_str()));
        let places = found
            .process
            .iter()
            .filter(|(key, _)| places.contains(&key.as_str()));
        self.process
            .extend(places.map(|(key, value)| (key.clone(), value.clone())));
    }

    /// A tenant is there no more.
    pub(crate) fn forget(&mut self, name: Option<&TenantName>) {
        self.tenants.remove(&name.cloned());
    }
}

/// What a reload changes of one tenant.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// What comes into force, a line each.
    changes: Vec<String>,
    /// What waits for a restart of the process, a line each.
    pub(crate) after_restart: Vec<String>,
    /// The variables that secrets are kept in.
    not_read_again: Vec<String>,
    /// The keys of settings that say where the secrets in use are kept, which act at once.
    pub(crate) places: Vec<&'static str>,
    /// Its loop cannot take all of it up while it runs.
    pub(crate) begins_anew: bool,
}

impl Changed {
    /// Compares settings in force, whose secrets were read again, with those read anew.
    pub(crate) fn between(
        current: &Settings,
        anew: &Settings,
        taken: TakenOver,
        (old, new): (&Values, &Values),
    ) -> Self {
        let (mut changes, others) = differences(old, new, &taken.places);
        changes.extend(taken.changes);
        let with_old_rules = Settings {
            policies: current.policies.clone(),
            calendars: current.calendars.clone(),
            labels: current.labels.clone(),
            ..anew.clone()
        };
        let begins_anew = with_old_rules.digest() != current.digest();
        if begins_anew && others.is_empty() {
            // What a file holds that a key names, or a table without a key of its own among the values.
            changes
                .push("tables or files that the settings name: their content differs".to_owned());
        }
        changes.extend(others);
        Self {
            changes,
            after_restart: Vec::new(),
            not_read_again: taken.not_read_again,
            places: taken.places,
            begins_anew,
        }
    }

    /// Tells of more that comes into force.
    pub(crate) fn also(&mut self, changes: &[String]) {
        self.changes.extend_from_slice(changes);
    }

    /// Whether there is anything to tell.
    pub(crate) fn is_any(&self) -> bool {
        self.begins_anew || !self.changes.is_empty()
    }

    /// The settings in force afterwards. A loop that goes on keeps the secrets that it shares.
    pub(crate) fn settings(&self, current: &Settings, anew: Settings) -> Settings {
        if self.begins_anew {
            return anew;
        }
        Settings {
            policies: anew.policies,
            calendars: anew.calendars,
            labels: anew.labels,
            ..current.clone()
        }
    }

    /// What the loop is told. One that ends for it keeps its old rules until then: they may be for another platform.
    pub(crate) fn rules(&self, current: &Settings, next: &Settings) -> NewRules {
        let rules = if self.begins_anew { current } else { next };
        NewRules {
            policies: rules.policies.clone(),
            calendars: rules.calendars.clone(),
            labels: rules.labels.clone(),
            config: next.digest(),
            changes: self.changes.clone(),
            after_restart: self.after_restart.clone(),
            not_read_again: self.not_read_again.clone(),
        }
    }
}

/// Keeps the first lines, and says how many there are beyond them and which command shows all.
pub(crate) fn bounded(mut lines: Vec<String>, command: &str) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST_LINES);
    if more > 0 {
        lines.truncate(MOST_LINES);
        lines.push(format!("and {more} more; `{command}` names them all"));
    }
    lines
}

/// What became of the secrets.
#[derive(Default)]
pub(crate) struct TakenOver {
    /// Those that differ, a line each.
    pub(crate) changes: Vec<String>,
    /// The keys of settings that say where those in use are kept, which act at once.
    pub(crate) places: Vec<&'static str>,
    /// The variables that others are kept in.
    not_read_again: Vec<String>,
}

/// Puts every secret in use that was read anew: those who have it share it.
pub(crate) fn take_over_secrets(current: &Settings, anew: &Settings) -> TakenOver {
    let mut taken = TakenOver::default();
    let secrets = current.secrets().into_iter().zip(anew.secrets());
    for ((rows, secret), (_, other)) in secrets {
        let (Some(secret), Some(other)) = (secret, other) else {
            continue;
        };
        let (row, place) = rows;
        if secret.take_over(other) {
            taken
                .changes
                .push(format!("{}: (set) -> (set), another one", row.key));
        }
        taken.places.push(place.key);
        taken
            .not_read_again
            .extend(other.variable().map(Cow::into_owned));
    }
    let anew: BTreeMap<String, &Secret> = anew.receiver_secrets().collect();
    for (key, secret) in current.receiver_secrets() {
        let Some(other) = anew.get(&key) else {
            continue;
        };
        if secret.take_over(other) {
            let line = format!("{key}: (set) -> (set), another one");
            taken.changes.push(line);
        }
        let variable = other.variable().map(Cow::into_owned);
        taken.not_read_again.extend(variable);
    }
    taken
}

/// A value as text; where it comes from makes no difference.
fn told_of<'a>(values: &'a Values, key: &str) -> Option<&'a str> {
    values.get(key).map(|value| value.text.as_str())
}

/// Returns what differs, as `key: old -> new`: what acts at once, with these keys, and the rest.
pub(crate) fn differences(old: &Values, new: &Values, too: &[&str]) -> (Vec<String>, Vec<String>) {
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    let line = |key: &String| {
        let text = |values: &Values| {
            let value = values.get(key).filter(|value| !value.text.is_empty());
            value.map_or("(none)".to_owned(), |value| value.text.clone())
        };
        format!("{key}: {} -> {}", text(old), text(new))
    };
    let differing = keys
        .into_iter()
        .filter(|key| told_of(old, key) != told_of(new, key));
    let (at_once, later): (Vec<_>, Vec<_>) =
        differing.partition(|key| acts_at_once(key) || too.contains(&key.as_str()));
    (
        at_once.into_iter().map(line).collect(),
        later.into_iter().map(line).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Values {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), valued(value, "default")))
            .collect()
    }

    fn valued(text: &str, origin: &str) -> Valued {
        Valued {
            text: text.to_owned(),
            origin: origin.to_owned(),
        }
    }

    #[test]
    fn what_tenants_have_alike_is_listed_once() {
        let mut values = TenantValues::default();
        for name in ["eu", "us"] {
            values.tenants.insert(name.parse().ok(), Values::new());
        }
        values.add("listen", &valued("off", "--listen"));
        values.add("pause_below", &valued("5", "default"));
        values.add("tenant.eu.resume_at", &valued("9", "a.toml:3"));
        values.add("tenant.us.resume_at", &valued("8", "default"));
        values.add("tenant.us.campaign.a.min_paused", &valued("1m", "a.toml:9"));
        let listed = values.listed();
        let lines: Vec<String> = listed
            .iter()
            .map(|one| format!("{} = {} {}", one.key, one.value, one.origin))
            .collect();
        assert_eq!(
            lines,
            [
                "listen = off --listen",
                "pause_below = 5 default",
                "tenant.eu.resume_at = 9 a.toml:3",
                "tenant.us.campaign.a.min_paused = 1m a.toml:9",
                "tenant.us.resume_at = 8 default",
            ]
        );
    }

    #[test]
    fn what_every_reload_repeats_is_bounded() {
        let lines = |many: usize| (0..many).map(|line| line.to_string()).collect::<Vec<_>>();
        assert_eq!(bounded(lines(20), "check"), lines(20));
        let kept = bounded(lines(2_000), "check");
        assert_eq!(kept.len(), 21);
        assert_eq!(kept[20], "and 1980 more; `check` names them all");
    }

    #[test]
    fn differences_tell_old_and_new_and_when_they_act() {
        let old = of(&[
            ("pause_below", "5"),
            ("resume_at", "8"),
            ("poll_interval", "30s"),
        ]);
        let new = of(&[
            ("pause_below", "4"),
            ("resume_at", "8"),
            ("poll_interval", "10s"),
            ("campaign.b.min_paused", "2m"),
        ]);
        let (changes, later) = differences(&old, &new, &[]);
        assert_eq!(
            changes,
            ["campaign.b.min_paused: (none) -> 2m", "pause_below: 5 -> 4"]
        );
        assert_eq!(later, ["poll_interval: 30s -> 10s"]);
    }

    #[test]
    fn values_belong_to_the_process_or_to_a_tenant() {
        let eu: TenantName = "eu".parse().unwrap();
        let mut values = TenantValues::default();
        values.tenants.insert(Some(eu.clone()), Values::new());
        for key in [
            "listen",
            "calendar.office",
            "tenant.eu.campaign.a.b.min_paused",
        ] {
            values.add(key, &valued("x", "default"));
        }
        assert_eq!(values.process, of(&[("listen", "x")]));
        let own = values.of_tenant(Some(&eu));
        assert_eq!(
            own,
            of(&[("calendar.office", "x"), ("campaign.a.b.min_paused", "x")])
        );
    }
}
