//! A range of network addresses, as RFC 4632 and RFC 4291 write it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A range of addresses: those whose first bits are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    bits: u32,
}

/// Why a text is not a range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressRangeError {
    /// It is neither an address nor an address with a number of bits.
    #[error("is not an address or a range of addresses")]
    NotARange,
    /// Bits are set behind those that the range fixes.
    #[error("has bits set behind the first {bits}; is {first} meant?")]
    BitsBehind {
        /// The number of fixed bits.
        bits: u32,
        /// The range that has none of them.
        first: AddressRange,
    },
}

impl AddressRange {
    /// Whether an address belongs to it. An IPv4 address that is written as an IPv6 one counts as what it is.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && masked(address, self.bits) == self.first
    }

    /// Whether it has addresses beyond this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let least = if self.first.is_ipv4() { 8 } else { 128 };
        self.first.is_loopback() && self.bits >= least
    }
}

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    fn from_str(text: &str) -> Result<Self, AddressRangeError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address
            .trim()
            .parse()
            .map_err(|_| AddressRangeError::NotARange)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => longest,
            Some(bits) if bits.trim().bytes().all(|digit| digit.is_ascii_digit()) => {
                let bits: u32 = bits
                    .trim()
                    .parse()
                    .map_err(|_| AddressRangeError::NotARange)?;
                bits
            }
            Some(_) => return Err(AddressRangeError::NotARange),
        };
        if bits > longest {
            return Err(AddressRangeError::NotARange);
        }
        let first = Self {
            first: masked(address, bits),
            bits,
        };
        if first.first != address {
            return Err(AddressRangeError::BitsBehind { bits, first });
        }
        // Requests are compared in this form.
        let canonical = address.to_canonical();
        if canonical.is_ipv4() && address.is_ipv6() {
            let bits = bits.checked_sub(96).ok_or(AddressRangeError::NotARange)?;
            return Ok(Self {
                first: canonical,
                bits,
            });
        }
        Ok(first)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, bits } = self;
        let longest = if first.is_ipv4() { 32 } else { 128 };
        if *bits == longest {
            write!(f, "{first}")
        } else {
            write!(f, "{first}/{bits}")
        }
    }
}

/// An address without what stands behind its first bits.
fn masked(address: IpAddr, bits: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let behind = 32_u32.saturating_sub(bits);
            let mask = u32::MAX.checked_shl(behind).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let behind = 128_u32.saturating_sub(bits);
            let mask = u128::MAX.checked_shl(behind).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_belong_to_a_range_by_its_first_bits() {
        for (range, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.168.7.0/24", "192.168.7.255", "192.168.8.0"),
            ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
            ("10.1.2.3/32", "::ffff:10.1.2.3", "::ffff:10.1.2.4"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
            ("::1", "::1", "127.0.0.1"),
            ("fd00::/8", "fd12:3456::1", "fe80::1"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
            ("::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.1"),
        ] {
            let range: AddressRange = range.parse().unwrap();
            assert!(range.contains(inside.parse().unwrap()), "{range} {inside}");
            assert!(
                !range.contains(outside.parse().unwrap()),
                "{range} {outside}"
            );
            let again = range.to_string().parse();
            assert_eq!(again, Ok(range));
        }
        let loopback = |text: &str| text.parse::<AddressRange>().unwrap().is_loopback();
        assert!(loopback("127.0.0.0/8") && loopback("127.0.0.1") && loopback("::1"));
        assert!(!loopback("10.0.0.0/8") && !loopback("0.0.0.0/0"));
    }

    #[test]
    fn what_is_no_range_is_told() {
        for wrong in [
            "",
            "proxy",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "::/129",
            "10.0.0/8",
        ] {
            let found = wrong.parse::<AddressRange>();
            assert_eq!(found, Err(AddressRangeError::NotARange), "{wrong}");
        }
        let wrong = "10.0.0.7/8".parse::<AddressRange>().unwrap_err();
        assert!(
            wrong.to_string().contains("is 10.0.0.0/8 meant?"),
            "{wrong}"
        );
    }
}
