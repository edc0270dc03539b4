//! Merging a change set with what people did meanwhile, member by member.
//!
//! *Base* is what was read when the change was planned, *fresh* what is there now. A member that is the same in both takes the
//! planned value; one that already has the planned value needs nothing; one that somebody changed to something else is a
//! conflict, reported with both values and not overwritten unless forced.

use std::fmt;

use serde::Serialize;

use super::member::{Member, Members, Setting};

/// A member that somebody else changed meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The member.
    pub member: Member,
    /// What it was when the change was planned; absent when it was not there.
    pub base: Option<Setting>,
    /// What it is now.
    pub theirs: Option<Setting>,
    /// What it was to become.
    pub ours: Setting,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |setting: &Option<Setting>| match setting {
            Some(setting) => format!("`{setting}`"),
            None => "nothing".to_owned(),
        };
        write!(
            f,
            "{}: planned `{}` in place of {}, but somebody changed it to {}",
            self.member,
            self.ours,
            said(&self.base),
            said(&self.theirs)
        )
    }
}

/// The rule for members that somebody changed to something else meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// They are left as they are.
    Keep,
    /// They are written all the same.
    Overwrite,
}

/// The result of a merge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Members to write, with their values.
    pub write: Members,
    /// Members that have the planned value already.
    pub there: Vec<Member>,
    /// Members that somebody changed to something else; with [`OnConflict::Overwrite`] they are in `write` too.
    pub conflicts: Vec<Conflict>,
}

/// Merges `change`, planned on `base`, with `fresh`.
#[must_use]
pub fn merge(base: &Members, change: &Members, fresh: &Members, on_conflict: OnConflict) -> Merged {
    let mut merged = Merged::default();
    for (member, ours) in change {
        let (was, is) = (base.get(member), fresh.get(member));
        if is == Some(ours) {
            merged.there.push(*member);
            continue;
        }
        let moved = was != is;
        if moved {
            merged.conflicts.push(Conflict {
                member: *member,
                base: was.cloned(),
                theirs: is.cloned(),
                ours: ours.clone(),
            });
        }
        if !moved || on_conflict == OnConflict::Overwrite {
            merged.write.insert(*member, ours.clone());
        }
    }
    merged
}

/// Returns `members` with those of `change` in place of their own.
#[must_use]
pub fn overlaid(members: &Members, change: &Members) -> Members {
    let mut after = members.clone();
    after.extend(change.clone());
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(value: i64) -> Setting {
        Setting::Count(value)
    }

    fn members(entries: &[(Member, i64)]) -> Members {
        let entries = entries.iter().copied();
        entries
            .map(|(member, value)| (member, count(value)))
            .collect()
    }

    use Member::{MaxWait, MaxWaiters, WrapUp};

    #[test]
    fn what_others_did_elsewhere_stays_and_what_they_did_here_is_told() {
        let base = members(&[(MaxWait, 1), (MaxWaiters, 1), (WrapUp, 1)]);
        let fresh = members(&[(MaxWait, 1), (MaxWaiters, 7), (WrapUp, 2)]);
        let change = members(&[(MaxWait, 2), (MaxWaiters, 9), (WrapUp, 2)]);
        let merged = merge(&base, &change, &fresh, OnConflict::Keep);
        assert_eq!(merged.write, members(&[(MaxWait, 2)]));
        assert_eq!(merged.there, [WrapUp]);
        assert_eq!(
            merged.conflicts[0].to_string(),
            "max_waiters: planned `9` in place of `1`, but somebody changed it to `7`"
        );
        let after = overlaid(&fresh, &merged.write);
        assert_eq!(
            after,
            members(&[(MaxWait, 2), (MaxWaiters, 7), (WrapUp, 2)])
        );
        let forced = merge(&base, &change, &fresh, OnConflict::Overwrite);
        assert_eq!(forced.write, members(&[(MaxWait, 2), (MaxWaiters, 9)]));
        assert_eq!(
            forced.conflicts.len(),
            1,
            "what is overridden is reported too"
        );
    }

    #[test]
    fn a_member_that_appeared_or_went_is_a_change_too() {
        let (none, one, two) = (
            members(&[]),
            members(&[(MaxWait, 1)]),
            members(&[(MaxWait, 2)]),
        );
        assert_eq!(
            merge(&none, &one, &two, OnConflict::Keep).conflicts.len(),
            1
        );
        assert_eq!(
            merge(&one, &two, &none, OnConflict::Keep).conflicts.len(),
            1
        );
        assert_eq!(merge(&none, &one, &none, OnConflict::Keep).write, one);
    }
}
