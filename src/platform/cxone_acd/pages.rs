//! Which pages of a listing are still to be read.
//!
//! The platform cuts pages as it likes (50, 100 and 10,000 rows have been seen), so that a short page says nothing. A
//! listing is complete when `totalRecords` rows have been read; where the platform does not count them, when a page comes
//! without a link to a next one and without rows.
//!
//! ```text
//!  first page: 50 of 230 rows     0..50 │ 50..100 100..150 150..200 200..230   asked for at once
//!  one of them has only 30        100..130, and 130..150 is asked for again
//!  a page counts 240 by then      230..240 is asked for as well
//! ```
//!
//! *The count is held against the pages.* The first time that so many rows are counted, one page more is asked for behind them;
//! likewise whenever a last page links to another, and whenever a full first page counts just its own rows, until a higher count was
//! right: a platform that counts the page alone says the same. Rows there say that the count is none, unless that page counts them.
//!
//! What contradicts itself is a fault and never an end: a page without rows in the middle, more rows than are counted, a
//! link that passes over rows, or the first page once more.

use std::collections::VecDeque;

use super::listing::NextLink;

/// A listing with more pages than this does not end: 400,000 rows in pages of 100.
const MOST_PAGES: usize = 4_000;

/// A stretch of rows to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Rows to pass over.
    pub(super) skip: usize,
    /// Rows wanted.
    pub(super) top: usize,
}

/// What one page says of the listing.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageHead<'a> {
    /// Rows in it, those that cannot be read included.
    pub(super) rows: usize,
    /// Rows of all pages.
    pub(super) total: Option<usize>,
    /// The link to the next page.
    pub(super) next: NextLink,
    /// What distinguishes its first row from others.
    pub(super) first: Option<&'a str>,
}

/// The reading of one listing.
#[derive(Debug)]
pub(super) struct Pages {
    top: usize,
    open: VecDeque<Stretch>,
    begun: bool,
    answered: usize,
    first: Option<String>,
    /// Rows that were asked for so far, where the platform counts them.
    covered: usize,
    /// Rows in a page, as the first one was cut.
    step: usize,
    /// A count up to this one needs no page behind it.
    proven: usize,
    /// The place behind the last row, if it is asked for to show that nothing is there.
    behind: Option<usize>,
}

impl Pages {
    /// A reading that asks for `top` rows in a page, of a listing whose counts are `proven` up to so many rows.
    pub(super) fn new(top: usize, proven: usize) -> Self {
        let top = top.max(1);
        Self {
            top,
            open: VecDeque::from([Stretch { skip: 0, top }]),
            begun: false,
            answered: 0,
            first: None,
            covered: 0,
            step: top,
            proven,
            behind: None,
        }
    }

    /// The next stretch to ask for. When there is none and no answer is awaited, the listing is complete.
    pub(super) fn next(&mut self) -> Option<Stretch> {
        self.open.pop_front()
    }

    /// Whether this stretch lies behind the last row.
    pub(super) fn is_behind(&self, stretch: Stretch) -> bool {
        self.behind == Some(stretch.skip)
    }

    /// Rows in a page where the platform cuts it at fewer than were asked for.
    pub(super) fn cut_at(&self) -> Option<usize> {
        (self.step < self.top).then_some(self.step)
    }

    /// The count that the pages have shown to be right, if it is higher than what was known.
    pub(super) fn newly_proven(&self) -> Option<usize> {
        self.behind.filter(|rows| *rows > self.proven)
    }

