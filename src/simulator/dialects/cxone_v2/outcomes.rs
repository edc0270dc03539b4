//! An extension of ours: what became of the campaigns' dials, as the contact centre has counted it since its opening.

use hyper::StatusCode;
use serde::Serialize;

use super::wire;
use crate::simulator::answer::Answer;
use crate::simulator::platform::Platform;
use crate::simulator::refusal::Refused;

#[derive(Serialize)]
struct Listing {
    since: String,
    campaigns: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    campaign_id: String,
    dials: u64,
    answered: u64,
    connected: u64,
    abandoned: u64,
}

impl Platform {
    /// Answers a read of what became of dials; a platform without a contact centre does not count them.
    pub(in crate::simulator) fn read_outcomes(&mut self) -> Result<Answer, Refused> {
        let counted = self.performance.figures();
        let counted = counted.zip(self.performance.opened_at());
        let (figures, since) = counted.ok_or_else(|| Refused::no_such("extension", "outcomes"))?;
        let rows = figures.campaigns.into_iter().map(|campaign| Row {
            campaign_id: campaign.id,
            dials: campaign.dials,
            answered: campaign.answered,
            connected: campaign.connected,
            abandoned: campaign.abandoned,
        });
        let listing = Listing {
            since: since.rfc3339(),
            campaigns: rows.collect(),
        };
        Ok(Answer::json(StatusCode::OK, wire::json(&listing)))
    }
}
