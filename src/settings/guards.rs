//! Limits on the share of abandoned calls, from `[[guard]]` tables, and every fault in them.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::civil::Date;

use crate::domain::guard::{
    Denominator, Guard, GuardLimit, GuardPeriod, GuardScope, Numerator, Preset, WrittenPeriod,
    least_sample,
};
use crate::domain::{CampaignId, CampaignLabels, Zone, meant};

use super::fault::{Origin, Problem};

use super::given::ListedTable;
use super::merge::Layers;
use super::table_keys::{TableKey, guard as keys};
use super::value;
use super::values::Values;

/// More calls than this in one period are a slip.
const MOST_CALLS: u64 = 10_000_000;

/// A longer name does not fit a line of the page.
const LONGEST_NAME: usize = CampaignLabels::LONGEST_NAME;

/// Reads every `[[guard]]` table.
pub(super) fn read(
    layers: &mut Layers<'_>,
    values: &Values,
    labels: &BTreeMap<CampaignId, CampaignLabels>,
) -> Vec<Guard> {
    let tables = std::mem::take(&mut layers.file.guards);
    let mut names: BTreeMap<String, Origin> = BTreeMap::new();
    let mut found = Vec::new();
    for table in &tables {
        let mut reader = Reader { layers, table };
        let name = reader.name(&names);
        let guard = reader.guard(name.as_deref().unwrap_or_default(), labels);
        let Some(name) = name else { continue };
        reader.note(&name);
        names.insert(name, table.origin.clone());
        found.extend(guard);
    }
    if let Some(table) = tables.first()
        && values.outcomes_every.is_zero()
    {
        let wrong = "nothing is read that it could be compared with: outcomes_every is 0s";
        let remedy = "leave outcomes_every out, or feed counters by the API";
        let problem = Problem::new(wrong, remedy);
        layers.warnings.push(&table.origin, "guard", problem);
    }
    found
}

struct Reader<'a, 'l> {
    layers: &'a mut Layers<'l>,
    table: &'a ListedTable,
}

impl Reader<'_, '_> {
    fn name(&mut self, known: &BTreeMap<String, Origin>) -> Option<String> {
        const REMEDY: &str = "write a name in quotes, such as \"us-sales\"";
        let Some(given) = self.table.get(&keys::NAME) else {
            self.refuse(&keys::NAME, Problem::new("is missing", REMEDY));
            return None;
        };
        // No text: its type was wrong, and that is told.
        let name = given.texts.first()?.trim();
        let wrong = if name.is_empty() || name.chars().any(char::is_control) {
            Problem::new("is no name", REMEDY)
        } else if name.chars().count() > LONGEST_NAME {
            let remedy = format!("give at most {LONGEST_NAME} characters");
            Problem::new("is too long", remedy)
        } else if let Some(first) = known.get(name) {
            let wrong = format!("guard `{name}` has a table already, at {first}");
            Problem::new(wrong, "give each a name of its own")
        } else {
            return Some(name.to_owned());
        };
        self.refuse(&keys::NAME, wrong);
        None
    }

    fn guard(
        &mut self,
        name: &str,
        labels: &BTreeMap<CampaignId, CampaignLabels>,
    ) -> Option<Guard> {
        let preset = self.preset();
        let limit = self.limit(preset);
        let abandoned = Numerator::Abandoned;
        let numerator = self.word(&keys::NUMERATOR, &Numerator::WORDS, abandoned);
        let denominator = self.denominator(preset);
        if numerator == Some(Numerator::Unconnected)
            && denominator == Some(Denominator::AbandonedAndConnected)
        {
            let wrong = "counts calls that are none of abandoned+connected";
            let remedy = "give denominator = \"answered\", or count abandoned calls";
            self.refuse(&keys::NUMERATOR, Problem::new(wrong, remedy));
        }
        let period = self.period(preset);
        let zone = self.zone(preset);
        let count = |text: &str| value::count(text, 1..=MOST_CALLS);
        let least = self
            .layers
            .key("guard", self.table, &keys::LEAST_CALLS, count);
        let scope = self.scope(labels);
        let limit = limit?;
        Some(Guard {
            name: name.to_owned(),
            preset,
            limit,
            numerator: numerator?,
            denominator: denominator?,
            period: period?,
            zone: zone?,
            least_calls: least.unwrap_or_else(|| least_sample(limit)),
            scope: scope?,
        })
    }

