//! Numbers in a row, read by position without a way to panic.

/// A position as it is kept where there are many.
#[inline]
pub(super) fn short(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// A position as it is used.
#[inline]
pub(super) fn long(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// A row of plain values. A position outside reads as the default and is not written: the flow's positions come from
/// the network itself, so this is never seen, and a fault in it could cost a plan its quality but never the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Column<T>(Vec<T>);

impl<T: Copy + Default> Column<T> {
    pub(super) fn filled(length: usize, value: T) -> Self {
        Self(vec![value; length])
    }

    #[inline]
    pub(super) fn get(&self, position: usize) -> T {
        debug_assert!(position < self.0.len(), "position outside its column");
        self.0.get(position).copied().unwrap_or_default()
    }

    #[inline]
    pub(super) fn set(&mut self, position: usize, value: T) {
        debug_assert!(position < self.0.len(), "position outside its column");
        if let Some(slot) = self.0.get_mut(position) {
            *slot = value;
        }
    }

    pub(super) fn as_slice(&self) -> &[T] {
        &self.0
    }
}

impl<T> From<Vec<T>> for Column<T> {
    fn from(values: Vec<T>) -> Self {
        Self(values)
    }
}
