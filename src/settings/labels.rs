//! What people call a campaign: its name, whose it is, and what to know of it. Shown, and never decided by.

use std::collections::BTreeMap;

use crate::domain::{CampaignId, CampaignLabels};

use super::fault::Problem;
use super::given::CampaignTable;
use super::merge::Layers;
use super::row::Parsed;
use super::table_keys::{TableKey, campaign};

/// A note is a sentence or two.
const LONGEST_NOTE: usize = 500;

/// The labels of every campaign that has some.
pub(super) fn labels(layers: &mut Layers<'_>) -> BTreeMap<CampaignId, CampaignLabels> {
    let tables = std::mem::take(&mut layers.file.campaigns);
    let mut found = BTreeMap::new();
    for table in &tables {
        let labels = CampaignLabels {
            name: label(layers, table, &campaign::NAME, CampaignLabels::LONGEST_NAME),
            team: label(layers, table, &campaign::TEAM, CampaignLabels::LONGEST_NAME),
            note: label(layers, table, &campaign::NOTE, LONGEST_NOTE),
        };
        if let Some(id) = table
            .id
            .clone()
            .filter(|_| labels != CampaignLabels::default())
        {
            found.insert(id, labels);
        }
    }
    layers.file.campaigns = tables;
    found
}

fn label(
    layers: &mut Layers<'_>,
    table: &CampaignTable,
    key: &TableKey,
    longest: usize,
) -> Option<String> {
    let given = table.label(key)?;
    // No text: its type was wrong, and that is told.
    let text = given.texts.first()?;
    let id = table.id.as_ref().map_or("?", CampaignId::as_str);
    let full = format!("campaign.{id}.{}", key.name);
    match read(text, longest) {
        Ok(label) => {
            layers.noted.add(full, &label, given.origin.clone());
            Some(label)
        }
        Err(problem) => {
            layers.faults.push(&given.origin, full, problem);
            None
        }
    }
}

/// A text that people read on one line.
fn read(text: &str, longest: usize) -> Parsed<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::new("is empty", "give a text or leave it out"));
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::new(
            "holds a control character",
            "write it on one line, without tabs",
        ));
    }
    let length = text.chars().count();
    if length > longest {
        return Err(Problem::new(
            format!("is {length} characters long"),
            format!("give at most {longest}"),
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{faults, run};

    #[test]
    fn labels_are_read_and_are_part_of_the_settings() {
        let file = "[[campaign]]\nid = \"b\"\nname = \" Spring renewals \"\nteam = \"Renewals\"\nnote = \"ask Anna first\"\n\
            [[campaign]]\nid = \"c\"\n";
        let resolved = run("", &[], file);
        let labels = &resolved.settings.labels;
        assert_eq!(labels.len(), 1);
        let of_b = &labels[&"b".parse().unwrap()];
        assert_eq!(of_b.name.as_deref(), Some("Spring renewals"));
        assert_eq!(of_b.team.as_deref(), Some("Renewals"));
        assert_eq!(of_b.note.as_deref(), Some("ask Anna first"));
        let other = run("", &[], &file.replace("Spring", "Autumn"));
        assert_ne!(other.settings.digest(), resolved.settings.digest());
        let noted = resolved
            .origins
            .iter()
            .find(|(key, ..)| key == "campaign.b.name");
        assert_eq!(noted.unwrap().1, "Spring renewals");
    }

    #[test]
    fn what_cannot_be_shown_on_one_line_is_refused() {
        let long = "x".repeat(81);
        let file = format!(
            "[[campaign]]\nid = \"b\"\nname = \"{long}\"\nteam = \"a\\nb\"\nnote = \" \"\n[[campaign]]\nid = \"c\"\nname = 7\n"
        );
        assert_eq!(
            faults("", &[], &file),
            [
                "FILE:3: campaign.b.name: is 81 characters long; give at most 80",
                "FILE:4: campaign.b.team: holds a control character; write it on one line, without tabs",
                "FILE:5: campaign.b.note: is empty; give a text or leave it out",
                "FILE:8: campaign.c.name: is an integer; write a text in quotes",
            ]
        );
        let top = faults("", &[], "team = \"Renewals\"\n");
        assert!(top[0].contains("belongs to one campaign"), "{top:?}");
    }
}