    /// Takes in the answer to a stretch.
    pub(super) fn answer(&mut self, stretch: Stretch, page: PageHead<'_>) -> Result<(), String> {
        self.answered = self.answered.saturating_add(1);
        if self.answered.saturating_add(self.open.len()) > MOST_PAGES {
            return Err(format!("the listing does not end after {MOST_PAGES} pages"));
        }
        if self.is_behind(stretch) && page.rows == 0 {
            return Ok(());
        }
        // Rows that came meanwhile are counted by the page that has them.
        if self.is_behind(stretch) && page.total.is_none_or(|total| total <= stretch.skip) {
            let skip = stretch.skip;
            return Err(format!("the listing counts {skip} rows and gives more"));
        }
        let end = stretch.skip.saturating_add(page.rows);
        if stretch.skip > 0 && page.rows > 1 && self.first.is_some() {
            let again = page.first.is_some() && page.first == self.first.as_deref();
            if again {
                return Err("the listing begins anew: the platform ignores skip".to_owned());
            }
        }
        if stretch.skip == 0 {
            self.first = page.first.map(str::to_owned);
        }
        let first_answer = !std::mem::replace(&mut self.begun, true);
        let Some(total) = page.total else {
            return self.follow(stretch, &page, end);
        };
        if page.rows > 0 && end > total {
            return Err(format!("the listing counts {total} rows and gives {end}"));
        }
        if page.rows == 0 && end < total {
            return Err(format!(
                "the listing counts {total} rows and gives none after {}",
                stretch.skip
            ));
        }
        if first_answer {
            self.covered = end;
            if end < total {
                self.step = page.rows.min(self.top).max(1);
            }
        } else if end < stretch.skip.saturating_add(stretch.top).min(total) {
            // Within what was asked for at once: only the rest of this stretch is missing.
            let wanted = stretch.skip.saturating_add(stretch.top).min(total);
            self.open.push_back(Stretch {
                skip: end,
                top: wanted - end,
            });
        }
        self.cover(total)?;
        let links_on = end == total && page.next != NextLink::Absent;
        // That nothing was behind a page as long as this one says nothing of what is there now.
        let of_the_page = stretch.skip == 0 && end == total && page.rows >= self.top;
        let doubtful = of_the_page && self.proven <= total;
        let unproven = total > self.proven || doubtful || links_on;
        if page.rows > 0 && self.behind.is_none() && unproven {
            self.behind = Some(total);
            self.open.push_back(Stretch {
                skip: total,
                top: self.top,
            });
        }
        Ok(())
    }

    /// Asks for all rows up to `total` that were not asked for, in pages as long as the first one was.
    fn cover(&mut self, total: usize) -> Result<(), String> {
        let from = self.covered;
        if total <= from {
            return Ok(());
        }
        let step = self.step;
        if (total - from).div_ceil(step) > MOST_PAGES {
            return Err(format!("the listing does not end after {MOST_PAGES} pages"));
        }
        // More rows have come meanwhile, so that there is something behind what was the end.
        self.behind = None;
        let starts = (from..total).step_by(step);
        self.open.extend(starts.map(|skip| Stretch {
            skip,
            top: step.min(total - skip),
        }));
        self.covered = total;
        Ok(())
    }

