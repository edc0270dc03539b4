//! Offset pages, read at once instead of one round trip after the other.
//!
//! A page says little of its listing: the last page is the first one that is not full. The last reading's size says how many pages
//! to ask for at once; without it, and beyond it, the window doubles. At most `at_once` requests are on their way.
//!
//! ```text
//!  expected 4 pages      p0 p1 p2 p3          p3 short: done after one round trip
//!  all four full         p0 p1 p2 p3 │ p4 p5 p6 p7          the window doubles
//!  nothing expected      p0 │ p1 │ p2 p3 │ p4 p5 p6 p7 │ ...
//! ```
//!
//! *How many rows a full page has* is measured, not assumed: a platform may cut pages at fewer rows than were asked for,
//! and its first page then looks like the last one. Behind a short first page that is no smaller than every page before
//! it, one page more is asked for. Rows on it say that pages end there, and the reading goes on from there; no rows on it
//! say that the listing ended. A page smaller than one that was given before cannot have been cut. Where a page names a limit
//! below the one that was asked for, that is what a full page has.
//!
//! *What pages claim* ([`PageClaims`]) is held against what they hold. A short page ends the listing only where its total is
//! reached, and one that links to another only after one page more was asked for.
//!
//! *Contradiction.* Rows on a page behind a short one, a total that is exceeded or not reached, more rows than the limit, an empty
//! page that links to another: the listing moved while it was read, or pages are cut elsewhere than before. It is
//! read once more from its start; a second contradiction makes the reading invalid. A full page that comes twice is the platform
//! ignoring the offset, which no second reading would change.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::platform::port::{FaultKind, ObserveFault, PlatformFault};

/// A listing with more pages than this is taken to be endless: 400,000 agents in pages of 100.
const MOST_PAGES: usize = 4_000;

/// How pages are asked for.
#[derive(Clone, Copy, Debug)]
pub struct PageWindow {
    /// Requests on their way at once.
    pub at_once: usize,
    /// Rows of the last reading, if there was one.
    pub expected_rows: Option<usize>,
}

/// The place at which a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PagePlace {
    /// Its number, from 0.
    pub number: usize,
    /// Rows before it.
    pub offset: usize,
}

/// What a page says of its listing, as far as it says anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageClaims {
    /// Rows of all pages together.
    pub total: Option<usize>,
    /// Whether it links to a next page. The link itself is never followed: its host is not ours to send a token to.
    pub next: bool,
    /// The most rows that a page has there.
    pub limit: Option<usize>,
}

/// One page.
pub struct Page<T> {
    /// Rows in it, those that cannot be read included.
    pub rows: usize,
    /// What it held.
    pub content: T,
    /// First and last id; a full page with those of another one says that the platform ignores the offset.
    pub ends: Option<(String, String)>,
    /// What it says of the listing.
    pub claims: PageClaims,
}

/// What is known of the pages of one listing, kept from one reading to the next.
#[derive(Debug)]
pub struct PageSize {
    /// Rows that are asked for in a page.
    asked: usize,
    /// Rows of a full page, as far as is known.
    full: AtomicUsize,
    /// Rows of the largest page that was given.
    largest: AtomicUsize,
}

impl PageSize {
    /// Starts with what is asked for, and nothing known.
    #[must_use]
    pub fn asking(rows: usize) -> Self {
        Self {
            asked: rows.max(1),
            full: AtomicUsize::new(rows.max(1)),
            largest: AtomicUsize::new(0),
        }
    }

    /// Returns the rows that are asked for in a page.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked
    }

    /// Returns the rows of a full page, as far as is known.
    #[must_use]
    pub fn full(&self) -> usize {
        self.full.load(Ordering::Relaxed)
    }

    /// Notes how many rows a page had. A page with more rows than a full one says that those were cut by chance.
    fn note_rows(&self, rows: usize) {
        self.largest.fetch_max(rows, Ordering::Relaxed);
        self.full.fetch_max(rows.min(self.asked), Ordering::Relaxed);
    }

    /// Notes that pages end at so many rows.
    fn cut_at(&self, rows: usize) {
        self.full.store(rows.max(1), Ordering::Relaxed);
    }

    /// Forgets what was known, because it no longer holds.
    fn forget(&self) {
        self.full.store(self.asked, Ordering::Relaxed);
        self.largest.store(0, Ordering::Relaxed);
    }
}

