//! Who claims which tenant, and who hands one over: a function of what a member has seen, without a clock or a socket.
//!
//! *Claims.* Tenants that nobody holds go one by one, in the order of their names, to the member that has the fewest by then; every member
//! computes the same from the same rows. One that stays free is anybody's: whoever it was meant for cannot take it.
//!
//! *Hand-overs.* The member that holds the most gives one away when another one holds at least two fewer. Each such move makes the sum of the
//! squares of the counts smaller, so that moves come to an end, at a difference of one or none; from there no move follows, whatever
//! the names are. While a tenant is on its way, or members have just come or gone, nobody begins another move.

use std::collections::{BTreeMap, BTreeSet};

/// A difference that is worth a move: one less would only change who has more.
const WORTH_A_MOVE: usize = 2;

/// What a member has seen of all, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sight {
    /// The member that looks.
    pub(super) me: String,
    /// Every member with the same tenants, and itself, by id.
    pub(super) members: BTreeMap<String, Seen>,
    /// The tenants of its settings.
    pub(super) tenants: BTreeMap<String, Held>,
    /// Nobody has come or gone for a while, and nothing that this member handed over is on its way.
    pub(super) settled: bool,
}

/// A member as the others see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Tenants that it tried to start in vain not long ago.
    pub(super) cannot: BTreeSet<String>,
}

/// Who holds a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// Nobody.
    Free {
        /// It has been for longer than whoever it was meant for needs.
        overdue: bool,
    },
    /// The member of this id, which may be none of those that are counted.
    By(String),
}

impl Sight {
    /// The tenants that this member claims.
    pub(super) fn claims(&self) -> BTreeSet<String> {
        let mut counts = self.counts();
        let mut claims = BTreeSet::new();
        for (tenant, held) in &self.tenants {
            let Held::Free { overdue } = held else {
                continue;
            };
            let meant = self.fewest(tenant, &counts);
            if let Some(many) = meant.and_then(|member| counts.get_mut(member)) {
                *many = many.saturating_add(1);
            }
            if *overdue || meant == Some(self.me.as_str()) {
                claims.insert(tenant.clone());
            }
        }
        claims
    }

    /// The tenant that this member hands over.
    pub(super) fn hand_over(&self) -> Option<&str> {
        if !self.settled
            || self
                .tenants
                .iter()
                .any(|(name, held)| self.moves(name, held))
        {
            return None;
        }
        let counts = self.counts();
        let mine = counts.get(self.me.as_str()).copied()?;
        let most = counts.values().copied().max()?;
        // Of several that hold the most, the first by its id.
        let first = counts.iter().find(|(_, many)| **many == most)?.0;
        if *first != self.me {
            return None;
        }
        let mut others: Vec<(usize, &str)> = counts
            .iter()
            .filter(|(_, many)| many.saturating_add(WORTH_A_MOVE) <= mine)
            .map(|(member, many)| (*many, *member))
            .collect();
        others.sort_unstable();
        others.into_iter().find_map(|(_, other)| {
            let mut own = self.tenants.iter().rev();
            let given = own.find(|(name, held)| self.is_mine(held) && self.can(other, name));
            given.map(|(name, _)| name.as_str())
        })
    }

    /// How many tenants each member holds.
    fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts: BTreeMap<&str, usize> =
            self.members.keys().map(|id| (id.as_str(), 0)).collect();
        for held in self.tenants.values() {
            if let Held::By(member) = held
                && let Some(many) = counts.get_mut(member.as_str())
            {
                *many = many.saturating_add(1);
            }
        }
        counts
    }

    /// The member that holds the fewest of those that can start the tenant; of all, where none can.
    fn fewest(&self, tenant: &str, counts: &BTreeMap<&str, usize>) -> Option<&str> {
        let nobody = self.nobody_can(tenant);
        let able = self.members.keys().map(String::as_str);
        let able = able.filter(|member| nobody || self.can(member, tenant));
        able.min_by_key(|member| counts.get(member))
    }

    /// Whether a tenant is on its way from one member to another.
    fn moves(&self, tenant: &str, held: &Held) -> bool {
        matches!(held, Held::Free { .. }) && !self.nobody_can(tenant)
    }

    fn nobody_can(&self, tenant: &str) -> bool {
        self.members
            .values()
            .all(|member| member.cannot.contains(tenant))
    }

    fn can(&self, member: &str, tenant: &str) -> bool {
        let member = self.members.get(member);
        member.is_some_and(|member| !member.cannot.contains(tenant))
    }

    fn is_mine(&self, held: &Held) -> bool {
        matches!(held, Held::By(member) if *member == self.me)
    }
}
