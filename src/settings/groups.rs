//! Which campaigns take their agents from one pool, from `[[group]]` tables, and every fault in them.

use std::collections::BTreeMap;

use crate::domain::{CampaignId, Group, GroupPlace, Policy, Selector};

use super::fault::{Origin, Problem};
use super::given::ListedTable;
use super::merge::Layers;
use super::table_keys::{TableKey, group as keys};
use super::value;

/// A larger claim than this is a slip.
const LARGEST_CLAIM: u32 = 100_000;

/// Gives every campaign its place in its group, and names those who share a pool without one.
pub(super) fn place(layers: &mut Layers<'_>, policies: &mut BTreeMap<CampaignId, Policy>) {
    let tables = std::mem::take(&mut layers.file.groups);
    let mut names: BTreeMap<String, Origin> = BTreeMap::new();
    for table in &tables {
        let mut reader = Reader { layers, table };
        let Some(name) = reader.name(&names) else {
            continue;
        };
        names.insert(name.clone(), table.origin.clone());
        reader.claim_places(&name, policies);
    }
    warn_of_shared_pools(layers, policies);
}

struct Reader<'a, 'l> {
    layers: &'a mut Layers<'l>,
    table: &'a ListedTable,
}

impl Reader<'_, '_> {
    fn name(&mut self, known: &BTreeMap<String, Origin>) -> Option<String> {
        const REMEDY: &str = "write a name in quotes, such as \"sales\"";
        let Some(given) = self.table.get(&keys::NAME) else {
            self.refuse(&keys::NAME, Problem::new("is missing", REMEDY));
            return None;
        };
        // No text: its type was wrong, and that is told.
        let name = given.texts.first()?.trim();
        let wrong = if name.is_empty() || name.chars().any(char::is_control) {
            Problem::new("is no name", REMEDY)
        } else if let Some(first) = known.get(name) {
            let wrong = format!("group `{name}` has a table already, at {first}");
            Problem::new(wrong, "make one table of both")
        } else {
            return Some(name.to_owned());
        };
        self.refuse(&keys::NAME, wrong);
        None
    }

    fn claim_places(&mut self, name: &str, policies: &mut BTreeMap<CampaignId, Policy>) {
        let count = |text: &str| value::count(text, 0..=LARGEST_CLAIM);
        let claim = self.layers.key("group", self.table, &keys::CLAIM, count);
        let Some(given) = self.table.get(&keys::CAMPAIGNS) else {
            let remedy = "name the campaigns, the most important one first";
            self.refuse(&keys::CAMPAIGNS, Problem::new("is missing", remedy));
            return;
        };
        let (texts, origin) = (given.texts.clone(), given.origin.clone());
        if texts.len() < 2 {
            let wrong = Problem::new(
                "names fewer than two campaigns",
                "name those who share the agents, or take the table out",
            );
            self.refuse(&keys::CAMPAIGNS, wrong);
        }
        for (rank, text) in (0..).zip(&texts) {
            let known = text.parse().ok();
            let known = known.and_then(|id: CampaignId| policies.get_mut(&id));
            let Some(policy) = known else {
                let wrong = format!("`{text}` is none of the campaigns that are managed");
                let wrong = Problem::new(wrong, "give it a [[campaign]] table, or take it out");
                self.refuse(&keys::CAMPAIGNS, wrong);
                continue;
            };
            if let Some(place) = &policy.place {
                let wrong = format!("`{text}` is in the group `{}` already", place.group);
                let wrong = Problem::new(wrong, "name it once");
                self.refuse(&keys::CAMPAIGNS, wrong);
                continue;
            }
            if !policy.counts_agents() {
                let wrong = format!("no agents count for `{text}`");
                let wrong = Problem::new(wrong, "take it out, or say which agents count for it");
                self.refuse(&keys::CAMPAIGNS, wrong);
                continue;
            }
            policy.place = Some(GroupPlace {
                group: name.to_owned(),
                rank,
                claim,
            });
        }
        let noted = &mut self.layers.noted;
        noted.replace(&format!("group.{name}"), &texts.join(", "), origin);
        if let (Some(claim), Some(given)) = (claim, self.table.get(&keys::CLAIM)) {
            let key = format!("group.{name}.{}", keys::CLAIM.name);
            noted.replace(&key, &claim.to_string(), given.origin.clone());
        }
    }

    fn refuse(&mut self, key: &TableKey, problem: Problem) {
        self.layers.refuse_key("group", self.table, key, problem);
    }
}

