//! Counts agents from pages of rows.
//!
//! *Asking for those who are available* saves most of the pages, on a platform that chooses agents before it cuts a page.
//! One that chooses afterwards gives short pages in the middle of its listing, and the daemon would count too few. The first
//! reading therefore asks for everybody, and then for the one row that shows which of the two it is; until that is known,
//! and where pages are cut first, everybody is read at each poll. A listing of available agents that contradicts itself is read
//! as everybody in the same poll, and counts as such a sign.
//!
//! *Words.* Agents whom the platform itself gives as available and whose state is not known are not nobody. Where everybody was read,
//! nobody is available and some are in a state that is not known, the platform is therefore asked for its own available
//! ones before zero is believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use hyper::{Method, StatusCode};
use tracing::{Instrument, Span, warn};

use crate::control::ports::Clock;
use crate::domain::workload::GroupMembers;
use crate::domain::{AgentState, Group, Selector, SnapshotBuilder, Timestamp};
use crate::platform::http::{
    Call, Client, HttpResponse, Page, PagePlace, PageSize, PageWindow, RateShare, Sending,
    page_span, read_pages,
};
use crate::platform::port::{
    AgentObserver, FaultKind, Observation, ObserveFault, ObserveRequest, PlatformFault, Tally,
    UnreadableRows,
};

use super::address::endpoint;
use super::rows::{AgentsPage, NotKnown};
use super::{endpoints, page};

/// The settings of one tenant.
#[derive(Clone, Debug)]
pub struct CxoneSettings {
    /// The tenant's address; paths are put behind it.
    pub base_url: reqwest::Url,
    /// Agents in a page, 1 to 100.
    pub page_size: usize,
    /// Pages asked for at once.
    pub page_concurrency: usize,
}

/// Expected rows before the first complete reading.
const NOTHING_EXPECTED: usize = usize::MAX;

/// Reads a tenant's agents. Has no way to change anything there.
pub struct Agents {
    client: Arc<Client>,
    clock: Arc<dyn Clock>,
    settings: CxoneSettings,
    everybody: Listing,
    available: Listing,
    filter_order: FilterOrder,
}

/// What is known of one of the two listings.
struct Listing {
    size: PageSize,
    /// How many rows the last complete reading had: the hint for how many pages to ask for at once.
    expected_rows: AtomicUsize,
}

/// The agents that are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ListingKind {
    Everybody,
    Available,
}

/// A whole listing.
struct RowsRead {
    builder: SnapshotBuilder,
    /// A word for a state that is not known.
    unknown_state: Option<String>,
}

/// How often in a row it has to look as if pages were cut first before that is believed: agents move between the
/// requests that are compared, and a platform in trouble contradicts itself for a while.
const TIMES_CUT_FIRST: u8 = 3;

/// Whether the platform filters by state before it cuts a page. It is found out once.
#[derive(Default)]
struct FilterOrder {
    known: AtomicU8,
    /// How often in a row it looked as if pages were cut first.
    cut_first: AtomicU8,
}

impl FilterOrder {
    const NOT_KNOWN: u8 = 0;
    const BEFORE_PAGING: u8 = 1;
    const AFTER_PAGING: u8 = 2;

    fn is(&self, known: u8) -> bool {
        self.known.load(Ordering::Relaxed) == known
    }

    fn filters_first(&self) {
        self.known.store(Self::BEFORE_PAGING, Ordering::Relaxed);
        self.looks_filtered_first();
    }

    fn looks_filtered_first(&self) {
        self.cut_first.store(0, Ordering::Relaxed);
    }

    fn looks_cut_first(&self) {
        let times = self.cut_first.fetch_add(1, Ordering::Relaxed);
        if times.saturating_add(1) >= TIMES_CUT_FIRST {
            warn!(
                "the platform cuts pages before it chooses the agents by their state: every agent is read at each poll"
            );
            self.known.store(Self::AFTER_PAGING, Ordering::Relaxed);
        }
    }
}

/// The place in a listing of all agents that shows how they are filtered: an agent who is not available, with more available
/// agents behind it than in front of it.
struct ProbePlace {
    offset: usize,
    /// The agent there. It would be returned if pages were cut first and it had become available meanwhile.
    id: String,
}

impl Agents {
    /// Creates a reader of this tenant's agents.
    #[must_use]
    pub fn new(client: Arc<Client>, clock: Arc<dyn Clock>, settings: CxoneSettings) -> Self {
        let listing = || Listing {
            size: PageSize::asking(settings.page_size),
            expected_rows: AtomicUsize::new(NOTHING_EXPECTED),
        };
        Self {
            client,
            clock,
            everybody: listing(),
            available: listing(),
            filter_order: FilterOrder::default(),
            settings,
        }
    }