/// Why a listing could not be read through.
enum Stopped {
    Fault(ObserveFault),
    /// Pages contradict each other or themselves.
    Contradiction(String),
}

/// Reads pages by `fetch` until the listing ends. The pages come in their order; when the listing moved, or when pages
/// overlap, a row may be on two of them.
///
/// # Errors
/// The first fault of a page, and pages that contradict each other; the reading is invalid then.
pub async fn read_pages<T, F, Fut>(
    size: &PageSize,
    window: PageWindow,
    fetch: F,
) -> Result<Vec<Page<T>>, ObserveFault>
where
    F: Fn(PagePlace) -> Fut,
    Fut: Future<Output = Result<Page<T>, PlatformFault>>,
{
    match read_through(size, window, &fetch).await {
        Ok(pages) => return Ok(pages),
        Err(Stopped::Fault(fault)) => return Err(fault),
        Err(Stopped::Contradiction(_)) => size.forget(),
    }
    let window = PageWindow {
        expected_rows: None,
        ..window
    };
    read_through(size, window, &fetch)
        .await
        .map_err(|stopped| match stopped {
            Stopped::Fault(fault) => fault,
            Stopped::Contradiction(what) => {
                size.forget();
                invalid(format!("the pages contradict each other: {what}"), true)
            }
        })
}

/// Reads the listing once.
async fn read_through<T, F, Fut>(
    size: &PageSize,
    window: PageWindow,
    fetch: &F,
) -> Result<Vec<Page<T>>, Stopped>
where
    F: Fn(PagePlace) -> Fut,
    Fut: Future<Output = Result<Page<T>, PlatformFault>>,
{
    let mut full = size.full();
    let largest = size.largest.load(Ordering::Relaxed);
    let mut wanted = window.expected_rows.map_or(1, |rows| rows / full + 1);
    let mut asked = 0;
    let mut last: Option<usize> = None;
    let mut on_their_way = FuturesUnordered::new();
    let mut pages: BTreeMap<usize, Page<T>> = BTreeMap::new();
    loop {
        while last.is_none() && asked < wanted && on_their_way.len() < window.at_once.max(1) {
            let number = asked;
            let offset = number.saturating_mul(full);
            let place = PagePlace { number, offset };
            let page = fetch(place);
            on_their_way.push(async move { (place, page.await) });
            asked += 1;
        }
        let Some((place, page)) = on_their_way.next().await else {
            break;
        };
        let number = place.number;
        let page = page.map_err(|fault| {
            Stopped::Fault(ObserveFault {
                fault,
                partial: !pages.is_empty(),
            })
        })?;
        size.note_rows(page.rows);
        if number == 0 {
            full = limited(size, page.claims.limit, full, asked)?;
        }
        match reading_of(&page, place.offset, full)? {
            Reading::Full => {
                if last.is_none() && number + 1 == wanted {
                    wanted += wanted.clamp(1, window.at_once.max(1));
                }
            }
            // A first page that looks like the last page, and like one that was cut.
            Reading::Short | Reading::ShortWithMore
                if number == 0
                    && page.rows > 0
                    && (page.rows >= largest || page.claims.says_more(page.rows)) =>
            {
                let place = PagePlace {
                    number: 1,
                    offset: page.rows,
                };
                let behind = behind(fetch, size, place).await?;
                if behind.rows == 0 {
                    if page.claims.total.is_some_and(|total| total > page.rows) {
                        return Err(contradiction("the total is not reached"));
                    }
                    last = Some(0);
                } else if asked > 1 {
                    return Err(contradiction("pages end elsewhere than before"));
                } else {
                    full = page.rows;
                    size.cut_at(full);
                    asked = 2;
                    wanted = wanted.max(2);
                    match reading_of(&behind, place.offset, full)? {
                        Reading::Full => wanted = 3,
                        Reading::Short => last = Some(1),
                        Reading::ShortWithMore => {
                            nothing_behind(fetch, size, place, behind.rows).await?;
                            last = Some(1);
                        }
                    }
                    pages.insert(1, behind);
                }
            }
            Reading::Short => last = Some(last.map_or(number, |earlier| earlier.min(number))),
            Reading::ShortWithMore => {
                nothing_behind(fetch, size, place, page.rows).await?;
                last = Some(last.map_or(number, |earlier| earlier.min(number)));
            }
        }
        if let Some(earlier) = given_before(&pages, number, &page, full) {
            let detail =
                format!("page {number} is page {earlier} again: the platform ignores the offset");
            return Err(Stopped::Fault(invalid(detail, !pages.is_empty())));
        }
        pages.insert(number, page);
        if asked > MOST_PAGES {
            let detail = format!("the listing does not end after {MOST_PAGES} pages");
            return Err(Stopped::Fault(invalid(detail, !pages.is_empty())));
        }
    }
    let first_behind = last.map_or(usize::MAX, |last| last.saturating_add(1));
    if pages.range(first_behind..).any(|(_, page)| page.rows > 0) {
        return Err(contradiction(
            "one is short, and one behind it is not empty",
        ));
    }
    Ok(pages.into_values().collect())
}