/// Names campaigns that count the same queue or the same selection of agents and are in no common group. Those that count
/// everybody are left out: whether they share a pool is not to be seen from that.
fn warn_of_shared_pools(layers: &mut Layers<'_>, policies: &BTreeMap<CampaignId, Policy>) {
    let mut pools: BTreeMap<Group, Vec<&CampaignId>> = BTreeMap::new();
    for (id, policy) in policies {
        let pool = policy.group(id);
        if policy.place.is_none() && pool != Group::Rows(Selector::All) {
            pools.entry(pool).or_default().push(id);
        }
    }
    for campaigns in pools.values().filter(|campaigns| campaigns.len() > 1) {
        let named: Vec<&str> = campaigns.iter().take(5).map(|id| id.as_str()).collect();
        let more = campaigns.len().saturating_sub(named.len());
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let origin = campaigns.iter().find_map(|id| layers.campaigns.get(*id));
        let Some(origin) = origin.cloned() else {
            continue;
        };
        let wrong = format!(
            "{}{more} count the same agents, and each of them as if it had them alone",
            named.join(", ")
        );
        let remedy = "name them in a [[group]] table, the most important one first";
        layers
            .warnings
            .push(&origin, "group", Problem::new(wrong, remedy));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, run};
    use super::*;

    fn id(text: &str) -> CampaignId {
        text.parse().unwrap()
    }

    const TWO: &str = "[[campaign]]\nid = \"a\"\n[[campaign]]\nid = \"b\"\n";

    #[test]
    fn a_group_gives_each_campaign_its_rank() {
        let text =
            format!("{TWO}[[group]]\nname = \"sales\"\ncampaigns = [\"b\", \"a\"]\nclaim = 3\n");
        let resolved = run("", &[], &text);
        let place = |text: &str| resolved.settings.policies[&id(text)].place.clone().unwrap();
        assert_eq!((place("b").rank, place("a").rank), (0, 1));
        assert_eq!(place("a").group, "sales");
        assert_eq!(place("a").claim, Some(3));
        let shown = |key: &str| {
            let found = resolved.origins.iter().find(|(known, ..)| known == key);
            found.map(|(_, value, _)| value.as_str())
        };
        assert_eq!(shown("group.sales"), Some("b, a"));
        assert_eq!(shown("group.sales.claim"), Some("3"));
    }

    #[test]
    fn every_fault_of_a_group_is_told_with_its_line() {
        let text = format!(
            "{TWO}[[group]]\ncampaigns = [\"a\", \"b\"]\n\
             [[group]]\nname = \"x\"\ncampaigns = [\"a\", \"c\"]\n\
             [[group]]\nname = \"x\"\ncampaigns = [\"a\", \"b\"]\n\
             [[group]]\nname = \"y\"\ncampaigns = [\"a\"]\nclaim = -1\nrank = 2\n"
        );
        let told = faults("", &[], &text).join("\n");
        for part in [
            ":5: group.name: is missing",
            "group.campaigns: `c` is none of the campaigns that are managed",
            "group.name: group `x` has a table already",
            "group.campaigns: names fewer than two campaigns",
            "group.campaigns: `a` is in the group `x` already",
            "group.claim: `-1`",
            "group.rank: is not known",
        ] {
            assert!(told.contains(part), "{part} in\n{told}");
        }
    }

    #[test]
    fn a_campaign_that_counts_no_agents_shares_none() {
        let text = "[[campaign]]\nid = \"a\"\n[[campaign]]\nid = \"b\"\nagents = \"none\"\ncalendar = \"day\"\n\
             [[calendar]]\nname = \"day\"\nzone = \"UTC\"\nhours = [\"09:00-18:00\"]\n\
             [[group]]\nname = \"x\"\ncampaigns = [\"a\", \"b\"]\n";
        let told = faults("", &[], text);
        assert_eq!(
            told,
            [
                "FILE:13: group.campaigns: no agents count for `b`; take it out, or say which agents count for it"
            ]
        );
    }

    #[test]
    fn campaigns_on_one_queue_without_a_group_are_named() {
        let shared = "[[campaign]]\nid = \"a\"\nagents = { any_skill = [\"x\"] }\n[[campaign]]\nid = \"b\"\n\
             agents = { any_skill = [\"x\"] }\n[[campaign]]\nid = \"c\"\n";
        let warned = |text: &str| -> Vec<String> {
            let warnings = run("", &[], text).warnings;
            let warnings = warnings.iter().map(ToString::to_string);
            warnings
                .filter(|text| text.contains("count the same agents"))
                .collect()
        };
        let told = warned(shared);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("a, b count the same agents"), "{told:?}");
        let grouped = format!("{shared}[[group]]\nname = \"g\"\ncampaigns = [\"a\", \"b\"]\n");
        assert!(warned(&grouped).is_empty());
        assert!(warned(TWO).is_empty());
    }
}
