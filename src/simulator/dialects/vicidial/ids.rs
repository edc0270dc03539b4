//! Ids of campaigns: eight characters at the most, where the world has longer ones.

/// Returns the id under which a campaign of the world is shown; `place` is its place among all.
pub(super) fn shown(id: &str, place: usize) -> String {
    let fits = (2..=8).contains(&id.len())
        && id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if fits {
        id.to_owned()
    } else {
        format!("C{}", place.saturating_add(1))
    }
}
