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
//! Pages beyond the last one that were asked for in vain are empty; should they hold agents, the list moved while it was
//! read, and those agents are seen all the same.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::platform::port::{FaultKind, ObserveFault, PlatformFault};

/// A listing with more pages than this does not end: 400,000 agents in pages of 100.
const MOST_PAGES: usize = 4_000;

/// How pages are asked for.
#[derive(Clone, Copy, Debug)]
pub struct PageWindow {
    /// Rows in a full page.
    pub page_size: usize,
    /// Requests on their way at once.
    pub at_once: usize,
    /// Rows of the last reading, if there was one.
    pub expected_rows: Option<usize>,
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

impl PageWindow {
    /// Pages to ask for at once at first.
    fn first(&self) -> usize {
        self.expected_rows
            .map_or(1, |rows| rows / self.page_size.max(1) + 1)
    }
}

/// Reads pages by `fetch`, which takes a page's number, until one is not full. The pages come in their order.
///
/// # Errors
/// The first fault of a page; the reading is worth nothing without it.
pub async fn read_pages<T, F, Fut>(
    window: PageWindow,
    fetch: F,
) -> Result<Vec<Page<T>>, ObserveFault>
where
    F: Fn(usize) -> Fut,
    Fut: Future<Output = Result<Page<T>, PlatformFault>>,
{
    let mut wanted = window.first();
    let mut asked = 0;
    let mut last: Option<usize> = None;
    let mut on_their_way = FuturesUnordered::new();
    let mut pages: BTreeMap<usize, Page<T>> = BTreeMap::new();
    loop {
        while last.is_none() && asked < wanted && on_their_way.len() < window.at_once.max(1) {
            let (number, page) = (asked, fetch(asked));
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
        if page.rows < window.page_size {
            last = Some(last.map_or(number, |earlier| earlier.min(number)));
        } else if last.is_none() && number + 1 == wanted {
            wanted += wanted.clamp(1, window.at_once.max(1));
        }
        let ignored = |first: &Page<T>| {
            page.rows >= window.page_size && page.ends.is_some() && first.ends == page.ends
        };
        if number > 0 && pages.get(&0).is_some_and(ignored) {
            let detail = format!(
                "page {number} of the agents is page 0 again: the platform ignores the offset"
            );
            return Err(endless(detail, !pages.is_empty()));
        }
        pages.insert(number, page);
        if asked > MOST_PAGES {
            return Err(endless(
                format!("the listing of agents does not end after {MOST_PAGES} pages"),
                !pages.is_empty(),
            ));
        }
    }
    Ok(pages.into_values().collect())
}

fn endless(detail: String, partial: bool) -> ObserveFault {
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

    use super::*;

    /// Pages of `total` rows; notes how many were asked for before the first answer of each round.
    struct Listing {
        total: usize,
        page_size: usize,
        asked: RefCell<Vec<usize>>,
        on_their_way: Cell<usize>,
        most_at_once: Cell<usize>,
    }

    impl Listing {
        fn new(total: usize, page_size: usize) -> Self {
            Self {
                total,
                page_size,
                asked: RefCell::default(),
                on_their_way: Cell::default(),
                most_at_once: Cell::default(),
            }
        }

        async fn page(&self, number: usize) -> Result<Page<usize>, PlatformFault> {
            self.asked.borrow_mut().push(number);
            self.on_their_way.set(self.on_their_way.get() + 1);
            self.most_at_once
                .set(self.most_at_once.get().max(self.on_their_way.get()));
            tokio::task::yield_now().await;
            self.on_their_way.set(self.on_their_way.get() - 1);
            let rows = self
                .total
                .saturating_sub(number * self.page_size)
                .min(self.page_size);
            Ok(Page {
                rows,
                content: number,
                ends: Some((number.to_string(), rows.to_string())),
            })
        }
    }

    async fn read(listing: &Listing, at_once: usize, expected_rows: Option<usize>) -> usize {
        let window = PageWindow {
            page_size: listing.page_size,
            at_once,
            expected_rows,
        };
        let pages = read_pages(window, |number| listing.page(number))
            .await
            .unwrap();
        assert!(
            pages.iter().map(|page| page.content).eq(0..pages.len()),
            "pages come in their order"
        );
        pages.iter().map(|page| page.rows).sum()
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
            page_size: 100,
            at_once: 4,
            expected_rows: Some(500),
        };
        let fetch = async |number: usize| {
            if number == 2 {
                Err(PlatformFault {
                    kind: FaultKind::Server,
                    detail: "500".to_owned(),
                })
            } else {
                listing.page(number).await
            }
        };
        let fault = read_pages(window, fetch).await.err().unwrap();
        assert_eq!(fault.fault.kind, FaultKind::Server);
    }

    #[tokio::test]
    async fn an_ignored_offset_is_noticed() {
        let listing = Listing::new(100, 100);
        let window = PageWindow {
            page_size: 100,
            at_once: 4,
            expected_rows: None,
        };
        let fault = read_pages(window, |_| listing.page(0)).await.err().unwrap();
        assert!(fault.fault.detail.contains("ignores the offset"), "{fault}");
    }
}
