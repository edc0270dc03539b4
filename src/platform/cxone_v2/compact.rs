//! The quick way through a page in the form that most platforms write: one object behind the other, nothing nested, no escapes and
//! no blanks between members.
//!
//! It checks every byte of that form, so that what it reads is JSON and means what a full parser makes of it. It is several times
//! as fast because the form leaves little to decide, and because agents mostly have the same members in the same order: a
//! member that stands where the agent before had it is known by one comparison. Where a page has any other form it says
//! nothing, and the page is read by a full parser.

use std::ops::Range;

use memchr::memchr;

use super::rows::{AgentsPage, PageRows};

/// The bytes of an agent with a short name; only a guess for how much room to make.
const BYTES_OF_AN_AGENT: usize = 90;

/// Reads a page in the quick form; nothing if it has another.
pub(super) fn compact_page(body: &str, skills: bool) -> Option<AgentsPage> {
    // Without escapes a text ends at the next quote, and without control characters each text between quotes is one. Both are
    // looked for at once in the whole page, which costs less than a look at each byte on the way.
    let control = |found: u8, byte: &u8| found | u8::from(*byte < b' ');
    if memchr(b'\\', body.as_bytes()).is_some() || body.as_bytes().iter().fold(0, control) > 0 {
        return None;
    }
    let opening = r#"{"items":["#;
    body.strip_prefix(opening)?;
    let mut rest = Rest {
        bytes: body.as_bytes(),
        at: opening.len(),
    };
    let mut rows = PageRows::with_capacity(body.len() / BYTES_OF_AN_AGENT);
    let mut shape = Vec::new();
    let mut listed = Vec::new();
    loop {
        let agent = agent(&mut rest, &mut shape, skills.then_some(&mut listed))?;
        let text = |place: &Range<usize>| body.get(place.clone());
        let (id, state) = (text(&agent.id)?, text(&agent.state)?);
        rows.add(id.into(), Some(state), listed.iter().filter_map(text));
        if rest.eat(b',').is_none() {
            break;
        }
    }
    (rest.bytes.get(rest.at..)? == b"]}").then(|| rows.finish())
}

/// Where the texts of an agent stand.
struct Agent {
    id: Range<usize>,
    state: Range<usize>,
}

/// What a member of an agent is read for.
#[derive(Clone, Copy)]
enum MemberKind {
    Id,
    State,
    Skills,
    Other,
}

/// A member as an earlier agent had it.
struct Member<'a> {
    /// Its name with what stands around it, such as `,"state":`.
    lead: &'a [u8],
    kind: MemberKind,
}

/// Reads an agent; its skills are written into `skills`, where they are wanted. `shape` has the members of the agent before, and
/// then of this one.
#[inline]
fn agent<'a>(
    rest: &mut Rest<'a>,
    shape: &mut Vec<Member<'a>>,
    mut skills: Option<&mut Vec<Range<usize>>>,
) -> Option<Agent> {
    let (mut id, mut state, mut listed) = (None, None, false);
    if let Some(skills) = skills.as_deref_mut() {
        skills.clear();
    }
    let mut number = 0;
    loop {
        let as_before = shape
            .get(number)
            .filter(|member| rest.begins_with(member.lead));
        let kind = if let Some(member) = as_before {
            rest.at += member.lead.len();
            member.kind
        } else {
            let member = rest.member(number == 0, skills.is_some())?;
            let kind = member.kind;
            shape.truncate(number);
            shape.push(member);
            kind
        };
        // A member that comes twice is for the full parser.
        match (kind, skills.as_deref_mut()) {
            (MemberKind::Id, _) if id.is_none() => id = Some(rest.text()?),
            (MemberKind::State, _) if state.is_none() => state = Some(rest.text()?),
            (MemberKind::Skills, Some(skills)) if !listed => {
                listed = true;
                rest.texts(|skill| skills.push(skill))?;
            }
            (MemberKind::Other, _) => rest.skip()?,
            (MemberKind::Id | MemberKind::State | MemberKind::Skills, _) => return None,
        }
        if rest.eat(b'}').is_some() {
            break;
        }
        number += 1;
    }
    Some(Agent {
        id: id?,
        state: state?,
    })
}

