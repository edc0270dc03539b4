//! A campaign as the platform writes it: what it does, how it dials, and when it was changed last.
//!
//! ```text
//! on ──stop──▶ stopping ──▶ off ──start──▶ on        complete, invalid, forced_off, forced_stopping: never commanded
//! ```

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::{CampaignActivity, Direction, Timestamp};
use crate::platform::port::UnreadableRows;

/// The word of a campaign that dials, and the only one on which it is stopped.
pub(super) const ON: &str = "on";

/// The word of a campaign that does not, and the only one on which it is started.
pub(super) const OFF: &str = "off";

/// The word of a stop that is on its way.
pub(super) const STOPPING: &str = "stopping";

/// A reference to another object.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Reference {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
}

/// A campaign. Members that do not matter here are not read.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Campaign {
    pub(super) id: String,
    pub(super) name: Option<String>,
    #[serde(rename = "campaignStatus")]
    status: String,
    dialing_mode: Option<String>,
    version: Option<Value>,
    date_modified: Option<String>,
    queue: Option<Reference>,
    max_calls_per_agent: Option<f64>,
    max_calls_per_agent_decimal: Option<f64>,
}

impl Campaign {
    /// Reads the answer about one campaign, which has to be the one that was asked for.
    pub(super) fn parse(id: &str, body: &[u8]) -> Result<Self, String> {
        let found: Self = serde_json::from_slice(body)
            .map_err(|wrong| format!("the campaign cannot be read: {wrong}"))?;
        if found.id != id {
            return Err(format!(
                "asked for campaign {id}, the platform answered about another"
            ));
        }
        Ok(found)
    }

    pub(super) fn status(&self) -> &str {
        &self.status
    }

    /// What the word means here.
    pub(super) fn activity(&self) -> CampaignActivity {
        let word = self.status.clone();
        if let Some(why) = self.unsteerable() {
            return CampaignActivity::NotCommandable {
                word: format!("{word}, {why}"),
            };
        }
        match word.as_str() {
            ON => CampaignActivity::Running,
            OFF => CampaignActivity::Paused,
            STOPPING => CampaignActivity::Changing {
                to: Some(Direction::Pause),
            },
            "complete" | "invalid" | "forced_off" | "forced_stopping" => {
                CampaignActivity::NotCommandable { word }
            }
            _ => CampaignActivity::Unknown { word },
        }
    }

    /// Why it cannot be steered by its agents, whatever it does.
    pub(super) fn unsteerable(&self) -> Option<String> {
        let mode = self.dialing_mode.as_deref()?;
        match mode {
            "preview" | "power" | "predictive" | "progressive" => None,
            "agentless" | "external" => Some(format!(
                "and dials as `{mode}`, without agents: nothing can be decided by them"
            )),
            _ => Some(format!("and dials as `{mode}`, a mode that is not known")),
        }
    }

    /// Whether the platform dials more than one call for an agent in this mode.
    pub(super) fn dials_ahead(&self) -> bool {
        matches!(self.dialing_mode.as_deref(), Some("power" | "predictive"))
    }

    /// The calls for each agent that are set, where any are.
    pub(super) fn calls_per_agent(&self) -> Option<f64> {
        let set = self
            .max_calls_per_agent_decimal
            .or(self.max_calls_per_agent);
        set.filter(|calls| calls.is_finite() && *calls >= 1.0)
    }

