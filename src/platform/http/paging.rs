//! Offset pages, read at once instead of one round trip after the other.
//!
//! There is no total: the last page is the first one that is not full. The last reading's size says how many pages to
//! ask for at once; without it, and beyond it, the window doubles. At most `at_once` requests are on their way.
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
//! say that the listing ended. A page smaller than one that was given before cannot have been cut.
//!
//! *Contradiction.* Rows on a page behind a short one say that the listing moved while it was read, or that pages are cut
//! elsewhere than before. It is read once more from its start; a second contradiction makes the reading invalid.

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

/// One page.
pub struct Page<T> {
    /// Rows in it.
    pub rows: usize,
    /// What it held.
    pub content: T,
    /// First and last id; a full page with those of page 0 says that the platform ignores the offset.
    pub ends: Option<(String, String)>,
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
    if let Some(pages) = read_through(size, window, &fetch).await? {
        return Ok(pages);
    }
    size.forget();
    let window = PageWindow {
        expected_rows: None,
        ..window
    };
    let again = read_through(size, window, &fetch).await?;
    again.ok_or_else(|| {
        let detail = "the pages of the agents contradict each other: one is short, and one behind it is not empty";
        invalid(detail.to_owned(), true)
    })
}

/// Reads the listing once. None when pages contradict each other.
async fn read_through<T, F, Fut>(
    size: &PageSize,
    window: PageWindow,
    fetch: &F,
) -> Result<Option<Vec<Page<T>>>, ObserveFault>
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
            let page = fetch(PagePlace { number, offset });
            on_their_way.push(async move { (number, page.await) });
            asked += 1;
        }
        let Some((number, page)) = on_their_way.next().await else {
            break;
        };
        let page = page.map_err(|fault| ObserveFault {
            fault,
            partial: !pages.is_empty(),
        })?;
        size.note_rows(page.rows);
        if page.rows >= full {
            if last.is_none() && number + 1 == wanted {
                wanted += wanted.clamp(1, window.at_once.max(1));
            }
        } else if number == 0 && page.rows > 0 && page.rows >= largest {
            // It looks like the last page, and like one that was cut.
            let place = PagePlace {
                number: 1,
                offset: page.rows,
            };
            let behind = fetch(place).await.map_err(|fault| ObserveFault {
                fault,
                partial: true,
            })?;
            size.note_rows(behind.rows);
            if behind.rows == 0 {
                last = Some(0);
            } else if asked > 1 {
                // Others were asked for at offsets that now mean something else.
                return Ok(None);
            } else {
                full = page.rows;
                size.cut_at(full);
                asked = 2;
                wanted = wanted.max(2);
                if behind.rows < full {
                    last = Some(1);
                } else {
                    wanted = 3;
                }
                pages.insert(1, behind);
            }
        } else {
            last = Some(last.map_or(number, |earlier| earlier.min(number)));
        }
        let ignored =
            |first: &Page<T>| page.rows >= full && page.ends.is_some() && first.ends == page.ends;
        if number > 0 && pages.get(&0).is_some_and(ignored) {
            let detail = format!(
                "page {number} of the agents is page 0 again: the platform ignores the offset"
            );
            return Err(invalid(detail, !pages.is_empty()));
        }
        pages.insert(number, page);
        if asked > MOST_PAGES {
            return Err(invalid(
                format!("the listing of agents does not end after {MOST_PAGES} pages"),
                !pages.is_empty(),
            ));
        }
    }
    let contradicts = last.is_some_and(|last| {
        let mut behind = pages.range(last.saturating_add(1)..);
        behind.any(|(_, page)| page.rows > 0)
    });
    Ok((!contradicts).then(|| pages.into_values().collect()))
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