    fn preset(&mut self) -> Option<Preset> {
        let given = self.table.get(&keys::PRESET)?;
        let text = given.texts.first()?.clone();
        let names = || Preset::ALL.into_iter().map(Preset::name);
        let Some(preset) = Preset::named(&text) else {
            let remedy = meant(&text, names()).map_or_else(
                || format!("give one of {}", names().collect::<Vec<_>>().join(", ")),
                |meant| format!("did you mean `{meant}`?"),
            );
            let wrong = format!("`{text}` is no preset");
            self.refuse(&keys::PRESET, Problem::new(wrong, remedy));
            return None;
        };
        if preset == Preset::UkOfcom2010 {
            let wrong = "is history: its allowance was withdrawn on 1 March 2017";
            let remedy = "no share has been safe since; see uk-ofcom";
            let problem = Problem::new(wrong, remedy);
            let warnings = &mut self.layers.warnings;
            warnings.push(&given.origin, "guard.preset", problem);
        }
        Some(preset)
    }

    fn limit(&mut self, preset: Option<Preset>) -> Option<GuardLimit> {
        const REMEDY: &str = "write a share in quotes, such as \"3%\"";
        let of_preset = preset.and_then(|preset| Some(preset.facts().limit?.0));
        self.given_or(&keys::LIMIT, of_preset, preset, REMEDY, |text| {
            let read = GuardLimit::from_str(text.trim());
            read.map_err(|wrong| Problem::new(wrong.to_string(), REMEDY))
        })
    }

    fn denominator(&mut self, preset: Option<Preset>) -> Option<Denominator> {
        let usual = Denominator::AbandonedAndConnected;
        let given = self.table.get(&keys::DENOMINATOR).is_some();
        let Some(preset) = preset.filter(|_| !given) else {
            return self.word(&keys::DENOMINATOR, &Denominator::WORDS, usual);
        };
        let of_preset = preset.facts().denominator.map(|(found, _)| found);
        if of_preset.is_none() {
            self.lacks(&keys::DENOMINATOR, preset, "give it, such as \"answered\"");
        }
        of_preset
    }

    fn period(&mut self, preset: Option<Preset>) -> Option<GuardPeriod> {
        const REMEDY: &str =
            "write \"day\", \"month\", \"successive 30 days\" or \"rolling 7 days\"";
        const STARTS: &str = "write the day of the first call, such as \"2026-11-01\"";
        let of_preset = preset.and_then(|preset| Some(preset.facts().period?.0));
        let written = self.given_or(&keys::PERIOD, of_preset, preset, REMEDY, |text| {
            let read = WrittenPeriod::from_str(text.trim());
            read.map_err(|wrong| Problem::new(wrong.to_string(), REMEDY))
        });
        let starts = self
            .layers
            .key("guard", self.table, &keys::STARTS, |text: &str| {
                let read = text.trim().parse::<Date>();
                read.map_err(|_| Problem::new(format!("`{text}` is no day"), STARTS))
            });
        let is_given = self.table.get(&keys::STARTS).is_some();
        match written? {
            WrittenPeriod::Whole(period) => {
                if is_given {
                    let wrong = "has no effect: the period is not successive";
                    let remedy = "leave it out, or give period = \"successive 30 days\"";
                    self.refuse(&keys::STARTS, Problem::new(wrong, remedy));
                }
                Some(period)
            }
            WrittenPeriod::Successive => {
                if !is_given {
                    self.refuse(&keys::STARTS, Problem::new("is missing", STARTS));
                }
                Some(GuardPeriod::Successive { starts: starts? })
            }
        }
    }

