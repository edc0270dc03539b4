//! Who is available: one list of who is logged in, for all campaigns.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::{Group, GroupCount, HeadCount};
use crate::platform::http::RateShare;
use crate::platform::port::{AgentObserver, Observation, ObserveFault, ObserveRequest, Tally};

use super::counting::LoggedIn;
use super::listings::Listings;
use super::read_backs::ReadBacks;
use super::site::{Ask, Site};
use super::standstill::WaitingRows;
use super::{endpoints, rights};

/// A longer filter is dropped by the platform without a word, and all agents come.
const LONGEST_FILTER: usize = 9_000;

/// Counts the agents of a system.
pub(super) struct Observer {
    pub(super) site: Arc<Site>,
    pub(super) listings: Arc<Listings>,
    pub(super) read_backs: Arc<ReadBacks>,
    pub(super) waiting: Arc<WaitingRows>,
}

/// The campaign whose agents are a group.
fn campaign(group: &Group) -> Option<&str> {
    match group {
        Group::Own(id) => Some(id.as_str()),
        Group::Queue(id) => Some(id.as_str()),
        Group::Rows(_) => None,
    }
}

impl Observer {
    async fn read(&self, request: ObserveRequest<'_>) -> Result<Observation, ObserveFault> {
        let taken_at = self.site.now();
        self.read_backs.read_at(taken_at);
        let fault = |fault| ObserveFault {
            fault,
            partial: false,
        };
        let wanted: Vec<&str> = request.groups.iter().filter_map(campaign).collect();
        let filter = wanted.join("|");
        let mut fields = Vec::new();
        if filter.len() <= LONGEST_FILTER {
            fields.push(("campaigns", filter.as_str()));
        }
        fields.extend([("stage", "tab"), ("header", "YES")]);
        let ask = Ask {
            endpoint: endpoints::AGENTS,
            function: "logged_in_agents",
            fields,
            right: rights::AGENTS,
            share: RateShare::Readings,
            deadline: request.deadline,
        };
        let logged_in = self.site.read(ask, LoggedIn::parse).await;
        let own = request.groups.iter().filter_map(|group| match group {
            Group::Own(id) => Some(id),
            Group::Queue(_) | Group::Rows(_) => None,
        });
        self.waiting.note(own, logged_in.as_ref().ok());
        let logged_in = logged_in.map_err(fault)?;
        self.site
            .note_unreadable(endpoints::AGENTS, &logged_in.unreadable);
        let mut calls = 1_usize;
        // Nobody in a campaign, and a campaign that is not there, look the same.
        let empty = wanted.iter().any(|id| logged_in.count(id).is_none());
        let listed = if empty {
            calls = calls.saturating_add(1);
            let share = RateShare::Readings;
            let listed = self.listings.every(taken_at, share, request.deadline);
            Some(listed.await)
        } else {
            None
        };
        let heads = request.groups.iter().map(|group| {
            let unknown = |why: String| GroupCount::Unknown { why };
            let Some(id) = campaign(group) else {
                return unknown(
                    "agents are counted by campaign and not chosen by their rows".to_owned(),
                );
            };
            if let Some(count) = logged_in.count(id) {
                return GroupCount::Known(count);
            }
            match &listed {
                Some(Ok(dated)) if dated.listing.get(id).is_some() => {
                    GroupCount::Known(HeadCount::default())
                }
                Some(Ok(_)) | None => unknown(format!(
                    "nobody is logged into campaign {id}, and it is not among the campaigns that the user may see"
                )),
                Some(Err(fault)) => unknown(format!(
                    "nobody is logged into campaign {id}, and whether there is one could not be read: {}",
                    fault.detail
                )),
            }
        });
        let heads: Vec<GroupCount> = heads.collect();
        Ok(Observation {
            taken_at,
            heads,
            agents: None,
            sizes: Vec::new(),
            members: Vec::new(),
            unknown_state: logged_in.unknown_status.clone(),
            tally: Tally {
                // An answer of nobody is complete: there is nothing to be gained by asking again.
                rows: Some(logged_in.rows()).filter(|rows| *rows > 0),
                calls,
                ..Tally::default()
            },
        })
    }
}

impl AgentObserver for Observer {
    fn observe<'a>(
        &'a self,
        request: ObserveRequest<'a>,
    ) -> BoxFuture<'a, Result<Observation, ObserveFault>> {
        Box::pin(self.read(request))
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.read_backs.due())
    }
}
