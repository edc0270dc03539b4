//! Chance, one stream for each entity and purpose.
//!
//! What a stream gives depends on the seed, its purpose, its entity and its item alone, never on what was drawn
//! elsewhere. The hundredth caller of a day is as patient under one policy as under another, so the difference
//! between two policies is the policies' and not chance's.

/// What a random number is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// How busy this day is as a whole.
    Day = 1,
    /// When inbound callers call.
    Arrivals,
    /// How long an inbound caller waits.
    Patience,
    /// How long an inbound call takes.
    InboundTalk,
    /// How long its paperwork takes.
    InboundWrap,
    /// Whether a dialled record is answered.
    Answer,
    /// How long it rings.
    Ring,
    /// How long an outbound call takes.
    OutboundTalk,
    /// How long its paperwork takes.
    OutboundWrap,
    /// How long an agent reads a record before it is dialled.
    Preview,
    /// When an agent goes on an unplanned break, and for how long.
    RandomBreak,
    /// When an agent goes on a planned break.
    PlannedBreak,
    /// When an agent really comes and goes.
    Shift,
    /// How many agents are kept idle when a record is dialled, where that is no whole number.
    Reserve,
}

/// The golden ratio's fraction in 64 bits: the step of `SplitMix64`.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Random numbers of one purpose: `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014), whose streams start far apart for
/// keys that are close.
#[derive(Clone, Debug)]
pub(super) struct Stream(u64);

impl Stream {
    /// The stream of an entity's item, such as the third call of the second queue.
    pub(super) fn new(seed: u64, purpose: Purpose, entity: u32, item: u64) -> Self {
        #[expect(clippy::as_conversions, reason = "a field-less enum to its number")]
        let purpose = purpose as u64;
        let key = mix(seed ^ purpose.wrapping_mul(STEP));
        let key = mix(key ^ u64::from(entity).wrapping_add(1).wrapping_mul(STEP));
        Self(mix(key ^ item.wrapping_add(1).wrapping_mul(STEP)))
    }

    /// A number between zero and one, neither of them included.
    pub(super) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(STEP);
        // The upper 53 bits are a double's precision; the half keeps zero and one out.
        #[expect(
            clippy::as_conversions,
            clippy::cast_precision_loss,
            reason = "53 bits fit exactly"
        )]
        let upper = (mix(self.0) >> 11) as f64;
        (upper + 0.5) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// A draw from the exponential distribution with mean 1.
    pub(super) fn exponential(&mut self) -> f64 {
        -self.unit().ln()
    }

    /// A draw from the standard normal distribution (Box and Muller 1958).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (2.0 * self.exponential()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A draw from the gamma distribution with mean 1 and the given coefficient of variation, above 0 and at most 1
    /// (Marsaglia and Tsang, ACM TOMS 26(3), 2000).
    pub(super) fn gamma(&mut self, variation: f64) -> f64 {
        let shape = 1.0 / (variation * variation);
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && -self.exponential() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of 200,000 draws.
    fn moments(mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let draws: Vec<f64> = (0..200_000).map(|_| draw()).collect();
        let n = f64::from(200_000);
        let mean = draws.iter().sum::<f64>() / n;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        (mean, variance)
    }

    #[test]
    fn the_draws_have_the_moments_of_their_distributions() {
        let stream = || Stream::new(7, Purpose::Day, 0, 0);
        let close = |(mean, variance): (f64, f64), expected: (f64, f64)| {
            assert!((mean - expected.0).abs() < 0.01, "mean {mean}");
            assert!((variance - expected.1).abs() < 0.02, "variance {variance}");
        };
        let mut one = stream();
        close(moments(|| one.unit()), (0.5, 1.0 / 12.0));
        close(moments(|| one.exponential()), (1.0, 1.0));
        close(moments(|| one.normal()), (0.0, 1.0));
        close(moments(|| one.gamma(0.2)), (1.0, 0.04));
        close(moments(|| one.gamma(1.0)), (1.0, 1.0));
    }

    #[test]
    fn streams_of_neighbours_are_not_related() {
        let first = |purpose, entity, item| Stream::new(1, purpose, entity, item).unit();
        let mut item = 0;
        let (mean, variance) = moments(|| {
            item += 1;
            first(Purpose::Ring, 0, item) - first(Purpose::Ring, 0, item + 1)
        });
        // Were they related, the variance of the difference would not be the sum of both.
        assert!(mean.abs() < 0.01 && (variance - 1.0 / 6.0).abs() < 0.005);
        assert_ne!(
            first(Purpose::Ring, 0, 1).to_bits(),
            first(Purpose::Answer, 0, 1).to_bits()
        );
        assert_ne!(
            first(Purpose::Ring, 0, 1).to_bits(),
            first(Purpose::Ring, 1, 1).to_bits()
        );
        assert_eq!(
            first(Purpose::Ring, 0, 1).to_bits(),
            first(Purpose::Ring, 0, 1).to_bits()
        );
    }
}
