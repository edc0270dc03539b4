//! The rules by which queues are calibrated, from `[[queue]]` tables, and every fault in them.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::QueueId;
use crate::domain::queue::{CalibrationPolicy, DeadBands, QueueModel, ServiceTargets};

use super::fault::{Origin, Problem};
use super::given::ListedTable;
use super::merge::Layers;
use super::row::Parsed;
use super::table_keys::{TableKey, queue as keys};
use super::value;
use super::values::Values;

/// A longer queue of callers does not exist.
const MOST: u32 = 1_000_000;

/// A window with fewer intervals measures next to nothing.
const FEWEST_INTERVALS: u32 = 2;

/// The rules of each queue; none without `[[queue]]` tables.
pub(super) fn read(
    layers: &mut Layers<'_>,
    values: &Values,
) -> BTreeMap<QueueId, CalibrationPolicy> {
    let tables = std::mem::take(&mut layers.file.queues);
    let mut queues = BTreeMap::new();
    let forms = values.platform.capabilities_by(values.agents).queues;
    if !forms.is_some_and(|forms| forms.calibrated) {
        // They are refused as a whole, and what else is wrong with them is beside the point.
        return queues;
    }
    let mut places: BTreeMap<QueueId, Origin> = BTreeMap::new();
    for table in &tables {
        let mut reader = Reader { layers, table };
        let policy = reader.policy();
        let Some(id) = reader.id() else {
            continue;
        };
        let place = table.origin.clone();
        if let Some(first) = places.get(&id) {
            let wrong = format!("queue `{id}` has a table already, at {first}");
            let wrong = Problem::new(wrong, "make one table of both");
            layers.faults.push(&place, "queue.id", wrong);
            continue;
        }
        reader.note(&id);
        places.insert(id.clone(), place);
        queues.insert(id, policy);
    }
    queues
}

struct Reader<'a, 'l> {
    layers: &'a mut Layers<'l>,
    table: &'a ListedTable,
}

impl Reader<'_, '_> {
    fn id(&mut self) -> Option<QueueId> {
        const REMEDY: &str = "write the queue's id in quotes";
        if self.table.get(&keys::ID).is_none() {
            self.refuse(&keys::ID, Problem::new("is missing", REMEDY));
            return None;
        }
        let id = |text: &str| {
            let read = QueueId::from_str(text);
            read.map_err(|wrong| Problem::new(wrong.to_string(), REMEDY))
        };
        self.one(&keys::ID, id)
    }

    fn policy(&mut self) -> CalibrationPolicy {
        const MODELS: &[(&str, QueueModel)] = &[
            ("classic", QueueModel::Classic),
            ("erlang_a", QueueModel::ErlangA),
        ];
        let defaults = CalibrationPolicy::default();
        let aims = defaults.targets;
        let bands = defaults.dead_bands;
        let policy = CalibrationPolicy {
            model: self
                .one(&keys::MODEL, |text| value::word(text, MODELS))
                .unwrap_or(defaults.model),
            interval: self
                .one(&keys::INTERVAL, value::positive_duration)
                .unwrap_or(defaults.interval),
            window: self
                .one(&keys::WINDOW, value::positive_duration)
                .unwrap_or(defaults.window),
            capacity: self.one(&keys::CAPACITY, |text| value::count(text, 1..=MOST)),
            agents: self.one(&keys::AGENTS, |text| value::count(text, 1..=MOST)),
            coverage: self.one(&keys::COVERAGE, coverage),
            targets: ServiceTargets {
                service_level: self
                    .one(&keys::SERVICE_LEVEL, share)
                    .unwrap_or(aims.service_level),
                within: self
                    .one(&keys::WITHIN, value::positive_duration)
                    .unwrap_or(aims.within),
                abandoning: self
                    .one(&keys::ABANDONING, share)
                    .unwrap_or(aims.abandoning),
                mean_wait_s: self
                    .one(&keys::MEAN_WAIT, value::positive_duration)
                    .map(|wait| wait.as_secs_f64()),
                ..aims
            },
            dead_bands: DeadBands {
                wait_s: self
                    .one(&keys::DEAD_BAND_WAIT, seconds)
                    .unwrap_or(bands.wait_s),
                waiters: self
                    .one(&keys::DEAD_BAND_WAITERS, |text| {
                        value::count(text, 0..=MOST)
                    })
                    .unwrap_or(bands.waiters),
                within_s: self
                    .one(&keys::DEAD_BAND_WITHIN, seconds)
                    .unwrap_or(bands.within_s),
            },
            max_changes_per_hour: self
                .one(&keys::MAX_CHANGES_PER_HOUR, value::budget)
                .unwrap_or(defaults.max_changes_per_hour),
        };
        if policy.window < policy.interval.saturating_mul(FEWEST_INTERVALS) {
            let shown = |time: Duration| humantime::format_duration(time);
            let wrong = format!(
                "{} is less than two intervals of {}, so that next to nothing is measured",
                shown(policy.window),
                shown(policy.interval)
            );
            let wrong = Problem::new(wrong, "give a longer window, or a shorter interval");
            self.refuse(&keys::WINDOW, wrong);
        }
        policy
    }

