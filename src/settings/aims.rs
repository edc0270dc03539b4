//! Aims: a share of abandoned calls instead of two thresholds.
//!
//! *Which of both holds* follows from where they stand: the stronger place wins, as of two values of one setting. In the same place
//! nobody can say which was meant, and that is refused.

use std::collections::BTreeMap;

use crate::domain::aim::{AbandonTarget, AimBy, AimRule, AimSignal, HalfAgents, Shortage};
use crate::domain::{CampaignId, Counting, Policy};

use super::fault::{Origin, Problem};
use super::merge::{Layers, Rule, Strength};
use super::row::Row;
use super::rows::{ABANDON_TARGET, AIM_BY, AIM_GAP, AIM_SIGNAL, AIM_START, COUNT, OUTCOMES_EVERY};
use super::values::Values;

/// What every layer says of aims.
pub(super) struct Aims {
    target: Rule<AbandonTarget>,
    by: Rule<AimBy>,
    signal: Rule<AimSignal>,
    gap: Rule<HalfAgents>,
    start: Rule<HalfAgents>,
}

/// The thresholds of a campaign, as far as somebody gave them: how strong their place is, and the place.
pub(super) struct GivenThresholds {
    pub(super) strength: Strength,
    pub(super) key: String,
    pub(super) origin: Origin,
}

impl Aims {
    pub(super) fn read(layers: &mut Layers<'_>) -> Self {
        Self {
            target: layers.read(&ABANDON_TARGET),
            by: layers.read(&AIM_BY),
            signal: layers.read(&AIM_SIGNAL),
            gap: layers.read(&AIM_GAP),
            start: layers.read(&AIM_START),
        }
    }

    /// The aim of a campaign whose thresholds were given so; none where they hold, or where no share is given that can be read.
    pub(super) fn of(
        &self,
        layers: &mut Layers<'_>,
        id: &CampaignId,
        thresholds: Option<GivenThresholds>,
    ) -> Option<AimRule> {
        let strength = self.target.strength(id)?;
        let (key, origin) = self.target.place(id)?;
        match thresholds {
            Some(given) if given.strength < strength => return None,
            Some(given) if given.strength == strength => {
                let GivenThresholds {
                    key: beside,
                    origin: at,
                    ..
                } = given;
                let wrong =
                    format!("is given beside {beside} ({at}), and only one of them can hold");
                let remedy = "keep the share that may be abandoned, or the thresholds";
                layers
                    .faults
                    .push(&origin, key, Problem::new(wrong, remedy));
                return None;
            }
            Some(_) | None => {}
        }
        let target = self.target.noted_for(id, &mut layers.noted)?;
        let mut rule = AimRule::new(target);
        rule.by = self.by.noted_for(id, &mut layers.noted).unwrap_or(rule.by);
        rule.signal = self
            .signal
            .noted_for(id, &mut layers.noted)
            .unwrap_or(rule.signal);
        rule.gap = self
            .gap
            .noted_for(id, &mut layers.noted)
            .unwrap_or(rule.gap);
        rule.start = self
            .start
            .noted_for(id, &mut layers.noted)
            .unwrap_or(rule.start);
        Some(rule)
    }

    /// Notes where the share of a campaign for which no agents count was given, so that it can be refused.
    pub(super) fn note(&self, layers: &mut Layers<'_>, id: &CampaignId) {
        self.target.noted_for(id, &mut layers.noted);
    }

    /// Warns of what was given for an aim of campaigns that have none, and of what an aim leaves without effect.
    pub(super) fn warn_of_what_is_idle(
        &self,
        layers: &mut Layers<'_>,
        policies: &BTreeMap<CampaignId, Policy>,
    ) {
        let none_aims = policies.values().all(|policy| policy.aim.is_none());
        let mut idle = Vec::new();
        for id in policies
            .iter()
            .filter(|(_, policy)| policy.aim.is_none())
            .map(|(id, _)| id)
        {
            let own = |given: Option<Strength>| {
                given.is_some_and(|given| none_aims || !given.is_general())
            };
            let given = [
                self.by.place(id).filter(|_| own(self.by.strength(id))),
                self.signal
                    .place(id)
                    .filter(|_| own(self.signal.strength(id))),
                self.gap.place(id).filter(|_| own(self.gap.strength(id))),
                self.start
                    .place(id)
                    .filter(|_| own(self.start.strength(id))),
            ];
            idle.extend(given.into_iter().flatten());
        }
        for (key, origin) in idle {
            let wrong = "has no effect without abandon_target";
            let problem = Problem::new(wrong, "give abandon_target, or leave it out");
            layers.warnings.push(&origin, key, problem);
        }
        let counted = policies.iter().filter(|(_, policy)| {
            policy.aim.is_some() && policy.counting == Counting::FreeAndServing
        });
        for (id, _) in counted {
            warn(
                layers,
                id,
                COUNT.row(),
                "has no effect on an abandon_target: aim_signal says which agents count",
                "write aim_signal = \"free+serving\", or leave it out",
            );
        }
    }
}