    async fn read(&self, request: ObserveRequest<'_>) -> Result<Observation, ObserveFault> {
        let taken_at = self.clock.now();
        let mut wanted = if request.staffed || !self.filter_order.is(FilterOrder::BEFORE_PAGING) {
            ListingKind::Everybody
        } else {
            ListingKind::Available
        };
        let mut calls = 0;
        let mut found = self.rows(request, wanted, &mut calls).await;
        if wanted == ListingKind::Available {
            match &found {
                Ok(_) => self.filter_order.looks_filtered_first(),
                Err(stopped) if stopped.fault.kind == FaultKind::Decode => {
                    // That everybody can be read tells a listing that contradicts itself from a platform in trouble.
                    wanted = ListingKind::Everybody;
                    found = self.rows(request, wanted, &mut calls).await;
                    if found.is_ok() {
                        self.filter_order.looks_cut_first();
                    }
                }
                Err(_) => {}
            }
        }
        let RowsRead {
            builder,
            unknown_state,
        } = found?;
        if !request.staffed
            && wanted == ListingKind::Everybody
            && self.filter_order.is(FilterOrder::NOT_KNOWN)
            && let Some(probe_place) = probe_place(&builder)
        {
            calls = calls.saturating_add(1);
            self.probe(&probe_place, request.deadline).await;
        }
        let rows = builder.rows();
        let snapshot = builder.finish(taken_at);
        let listing = self.listing(wanted);
        let tally = Tally {
            rows: Some(rows),
            calls,
            page_rows: Some(listing.size.full()),
            free: Some(snapshot.count(&Selector::All).available),
            states: request.staffed.then(|| snapshot.states()),
        };
        let size = |group: &Group| match group {
            Group::Rows(selector) => Some(snapshot.size(selector)),
            Group::Own(_) | Group::Queue(_) => None,
        };
        let shows_all = request.agents && wanted == ListingKind::Everybody;
        let sizes = request.groups.iter().filter(|_| shows_all).map(size);
        let members = request.groups.iter().filter(|_| shows_all);
        let members = members.map(|group| snapshot.members(group).map(GroupMembers::new));
        Ok(Observation {
            taken_at,
            sizes: sizes.collect(),
            members: members.collect(),
            unknown_state,
            heads: request
                .groups
                .iter()
                .map(|group| snapshot.head(group))
                .collect(),
            agents: request.agents.then_some(snapshot),
            tally,
        })
    }

    fn listing(&self, kind: ListingKind) -> &Listing {
        match kind {
            ListingKind::Everybody => &self.everybody,
            ListingKind::Available => &self.available,
        }
    }

    /// Reads a whole listing, and adds how many pages that took.
    async fn rows(
        &self,
        request: ObserveRequest<'_>,
        wanted: ListingKind,
        calls: &mut usize,
    ) -> Result<RowsRead, ObserveFault> {
        let listing = self.listing(wanted);
        let expected = listing.expected_rows.load(Ordering::Relaxed);
        let window = PageWindow {
            at_once: self.settings.page_concurrency,
            expected_rows: (expected != NOTHING_EXPECTED).then_some(expected),
        };
        let page = |place: PagePlace| {
            let span = page_span(endpoints::AGENTS, place.number);
            let asked = listing.size.asked();
            let page = self.page(
                (place.offset, asked),
                wanted,
                request.skills,
                request.deadline,
            );
            async move {
                let page = page.await?;
                let rows = page.rows();
                Span::current().record("rows", rows);
                Ok(Page {
                    rows,
                    ends: page.ends.clone(),
                    claims: page.claims,
                    content: page,
                })
            }
            .instrument(span)
        };
        let pages = read_pages(&listing.size, window, page).await?;
        *calls = calls.saturating_add(pages.len());
        let rows = pages.iter().map(|page| page.rows).sum();
        let mut builder = SnapshotBuilder::with_capacity(rows);
        let mut not_known = NotKnown::default();
        let mut unreadable = UnreadableRows::default();
        for page in pages {
            not_known.add(page.content.not_known);
            unreadable.add(page.content.unreadable);
            builder.append(page.content.builder);
        }
        let borne = unreadable.bearable(builder.rows());
        self.client.note_unreadable(endpoints::AGENTS, &unreadable);
        borne.map_err(invalid)?;
        match wanted {
            ListingKind::Available => known_states(&not_known, builder.rows()).map_err(invalid)?,
            ListingKind::Everybody if not_known.rows > 0 && !has_available(&builder) => {
                *calls = calls.saturating_add(1);
                self.ask_for_available(request.deadline).await?;
            }
            ListingKind::Everybody => {}
        }
        listing.expected_rows.store(rows, Ordering::Relaxed);
        Ok(RowsRead {
            builder,
            unknown_state: not_known.word.map(String::from),
        })
    }

