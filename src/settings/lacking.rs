//! Refuses, with the reason, what the platform cannot do.

use std::collections::BTreeMap;

use crate::domain::aim::AimBy;
use crate::domain::throttle::Lever;
use crate::domain::{CampaignId, CountedQueue, Counting, Evidence, Policy, Selector};
use crate::platform::dialect::{AgentSource, Dialect};
use crate::platform::port::{AgentFeed, Capabilities, StatusCalls};

use super::fault::{Origin, Problem};
use super::merge::Layers;
use super::row::Row;
use super::rows::{ACTUATOR, AGENTS, COUNT, READY_STATES, STATUS_READS_PER_POLL, STRICT_OWNERSHIP};
use super::table_keys::{campaign, preview};

/// Refuses tables and rules that this platform cannot carry out, and warns of what has no effect on it.
pub(super) fn refuse_what_is_lacking(
    layers: &mut Layers<'_>,
    (platform, source): (Dialect, AgentSource),
    policies: &BTreeMap<CampaignId, Policy>,
) {
    let capabilities = platform.capabilities_by(source);
    let mut lacking = Lacking {
        layers,
        platform,
        capabilities,
    };
    lacking.refuse_tables();
    for (id, policy) in policies {
        lacking.refuse_rules(id, policy);
    }
    lacking.warn_of_needless_settings();
    if source == AgentSource::Activity {
        lacking.warn_of_unproven_counts();
    }
}

struct Lacking<'a, 'l> {
    layers: &'a mut Layers<'l>,
    platform: Dialect,
    capabilities: Capabilities,
}

