//! Reading a listing: every page of it, several at once where the platform says how many there are.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::platform::http::HttpResponse;
use crate::platform::port::{FaultKind, PlatformFault, UnreadableRows};

use super::listing::{ListingPage, Row};
use super::pages::{PageHead, Pages, Stretch};
use super::tenant::{Ask, Tenant, says_nothing};

/// How pages are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageSettings {
    /// Rows asked for in a page; the platform gives fewer if it likes.
    pub(super) rows: usize,
    /// Pages asked for at once.
    pub(super) at_once: usize,
}

/// A listing that was read.
pub(super) struct Listed<R> {
    /// The rows; nothing where the platform said that there is nothing to report.
    pub(super) rows: Option<Vec<R>>,
    /// Rows that cannot be read.
    pub(super) unreadable: UnreadableRows,
    /// Rows in a page where the platform cuts it at fewer than were asked for.
    pub(super) cut_at: Option<usize>,
    /// How the next delta is asked for, as the first page says.
    pub(super) last_poll_time: Option<String>,
    /// Requests made.
    pub(super) calls: usize,
}

impl<R: Row> Listed<R> {
    /// Returns the rows of a listing of which every one is needed; none where the platform reports nothing.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(super) fn every_row(self) -> Result<Vec<R>, PlatformFault> {
        match self.unreadable.why {
            Some(why) => Err(decode(format!(
                "a row of {} cannot be read: {why}",
                R::ROWS
            ))),
            None => Ok(self.rows.unwrap_or_default()),
        }
    }
}

/// Why a listing could not be read, and how many of its pages could be.
pub(super) struct ListingFault {
    pub(super) fault: PlatformFault,
    pub(super) pages_read: usize,
}

/// Reads every page of what is asked for.
pub(super) async fn read_listing<R: Row>(
    tenant: &Tenant,
    ask: &Ask,
    settings: PageSettings,
) -> Result<Listed<R>, ListingFault> {
    // What changed is counted as everything is, so that it need not be proven again.
    let changes_only = ask.query.iter().any(|(name, _)| *name == "updatedSince");
    let proven = if changes_only || !ask.operation.is_paged() {
        usize::MAX
    } else {
        tenant.proven_count(ask.operation)
    };
    let mut pages = Pages::new(settings.rows, proven);
    let mut listed = Listed {
        rows: Some(Vec::new()),
        unreadable: UnreadableRows::default(),
        cut_at: None,
        last_poll_time: None,
        calls: 0,
    };
    let mut pages_read = 0;
    let mut on_their_way = FuturesUnordered::new();
    loop {
        while on_their_way.len() < settings.at_once.max(1)
            && let Some(stretch) = pages.next()
        {
            listed.calls += 1;
            on_their_way.push(async move { (stretch, page::<R>(tenant, ask, stretch).await) });
        }
        let Some((stretch, page)) = on_their_way.next().await else {
            if let Some(rows) = pages.newly_proven() {
                tenant.note_proven_count(ask.operation, rows);
            }
            listed.cut_at = pages.cut_at();
            return Ok(listed);
        };
        let failed = |fault| ListingFault { fault, pages_read };
        let Some(page) = page.map_err(failed)? else {
            if stretch.skip == 0 {
                listed.rows = None;
                return Ok(listed);
            }
            if pages.is_behind(stretch) {
                continue;
            }
            let detail = format!("the listing breaks off after {} rows", stretch.skip);
            return Err(failed(decode(detail)));
        };
        let first = page.rows.first().and_then(Row::key);
        let head = PageHead {
            rows: page.rows.len().saturating_add(page.unreadable.rows),
            total: page.total,
            next: page.next,
            first: first.as_deref(),
        };
        let taken = pages.answer(stretch, head);
        taken.map_err(|detail| failed(decode(detail)))?;
        if stretch.skip == 0 {
            listed.last_poll_time = page.last_poll_time;
        }
        let whole = !ask.operation.is_paged() && head.total.is_none_or(|total| total <= head.rows);
        pages_read += 1;
        listed.unreadable.add(page.unreadable);
        listed.rows.get_or_insert_default().extend(page.rows);
        if whole {
            return Ok(listed);
        }
    }
}

/// One page; nothing where the platform says that there is nothing to report.
async fn page<R: Row>(
    tenant: &Tenant,
    ask: &Ask,
    stretch: Stretch,
) -> Result<Option<ListingPage<R>>, PlatformFault> {
    let mut ask = ask.clone();
    ask.query.push(("top", stretch.top.to_string()));
    ask.query.push(("skip", stretch.skip.to_string()));
    let parse = |response: &HttpResponse| {
        if says_nothing(response) {
            Ok(None)
        } else {
            let page = ListingPage::parse(&response.body)?;
            Ok((!page.silent).then_some(page))
        }
    };
    tenant.read(&ask, parse).await
}

/// An answer that cannot be read.
pub(super) fn decode(detail: String) -> PlatformFault {
    PlatformFault {
        kind: FaultKind::Decode,
        detail,
    }
}
