//! Counts agents from pages of rows.
//!
//! *Asking for those who are available* saves most of the pages, on a platform that chooses agents before it cuts a page.
//! One that chooses afterwards gives short pages in the middle of its listing, and the daemon would count too few. The first
//! reading therefore asks for everybody, and then for the one row that shows which of the two it is; until that is known,
//! and where pages are cut first, everybody is read at each poll.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use hyper::{Method, StatusCode};
use tracing::{Instrument, Span, warn};

use crate::control::ports::Clock;
use crate::domain::{AgentState, Group, Selector, SnapshotBuilder, Timestamp};
use crate::platform::http::{
    Call, Client, HttpResponse, Page, PagePlace, PageSize, PageWindow, RateShare, Sending,
    page_span, read_pages,
};
use crate::platform::port::{
    AgentObserver, FaultKind, Observation, ObserveFault, ObserveRequest, PlatformFault, Tally,
};

use super::address::endpoint;
use super::rows::AgentsPage;
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
    /// The pages that it took.
    calls: usize,
    /// A word for a state that is not known.
    unknown_state: Option<String>,
}

/// How often in a row it has to look as if pages were cut first before that is believed: agents move between the two
/// requests that are compared.
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
        let wanted = if request.staffed || !self.filter_order.is(FilterOrder::BEFORE_PAGING) {
            ListingKind::Everybody
        } else {
            ListingKind::Available
        };
        let RowsRead {
            builder,
            mut calls,
            unknown_state,
        } = self.rows(request, wanted).await?;
        if !request.staffed
            && self.filter_order.is(FilterOrder::NOT_KNOWN)
            && let Some(probe_place) = probe_place(&builder)
        {
            calls = calls.saturating_add(1);
            self.probe(&probe_place, request.deadline).await;
        }
        let rows = builder.rows();
        let snapshot = builder.finish(taken_at);
        let tally = Tally {
            rows: Some(rows),
            calls,
            free: Some(snapshot.count(&Selector::All).available),
            states: request.staffed.then(|| snapshot.states()),
        };
        let size = |group: &Group| match group {
            Group::Rows(selector) => Some(snapshot.size(selector)),
            Group::Own(_) | Group::Queue(_) => None,
        };
        let shows_all = request.agents && wanted == ListingKind::Everybody;
        let sizes = request.groups.iter().filter(|_| shows_all).map(size);
        Ok(Observation {
            taken_at,
            sizes: sizes.collect(),
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

    /// Reads a whole listing.
    async fn rows(
        &self,
        request: ObserveRequest<'_>,
        wanted: ListingKind,
    ) -> Result<RowsRead, ObserveFault> {
        let listing = match wanted {
            ListingKind::Everybody => &self.everybody,
            ListingKind::Available => &self.available,
        };
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
                let rows = page.builder.rows();
                Span::current().record("rows", rows);
                Ok(Page {
                    rows,
                    ends: page.ends.clone(),
                    content: page,
                })
            }
            .instrument(span)
        };
        let pages = read_pages(&listing.size, window, page).await?;
        let calls = pages.len();
        let mut builder = SnapshotBuilder::with_capacity(pages.iter().map(|page| page.rows).sum());
        let (mut not_known, mut word) = (0_usize, None);
        for page in pages {
            not_known = not_known.saturating_add(page.content.not_known.rows);
            word = word.or(page.content.not_known.word);
            builder.append(page.content.builder);
        }
        if builder.too_long() > 0 {
            // Left out they would count as nobody.
            let detail = format!(
                "rows with an id or a skill that is longer than any: {}",
                builder.too_long()
            );
            return Err(ObserveFault {
                fault: PlatformFault {
                    kind: FaultKind::Decode,
                    detail,
                },
                partial: true,
            });
        }
        let rows = builder.rows();
        if wanted == ListingKind::Available
            && not_known == rows
            && let Some(word) = &word
        {
            // Available agents in a state that is not known are not nobody.
            let detail = format!(
                "every agent that was asked for as available is in the state {word:?}, which is not known"
            );
            return Err(ObserveFault {
                fault: PlatformFault {
                    kind: FaultKind::Decode,
                    detail,
                },
                partial: true,
            });
        }
        listing.expected_rows.store(rows, Ordering::Relaxed);
        Ok(RowsRead {
            builder,
            calls,
            unknown_state: word.map(String::from),
        })
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
        let page = self.client.call(&call, parse).await;
        page.map_err(|failed| failed.fault)
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
