//! The quick way through a page in the form that most platforms write: one object behind the other, nothing nested, no escapes and
//! no blanks between members.
//!
//! It checks every byte of that form, so that what it reads is JSON and means what a full parser makes of it. It is several times
//! as fast because the form leaves little to decide, and because agents mostly have the same members in the same order: a
//! member that stands where the agent before had it is known by one comparison. Where a page has any other form it says
//! nothing, and the page is read by a full parser.

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
    let mut rest = Rest(body.strip_prefix(r#"{"items":["#)?);
    let mut rows = PageRows::with_capacity(body.len() / BYTES_OF_AN_AGENT);
    let mut shape = Vec::new();
    let mut listed = Vec::new();
    loop {
        let agent = agent(&mut rest, &mut shape, skills.then_some(&mut listed))?;
        rows.add(agent.id.into(), Some(agent.state), listed.iter().copied());
        if rest.eat(',').is_none() {
            break;
        }
    }
    (rest.0 == "]}").then(|| rows.finish())
}

struct Agent<'a> {
    id: &'a str,
    state: &'a str,
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
    lead: &'a str,
    kind: MemberKind,
}

/// Reads an agent; its skills are written into `skills`, where they are wanted. `shape` has the members of the agent before, and
/// then of this one.
fn agent<'a>(
    rest: &mut Rest<'a>,
    shape: &mut Vec<Member<'a>>,
    mut skills: Option<&mut Vec<&'a str>>,
) -> Option<Agent<'a>> {
    let (mut id, mut state, mut listed) = (None, None, false);
    if let Some(skills) = skills.as_deref_mut() {
        skills.clear();
    }
    let mut number = 0;
    loop {
        let as_before = shape
            .get(number)
            .and_then(|member| Some((member.kind, behind(rest.0, member.lead)?)));
        let kind = if let Some((kind, behind)) = as_before {
            rest.0 = behind;
            kind
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
        if rest.eat('}').is_some() {
            break;
        }
        number += 1;
    }
    Some(Agent {
        id: id?,
        state: state?,
    })
}

/// What is still to be read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn eat(&mut self, character: char) -> Option<()> {
        self.0 = self.0.strip_prefix(character)?;
        Some(())
    }

    /// Reads the name of a member and what stands around it.
    fn member(&mut self, first: bool, skills: bool) -> Option<Member<'a>> {
        let before = self.0;
        self.eat(if first { '{' } else { ',' })?;
        let kind = match self.text()? {
            "id" => MemberKind::Id,
            "state" => MemberKind::State,
            "skills" if skills => MemberKind::Skills,
            _ => MemberKind::Other,
        };
        self.eat(':')?;
        let lead = before.strip_suffix(self.0)?;
        Some(Member { lead, kind })
    }

    /// Reads a text.
    #[inline]
    fn text(&mut self) -> Option<&'a str> {
        self.eat('"')?;
        let end = first_quote(self.0.as_bytes())?;
        let (text, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        self.eat('"')?;
        Some(text)
    }

    /// Reads a list of texts.
    #[inline]
    fn texts(&mut self, mut take: impl FnMut(&'a str)) -> Option<()> {
        self.eat('[')?;
        if self.eat(']').is_some() {
            return Some(());
        }
        loop {
            take(self.text()?);
            if self.eat(',').is_none() {
                return self.eat(']');
            }
        }
    }

    /// Passes over a value that is not needed: a text, a list of texts, a number or a word of JSON.
    #[inline]
    fn skip(&mut self) -> Option<()> {
        match self.0.as_bytes().first()? {
            b'"' => self.text().map(drop),
            b'[' => self.texts(|_| {}),
            _ => {
                let end = self
                    .0
                    .bytes()
                    .position(|byte| matches!(byte, b',' | b'}'))?;
                let (value, rest) = self.0.split_at_checked(end)?;
                self.0 = rest;
                let known = matches!(value, "null" | "true" | "false");
                (known || is_number(value.as_bytes())).then_some(())
            }
        }
    }
}

/// What stands behind `lead`, where a text begins with it. Names are short: two words of the machine that overlap hold most of them,
/// and cost less than a call of a comparison that is made for long texts.
#[inline]
fn behind<'a>(text: &'a str, lead: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(lead.len())?;
    let (start, lead) = (start.as_bytes(), lead.as_bytes());
    let same = match (ends(start), ends(lead)) {
        (Some(start), Some(lead)) => start == lead,
        (Some(_) | None, _) => start == lead,
    };
    same.then_some(rest)
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
    let (chunks, tail) = text.as_chunks::<8>();
    for (number, chunk) in chunks.iter().enumerate() {
        let differs = u64::from_le_bytes(*chunk) ^ QUOTES;
        // The lowest bit that is left marks the first byte that does not differ; those above it mean nothing.
        let same = differs.wrapping_sub(LOWEST_BITS) & !differs & HIGHEST_BITS;
        if same != 0 {
            let within = usize::try_from(same.trailing_zeros() / 8).ok()?;
            return Some(number * 8 + within);
        }
    }
    let within = tail.iter().position(|byte| *byte == b'"')?;
    Some(text.len() - tail.len() + within)
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
        fn what_begins_with_a_lead_is_known(text in "[ab]{0,20}", lead in "[ab]{0,20}") {
            prop_assert_eq!(behind(&text, &lead), text.strip_prefix(lead.as_str()));
            let longer = format!("{lead}{text}");
            prop_assert_eq!(behind(&longer, &lead), Some(text.as_str()));
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