/// Returns the rows of a full page where the first page names a limit, when so many pages were asked for.
fn limited(
    size: &PageSize,
    limit: Option<usize>,
    full: usize,
    asked: usize,
) -> Result<usize, Stopped> {
    let Some(limit) = limit.filter(|limit| (1..full).contains(limit)) else {
        return Ok(full);
    };
    if asked > 1 {
        // Others were asked for at offsets that now mean something else.
        return Err(contradiction("a page has a lower limit than before"));
    }
    size.cut_at(limit);
    Ok(limit)
}

/// What a page says about the end of its listing.
enum Reading {
    /// It is full, so that others may follow.
    Full,
    /// It is the last one, or behind the last one.
    Short,
    /// It is not full, and links to another all the same.
    ShortWithMore,
}

/// Holds a page against its own claims.
fn reading_of<T>(page: &Page<T>, offset: usize, full: usize) -> Result<Reading, Stopped> {
    let PageClaims { total, next, limit } = page.claims;
    let end = offset.saturating_add(page.rows);
    if limit.is_some_and(|limit| limit > 0 && page.rows > limit) {
        return Err(contradiction("a page has more rows than its own limit"));
    }
    if page.rows > 0 && total.is_some_and(|total| end > total) {
        return Err(contradiction("there are more rows than the total"));
    }
    if page.rows >= full {
        return Ok(Reading::Full);
    }
    // A first page may have been cut, which the page behind it shows.
    let may_be_cut = offset == 0 && page.rows > 0;
    if !may_be_cut && total.is_some_and(|total| end < total) {
        return Err(contradiction(
            "a page is short, and the total is not reached",
        ));
    }
    if page.rows == 0 && next {
        return Err(contradiction("an empty page links to a next one"));
    }
    Ok(if next {
        Reading::ShortWithMore
    } else {
        Reading::Short
    })
}

impl PageClaims {
    /// Whether a first page with so many rows says that there are others.
    fn says_more(&self, rows: usize) -> bool {
        self.next || self.total.is_some_and(|total| total > rows)
    }
}

/// Asks for a page that is out of turn.
async fn behind<T, F, Fut>(fetch: &F, size: &PageSize, place: PagePlace) -> Result<Page<T>, Stopped>
where
    F: Fn(PagePlace) -> Fut,
    Fut: Future<Output = Result<Page<T>, PlatformFault>>,
{
    let page = fetch(place).await.map_err(|fault| {
        Stopped::Fault(ObserveFault {
            fault,
            partial: true,
        })
    })?;
    size.note_rows(page.rows);
    Ok(page)
}

/// Makes sure that nothing follows the short page at `place`, which links to another.
async fn nothing_behind<T, F, Fut>(
    fetch: &F,
    size: &PageSize,
    place: PagePlace,
    rows: usize,
) -> Result<(), Stopped>
where
    F: Fn(PagePlace) -> Fut,
    Fut: Future<Output = Result<Page<T>, PlatformFault>>,
{
    let place = PagePlace {
        number: place.number.saturating_add(1),
        offset: place.offset.saturating_add(rows),
    };
    if behind(fetch, size, place).await?.rows > 0 {
        return Err(contradiction(
            "one is short, and one behind it is not empty",
        ));
    }
    Ok(())
}

