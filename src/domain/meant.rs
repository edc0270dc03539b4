//! The name that somebody probably meant who wrote one that is not known.

/// Returns the known name that was probably meant: the nearest by letters to insert, drop or change, where no more than every third letter
/// is wrong, and three at most. Case does not count, nor whether words are joined by `-` or `_`.
#[must_use]
pub fn meant<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    // A name of another length by more than this is no slip of the fingers, and comparing it would cost for nothing.
    const FARTHEST: usize = 3;
    let alike = |name: &str| name.to_lowercase().replace('-', "_");
    let name = alike(name);
    let allowed = name.chars().count().div_ceil(3).min(FARTHEST);
    known
        .into_iter()
        .filter(|known| known.len().abs_diff(name.len()) <= FARTHEST)
        .map(|known| (distance(&name, &alike(known)), known))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, known)| known)
}

/// Letters to insert, drop or change to make one text of the other: the distance of Levenshtein.
fn distance(a: &str, b: &str) -> usize {
    let mut above: Vec<usize> = (0..=b.chars().count()).collect();
    for (row, letter) in a.chars().enumerate() {
        let mut left = row.saturating_add(1);
        let mut current = vec![left];
        for ((other, diagonal), up) in b.chars().zip(&above).zip(above.iter().skip(1)) {
            let changed = diagonal.saturating_add(usize::from(letter != other));
            left = changed
                .min(left.saturating_add(1))
                .min(up.saturating_add(1));
            current.push(left);
        }
        above = current;
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_that_was_meant() {
        let known = ["poll_interval", "page_size", "once"];
        assert_eq!(meant("pol_intervall", known), Some("poll_interval"));
        assert_eq!(meant("Page-Size", known), Some("page_size"));
        assert_eq!(meant("once", known), Some("once"));
        assert_eq!(meant("listen", known), None);
        assert_eq!(meant("CMP_884219", ["cmp-884291"]), Some("cmp-884291"));
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
