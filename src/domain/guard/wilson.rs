//! The highest share that is compatible with what was counted.

use super::limit::GuardLimit;

/// The quantile of the normal distribution for a one-sided bound of 95%.
const Z: f64 = 1.644_853_626_951_472_2;

/// Returns the one-sided 95% upper bound of the share that `counted` of `whole` calls show; none of no calls.
///
/// It is the larger root `p` of `(counted / whole - p)² = z² · p · (1 - p) / whole`, so that it stays between zero and one and says
/// something where nothing was counted:
///
/// ```text
/// (s + z²/2n + z · √(s(1 - s)/n + z²/4n²)) / (1 + z²/n)        s = counted / whole, n = whole
/// ```
///
/// Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the American Statistical
/// Association 22 (1927), 209–212.
#[must_use]
pub fn wilson_upper(counted: u64, whole: u64) -> Option<f64> {
    if whole == 0 {
        return None;
    }
    let n = float(whole);
    let share = float(counted.min(whole)) / n;
    let spread = (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let bound = (share + Z * Z / (2.0 * n) + Z * spread) / (1.0 + Z * Z / n);
    // Rounding may leave the last digit on the wrong side.
    Some(bound.clamp(share, 1.0))
}

/// Returns the least number of calls of which something can be said under this limit: with fewer, the bound lies above the limit even
/// where none was abandoned. The bound of none of `n` is `z² / (n + z²)`.
#[must_use]
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a limit of 0.01% asks for 27,053 calls, and no limit for more"
)]
pub fn least_sample(limit: GuardLimit) -> u64 {
    let limit = limit.as_ratio();
    (Z * Z * (1.0 - limit) / limit).ceil() as u64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts of calls are exact in a float"
)]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "numbers of a few digits")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_values_come_out() {
        // Computed elsewhere.
        for (counted, whole, bound) in [
            (0, 10, 0.212_942_0),
            (1, 10, 0.347_718_7),
            (3, 100, 0.072_710_3),
            (12, 1_204, 0.015_895_7),
            (10, 10, 1.0),
        ] {
            let found = wilson_upper(counted, whole).unwrap();
            assert!(
                (found - bound).abs() < 5e-7,
                "{counted} of {whole}: {found}"
            );
        }
        assert_eq!(wilson_upper(0, 0), None);
        assert_eq!(wilson_upper(7, 3), Some(1.0), "more than there are");
    }

    #[test]
    fn the_least_sample_is_the_first_of_which_something_can_be_said() {
        for (text, least) in [("3%", 88), ("5%", 52), ("0.01%", 27_053)] {
            let limit: GuardLimit = text.parse().unwrap();
            assert_eq!(least_sample(limit), least, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_bound_solves_its_equation(whole in 1_u64..1_000_000, part in 0.0_f64..=1.0) {
            let counted = (float(whole) * part).floor();
            #[expect(clippy::as_conversions, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below a million")]
            let counted = counted as u64;
            let bound = wilson_upper(counted, whole).unwrap();
            let share = float(counted) / float(whole);
            prop_assert!((share..=1.0).contains(&bound), "{bound} of {share}");
            let (left, right) = ((share - bound).powi(2), Z * Z * bound * (1.0 - bound) / float(whole));
            prop_assert!((left - right).abs() <= 1e-12 + 1e-9 * left, "{left} {right}");
        }

        #[test]
        fn one_more_raises_it_and_more_of_the_same_lowers_it(whole in 1_u64..100_000, counted in 0_u64..100_000) {
            let counted = counted % whole;
            let bound = wilson_upper(counted, whole).unwrap();
            prop_assert!(wilson_upper(counted + 1, whole).unwrap() > bound);
            prop_assert!(wilson_upper(counted, whole + 1).unwrap() < bound);
            prop_assert!(wilson_upper(2 * counted, 2 * whole).unwrap() < bound);
        }

        #[test]
        fn the_least_sample_keeps_its_promise(hundredths in 1_u32..10_000) {
            let limit = GuardLimit::try_from(hundredths).unwrap();
            let least = least_sample(limit);
            prop_assert!(least >= 1);
            prop_assert!(wilson_upper(0, least).unwrap() <= limit.as_ratio() * (1.0 + 1e-12));
            if let Some(bound) = wilson_upper(0, least - 1) {
                prop_assert!(bound > limit.as_ratio());
            }
        }
    }
}