    /// One page after the other, since nobody says how many there are.
    fn follow(&mut self, stretch: Stretch, page: &PageHead<'_>, end: usize) -> Result<(), String> {
        let skip = match page.next {
            NextLink::Skip(skip) if skip <= stretch.skip => {
                return Err(format!("the link after row {} leads back", stretch.skip));
            }
            NextLink::Skip(skip) if skip > end => {
                return Err(format!("the link after row {end} passes over rows"));
            }
            NextLink::Skip(skip) => skip,
            NextLink::Unsaid if page.rows == 0 => {
                return Err("an empty page links to a next one".to_owned());
            }
            NextLink::Absent if page.rows == 0 => return Ok(()),
            NextLink::Unsaid | NextLink::Absent => end,
        };
        self.open.push_back(Stretch {
            skip,
            top: self.top,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A platform with `total` rows that gives at most `limit` in a page; reads it and gives rows and requests.
    fn read(
        total: usize,
        limit: usize,
        top: usize,
        head: impl Fn(usize, usize) -> (Option<usize>, NextLink),
    ) -> Result<(usize, usize), String> {
        let mut pages = Pages::new(top, usize::MAX);
        let mut seen = vec![false; total];
        let mut requests = 0;
        while let Some(stretch) = pages.next() {
            requests += 1;
            let end = total.min(stretch.skip + stretch.top.min(limit));
            for row in seen.iter_mut().take(end).skip(stretch.skip) {
                *row = true;
            }
            let first = stretch.skip.to_string();
            let (reported, next) = head(end, total);
            pages.answer(
                stretch,
                PageHead {
                    rows: end.saturating_sub(stretch.skip),
                    total: reported,
                    next,
                    first: Some(&first),
                },
            )?;
        }
        Ok((seen.iter().filter(|seen| **seen).count(), requests))
    }

    fn link(more: bool, next: NextLink) -> NextLink {
        if more { next } else { NextLink::Absent }
    }

    #[test]
    fn a_page_of_fifty_with_230_rows_reads_230() {
        let counted = |_: usize, total: usize| (Some(total), NextLink::Absent);
        assert_eq!(read(230, 50, 100, counted), Ok((230, 5)));
        assert_eq!(read(230, 10_000, 100, counted), Ok((230, 3)));
        assert_eq!(read(0, 50, 100, counted), Ok((0, 1)));
    }

    #[test]
    fn without_a_count_links_are_followed_and_a_short_page_ends_nothing() {
        let linked = |end: usize, total: usize| (None, link(end < total, NextLink::Skip(end)));
        assert_eq!(read(230, 50, 100, linked).unwrap().0, 230);
        let silent = |end: usize, total: usize| (None, link(end < total, NextLink::Unsaid));
        assert_eq!(read(230, 50, 100, silent).unwrap().0, 230);
        let nothing = |_: usize, _: usize| (None, NextLink::Absent);
        assert_eq!(read(230, 50, 100, nothing), Ok((230, 6)));
    }

    #[test]
    fn a_shorter_page_in_the_middle_is_completed() {
        let mut pages = Pages::new(100, usize::MAX);
        let head = |rows| PageHead {
            rows,
            total: Some(250),
            next: NextLink::Absent,
            first: None,
        };
        let first = pages.next().unwrap();
        pages.answer(first, head(100)).unwrap();
        let second = pages.next().unwrap();
        assert_eq!(
            second,
            Stretch {
                skip: 100,
                top: 100
            }
        );
        let third = pages.next().unwrap();
        assert_eq!(third, Stretch { skip: 200, top: 50 });
        assert_eq!(pages.next(), None);
        pages.answer(second, head(30)).unwrap();
        assert_eq!(pages.next(), Some(Stretch { skip: 130, top: 70 }));
        pages.answer(third, head(50)).unwrap();
        assert_eq!(pages.next(), None);
    }

    #[test]
    fn what_contradicts_itself_is_a_fault() {
        let stuck = |_: usize, total: usize| (Some(total + 1), NextLink::Absent);
        assert!(read(100, 50, 100, stuck).is_err());
        let back = |_: usize, _: usize| (None, NextLink::Skip(0));
        assert!(read(100, 50, 100, back).is_err());
        let mut pages = Pages::new(50, usize::MAX);
        let head = PageHead {
            rows: 50,
            total: Some(150),
            next: NextLink::Absent,
            first: Some("9001"),
        };
        let first = pages.next().unwrap();
        pages.answer(first, head).unwrap();
        let second = pages.next().unwrap();
        assert!(pages.answer(second, head).is_err(), "skip is ignored");
    }

    #[test]
    fn a_count_is_held_against_the_page_behind_it() {
        let head = |rows, total| PageHead {
            rows,
            total: Some(total),
            next: NextLink::Absent,
            first: None,
        };
        for (behind, total, right) in [(0, 50, true), (1, 50, false), (3, 53, true), (1, 0, false)]
        {
            let mut pages = Pages::new(100, 0);
            let first = pages.next().unwrap();
            pages.answer(first, head(50, 50)).unwrap();
            let stretch = pages.next().unwrap();
            assert_eq!(stretch, Stretch { skip: 50, top: 100 });
            let answered = pages.answer(stretch, head(behind, total));
            assert_eq!(
                answered.is_ok(),
                right,
                "{behind} rows of {total} behind it"
            );
        }
        // A higher count than any before it is held against its pages, and no other.
        for (proven, rows, total, stretches, newly) in [
            (0, 50, 50, 1, Some(50)),
            (49, 50, 50, 1, Some(50)),
            (50, 50, 50, 0, None),
            (60, 50, 50, 0, None),
            (0, 100, 100, 1, Some(100)),
            (100, 100, 100, 1, None),
            (101, 100, 100, 0, None),
            (0, 0, 0, 0, None),
            (0, 50, 70, 2, Some(70)),
        ] {
            let mut pages = Pages::new(100, proven);
            let first = pages.next().unwrap();
            pages.answer(first, head(rows, total)).unwrap();
            let asked = std::iter::from_fn(|| pages.next()).count();
            assert_eq!(asked, stretches, "{rows} of {total}, {proven} proven");
            assert_eq!(
                pages.newly_proven(),
                newly,
                "{rows} of {total}, {proven} proven"
            );
        }
    }

    #[test]
    fn a_last_page_that_links_to_another_is_not_believed() {
        let head = |rows, next| PageHead {
            rows,
            total: Some(100),
            next,
            first: None,
        };
        let mut pages = Pages::new(100, usize::MAX);
        let first = pages.next().unwrap();
        pages.answer(first, head(100, NextLink::Unsaid)).unwrap();
        let behind = pages.next().unwrap();
        assert!(pages.is_behind(behind));
        assert_eq!(pages.answer(behind, head(0, NextLink::Unsaid)), Ok(()));
        assert_eq!(pages.next(), None);
        assert!(pages.answer(behind, head(3, NextLink::Absent)).is_err());
    }

    #[test]
    fn rows_that_come_while_the_pages_are_read_are_asked_for_as_well() {
        let mut pages = Pages::new(100, usize::MAX);
        let head = |rows, total| PageHead {
            rows,
            total: Some(total),
            next: NextLink::Absent,
            first: None,
        };
        let first = pages.next().unwrap();
        pages.answer(first, head(50, 100)).unwrap();
        assert_eq!(pages.cut_at(), Some(50));
        let second = pages.next().unwrap();
        pages.answer(second, head(50, 160)).unwrap();
        let rest: Vec<_> = std::iter::from_fn(|| pages.next()).collect();
        let at = |skip, top| Stretch { skip, top };
        assert_eq!(rest, [at(100, 50), at(150, 10)]);
        pages.answer(rest[0], head(40, 140)).unwrap();
        assert_eq!(pages.next(), None, "who left is not asked for");
    }

    #[test]
    fn more_rows_than_are_counted_and_links_over_rows_are_faults() {
        let page = |rows, total, next| {
            let mut pages = Pages::new(100, usize::MAX);
            let first = pages.next().unwrap();
            let head = PageHead {
                rows,
                total,
                next,
                first: None,
            };
            pages.answer(first, head)
        };
        assert!(page(50, Some(0), NextLink::Absent).is_err());
        assert!(page(50, Some(49), NextLink::Absent).is_err());
        assert!(page(50, None, NextLink::Skip(100)).is_err());
        assert!(page(0, None, NextLink::Skip(50)).is_err());
        assert!(page(50, None, NextLink::Skip(50)).is_ok());
        assert!(page(50, Some(usize::MAX), NextLink::Absent).is_err());
    }

    #[test]
    fn a_listing_that_never_ends_is_given_up() {
        let endless = |end: usize, _: usize| (None, NextLink::Skip(end));
        assert!(read(1_000_000, 50, 50, endless).is_err());
        let too_many = |_: usize, total: usize| (Some(total), NextLink::Absent);
        assert!(read(1_000_000, 50, 50, too_many).is_err());
    }
}