impl Lacking<'_, '_> {
    fn refuse_tables(&mut self) {
        let file = &self.layers.file;
        // The platform has lists, but not with the source of its counts that was chosen.
        let by_default = self.platform.capabilities().lists.is_some();
        let lists = if by_default {
            "agents one by one for lists of preview campaigns where it counts them itself (agents = \"activity\")"
        } else {
            "lists of agents for preview campaigns"
        };
        let previews = file
            .previews
            .iter()
            .filter(|_| self.capabilities.lists.is_none());
        let previews = previews.map(|table| (table.origin.clone(), "preview", lists));
        let queues = file.queues.iter().filter(|_| {
            !self
                .capabilities
                .queues
                .is_some_and(|forms| forms.calibrated)
        });
        // Some platforms have queues that commands can write, and none of those figures.
        let figures = if self.capabilities.queues.is_some() {
            "queues with the figures that a calibration moves: `queue plan` and `queue apply` change what they have"
        } else {
            "queues that can be changed while they work, with the figures of a calibration"
        };
        let queues = queues.map(|table| (table.origin.clone(), "queue", figures));
        let refused: Vec<(Origin, &'static str, &str)> = previews.chain(queues).collect();
        for (origin, list, what) in refused {
            self.layers.refused.insert(list);
            let within = format!("{list}.");
            self.layers.faults.take_back(|key| key.starts_with(&within));
            let problem = Problem::new(
                format!("cannot be carried out: {} has no {what}", self.platform),
                format!("take the [[{list}]] table out"),
            );
            self.layers.faults.push(&origin, list, problem);
        }
    }

    fn refuse_rules(&mut self, id: &CampaignId, policy: &Policy) {
        let platform = self.platform;
        let own_group = self.capabilities.own_group;
        let (agents, key) = (
            self.agents_origin(id),
            format!("campaign.{id}.{}", campaign::AGENTS.name),
        );
        match (&policy.queue, &policy.selector) {
            (Some(_) | None, _) if !policy.counts_agents() => {}
            (Some(CountedQueue::Own | CountedQueue::Other(_)), _) if !own_group => {
                let wrong =
                    format!("cannot be counted: {platform} counts no queue or skill by itself");
                let problem = Problem::new(wrong, "choose agents by skill or id");
                self.layers.faults.push(&agents, key, problem);
            }
            (None, Selector::AnySkill(_) | Selector::AllSkills(_) | Selector::Agents(_))
                if !self.capabilities.selectors =>
            {
                let wrong =
                    format!("cannot be counted: {platform} lists agents by queue or skill only");
                let remedy = if self.capabilities.agents == AgentFeed::Counts {
                    "write \"own\" or { queue = \"ID\" }"
                } else {
                    "write \"own\", \"all\" or { queue = \"ID\" }"
                };
                let problem = Problem::new(wrong, remedy);
                self.layers.faults.push(&agents, key, problem);
            }
            (None, Selector::All) if self.capabilities.agents == AgentFeed::Counts => {
                let wrong =
                    format!("cannot be counted: {platform} counts agents for single skills only");
                let problem = Problem::new(wrong, "write \"own\" or { queue = \"ID\" }");
                self.layers.faults.push(&agents, key, problem);
            }
            (Some(_) | None, _) => {}
        }
        if policy.counting == Counting::FreeAndServing && !self.capabilities.serving {
            let wrong =
                format!("cannot be counted: {platform} does not show whose calls agents are on");
            self.refuse_rule(id, COUNT.row(), Problem::new(wrong, "write free"));
        }
        if let Some(lever) = policy.actuator.lever() {
            self.refuse_throttle(id, policy, lever);
        }
        if policy.strict_ownership && self.capabilities.traits.evidence == Evidence::OwnReadings {
            let wrong = format!(
                "would keep every pause in force: no answer of {platform} names a version that shows a pause to be ours"
            );
            self.refuse_rule(
                id,
                STRICT_OWNERSHIP.row(),
                Problem::new(wrong, "leave it out"),
            );
        }
    }

    fn refuse_throttle(&mut self, id: &CampaignId, policy: &Policy, lever: Lever) {
        let previews = &self.layers.file.previews;
        let is_preview = previews.iter().any(|table| {
            let given = table.get(&preview::CAMPAIGN);
            given.is_some_and(|given| given.texts.iter().any(|text| text.trim() == id.as_str()))
        });
        let reserve = lever == Lever::IdleReserve;
        let by = policy.aim.map(|aim| aim.by);
        let platform = self.platform;
        let (wrong, remedy) = if !self.capabilities.levers.has(lever) {
            match lever {
                Lever::DialRatio => (
                    format!("cannot be carried out: {platform} cannot make a campaign dial slower"),
                    "write pause",
                ),
                Lever::IdleReserve => (
                    format!(
                        "cannot be carried out: {platform} does not tell its dialler how many agents to keep idle, as no real platform does"
                    ),
                    "write pause, and try it on the simulated platform (simulate) or by compare --policy aim=0.5%,reserve",
                ),
            }
        } else if is_preview {
            (
                "has no effect: on a preview campaign an agent is on the line before it rings, so that there is nothing to slow down"
                    .to_owned(),
                "write pause",
            )
        } else if !policy.counts_agents() {
            (
                "has no effect: no agents count for this campaign".to_owned(),
                "leave it out, or say which agents count",
            )
        } else if reserve && by.is_none() {
            (
                "has no effect without abandon_target, whose threshold the dialler is told"
                    .to_owned(),
                "give abandon_target, or write pause",
            )
        } else if reserve && by == Some(AimBy::Shortage) {
            (
                "cannot be steered by shortage: agents who are kept idle run out by no call of the campaign".to_owned(),
                "leave aim_by out, so that calls are counted, or write pause",
            )
        } else {
            return;
        };
        self.refuse_rule(id, ACTUATOR.row(), Problem::new(wrong, remedy));
    }

    fn agents_origin(&self, id: &CampaignId) -> Origin {
        let tables = &self.layers.file.campaigns;
        let own = tables.iter().find(|table| table.id.as_ref() == Some(id));
        let agents = own.and_then(|table| table.agents.as_ref());
        agents.map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    fn refuse_rule(&mut self, id: &CampaignId, row: &Row, problem: Problem) {
        let given = self.layers.source_of_rule(id, row);
        let (key, origin) = given.unwrap_or((row.key.to_owned(), Origin::Default));
        self.layers.faults.push(&origin, key, problem);
    }

    /// Whoever asks for counts that nobody has seen on a tenant is told so at each start.
    fn warn_of_unproven_counts(&mut self) {
        let Some((_, origin)) = self.layers.source(AGENTS.row()) else {
            return;
        };
        let problem = Problem::new(
            "is unproven: nobody has published whether the platform's own counts hold agents who wait in a dialler, and by \
             counts that do not a campaign pauses and resumes by its own effect",
            "compare both with a dry run while agents stand in the dialler, or write states",
        );
        let warnings = &mut self.layers.warnings;
        warnings.push(&origin, AGENTS.row().key, problem);
        if let Some((_, origin)) = self.layers.source(READY_STATES.row()) {
            let problem = Problem::new(
                "has no effect: the platform decides whom it counts",
                "leave it out",
            );
            let warnings = &mut self.layers.warnings;
            warnings.push(&origin, READY_STATES.row().key, problem);
        }
    }

    fn warn_of_needless_settings(&mut self) {
        let row = STATUS_READS_PER_POLL.row();
        if self.capabilities.statuses != StatusCalls::OneEach
            && let Some((_, origin)) = self.layers.source(row)
        {
            let wrong = format!(
                "has no effect: {} reports every campaign's status at each poll",
                self.platform
            );
            let problem = Problem::new(wrong, "leave it out");
            self.layers.warnings.push(&origin, row.key, problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, run};
    use crate::domain::{Actuator, CampaignId, CountedQueue, Counting, Policy, Selector};

    /// Changes the enough of the other tests into enough for the platform that runs skills.
    const ACD: [(&str, &str); 3] = [
        ("AUTOPILOT_PLATFORM", "cxone-acd"),
        ("AUTOPILOT_AREA", "na1"),
        ("CXONE_CAMPAIGN_ID", "4711"),
    ];

    fn policy(file: &str) -> Policy {
        let resolved = run("", &ACD, file);
        let id: CampaignId = "4711".parse().unwrap();
        resolved.settings.policies[&id].clone()
    }

    #[test]
    fn a_campaigns_own_agents_count_where_the_platform_knows_them() {
        assert_eq!(policy("").queue, Some(CountedQueue::Own));
        let table =
            |agents: &str| policy(&format!("[[campaign]]\nid = \"4711\"\nagents = {agents}\n"));
        assert_eq!(table("\"own\"").queue, Some(CountedQueue::Own));
        let other = CountedQueue::Other("4712".parse().unwrap());
        assert_eq!(table("{ queue = \"4712\" }").queue, Some(other));
        let all = table("\"all\"");
        assert_eq!((all.queue, all.selector), (None, Selector::All));
        let counting = policy("count = \"free-and-serving\"\n").counting;
        assert_eq!(counting, Counting::FreeAndServing);
        let of_v2 = run("", &[], "").settings.policies;
        assert!(of_v2.values().all(|policy| policy.queue.is_none()));
    }

    #[test]
    fn what_the_platform_cannot_do_is_refused_with_the_reason() {
        let file = "strict_ownership = true\n\n[[campaign]]\nid = \"4711\"\nagents = { any_skill = [\"sales\"] }\n\n\
            [[preview]]\ncampaign = \"p\"\nskills = [\"s\"]\ntarget_rate = 4\nmost = 9\nzones = [\"UTC\"]\n\n[[queue]]\nid = \"q\"\n";
        let told = faults("", &ACD, file);
        for (place, part) in [
            (
                "FILE:1: strict_ownership",
                "would keep every pause in force",
            ),
            (
                "FILE:5: campaign.4711.agents",
                "lists agents by queue or skill only",
            ),
            (
                "FILE:8: preview.campaign",
                "is neither the number of a skill",
            ),
            (
                "FILE:14: queue",
                "has no queues with the figures that a calibration moves",
            ),
        ] {
            let found = told
                .iter()
                .any(|fault| fault.starts_with(place) && fault.contains(part));
            assert!(found, "{place} {part}: {told:#?}");
        }
    }

    #[test]
    fn a_table_that_is_refused_as_a_whole_is_one_fault() {
        let incomplete = "[[queue]]\nmodel = \"erlang\"\nwindow = \"1m\"\nmax_changes = 3\n";
        let twice = "[[queue]]\nid = \"a\"\n[[queue]]\nid = \"a\"\n";
        let preview = "[[preview]]\nmost = 0\n";
        let vicidial: Vec<(&str, &str)> = ACD
            .into_iter()
            .map(|(name, value)| match name {
                "AUTOPILOT_PLATFORM" => (name, "vicidial"),
                _ => (name, value),
            })
            .collect();
        for (env, file, tables) in [
            (&ACD[..], incomplete, 1),
            (&ACD[..], twice, 2),
            (&vicidial[..], incomplete, 1),
            (&vicidial[..], preview, 1),
        ] {
            let told = faults("", env, file);
            let refused = told.iter().filter(|fault| fault.contains("take the [["));
            assert_eq!(refused.count(), tables, "{told:#?}");
            let further = told.iter().filter(|fault| {
                fault.contains(": queue.")
                    || fault.contains(": preview.")
                    || fault.contains("roster")
            });
            assert_eq!(further.count(), 0, "{told:#?}");
        }
    }

    #[test]
    fn what_only_other_platforms_count_is_refused_here() {
        let file = "count = \"free-and-serving\"\n[[campaign]]\nid = \"b\"\nagents = \"own\"\n";
        let told = faults("", &[], file);
        assert_eq!(
            told,
            [
                "FILE:1: count: cannot be counted: cxone-v2 does not show whose calls agents are on; write free",
                "FILE:4: campaign.b.agents: cannot be counted: cxone-v2 counts no queue or skill by itself; choose agents by skill or id",
            ]
        );
    }

    #[test]
    fn counts_that_the_platform_makes_are_of_single_skills_and_unproven() {
        let resolved = run("--agents activity --ready-states Available", &ACD, "");
        let warnings: Vec<String> = resolved.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[0].contains("agents: is unproven"), "{warnings:?}");
        assert!(warnings[1].contains("has no effect"), "{warnings:?}");
        let file = "agents = \"activity\"\ncount = \"free-and-serving\"\n[[campaign]]\nid = \"4711\"\nagents = \"all\"\n";
        let told = faults("", &ACD, file);
        for part in ["for single skills only", "does not show whose calls"] {
            let found = told.iter().any(|fault| fault.contains(part));
            assert!(found, "{part}: {told:#?}");
        }
    }

    #[test]
    fn a_step_down_is_refused_where_there_is_nothing_to_slow_down() {
        let told = faults("--actuator step-down", &[], "");
        assert_eq!(
            told,
            [
                "--actuator: actuator: cannot be carried out: cxone-v2 cannot make a campaign dial slower; write pause"
            ]
        );
        assert_eq!(
            policy("actuator = \"step-down\"\n").actuator,
            Actuator::StepDown
        );
        let own = "[[campaign]]\nid = \"4711\"\nactuator = \"step-down-then-pause\"\nmax_pace_changes_per_hour = 6\n";
        let own = policy(own);
        assert_eq!(own.actuator, Actuator::StepDownThenPause);
        assert_eq!(own.pace_changes_per_hour, 6);
        let preview = "actuator = \"step-down\"\n[[preview]]\ncampaign = \"4711\"\nskills = [\"s\"]\n\
            target_rate = 4\nmost = 9\nzones = [\"UTC\"]\n";
        let told = faults("", &ACD, preview);
        assert!(
            told.iter()
                .any(|fault| fault.contains("actuator: has no effect: on a preview campaign")),
            "{told:#?}"
        );
        let told = faults(
            "",
            &ACD,
            "actuator = \"slow\"\nmax_pace_changes_per_hour = 1\n",
        );
        assert!(
            told[0].contains("write one of pause, step-down, "),
            "{told:#?}"
        );
        assert_eq!(told.len(), 2, "{told:#?}");
    }

    #[test]
    fn an_idle_reserve_needs_an_aim_that_counts_and_a_platform_that_has_one() {
        let aimed = "abandon_target = \"0.5%\"\nactuator = \"idle-reserve\"\n";
        let resolved = run("", &[], aimed);
        let mut policies = resolved.settings.policies.values();
        assert!(policies.all(|policy| policy.actuator == Actuator::IdleReserve));
        let by_shortage = format!("poll_interval = \"10s\"\naim_by = \"shortage\"\n{aimed}");
        for (env, file, part) in [
            (
                &ACD[..],
                aimed,
                "as no real platform does; write pause, and try it on the simulated platform",
            ),
            (
                &[],
                "actuator = \"idle-reserve\"\n",
                "has no effect without abandon_target",
            ),
            (&[], by_shortage.as_str(), "cannot be steered by shortage"),
        ] {
            let told = faults("", env, file);
            let found = told.iter().any(|fault| fault.contains(part));
            assert!(found, "{part}: {told:#?}");
        }
    }

    #[test]
    fn a_setting_without_effect_is_a_warning() {
        let resolved = run("--status-reads-per-poll 4", &ACD, "");
        let warnings: Vec<String> = resolved.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains("has no effect"), "{warnings:?}");
    }
}
