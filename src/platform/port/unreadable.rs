//! Rows of a listing that cannot be read.

/// Of so many rows one may be unreadable: what is missing then moves no count by more than a few of a hundred.
const ROWS_FOR_ONE: usize = 20;

/// Rows of a listing that cannot be read. Each costs itself and no other row, and together they may not be many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadableRows {
    /// How many there are.
    pub rows: usize,
    /// What is wrong with the first one, for people.
    pub why: Option<String>,
}

impl UnreadableRows {
    /// Counts one.
    pub fn note(&mut self, why: &str) {
        self.rows = self.rows.saturating_add(1);
        if self.why.is_none() {
            self.why = Some(why.to_owned());
        }
    }

    /// Adds those of another page.
    pub fn add(&mut self, other: Self) {
        self.rows = self.rows.saturating_add(other.rows);
        self.why = self.why.take().or(other.why);
    }

    /// Checks that a listing with so many readable rows can do without these: without a single one always, and without a
    /// twentieth of them where there are many.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn bearable(&self, readable: usize) -> Result<(), String> {
        let most = readable.saturating_add(self.rows) / ROWS_FOR_ONE;
        if self.rows == 0 || (readable > 0 && self.rows <= most.max(1)) {
            return Ok(());
        }
        let why = self.why.as_deref().unwrap_or_default();
        let all = readable.saturating_add(self.rows);
        Err(format!("{} of {all} rows cannot be read: {why}", self.rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(rows: usize) -> UnreadableRows {
        let mut unreadable = UnreadableRows::default();
        (0..rows).for_each(|row| unreadable.note(&format!("row {row}")));
        unreadable
    }

    #[test]
    fn one_row_is_borne_and_a_share_is_not() {
        for (rows, readable, borne) in [
            (0, 0, true),
            (1, 0, false),
            (1, 1, true),
            (2, 10, false),
            (2, 38, true),
            (5, 95, true),
            (6, 94, false),
            (100, 0, false),
        ] {
            let checked = many(rows).bearable(readable);
            assert_eq!(checked.is_ok(), borne, "{rows} beside {readable}");
        }
        let why = many(3).bearable(1).unwrap_err();
        assert_eq!(why, "3 of 4 rows cannot be read: row 0");
    }

    #[test]
    fn pages_add_up_and_the_first_reason_stays() {
        let mut sum = UnreadableRows::default();
        sum.add(UnreadableRows::default());
        sum.add(many(2));
        sum.note("later");
        sum.add(many(1));
        assert_eq!((sum.rows, sum.why.as_deref()), (4, Some("row 0")));
    }
}
