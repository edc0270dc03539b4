//! Reading what campaigns do: the states of 25 in one call, each found, missing or not readable by itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::json;

use crate::domain::{CampaignActivity, CampaignId, StatusFinding, StatusReading, Timestamp};
use crate::platform::http::RateShare;
use crate::platform::port::{
    CampaignFinding, CampaignReader, FaultKind, PlatformFault, PlatformNames, Rival, RivalKind,
    UnreadableRows, Urgency,
};

use super::account::{Account, Ask, decode, share};
use super::campaign::activity;
use super::capabilities::STATES_IN_ONE_CALL;
use super::known::KnownCampaigns;
use super::{endpoints, rights};

/// Reads campaigns of an instance.
pub(super) struct Campaigns {
    pub(super) account: Arc<Account>,
    pub(super) known: Arc<KnownCampaigns>,
}

/// What an answer about several campaigns says of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StateFinding {
    /// Its state.
    State(String),
    /// There is no such campaign.
    Missing,
    /// It could not be told.
    Unreadable(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatesAnswer {
    #[serde(default)]
    successful_requests: Vec<Success>,
    #[serde(default)]
    failed_requests: Vec<Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Success {
    campaign_id: Option<String>,
    state: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    campaign_id: Option<String>,
    failure_code: Option<String>,
}

#[derive(Deserialize)]
struct StateAnswer {
    state: String,
}

/// What an answer about several campaigns says.
#[derive(Debug, Default)]
pub(super) struct States {
    pub(super) found: BTreeMap<String, StateFinding>,
    /// Rows that name no campaign.
    unreadable: UnreadableRows,
}

/// Reads an answer about several campaigns, of which none need be there.
pub(super) fn states(body: &[u8]) -> Result<States, String> {
    let answer: StatesAnswer = serde_json::from_slice(body)
        .map_err(|wrong| format!("the states cannot be read: {wrong}"))?;
    let States {
        mut found,
        mut unreadable,
    } = States::default();
    for Success { campaign_id, state } in answer.successful_requests {
        let Some(id) = campaign_id else {
            unreadable.note("a row names no campaign");
            continue;
        };
        let state = state.map_or_else(
            || StateFinding::Unreadable("its state is left out".to_owned()),
            StateFinding::State,
        );
        found.insert(id, state);
    }
    for Failure {
        campaign_id,
        failure_code,
    } in answer.failed_requests
    {
        let Some(id) = campaign_id else {
            unreadable.note("a row names no campaign");
            continue;
        };
        let failure = match failure_code.as_deref() {
            Some("ResourceNotFound") => StateFinding::Missing,
            code => StateFinding::Unreadable(code.unwrap_or("without a reason").to_owned()),
        };
        found.insert(id, failure);
    }
    Ok(States { found, unreadable })
}

impl Campaigns {
    async fn read_all(
        &self,
        ids: &[CampaignId],
        urgency: Urgency,
        deadline: Timestamp,
    ) -> Vec<CampaignFinding> {
        let share = share(urgency);
        if let [id] = ids {
            return vec![self.read_one(id, share, deadline).await];
        }
        let mut findings = Vec::with_capacity(ids.len());
        for together in ids.chunks(STATES_IN_ONE_CALL) {
            let names: Vec<&str> = together.iter().map(CampaignId::as_str).collect();
            let ask = Ask {
                endpoint: endpoints::STATES,
                path: &["campaigns-state"],
                body: Some(json!({ "campaignIds": names })),
                right: rights::STATES,
                share,
                deadline,
            };
            match self.account.read_campaigns(ask, states).await {
                Ok(States {
                    mut found,
                    unreadable,
                }) => {
                    self.account.note_unreadable(endpoints::STATES, &unreadable);
                    let read_at = self.account.now();
                    findings.extend(together.iter().map(|id| {
                        match found.remove(id.as_str()) {
                            Some(StateFinding::State(state)) => {
                                Ok(self.finding(id, state, read_at))
                            }
                            Some(StateFinding::Missing) => Ok(StatusFinding::Missing),
                            Some(StateFinding::Unreadable(why)) => Err(decode(format!(
                                "the state of campaign {id} is not told: {why}"
                            ))),
                            // An answer may leave one out without a word.
                            None => Err(decode(format!(
                                "the state of campaign {id} is left out of the answer"
                            ))),
                        }
                    }));
                }
                Err(fault) => findings.extend(together.iter().map(|_| Err(fault.clone()))),
            }
        }
        findings
    }

    async fn read_one(
        &self,
        id: &CampaignId,
        share: RateShare,
        deadline: Timestamp,
    ) -> CampaignFinding {
        match self.state(id, share, deadline).await {
            Ok(state) => Ok(self.finding(id, state, self.account.now())),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(StatusFinding::Missing),
            Err(fault) => Err(fault),
        }
    }

    /// The state of one campaign.
    pub(super) async fn state(
        &self,
        id: &CampaignId,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<String, PlatformFault> {
        let ask = Ask {
            endpoint: endpoints::STATE,
            path: &["campaigns", id.as_str(), "state"],
            body: None,
            right: rights::STATE,
            share,
            deadline,
        };
        let parse = |body: &[u8]| {
            let found: StateAnswer = serde_json::from_slice(body)
                .map_err(|wrong| format!("the state cannot be read: {wrong}"))?;
            Ok(found.state)
        };
        self.account.read_campaigns(ask, parse).await
    }

    fn finding(&self, id: &CampaignId, state: String, read_at: Timestamp) -> StatusFinding {
        let known = self.known.get(id, read_at);
        let activity = match known.and_then(|known| known.unsteerable) {
            Some(why) => CampaignActivity::NotCommandable {
                word: format!("{state}, and {why}"),
            },
            None => activity(&state),
        };
        let time = self.account.time_of_campaigns(read_at);
        StatusFinding::Found(StatusReading {
            platform_now: time.map(|time| time.at),
            platform_error: time.map(|time| time.error),
            ..StatusReading::without_evidence(activity, state, read_at)
        })
    }

    /// Journeys start and pause what they run. Nothing else that does is shown by these services.
    async fn journeys(
        &self,
        ids: &[CampaignId],
        deadline: Timestamp,
    ) -> Result<Vec<Rival>, PlatformFault> {
        let faults = self.known.refresh_in_turn(ids, deadline).await;
        let now = self.account.now();
        if let Some((_, fault)) = faults.into_iter().next() {
            return Err(fault);
        }
        let run = ids.iter().filter(|id| {
            let known = self.known.get(id, now);
            known.is_some_and(|known| known.campaign.journey)
        });
        let rivals = run.map(|id| Rival {
            campaign: id.clone(),
            description: "a journey, which runs the campaign".to_owned(),
            kind: RivalKind::Competes,
        });
        Ok(rivals.collect())
    }
}

impl CampaignReader for Campaigns {
    fn configured(&self, ids: &[CampaignId]) {
        self.known.relist(ids);
    }

    fn read<'a>(
        &'a self,
        ids: &'a [CampaignId],
        urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Vec<CampaignFinding>> {
        Box::pin(self.read_all(ids, urgency, deadline))
    }

    fn rivals<'a>(
        &'a self,
        ids: &'a [CampaignId],
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<Rival>, PlatformFault>> {
        Box::pin(self.journeys(ids, deadline))
    }

    fn names(&self) -> Arc<PlatformNames> {
        self.known.names.known()
    }
}