/// Finds an earlier or later page with the same first and last row: the first page, or a neighbour.
fn given_before<T>(
    pages: &BTreeMap<usize, Page<T>>,
    number: usize,
    page: &Page<T>,
    full: usize,
) -> Option<usize> {
    if page.rows < full || page.ends.is_none() {
        return None;
    }
    // A single row may come twice because it moved.
    let neighbours = [number.checked_sub(1), number.checked_add(1)];
    let neighbours = neighbours.into_iter().flatten().filter(|_| page.rows > 1);
    let mut others = std::iter::once(0).chain(neighbours);
    others.find(|other| {
        let same = |other: &Page<T>| other.rows >= full && other.ends == page.ends;
        *other != number && pages.get(other).is_some_and(same)
    })
}

fn contradiction(what: &str) -> Stopped {
    Stopped::Contradiction(what.to_owned())
}

fn invalid(detail: String, partial: bool) -> ObserveFault {
    ObserveFault {
        fault: PlatformFault {
            kind: FaultKind::Decode,
            detail,
        },
        partial,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeSet;
    use std::ops::Range;

    use super::*;

    /// Pages of `total` rows; notes how many were asked for before the first answer of each round.
    struct Listing {
        total: Cell<usize>,
        /// Rows of a full page, whatever is asked for.
        page_size: usize,
        asked: RefCell<Vec<usize>>,
        on_their_way: Cell<usize>,
        most_at_once: Cell<usize>,
    }

    impl Listing {
        fn new(total: usize, page_size: usize) -> Self {
            Self {
                total: Cell::new(total),
                page_size,
                asked: RefCell::default(),
                on_their_way: Cell::default(),
                most_at_once: Cell::default(),
            }
        }

        async fn page(&self, place: PagePlace) -> Result<Page<Range<usize>>, PlatformFault> {
            self.asked.borrow_mut().push(place.number);
            self.on_their_way.set(self.on_their_way.get() + 1);
            self.most_at_once
                .set(self.most_at_once.get().max(self.on_their_way.get()));
            tokio::task::yield_now().await;
            self.on_their_way.set(self.on_their_way.get() - 1);
            let from = place.offset.min(self.total.get());
            let until = (from + self.page_size).min(self.total.get());
            Ok(Page {
                rows: until - from,
                content: from..until,
                ends: Some((from.to_string(), until.to_string())),
                claims: PageClaims::default(),
            })
        }
    }

    async fn read(listing: &Listing, at_once: usize, expected_rows: Option<usize>) -> usize {
        let size = PageSize::asking(listing.page_size);
        read_by(&size, listing, at_once, expected_rows).await
    }

    /// How many distinct rows were read; each has to be there.
    async fn read_by(
        size: &PageSize,
        listing: &Listing,
        at_once: usize,
        expected_rows: Option<usize>,
    ) -> usize {
        let window = PageWindow {
            at_once,
            expected_rows,
        };
        let pages = read_pages(size, window, |place| listing.page(place))
            .await
            .unwrap();
        assert!(
            pages.is_sorted_by_key(|page| page.content.start),
            "pages come in their order"
        );
        let rows: BTreeSet<usize> = pages.into_iter().flat_map(|page| page.content).collect();
        rows.len()
    }

    #[tokio::test]
    async fn finds_every_row_whatever_was_expected() {
        for total in [0, 1, 99, 100, 101, 250, 999, 1_000, 1_001] {
            for expected in [None, Some(0), Some(100), Some(250), Some(5_000)] {
                for at_once in [1, 3, 16] {
                    let listing = Listing::new(total, 100);
                    assert_eq!(
                        read(&listing, at_once, expected).await,
                        total,
                        "{total} {expected:?} {at_once}"
                    );
                    assert!(listing.most_at_once.get() <= at_once);
                }
            }
        }
    }

    #[tokio::test]
    async fn a_steady_listing_costs_no_page_in_vain() {
        let listing = Listing::new(1_050, 100);
        assert_eq!(read(&listing, 16, Some(1_050)).await, 1_050);
        assert_eq!(listing.asked.borrow().len(), 11);
        assert_eq!(listing.most_at_once.get(), 11, "all at once");
    }

    #[tokio::test]
    async fn without_a_hint_the_window_doubles() {
        let listing = Listing::new(10_000, 100);
        assert_eq!(read(&listing, 16, None).await, 10_000);
        assert!(
            listing.asked.borrow().len() <= 101 + 16,
            "{}",
            listing.asked.borrow().len()
        );
    }

    #[tokio::test]
    async fn a_failed_page_spoils_the_reading() {
        let listing = Listing::new(500, 100);
        let window = PageWindow {
            at_once: 4,
            expected_rows: Some(500),
        };
        let fetch = async |place: PagePlace| {
            if place.number == 2 {
                Err(PlatformFault {
                    kind: FaultKind::Server,
                    detail: "500".to_owned(),
                })
            } else {
                listing.page(place).await
            }
        };
        let size = PageSize::asking(100);
        let fault = read_pages(&size, window, fetch).await.err().unwrap();
        assert_eq!(fault.fault.kind, FaultKind::Server);
    }

    #[tokio::test]
    async fn an_ignored_offset_is_noticed() {
        let listing = Listing::new(100, 100);
        let window = PageWindow {
            at_once: 4,
            expected_rows: None,
        };
        let first = PagePlace {
            number: 0,
            offset: 0,
        };
        let size = PageSize::asking(100);
        let fault = read_pages(&size, window, |_| listing.page(first))
            .await
            .err()
            .unwrap();
        assert!(fault.fault.detail.contains("ignores the offset"), "{fault}");
    }

    #[tokio::test]
    async fn pages_that_are_cut_are_found_out_and_read_to_the_end() {
        for total in [0, 1, 49, 50, 51, 99, 100, 101, 230, 1_000] {
            for expected in [None, Some(0), Some(100), Some(230), Some(5_000)] {
                for at_once in [1, 3, 16] {
                    let listing = Listing::new(total, 50);
                    let size = PageSize::asking(100);
                    for _ in 0..3 {
                        let read = read_by(&size, &listing, at_once, expected).await;
                        assert_eq!(read, total, "{expected:?} {at_once}");
                    }
                }
            }
        }
    }

    #[tokio::test]
    async fn pages_are_found_to_be_cut_once_there_are_enough_rows() {
        let listing = Listing::new(20, 50);
        let size = PageSize::asking(100);
        for total in [20, 50, 30, 50, 51, 230, 10, 120] {
            listing.total.set(total);
            assert_eq!(read_by(&size, &listing, 4, Some(20)).await, total);
        }
        assert_eq!(size.full(), 50);
    }

    #[tokio::test]
    async fn a_page_that_was_cut_by_chance_is_no_limit_for_ever() {
        let listing = Listing::new(230, 100);
        let size = PageSize::asking(100);
        size.cut_at(3);
        assert_eq!(read_by(&size, &listing, 4, None).await, 230);
        assert_eq!(size.full(), 100);
    }

    /// Reads `total` rows in pages of 100 that claim what `claims` says of the page at an offset with so many rows.
    async fn claiming(
        total: usize,
        claims: impl Fn(usize, usize) -> PageClaims,
    ) -> Result<usize, String> {
        let listing = Listing::new(total, 100);
        let size = PageSize::asking(100);
        let window = PageWindow {
            at_once: 4,
            expected_rows: None,
        };
        let fetch = async |place: PagePlace| {
            let mut page = listing.page(place).await?;
            page.claims = claims(place.offset, page.rows);
            Ok(page)
        };
        let pages = read_pages(&size, window, fetch).await;
        let pages = pages.map_err(|stopped| stopped.fault.detail)?;
        Ok(pages.iter().map(|page| page.rows).sum())
    }

    fn total(total: usize) -> PageClaims {
        PageClaims {
            total: Some(total),
            ..PageClaims::default()
        }
    }

    fn next(next: bool) -> PageClaims {
        PageClaims {
            next,
            ..PageClaims::default()
        }
    }

    #[tokio::test]
    async fn an_empty_listing_is_one_page_whoever_comes_behind_it() {
        let listing = Listing::new(0, 100);
        let size = PageSize::asking(100);
        assert_eq!(read_by(&size, &listing, 4, None).await, 0);
        assert_eq!(*listing.asked.borrow(), [0]);
        listing.total.set(10);
        assert_eq!(read_by(&size, &listing, 4, Some(0)).await, 10);
        assert_eq!(size.full(), 100);
    }

    #[tokio::test]
    async fn claims_that_are_right_cost_no_row() {
        for rows in [0, 1, 99, 100, 101, 230] {
            let counted = claiming(rows, |_, _| total(rows)).await;
            assert_eq!(counted, Ok(rows), "a total");
            let linked = claiming(rows, |offset, read| next(offset + read < rows)).await;
            assert_eq!(linked, Ok(rows), "links");
            // A platform that links on from its last page has nothing there.
            let always = claiming(rows, |_, read| next(read > 0)).await;
            assert_eq!(always, Ok(rows), "a link too many");
            let limited = claiming(rows, |_, _| PageClaims {
                limit: Some(100),
                ..PageClaims::default()
            });
            assert_eq!(limited.await, Ok(rows), "a limit");
        }
    }

    #[tokio::test]
    async fn claims_that_contradict_the_rows_make_the_reading_invalid() {
        let of = |what: &str| Err(format!("the pages contradict each other: {what}"));
        let exceeded = of("there are more rows than the total");
        let not_reached = of("a page is short, and the total is not reached");
        for (rows, claimed, said) in [
            (50, 49, &exceeded),
            (230, 100, &exceeded),
            (50, 51, &of("the total is not reached")),
            (230, 231, &not_reached),
            (200, 230, &not_reached),
            (0, 1, &not_reached),
        ] {
            let read = claiming(rows, |_, _| total(claimed)).await;
            assert_eq!(&read, said, "{rows} rows, {claimed} claimed");
        }
        let empty = claiming(200, |_, _| next(true)).await;
        assert_eq!(empty, of("an empty page links to a next one"));
        let limit = |_, _| PageClaims {
            limit: Some(20),
            ..PageClaims::default()
        };
        let said = of("a page has more rows than its own limit");
        assert_eq!(claiming(30, limit).await, said);
    }

    #[tokio::test]
    async fn a_short_page_in_the_middle_that_links_on_ends_nothing() {
        // The second page has 40 rows of the 130 that are left.
        let fetch = async |place: PagePlace| {
            let rows = match place.offset {
                0 => 100,
                100 => 40,
                140 => 90,
                _ => 0,
            };
            Ok(Page {
                rows,
                content: (),
                ends: None,
                claims: next(rows > 0 && place.offset < 140),
            })
        };
        let size = PageSize::asking(100);
        let window = PageWindow {
            at_once: 1,
            expected_rows: None,
        };
        let stopped = read_pages(&size, window, fetch).await.err().unwrap();
        let said = "the pages contradict each other: one is short, and one behind it is not empty";
        assert_eq!(stopped.fault.detail, said);
    }

    #[tokio::test]
    async fn the_last_page_over_and_over_is_noticed() {
        // Whatever lies beyond row 300 is answered with the page before it.
        let listing = Listing::new(400, 100);
        let fetch = |place: PagePlace| {
            listing.page(PagePlace {
                number: place.number,
                offset: place.offset.min(300),
            })
        };
        let size = PageSize::asking(100);
        let window = PageWindow {
            at_once: 4,
            expected_rows: None,
        };
        let stopped = read_pages(&size, window, fetch).await.err().unwrap();
        let said = stopped.fault.detail;
        assert!(
            said.contains("again: the platform ignores the offset"),
            "{said}"
        );
    }

    #[tokio::test]
    async fn a_steady_short_listing_below_an_earlier_one_costs_one_page() {
        let listing = Listing::new(40, 100);
        let size = PageSize::asking(100);
        assert_eq!(read_by(&size, &listing, 4, None).await, 40);
        listing.asked.borrow_mut().clear();
        listing.total.set(39);
        assert_eq!(read_by(&size, &listing, 4, Some(40)).await, 39);
        assert_eq!(*listing.asked.borrow(), [0]);
    }
}