/// What is still to be read: places in the page instead of texts, since next to a quote no place needs a look at whether it lies
/// within a character.
struct Rest<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Rest<'a> {
    #[inline]
    fn eat(&mut self, byte: u8) -> Option<()> {
        if *self.bytes.get(self.at)? != byte {
            return None;
        }
        self.at += 1;
        Some(())
    }

    #[inline]
    fn begins_with(&self, lead: &[u8]) -> bool {
        let start = self.bytes.get(self.at..self.at + lead.len());
        start.is_some_and(|start| is_same(start, lead))
    }

    /// Reads the name of a member and what stands around it.
    fn member(&mut self, first: bool, skills: bool) -> Option<Member<'a>> {
        let start = self.at;
        self.eat(if first { b'{' } else { b',' })?;
        let name = self.text()?;
        let kind = match self.bytes.get(name)? {
            b"id" => MemberKind::Id,
            b"state" => MemberKind::State,
            b"skills" if skills => MemberKind::Skills,
            _ => MemberKind::Other,
        };
        self.eat(b':')?;
        let lead = self.bytes.get(start..self.at)?;
        Some(Member { lead, kind })
    }

    /// Reads a text.
    #[inline]
    fn text(&mut self) -> Option<Range<usize>> {
        self.eat(b'"')?;
        let start = self.at;
        let end = start + first_quote(self.bytes.get(start..)?)?;
        self.at = end + 1;
        Some(start..end)
    }

    /// Reads a list of texts.
    #[inline]
    fn texts(&mut self, mut take: impl FnMut(Range<usize>)) -> Option<()> {
        self.eat(b'[')?;
        if self.eat(b']').is_some() {
            return Some(());
        }
        loop {
            take(self.text()?);
            if self.eat(b',').is_none() {
                return self.eat(b']');
            }
        }
    }

    /// Passes over a value that is not needed: a text, a list of texts, a number or a word of JSON.
    #[inline]
    fn skip(&mut self) -> Option<()> {
        match self.bytes.get(self.at)? {
            b'"' => self.text().map(drop),
            b'[' => self.texts(|_| {}),
            _ => {
                let rest = self.bytes.get(self.at..)?;
                let end = rest.iter().position(|byte| matches!(byte, b',' | b'}'))?;
                let value = rest.get(..end)?;
                self.at += end;
                let known = matches!(value, b"null" | b"true" | b"false");
                (known || is_number(value)).then_some(())
            }
        }
    }
}

/// Whether two texts of one length are the same. Names are short: two words of the machine that overlap hold most of them, and cost
/// less than a call of a comparison that is made for long texts.
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    match (ends(one), ends(other)) {
        (Some(one), Some(other)) => one == other,
        (Some(_) | None, _) => one == other,
    }
}

/// The first and the last eight bytes of a text of 8 to 16 bytes, or the first and last four of one of 4 to 7. They are all of it.
#[inline]
fn ends(text: &[u8]) -> Option<(u64, u64)> {
    let long = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let short = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    match text.len() {
        4..8 => Some((short(text.first_chunk()?), short(text.last_chunk()?))),
        8..=16 => Some((long(text.first_chunk()?), long(text.last_chunk()?))),
        _ => None,
    }
}

/// The place of the first quote. Most texts of a page are a few bytes long: eight at a time costs less than a call of a
/// search that is made for long ones.
#[inline]
fn first_quote(text: &[u8]) -> Option<usize> {
    const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
    const LOWEST_BITS: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGHEST_BITS: u64 = u64::from_le_bytes([0x80; 8]);
    let mut rest = text;
    let mut passed = 0;
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        let differs = u64::from_le_bytes(*chunk) ^ QUOTES;
        // The lowest bit that is left marks the first byte that does not differ; those above it mean nothing.
        let same = differs.wrapping_sub(LOWEST_BITS) & !differs & HIGHEST_BITS;
        if same != 0 {
            return Some(passed + usize::try_from(same.trailing_zeros() / 8).ok()?);
        }
        passed += 8;
        rest = behind;
    }
    Some(passed + rest.iter().position(|byte| *byte == b'"')?)
}

/// Whether this is a number as JSON writes it.
fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let (whole, rest) = digits(text);
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with(b"0")) {
        return false;
    }
    let rest = match rest.strip_prefix(b".") {
        Some(rest) => match digits(rest) {
            ([], _) => return false,
            (_, rest) => rest,
        },
        None => rest,
    };
    let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) else {
        return rest.is_empty();
    };
    let signed = exponent.strip_prefix(b"+");
    let signed = signed.or_else(|| exponent.strip_prefix(b"-"));
    let (power, rest) = digits(signed.unwrap_or(exponent));
    !power.is_empty() && rest.is_empty()
}

/// The digits at the start, and what follows them.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_those_of_json() {
        for number in ["0", "-0", "10", "1.5", "-1.50e+3", "1E9", "0.0e-1"] {
            assert!(is_number(number.as_bytes()), "{number}");
        }
        for wrong in [
            "", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1.5.5", "1a", "NaN", "0x1",
        ] {
            assert!(!is_number(wrong.as_bytes()), "{wrong}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn short_texts_are_compared_as_long_ones_are(one in "[ab]{0,20}", other in "[ab]{0,20}") {
            let (one, other) = (one.as_bytes(), other.as_bytes());
            let length = one.len().min(other.len());
            prop_assert_eq!(is_same(&one[..length], &other[..length]), one[..length] == other[..length]);
            prop_assert!(is_same(one, one));
        }

        #[test]
        fn the_first_quote_is_found_wherever_it_is(text in "[a\"!#\u{a2}\u{22a2}]{0,40}") {
            prop_assert_eq!(first_quote(text.as_bytes()), text.find('"'));
        }

        #[test]
        fn a_number_is_one_for_a_full_parser_too(text in "[-+]?[0-9.eE]{0,6}[-+]?[0-9]{0,3}") {
            // 1e999 is a number in JSON that none of our types can hold; passed over, it is one.
            let passed_over = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(is_number(text.as_bytes()), passed_over, "{}", text);
        }
    }
}