/// Refuses aims that would learn nothing, and warns of those that see less than they ask for.
pub(super) fn refuse_what_cannot_learn(
    layers: &mut Layers<'_>,
    values: &Values,
    policies: &BTreeMap<CampaignId, Policy>,
) {
    let platform = values.platform;
    let capabilities = platform.capabilities_by(values.agents);
    let aims = policies
        .iter()
        .filter_map(|(id, policy)| Some((id, policy.aim?)));
    for (id, aim) in aims {
        if aim.by == AimBy::Shortage {
            for (row, problem) in shortage_faults(values, aim, capabilities.levers.dial_ratio) {
                refuse(layers, id, row, problem);
            }
        } else if values.outcomes_every.is_zero() {
            let at = layers.source(OUTCOMES_EVERY.row());
            let place = at.map_or(String::new(), |(_, origin)| format!(" ({origin})"));
            let wrong = format!(
                "would learn nothing: what became of the dials is not read, since outcomes_every is 0s{place}"
            );
            let problem =
                Problem::new(wrong, "give outcomes_every, such as 60s, or set thresholds");
            refuse(layers, id, ABANDON_TARGET.row(), problem);
        } else if !capabilities.outcomes && values.outcomes_file.is_none() {
            let wrong =
                format!("would learn nothing: {platform} does not count what became of the dials");
            let problem = Problem::new(wrong, "feed it by outcomes_file, or set thresholds");
            refuse(layers, id, ABANDON_TARGET.row(), problem);
        }
        if aim.signal == AimSignal::FreeAndServing && !capabilities.serving {
            let wrong =
                format!("cannot be counted: {platform} does not show whose calls agents are on");
            let problem = Problem::new(wrong, "leave it out, or write available");
            refuse(layers, id, AIM_SIGNAL.row(), problem);
        }
        if aim.signal == AimSignal::AvailableAndHalfWrapUp && !capabilities.wrap_up {
            let wrong =
                "counts available agents only: by these counts nobody is seen to finish a call";
            let (key, origin) = place(layers, id, AIM_SIGNAL.row());
            let problem = Problem::new(wrong, "write available");
            layers.warnings.push(&origin, key, problem);
        }
    }
}

/// Why the proxy would say nothing of abandoned calls. `paced` says whether campaigns of the platform may dial ahead of their agents.
fn shortage_faults(values: &Values, aim: AimRule, paced: bool) -> Vec<(&'static Row, Problem)> {
    let mut faults = Vec::new();
    if paced {
        let wrong = format!(
            "says nothing of abandoned calls where dials are ahead of the agents, as they may be on {}",
            values.platform
        );
        let remedy = "leave it out: the platform counts the calls";
        faults.push((AIM_BY.row(), Problem::new(wrong, remedy)));
    }
    if values.poll_interval > Shortage::LONGEST_INTERVAL {
        let given = humantime::format_duration(values.poll_interval);
        let wrong = format!("sees agents run out at polls each 10s, and poll_interval is {given}");
        let remedy = "give poll_interval = \"10s\", or set thresholds";
        faults.push((AIM_BY.row(), Problem::new(wrong, remedy)));
    }
    if !aim.may_aim_at(aim.target) {
        let wrong = "cannot be aimed at by shortage: the proxy was measured for 0.5% alone";
        let remedy = "give 0.5%, or have the calls counted (outcomes_file)";
        faults.push((ABANDON_TARGET.row(), Problem::new(wrong, remedy)));
    }
    faults
}

fn warn(layers: &mut Layers<'_>, id: &CampaignId, row: &Row, wrong: &str, remedy: &str) {
    let (key, origin) = place(layers, id, row);
    layers
        .warnings
        .push(&origin, key, Problem::new(wrong, remedy));
}

fn refuse(layers: &mut Layers<'_>, id: &CampaignId, row: &Row, problem: Problem) {
    let (key, origin) = place(layers, id, row);
    layers.faults.push(&origin, key, problem);
}