    /// The value of a key; nothing when it is not given, or wrong, which is reported.
    fn one<T>(&mut self, key: &TableKey, parse: impl Fn(&str) -> Parsed<T>) -> Option<T> {
        self.layers.key("queue", self.table, key, parse)
    }

    fn refuse(&mut self, key: &TableKey, problem: Problem) {
        self.layers.refuse_key("queue", self.table, key, problem);
    }

    /// Notes where each value comes from. There is no other place for them, so defaults are noted too.
    fn note(&mut self, id: &QueueId) {
        for key in keys::ALL {
            let given = self.table.get(key);
            let text = given.and_then(|given| given.texts.first());
            let full = if key.name == keys::ID.name {
                format!("queue.{id}")
            } else {
                format!("queue.{id}.{}", key.name)
            };
            let origin = given.map_or(Origin::Default, |given| given.origin.clone());
            let text = text.map_or(key.default, String::as_str);
            self.layers.noted.replace(&full, text, origin);
        }
    }
}

/// A share strictly between nothing and all.
fn share(text: &str) -> Parsed<f64> {
    match text.trim().parse() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        Ok(_) | Err(_) => Err(Problem::new(
            format!("`{text}` is not a share between 0 and 1"),
            "give one such as 0.8",
        )),
    }
}

fn coverage(text: &str) -> Parsed<f64> {
    match text.trim().parse() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        Ok(_) | Err(_) => Err(Problem::new(
            format!("`{text}` is not a share above 0 and up to 1"),
            "give one such as 0.75",
        )),
    }
}

/// A time in whole seconds.
fn seconds(text: &str) -> Parsed<u32> {
    let time = value::duration(text)?;
    if time.subsec_nanos() != 0 {
        let wrong = format!("`{text}` is not a whole number of seconds");
        return Err(Problem::new(wrong, "give such as 15s"));
    }
    Ok(u32::try_from(time.as_secs()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::domain::queue::{CalibrationPolicy, QueueModel};

    use super::super::tests::{faults, run};

    #[test]
    fn a_table_with_an_id_is_enough_and_each_key_is_read() {
        let resolved = run("", &[], "[[queue]]\nid = \"a\"\n");
        let queues = &resolved.settings.queues;
        assert_eq!(queues.len(), 1);
        assert_eq!(queues[&"a".parse().unwrap()], CalibrationPolicy::default());
        let full = "[[queue]]\nid = \"b\"\nmodel = \"erlang_a\"\ninterval = \"2m\"\nwindow = \"1h\"\ncapacity = 50\n\
            agents = 40\ncoverage = 0.9\nservice_level = 0.9\nwithin = \"30s\"\nabandoning = 0.03\nmean_wait = \"5s\"\n\
            max_changes_per_hour = \"none\"\ndead_band_wait = \"20s\"\ndead_band_waiters = 0\ndead_band_within = \"1s\"\n";
        let resolved = run("", &[], full);
        let policy = &resolved.settings.queues[&"b".parse().unwrap()];
        assert_eq!(policy.model, QueueModel::ErlangA);
        assert_eq!(policy.targets.mean_wait_s, Some(5.0));
        assert_eq!(policy.targets.within, Duration::from_secs(30));
        assert_eq!(
            (policy.capacity, policy.agents, policy.coverage),
            (Some(50), Some(40), Some(0.9))
        );
        assert_eq!(policy.max_changes_per_hour, None);
        assert_eq!(policy.dead_bands.waiters, 0);
        let shown = |key: &str| {
            let found = resolved.origins.iter().find(|(known, ..)| known == key);
            found.map(|(_, value, _)| value.clone())
        };
        assert_eq!(shown("queue.b.window").as_deref(), Some("1h"));
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let told = faults(
            "",
            &[],
            "[[queue]]\nmodel = \"erlang\"\nwindow = \"1m\"\ncapacity = 0\ncoverage = 1.5\nservice_level = 1\n\
             dead_band_wait = \"500ms\"\nmax_changes = 3\nagents = \"many\"\n[[queue]]\nid = \"a\"\n[[queue]]\nid = \"a\"\n",
        );
        let places: Vec<&str> = told
            .iter()
            .map(|fault| fault.split(": ").nth(1).unwrap())
            .collect();
        assert_eq!(
            places,
            [
                "queue.id",
                "queue.model",
                "queue.window",
                "queue.capacity",
                "queue.coverage",
                "queue.service_level",
                "queue.dead_band_wait",
                "queue.max_changes",
                "queue.agents",
                "queue.id",
            ],
            "{told:#?}"
        );
        assert!(
            told[7].contains("did you mean `max_changes_per_hour`?")
                || told[7].contains("take it out")
        );
        assert!(told[9].contains("queue `a` has a table already, at"));
    }
}