    fn zone(&mut self, preset: Option<Preset>) -> Option<Zone> {
        const REMEDY: &str = "name an IANA time zone, such as America/New_York";
        let of_preset = preset.and_then(|preset| preset.facts().zone?.parse().ok());
        self.given_or(&keys::ZONE, of_preset, preset, REMEDY, |text| {
            let read = Zone::from_str(text.trim());
            read.map_err(|wrong| Problem::new(format!("`{text}` {wrong}"), REMEDY))
        })
    }

    fn scope(&mut self, labels: &BTreeMap<CampaignId, CampaignLabels>) -> Option<GuardScope> {
        let texts = |key: &TableKey| Some(self.table.get(key)?.texts.clone());
        let (campaigns, teams) = (texts(&keys::CAMPAIGNS), texts(&keys::TEAMS));
        if campaigns.is_none() && teams.is_none() {
            return Some(GuardScope::All);
        }
        let (campaigns, teams) = (campaigns.unwrap_or_default(), teams.unwrap_or_default());
        let mut named = BTreeSet::new();
        let mut holds = true;
        for text in &campaigns {
            let known = text.parse().ok();
            let known = known.filter(|id| self.layers.campaigns.contains_key(id));
            if known.is_none() {
                let wrong = format!("`{text}` is none of the campaigns that are managed");
                let remedy = "give it a [[campaign]] table, or take it out";
                self.refuse(&keys::CAMPAIGNS, Problem::new(wrong, remedy));
                holds = false;
            }
            named.extend(known);
        }
        let known: BTreeSet<&str> = labels
            .values()
            .filter_map(|labels| labels.team.as_deref())
            .collect();
        for team in teams.iter().filter(|team| !known.contains(team.trim())) {
            let remedy = meant(team, known.iter().copied()).map_or_else(
                || "give `team` in the tables of its campaigns, or take it out".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            let wrong = format!("`{team}` is no campaign's team");
            self.refuse(&keys::TEAMS, Problem::new(wrong, remedy));
            holds = false;
        }
        let is_empty = campaigns.is_empty() && teams.is_empty();
        if is_empty {
            let remedy = "name some, or leave it out for every campaign";
            self.refuse(&keys::CAMPAIGNS, Problem::new("names nobody", remedy));
        }
        let teams = teams.iter().map(|team| team.trim().to_owned()).collect();
        (holds && !is_empty).then_some(GuardScope::Some {
            campaigns: named,
            teams,
        })
    }

    /// What a key says, or else the preset.
    fn given_or<T>(
        &mut self,
        key: &TableKey,
        of_preset: Option<T>,
        preset: Option<Preset>,
        remedy: &str,
        parse: impl Fn(&str) -> Result<T, Problem>,
    ) -> Option<T> {
        if self.table.get(key).is_some() {
            return self.layers.key("guard", self.table, key, parse);
        }
        if of_preset.is_none() {
            match preset {
                Some(preset) => self.lacks(key, preset, remedy),
                // A preset that is none may have named it.
                None if self.table.get(&keys::PRESET).is_some() => {}
                None => self.refuse(key, Problem::new("is missing", remedy)),
            }
        }
        of_preset
    }

    /// One of some words, and the default where none is given.
    fn word<T: Copy>(
        &mut self,
        key: &TableKey,
        words: &[(&'static str, T)],
        default: T,
    ) -> Option<T> {
        if self.table.get(key).is_none() {
            return Some(default);
        }
        self.layers.key("guard", self.table, key, |text: &str| {
            let found = words.iter().find(|(word, _)| *word == text.trim());
            found.map(|(_, value)| *value).ok_or_else(|| {
                let known: Vec<String> = words
                    .iter()
                    .map(|(word, _)| format!("\"{word}\""))
                    .collect();
                let remedy = format!("write one of {}", known.join(", "));
                Problem::new(format!("`{text}` is not known"), remedy)
            })
        })
    }

    fn lacks(&mut self, key: &TableKey, preset: Preset, remedy: &str) {
        let wrong = format!("is missing, and preset `{}` names none", preset.name());
        self.refuse(key, Problem::new(wrong, remedy));
    }

    fn refuse(&mut self, key: &TableKey, problem: Problem) {
        self.layers.refuse_key("guard", self.table, key, problem);
    }

    /// Notes where each value comes from.
    fn note(&mut self, name: &str) {
        for key in keys::ALL {
            let Some(given) = self.table.get(key) else {
                continue;
            };
            let full = if key.name == keys::NAME.name {
                format!("guard.{name}")
            } else {
                format!("guard.{name}.{}", key.name)
            };
            let text = given.texts.join(", ");
            self.layers.noted.add(full, &text, given.origin.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::tests::{faults, run};
    use super::*;

    const CAMPAIGNS: &str =
        "[[campaign]]\nid = \"a\"\nteam = \"Sales\"\n[[campaign]]\nid = \"b\"\n";

    fn guards(tables: &str) -> Vec<Guard> {
        run("", &[], &format!("{CAMPAIGNS}{tables}"))
            .settings
            .guards
    }

    #[test]
    fn a_guard_is_data_and_a_preset_gives_what_the_table_does_not() {
        let found = guards(
            "[[guard]]\nname = \"own\"\nlimit = \"2.5%\"\nperiod = \"rolling 7 days\"\nzone = \"Europe/Berlin\"\n\
             denominator = \"answered\"\nnumerator = \"unconnected\"\nleast_calls = 200\ncampaigns = [\"b\"]\nteams = [\"Sales\"]\n\
             [[guard]]\nname = \"ftc\"\npreset = \"us-ftc\"\nstarts = \"2026-11-01\"\nzone = \"America/New_York\"\n\
             [[guard]]\nname = \"stricter\"\npreset = \"uk-ofcom-2010\"\nlimit = \"1%\"\n",
        );
        let [own, ftc, stricter] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(own.limit.to_string(), "2.5%");
        assert_eq!(own.period, GuardPeriod::Rolling { days: 7 });
        assert_eq!(own.least_calls, 200);
        assert_eq!(
            (own.numerator, own.denominator),
            (Numerator::Unconnected, Denominator::Answered)
        );
        assert!(own.is_about(&"b".parse().unwrap(), None));
        assert!(own.is_about(&"a".parse().unwrap(), Some("Sales")));
        assert_eq!(ftc.limit.to_string(), "3%");
        let starts = date(2026, 11, 1);
        assert_eq!(ftc.period, GuardPeriod::Successive { starts });
        assert_eq!(
            (ftc.denominator, ftc.least_calls),
            (Denominator::Answered, 88)
        );
        assert_eq!(
            (&ftc.scope, ftc.preset),
            (&GuardScope::All, Some(Preset::UsFtc))
        );
        assert_eq!(stricter.limit.to_string(), "1%");
        assert_eq!(
            (stricter.zone.name(), stricter.period),
            ("Europe/London", GuardPeriod::Day)
        );
    }

    #[test]
    fn days_are_counted_in_the_zones_of_the_guards_and_else_by_utc() {
        let zones = |tables: &str| -> Vec<String> {
            let settings = run("", &[], &format!("{CAMPAIGNS}{tables}")).settings;
            let zones = settings.day_zones().into_iter();
            zones.map(|zone| zone.name().to_owned()).collect()
        };
        assert_eq!(zones(""), ["UTC"]);
        let guard = |name: &str, zone: &str| {
            format!(
                "[[guard]]\nname = \"{name}\"\nlimit = \"3%\"\nperiod = \"day\"\nzone = \"{zone}\"\n"
            )
        };
        // Two names of one zone have rows of their own, which are found by the name.
        let three = guard("x", "GB") + &guard("y", "Europe/London") + &guard("z", "GB");
        assert_eq!(zones(&three), ["Europe/London", "GB"]);
    }

    #[test]
    fn other_guards_are_other_settings_and_history_is_a_warning() {
        let table = "[[guard]]\nname = \"g\"\npreset = \"uk-ofcom-2010\"\n";
        let resolved = |tables: &str| run("", &[], &format!("{CAMPAIGNS}{tables}"));
        let with = resolved(table);
        assert_ne!(with.settings.digest(), resolved("").settings.digest());
        let warnings: Vec<String> = with.warnings.iter().map(ToString::to_string).collect();
        assert!(
            warnings[0].contains(":8: guard.preset: is history"),
            "{warnings:?}"
        );
        let shown = with.origins.iter();
        let shown: Vec<&str> = shown
            .filter(|(key, ..)| key.starts_with("guard."))
            .map(|(key, ..)| key.as_str())
            .collect();
        assert_eq!(shown, ["guard.g", "guard.g.preset"]);
        let unread = format!("outcomes_every = \"0s\"\n{CAMPAIGNS}{table}");
        let warnings = run("", &[], &unread).warnings;
        assert!(
            warnings
                .iter()
                .any(|w| w.to_string().contains("nothing is read"))
        );
    }

    #[test]
    fn every_fault_of_a_guard_is_told_with_its_line_and_a_remedy() {
        let text = format!(
            "{CAMPAIGNS}\
             [[guard]]\nlimit = \"3\"\nperiod = \"week\"\nzone = \"London\"\n\
             [[guard]]\nname = \"x\"\npreset = \"us_ftc\"\nnumerator = \"lost\"\n\
             [[guard]]\nname = \"x\"\npreset = \"us-ftc\"\nzone = \"UTC\"\n\
             [[guard]]\nname = \"y\"\npreset = \"ca-crtc\"\nstarts = \"today\"\nleast_calls = 0\n\
             [[guard]]\nname = \"z\"\npreset = \"uk-ofcom\"\ncampaigns = [\"c\"]\nteams = [\"Sale\"]\nlimits = 3\n\
             [[guard]]\nname = \"u\"\nlimit = \"3%\"\nperiod = \"day\"\nzone = \"UTC\"\nnumerator = \"unconnected\"\ncampaigns = []\n"
        );
        assert_eq!(
            faults("", &[], &text),
            [
                "FILE:6: guard.name: is missing; write a name in quotes, such as \"us-sales\"",
                "FILE:7: guard.limit: `3` is no share from 0.01% to 99.99%; write a share in quotes, such as \"3%\"",
                "FILE:8: guard.period: `week` is no period; write \"day\", \"month\", \"successive 30 days\" or \"rolling 7 days\"",
                "FILE:9: guard.zone: `London` is not an IANA time zone; name an IANA time zone, such as America/New_York",
                "FILE:12: guard.preset: `us_ftc` is no preset; did you mean `us-ftc`?",
                "FILE:13: guard.numerator: `lost` is not known; write one of \"abandoned\", \"unconnected\"",
                "FILE:14: guard.starts: is missing; write the day of the first call, such as \"2026-11-01\"",
                "FILE:15: guard.name: guard `x` has a table already, at FILE:10; give each a name of its own",
                "FILE:18: guard.denominator: is missing, and preset `ca-crtc` names none; give it, such as \"answered\"",
                "FILE:18: guard.zone: is missing, and preset `ca-crtc` names none; name an IANA time zone, such as America/New_York",
                "FILE:21: guard.starts: `today` is no day; write the day of the first call, such as \"2026-11-01\"",
                "FILE:21: guard.starts: has no effect: the period is not successive; leave it out, or give period = \"successive 30 days\"",
                "FILE:22: guard.least_calls: `0` is not a whole number from 1 to 10000000; give a number of this range",
                "FILE:23: guard.limit: is missing, and preset `uk-ofcom` names none; write a share in quotes, such as \"3%\"",
                "FILE:23: guard.period: is missing, and preset `uk-ofcom` names none; write \"day\", \"month\", \"successive 30 days\" or \"rolling 7 days\"",
                "FILE:26: guard.campaigns: `c` is none of the campaigns that are managed; give it a [[campaign]] table, or take it out",
                "FILE:27: guard.teams: `Sale` is no campaign's team; did you mean `Sales`?",
                "FILE:28: guard.limits: is not known; did you mean `limit`?",
                "FILE:34: guard.numerator: counts calls that are none of abandoned+connected; give denominator = \"answered\", or count abandoned calls",
                "FILE:35: guard.campaigns: names nobody; name some, or leave it out for every campaign",
            ]
        );
    }
}