    /// A text that differs after every change, as far as the platform shows **\[I\]**.
    pub(super) fn version(&self) -> Option<String> {
        match self.version.as_ref()? {
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) => Some(text.clone()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// When it was changed last.
    pub(super) fn changed_at(&self) -> Option<Timestamp> {
        Timestamp::parse_rfc3339(self.date_modified.as_deref()?)
    }

    /// The queue whose agents take its calls.
    pub(super) fn queue(&self) -> Option<&str> {
        let id = self.queue.as_ref()?.id.as_deref()?;
        (!id.is_empty()).then_some(id)
    }
}

/// A page of a listing.
pub(super) struct EntityPage<T> {
    pub(super) rows: Vec<T>,
    pub(super) unreadable: UnreadableRows,
    /// How many pages there are, where that is said.
    pub(super) pages: Option<u64>,
}

impl<T: serde::de::DeserializeOwned> EntityPage<T> {
    /// Reads a page; one bad row costs that row.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Raw<'a> {
            #[serde(borrow)]
            entities: Vec<&'a RawValue>,
            page_count: Option<u64>,
        }
        let raw: Raw<'_> = serde_json::from_slice(body)
            .map_err(|wrong| format!("the listing cannot be read: {wrong}"))?;
        let (mut rows, mut unreadable) = (Vec::new(), UnreadableRows::default());
        for entity in raw.entities {
            // A list of the members' values is not the object, though a derived reader takes it for one.
            if !entity.get().starts_with('{') {
                unreadable.note("a row is no object");
                continue;
            }
            match serde_json::from_str(entity.get()) {
                Ok(row) => rows.push(row),
                Err(wrong) => unreadable.note(&wrong.to_string()),
            }
        }
        Ok(Self {
            rows,
            unreadable,
            pages: raw.page_count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn campaign(status: &str, mode: &str) -> Campaign {
        let text = format!(
            r#"{{"id":"c","name":"Renewals","version":41,"dateModified":"2026-08-03T09:15:00Z","queue":{{"id":"q"}},
                "campaignStatus":"{status}","dialingMode":"{mode}","maxCallsPerAgentDecimal":2.5,"errors":[]}}"#
        );
        Campaign::parse("c", text.as_bytes()).unwrap()
    }

    #[test]
    fn each_word_means_one_thing_and_unknown_words_nothing() {
        for (word, expected) in [
            ("on", CampaignActivity::Running),
            ("off", CampaignActivity::Paused),
            (
                "stopping",
                CampaignActivity::Changing {
                    to: Some(Direction::Pause),
                },
            ),
        ] {
            assert_eq!(campaign(word, "predictive").activity(), expected);
        }
        for word in ["complete", "invalid", "forced_off", "forced_stopping"] {
            let found = campaign(word, "power").activity();
            assert!(
                matches!(found, CampaignActivity::NotCommandable { .. }),
                "{word}"
            );
        }
        for word in ["", "ON", "starting", "paused"] {
            let found = campaign(word, "progressive").activity();
            assert!(matches!(found, CampaignActivity::Unknown { .. }), "{word}");
        }
    }

    #[test]
    fn campaigns_without_agents_cannot_be_steered() {
        for mode in ["preview", "power", "predictive", "progressive"] {
            assert_eq!(campaign("on", mode).unsteerable(), None, "{mode}");
        }
        for mode in ["agentless", "external", "telepathic"] {
            let found = campaign("on", mode);
            assert!(found.unsteerable().unwrap().contains(mode));
            assert!(matches!(
                found.activity(),
                CampaignActivity::NotCommandable { .. }
            ));
        }
    }

    #[test]
    fn the_evidence_of_the_last_change_is_read_as_it_is() {
        let found = campaign("on", "predictive");
        assert_eq!(found.version().as_deref(), Some("41"));
        let at = Timestamp::parse_rfc3339("2026-08-03T09:15:00Z");
        assert_eq!(found.changed_at(), at);
        assert_eq!(found.queue(), Some("q"));
        assert_eq!(found.calls_per_agent(), Some(2.5));
        for wrong in [
            "{}",
            "[]",
            r#"{"id":"c"}"#,
            r#"{"id":"d","campaignStatus":"on"}"#,
        ] {
            assert!(Campaign::parse("c", wrong.as_bytes()).is_err(), "{wrong}");
        }
        let bare = Campaign::parse("c", br#"{"id":"c","campaignStatus":"on"}"#).unwrap();
        assert_eq!(
            (bare.version(), bare.changed_at(), bare.queue()),
            (None, None, None)
        );
    }

    #[test]
    fn one_bad_row_costs_that_row() {
        let body = br#"{"entities":[{"id":"a","campaignStatus":"on"},null,{"id":"b"},["x"]],"pageCount":1}"#;
        let page = EntityPage::<Campaign>::parse(body).unwrap();
        assert_eq!((page.rows.len(), page.unreadable.rows), (1, 3));
        for wrong in ["", "{}", r#"{"entities":null}"#, r#"{"entities":{}}"#] {
            assert!(
                EntityPage::<Campaign>::parse(wrong.as_bytes()).is_err(),
                "{wrong}"
            );
        }
    }
}