fn place(layers: &Layers<'_>, id: &CampaignId, row: &Row) -> (String, Origin) {
    let given = layers.source_of_rule(id, row);
    given.unwrap_or((row.key.to_owned(), Origin::Default))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, run};
    use crate::domain::aim::{AimBy, AimRule};
    use crate::settings::resolved::Resolved;

    fn aim(resolved: &Resolved, id: &str) -> Option<AimRule> {
        resolved.settings.policies[&id.parse().unwrap()].aim
    }

    fn warnings(resolved: &Resolved) -> Vec<String> {
        resolved.warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_share_is_an_aim_with_what_was_found_best() {
        let rule = AimRule::new("0.5%".parse().unwrap());
        for resolved in [
            run("--abandon-target 0.5%", &[], ""),
            run("", &[("AUTOPILOT_ABANDON_TARGET", "0.5%")], ""),
            run("", &[], "abandon_target = \"0.5%\"\n"),
            run("--campaign b --abandon-target b=0.5%", &[], ""),
            run(
                "",
                &[],
                "[[campaign]]\nid = \"b\"\nabandon_target = \"0.5%\"\n",
            ),
        ] {
            let b = "b".parse().unwrap();
            let id = if resolved.settings.policies.contains_key(&b) {
                "b"
            } else {
                "a"
            };
            assert_eq!(aim(&resolved, id), Some(rule));
            assert_eq!(warnings(&resolved), [""; 0]);
        }
        assert_eq!(aim(&run("", &[], ""), "a"), None);
    }

    #[test]
    fn signal_gap_and_start_are_settings_of_their_own() {
        let file = "abandon_target = \"3%\"\naim_gap = 2.5\n[[campaign]]\nid = \"b\"\naim_signal = \"available\"\naim_start = 0\naim_gap = 4\n";
        let resolved = run("", &[], file);
        let [general, own] = ["a", "b"].map(|id| aim(&resolved, id).unwrap());
        let told = |rule: AimRule| {
            format!(
                "{} {} {} {}",
                rule.target, rule.signal, rule.gap, rule.start
            )
        };
        assert_eq!(told(general), "3% available+wrap-up/2 2.5 3");
        assert_eq!(told(own), "3% available 4 0");
    }

    #[test]
    fn the_flap_limit_follows_from_the_rule_unless_one_is_given() {
        let limit = |line: &str, file: &str| {
            let resolved = run(line, &[], file);
            resolved.settings.policies[&"a".parse().unwrap()].flap_limit
        };
        assert_eq!(limit("", ""), Some(27));
        assert_eq!(limit("--poll-interval 10s", ""), Some(40));
        assert_eq!(
            limit("--abandon-target 1%", "poll_interval = \"10s\"\n"),
            Some(40)
        );
        assert_eq!(limit("--min-running 5m --min-paused 5m", ""), Some(6));
        assert_eq!(limit("--confirm-pause 2/3", ""), Some(22));
        assert_eq!(limit("--abandon-target 1%", "flap_limit = 9\n"), Some(9));
        assert_eq!(limit("--abandon-target 1% --flap-limit none", ""), None);
    }

    #[test]
    fn the_stronger_place_holds() {
        let aims = |line: &str, env: &[(&str, &str)], file: &str| {
            let resolved = run(line, env, file);
            ["a", "b"].map(|id| aim(&resolved, id).is_some())
        };
        let table = |keys: &str| format!("[[campaign]]\nid = \"b\"\n{keys}\n");
        let own = table("resume_at = 4\npause_below = 2");
        let general = format!("abandon_target = \"0.5%\"\n{own}");
        assert_eq!(aims("", &[], &general), [true, false], "its own thresholds");
        let own = table("abandon_target = \"0.5%\"");
        let general = format!("pause_below = 5\n{own}");
        assert_eq!(aims("", &[], &general), [false, true], "its own share");
        assert_eq!(
            aims("--resume-at 9", &[], &general),
            [false, false],
            "a flag"
        );
        let env = [("AUTOPILOT_ABANDON_TARGET", "1%")];
        assert_eq!(
            aims("", &env, "pause_below = 5\n[[campaign]]\nid = \"b\"\n"),
            [true, true]
        );
    }

    #[test]
    fn a_share_and_thresholds_in_one_place_are_refused() {
        let told = faults("", &[], "abandon_target = \"0.5%\"\nresume_at = 9\n");
        assert_eq!(
            told,
            [
                "FILE:1: abandon_target: is given beside resume_at (FILE:2), and only one of them can hold; \
              keep the share that may be abandoned, or the thresholds"
            ]
        );
        let file = "[[campaign]]\nid = \"b\"\npause_below = 3\nabandon_target = \"0.5%\"\n";
        let told = faults("", &[], file);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with(
                "FILE:4: campaign.b.abandon_target: is given beside campaign.b.pause_below (FILE:3)"
            ),
            "{told:?}"
        );
        let told = faults("--abandon-target 0.5% --pause-below 3", &[], "");
        assert!(told[0].contains("--pause-below"), "{told:?}");
    }

    #[test]
    fn an_aim_that_would_learn_nothing_is_refused() {
        let told = faults("--abandon-target 0.5%", &[], "outcomes_every = \"0s\"\n");
        assert_eq!(
            told,
            [
                "--abandon-target: abandon_target: would learn nothing: what became of the dials is not read, since outcomes_every is 0s (FILE:1); \
              give outcomes_every, such as 60s, or set thresholds"
            ]
        );
    }

    #[test]
    fn a_shortage_stands_for_calls_only_where_it_was_measured() {
        let by = "--abandon-target 0.5% --aim-by shortage";
        let fast = format!("{by} --poll-interval 10s");
        let resolved = run(&fast, &[], "outcomes_every = \"0s\"\n");
        assert_eq!(aim(&resolved, "a").unwrap().by, AimBy::Shortage);
        let told = faults(by, &[], "");
        assert_eq!(
            told,
            [
                "--aim-by: aim_by: sees agents run out at polls each 10s, and poll_interval is 30s; give poll_interval = \"10s\", or set thresholds"
            ]
        );
        let told = faults(
            "--abandon-target 1% --aim-by shortage --poll-interval 10s",
            &[],
            "",
        );
        assert!(told[0].contains("measured for 0.5% alone"), "{told:?}");
        let acd = [
            ("AUTOPILOT_PLATFORM", "cxone-acd"),
            ("AUTOPILOT_AREA", "na1"),
            ("CXONE_CAMPAIGN_ID", "4711"),
        ];
        let told = faults(&fast, &acd, "");
        assert!(
            told[0].contains("dials are ahead of the agents"),
            "{told:?}"
        );
        let resolved = run("--pause-below 3 --aim-by shortage", &[], "");
        assert!(warnings(&resolved)[0].contains("no effect without abandon_target"));
    }

    #[test]
    fn agents_that_the_platform_does_not_show_are_refused_or_told() {
        let told = faults("--abandon-target 0.5% --aim-signal free+serving", &[], "");
        assert!(
            told[0].contains("--aim-signal: aim_signal: cannot be counted: cxone-v2"),
            "{told:?}"
        );
        let acd = [
            ("AUTOPILOT_PLATFORM", "cxone-acd"),
            ("AUTOPILOT_AREA", "na1"),
            ("CXONE_CAMPAIGN_ID", "4711"),
        ];
        let resolved = run("--abandon-target 0.5% --aim-signal free+serving", &acd, "");
        assert_eq!(warnings(&resolved), [""; 0]);
        let resolved = run("--abandon-target 0.5% --agents activity", &acd, "");
        let told = warnings(&resolved);
        assert!(
            told.iter()
                .any(|told| told.contains("aim_signal: counts available agents only")),
            "{told:?}"
        );
    }

    #[test]
    fn what_has_no_effect_is_told() {
        let told = warnings(&run("--aim-gap 4", &[], ""));
        assert_eq!(
            told,
            [
                "--aim-gap: aim_gap: has no effect without abandon_target; give abandon_target, or leave it out"
            ]
        );
        let file = "abandon_target = \"1%\"\naim_gap = 4\n[[campaign]]\nid = \"b\"\npause_below = 2\naim_start = 1\n";
        let told = warnings(&run("", &[], file));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains(":6: campaign.b.aim_start: has no effect"),
            "{told:?}"
        );
    }

    #[test]
    fn wrong_texts_are_refused_with_what_to_write() {
        let file = "abandon_target = 5\naim_signal = \"idle\"\naim_gap = 1.25\naim_start = -1\n";
        let told = faults("", &[], file);
        assert_eq!(told.len(), 4, "{told:#?}");
        assert!(
            told[0].contains("such as 0.5%") && told[1].contains("write one of available, "),
            "{told:#?}"
        );
        let nobody = "[[calendar]]\nname = \"office\"\nzone = \"UTC\"\nhours = [\"mon-fri 09:00-18:00\"]\n\
            [[campaign]]\nid = \"b\"\nagents = \"none\"\ncalendar = \"office\"\nabandon_target = \"1%\"\n";
        let told = faults("", &[], nobody);
        assert!(
            told[0].contains("abandon_target: has no effect: no agents count"),
            "{told:?}"
        );
    }
}