    /// Makes sure that those whom the platform gives as available have a state that is known.
    async fn ask_for_available(&self, deadline: Timestamp) -> Result<(), ObserveFault> {
        let place = (0, self.available.size.asked());
        let asked = self.page(place, ListingKind::Available, false, deadline);
        let page = asked.instrument(page_span(endpoints::AGENTS, 0)).await;
        let page = page.map_err(|fault| ObserveFault {
            fault,
            partial: true,
        })?;
        known_states(&page.not_known, page.builder.rows()).map_err(invalid)
    }

    /// Finds out whether agents are chosen before pages are cut. A fault leaves it open for the next reading.
    async fn probe(&self, probe_place: &ProbePlace, deadline: Timestamp) {
        let asked = self.page(
            (probe_place.offset, 1),
            ListingKind::Available,
            false,
            deadline,
        );
        let Ok(page) = asked.instrument(page_span(endpoints::AGENTS, 0)).await else {
            return;
        };
        match page.ends {
            Some((first, _)) if first == probe_place.id => {}
            Some(_) => self.filter_order.filters_first(),
            None => self.filter_order.looks_cut_first(),
        }
    }

    async fn page(
        &self,
        (offset, limit): (usize, usize),
        wanted: ListingKind,
        skills: bool,
        deadline: Timestamp,
    ) -> Result<AgentsPage, PlatformFault> {
        let mut url = endpoint(
            &self.settings.base_url,
            &["api", "v2", "interactions", "agents"],
        );
        url.query_pairs_mut()
            .append_pair("limit", &limit.to_string())
            .append_pair("offset", &offset.to_string());
        if wanted == ListingKind::Available {
            url.query_pairs_mut().append_pair("state", "available");
        }
        let call = Call {
            endpoint: endpoints::AGENTS,
            share: RateShare::Readings,
            method: Method::GET,
            url,
            body: None,
            request_id: None,
            client_id: None,
            deadline,
            scope: "interactions:agents:read",
            sending: Sending::Repeatable,
        };
        let parse = |response: &HttpResponse| match response.status {
            StatusCode::NO_CONTENT => Ok(AgentsPage::default()),
            _ => page::agents_page(&response.body, skills),
        };
        // The future of a call takes kilobytes, and that of a page is moved several times before it is polled.
        let page = Box::pin(self.client.call(&call, parse)).await;
        page.map_err(|failed| failed.fault)
    }
}

/// Checks that of agents who were asked for as available some have a state that is known. They are not nobody otherwise.
fn known_states(not_known: &NotKnown, rows: usize) -> Result<(), String> {
    if rows == 0 || not_known.rows < rows {
        return Ok(());
    }
    Err(match &not_known.word {
        Some(word) => format!(
            "every agent that was asked for as available is in the state {word:?}, which is not known"
        ),
        None => "no agent that was asked for as available has a state".to_owned(),
    })
}

fn has_available(builder: &SnapshotBuilder) -> bool {
    builder.states().any(|state| state == AgentState::Available)
}

fn invalid(detail: String) -> ObserveFault {
    ObserveFault {
        fault: PlatformFault {
            kind: FaultKind::Decode,
            detail,
        },
        partial: true,
    }
}

/// Finds the place that shows how agents are filtered, if the listing has one.
fn probe_place(everybody: &SnapshotBuilder) -> Option<ProbePlace> {
    let is_free = |state: &AgentState| *state == AgentState::Available;
    let offset = everybody.states().position(|state| !is_free(&state))?;
    let free = everybody.states().filter(is_free).count();
    // As many as are before it are available; more have to be, and some may leave meanwhile.
    if free <= offset.saturating_mul(2) {
        return None;
    }
    let id = everybody.id_at(offset)?.to_owned();
    Some(ProbePlace { offset, id })
}

impl AgentObserver for Agents {
    fn observe<'a>(
        &'a self,
        request: ObserveRequest<'a>,
    ) -> BoxFuture<'a, Result<Observation, ObserveFault>> {
        Box::pin(self.read(request))
    }
}
