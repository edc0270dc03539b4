//! Takes our own secrets out of what others repeat of them.
//!
//! A refusal that quotes the request it refuses would otherwise carry a token or a secret into log, store, audit and errors. Each
//! secret is looked for as it is and as HTTP Basic carries it; each letter of these may be written as it is, percent-encoded or
//! escaped as JSON does. Whatever follows `Bearer`, `Basic` or `Signature=` goes too, since it may be a token from before.
//!
//! *Bodies are many and secrets in them are few*, so a body is first asked by words of eight bytes whether it can hold one: see
//! [`FormStarts`].
//!
//! *Words for people* lose every secret of four characters or more. *The body of an answer* is searched before it is read, so that
//! no name, word or id carries a secret further; there only secrets count that are too long to be a part of an ordinary answer.
//!
//! Secrets and tokens of before stay masked for a while after they were replaced.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use memchr::{memchr, memchr2, memmem};
use secrecy::{ExposeSecret, SecretBox, SecretString};

/// Replaces a secret.
const MASKED: &str = "***";

/// Replaces a secret in the body of an answer: nothing that a platform would write, so that it is known again before it is written
/// back.
pub const MASKED_IN_BODY: &str = "*** masked ***";

/// Texts shorter than this are not treated as secrets: they would be found in every word.
const SHORTEST: usize = 4;

/// Shorter secrets are not looked for in bodies: `campaign` as a secret must not make answers unreadable.
const SHORTEST_IN_BODY: usize = 16;

/// Forms that are kept: two pairs of id and secret with some forms each, and the tokens and secrets of before.
const MOST_FORMS: usize = 40;

/// Authorisation schemes whose credentials follow them, and what a signature follows.
const SCHEMES: [&str; 3] = ["bearer ", "basic ", "signature="];

/// The secrets of one tenant, in every form in which they travel.
#[derive(Default)]
pub struct Mask(RwLock<Forms>);

/// Forms of secrets, the newest last.
#[derive(Default)]
struct Forms {
    texts: VecDeque<SecretString>,
    starts: FormStarts,
}

impl Mask {
    /// Adds a secret, and the pair of its id and itself as HTTP Basic writes it.
    pub fn learn(&self, id: &str, secret: &SecretString) {
        let secret = secret.expose_secret();
        let pairs = [
            format!("{id}:{secret}"),
            format!("{}:{}", form_encoded(id), form_encoded(secret)),
            secret.to_owned(),
        ];
        for pair in &pairs {
            for engine in [&STANDARD, &URL_SAFE] {
                // The padding may be left out.
                self.add(engine.encode(pair).trim_end_matches('='));
            }
        }
        self.add(&secret.replace(' ', "+"));
        self.add(secret);
    }

    /// Adds a token.
    pub fn learn_token(&self, token: &str) {
        self.add(token);
    }

    fn add(&self, text: &str) {
        if text.len() < SHORTEST {
            return;
        }
        let mut forms = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // What is learned again is the newest again, so that what falls out is out of use.
        forms.texts.retain(|form| form.expose_secret() != text);
        if forms.texts.len() >= MOST_FORMS {
            forms.texts.pop_front();
        }
        forms.texts.push_back(SecretString::from(text));
        let bytes = forms
            .texts
            .iter()
            .map(|form| form.expose_secret().as_bytes());
        let long = bytes.filter(|form| form.len() >= SHORTEST_IN_BODY);
        forms.starts = FormStarts::new(long);
    }

    /// Returns words for people without secrets.
    #[must_use]
    pub fn apply(&self, words: &str) -> String {
        let found = self.spans(words.as_bytes(), SHORTEST);
        let clean = replaced(words.as_bytes(), &found, MASKED);
        // What was cut out begins and ends with whole characters.
        let mut clean = String::from_utf8_lossy(&clean).into_owned();
        for scheme in SCHEMES {
            clean = behind_scheme(&clean, scheme);
        }
        clean
    }

    /// Returns the body of an answer without secrets; nothing where there is none in it.
    #[must_use]
    pub fn apply_to_body(&self, body: &[u8]) -> Option<Vec<u8>> {
        // A form that is encoded in the body has one of these in it.
        let encoded = memchr2(b'\\', b'%', body).is_some();
        let forms = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if !encoded && !forms.starts.may_be_in(body) {
            return None;
        }
        drop(forms);
        let found = self.spans(body, SHORTEST_IN_BODY);
        (!found.is_empty()).then(|| replaced(body, &found, MASKED_IN_BODY))
    }

    /// Where secrets of this length or more stand in a text, joined where they touch.
    fn spans(&self, text: &[u8], shortest: usize) -> Vec<(usize, usize)> {
        let forms = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let forms = forms
            .texts
            .iter()
            .map(|form| form.expose_secret().as_bytes());
        let forms: Vec<&[u8]> = forms.filter(|form| form.len() >= shortest).collect();
        let mut found = Vec::new();
        for form in &forms {
            let at = memmem::find_iter(text, form);
            found.extend(at.map(|at| (at, at.saturating_add(form.len()))));
        }
        let mut search = |read: &Read| {
            for form in &forms {
                let at = memmem::find_iter(&read.bytes, form);
                found.extend(at.filter_map(|at| read.span(at, form.len())));
            }
        };
        let escaped = memchr(b'\\', text).is_some();
        let percent = memchr(b'%', text).is_some();
        if percent {
            search(&Read::plain(text).decoded(percent_encoded));
        }
        if escaped {
            let read = Read::plain(text).decoded(json_escaped);
            search(&read);
            if percent {
                search(&read.decoded(percent_encoded));
            }
        }
        joined(found)
    }
}

/// How forms of 16 bytes or more begin, to see quickly that a text holds none of them.
///
/// Wherever such a form stands in a text, one of the text's words of eight bytes lies within its first fifteen: of those words
/// there are eight for each form. A word of the text is looked up in a set of bits first, which mostly says that it is none.
#[derive(Default)]
struct FormStarts {
    bits: Vec<u64>,
    /// Sorted. Parts of secrets, and wiped like those.
    words: SecretBox<Vec<u64>>,
}

impl FormStarts {
    /// Bits of the set: with 320 words in it, one of 200 words of a text has to be looked up among them.
    const BITS: usize = 1 << 16;

    fn new<'a>(forms: impl Iterator<Item = &'a [u8]>) -> Self {
        let words = forms.flat_map(|form| {
            let starts = form.windows(8).take(8);
            starts.filter_map(|word| word.first_chunk().copied().map(u64::from_le_bytes))
        });
        let mut words: Vec<u64> = words.collect();
        words.sort_unstable();
        let mut bits = vec![0_u64; Self::BITS / 64];
        for word in &words {
            let (place, bit) = Self::place(*word);
            if let Some(set) = bits.get_mut(place) {
                *set |= bit;
            }
        }
        Self {
            bits,
            words: SecretBox::new(Box::new(words)),
        }
    }

    /// Whether a form may stand in this text as it is.
    fn may_be_in(&self, text: &[u8]) -> bool {
        let (words, _) = text.as_chunks::<8>();
        words.iter().any(|word| {
            let word = u64::from_le_bytes(*word);
            let (place, bit) = Self::place(word);
            let set = self.bits.get(place).copied().unwrap_or_default();
            set & bit != 0 && self.words.expose_secret().binary_search(&word).is_ok()
        })
    }

    /// Which of the bits is a word's, by the upper bits of its product with an odd number.
    fn place(word: u64) -> (usize, u64) {
        let hash = word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
        let place = usize::try_from(hash / 64).unwrap_or_default();
        (place, 1 << (hash % 64))
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask")
    }
}

/// A text as it was decoded, with the place in the original of each of its bytes and of its end.
struct Read {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

impl Read {
    fn plain(text: &[u8]) -> Self {
        Self {
            bytes: text.to_vec(),
            places: (0..=text.len()).collect(),
        }
    }

    /// The same with every `unit` decoded: what it stands for, and how many bytes it takes.
    fn decoded(&self, unit: fn(&[u8]) -> Option<(char, usize)>) -> Self {
        let (mut bytes, mut places) = (Vec::with_capacity(self.bytes.len()), Vec::new());
        let mut at = 0;
        while let (Some(rest @ [first, ..]), Some(place)) =
            (self.bytes.get(at..), self.places.get(at))
        {
            let mut buffer = [0; 4];
            let (found, length): (&[u8], usize) = match unit(rest) {
                // A percent-encoded byte is a part of a character.
                Some((c, length @ 3)) if u32::from(c) < 256 => {
                    buffer[0] = u8::try_from(u32::from(c)).unwrap_or_default();
                    (&buffer[..1], length)
                }
                Some((c, length)) => (c.encode_utf8(&mut buffer).as_bytes(), length),
                None => (std::slice::from_ref(first), 1),
            };
            bytes.extend_from_slice(found);
            places.extend(found.iter().map(|_| *place));
            at = at.saturating_add(length);
        }
        places.extend(self.places.last());
        Self { bytes, places }
    }

    fn span(&self, at: usize, length: usize) -> Option<(usize, usize)> {
        let end = self.places.get(at.saturating_add(length))?;
        Some((*self.places.get(at)?, *end))
    }
}

/// Reads `%41`.
fn percent_encoded(text: &[u8]) -> Option<(char, usize)> {
    let digits = text.strip_prefix(b"%")?.get(..2)?;
    Some((char::from_u32(hexadecimal(digits)?)?, 3))
}

/// Reads `\u0041`, a pair of such, or a backslash and a character; control characters are in no secret.
fn json_escaped(text: &[u8]) -> Option<(char, usize)> {
    let behind = text.strip_prefix(b"\\")?;
    let four = |text: &[u8]| hexadecimal(text.strip_prefix(b"u")?.get(..4)?);
    let Some(first) = four(behind) else {
        let character = behind.first().filter(|byte| byte.is_ascii_graphic())?;
        return Some((char::from(*character), 2));
    };
    if let Some(character) = char::from_u32(first) {
        return Some((character, 6));
    }
    let second = four(text.get(6..)?.strip_prefix(b"\\")?)?;
    let units = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let pair = char::decode_utf16(units).next()?.ok()?;
    Some((pair, 12))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| all)
}

fn joined(mut found: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    found.sort_unstable();
    let mut joined: Vec<(usize, usize)> = Vec::with_capacity(found.len());
    for (start, end) in found {
        match joined.last_mut() {
            Some((_, last)) if start <= *last => *last = end.max(*last),
            Some(_) | None => joined.push((start, end)),
        }
    }
    joined
}

fn replaced(text: &[u8], found: &[(usize, usize)], mask: &str) -> Vec<u8> {
    let mut clean = Vec::with_capacity(text.len());
    let mut done = 0;
    for (start, end) in found {
        clean.extend_from_slice(text.get(done..*start).unwrap_or_default());
        clean.extend_from_slice(mask.as_bytes());
        done = *end;
    }
    clean.extend_from_slice(text.get(done..).unwrap_or_default());
    clean
}

fn form_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Masks the word behind each `scheme`.
fn behind_scheme(text: &str, scheme: &str) -> String {
    // ASCII letters alone change, so that positions stay the same.
    let lower = text.to_ascii_lowercase();
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(at) = lower.get(done..).and_then(|rest| rest.find(scheme)) {
        let from = done.saturating_add(at).saturating_add(scheme.len());
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | ')' | '<');
        let rest = text.get(from..).unwrap_or_default();
        let length = rest.find(ends).unwrap_or(rest.len());
        clean.push_str(text.get(done..from).unwrap_or_default());
        if length > 0 {
            clean.push_str(MASKED);
        }
        done = from.saturating_add(length);
    }
    clean.push_str(text.get(done..).unwrap_or_default());
    clean
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "s3cr\"et&+/ =====é\u{1f511}";

    fn mask() -> Mask {
        let mask = Mask::default();
        mask.learn("client", &SecretString::from(SECRET));
        mask
    }

    proptest! {
        #[test]
        fn a_form_is_found_wherever_it_stands_in_a_body(
            before in "[a-z\":,]{0,40}",
            behind in "[a-z\":,]{0,40}",
            form in "[A-Z0-9]{16,60}",
        ) {
            let mask = Mask::default();
            mask.learn_token("another-token-of-some-length");
            mask.learn_token(&form);
            let body = format!("{before}{form}{behind}");
            let masked = mask.apply_to_body(body.as_bytes());
            let expected = format!("{before}{MASKED_IN_BODY}{behind}");
            prop_assert_eq!(masked, Some(expected.into_bytes()));
            let without = format!("{before}{behind}");
            prop_assert_eq!(mask.apply_to_body(without.as_bytes()), None);
        }
    }

    #[test]
    fn every_form_of_a_secret_is_masked() {
        let json = serde_json::Value::from(SECRET).to_string();
        let units = SECRET.encode_utf16();
        let ascii: Vec<String> = units.map(|unit| format!("\\u{unit:04X}")).collect();
        let bytes = SECRET.bytes();
        let percent: Vec<String> = bytes.map(|byte| format!("%{byte:02x}")).collect();
        let (ascii, percent) = (ascii.concat(), percent.concat());
        let basic = STANDARD.encode(format!("client:{SECRET}"));
        let encoded = STANDARD.encode(format!("client:{}", form_encoded(SECRET)));
        for form in [
            SECRET,
            json.trim_matches('"'),
            // As .NET writes JSON: everything that could matter in a page.
            "s3cr\\u0022et\\u0026\\u002B/ =====\\u00e9\\ud83d\\uDD11",
            "s3cr\\\"et&+\\/ =====é\u{1f511}",
            &ascii,
            &percent,
            &percent.to_uppercase(),
            &form_encoded(SECRET),
            "s3cr%22et&%2b/%20=====%C3%a9%F0%9F%94%91",
            &basic,
            basic.trim_end_matches('='),
            &URL_SAFE.encode(format!("client:{SECRET}")),
            &form_encoded(&basic),
            &encoded,
            &STANDARD.encode(SECRET),
            // An address within JSON.
            &format!("https:\\/\\/x\\/?s={}", form_encoded(SECRET)),
        ] {
            let words = mask().apply(&format!("no: {form}!"));
            let bare = words
                .replace("https:\\/\\/x\\/?s=", "")
                .replace('=', "")
                .replace("%3D", "");
            assert_eq!(bare, "no: ***!", "{form}");
            let body = mask().apply_to_body(form.as_bytes());
            let body = String::from_utf8(body.unwrap()).unwrap();
            assert!(
                body.contains(MASKED_IN_BODY) && !body.contains("s3cr"),
                "{body}"
            );
        }
    }

    #[test]
    fn tokens_are_masked_wherever_they_stand_also_those_of_before() {
        let mask = mask();
        mask.learn_token("abc.def");
        mask.learn_token("ghi.jkl");
        assert_eq!(mask.apply("token abc.def of ghi.jkl"), "token *** of ***");
        for (said, shown) in [
            (
                "authorization: Bearer x.y-z refused",
                "authorization: Bearer *** refused",
            ),
            (
                "{\"authorization\":\"basic QWxhZGRpbg==\"}",
                "{\"authorization\":\"basic ***\"}",
            ),
            ("BEARER abc", "BEARER ***"),
            ("Bearer ", "Bearer "),
            ("Überbearer é", "Überbearer ***"),
        ] {
            assert_eq!(mask.apply(said), shown);
        }
    }

    #[test]
    fn what_is_in_use_is_kept_however_many_tokens_there_were() {
        let mask = mask();
        for number in 0..1_000 {
            mask.learn("client", &SecretString::from(SECRET));
            mask.learn_token(&format!("token-number-{number}"));
        }
        assert!(mask.0.read().unwrap().texts.len() <= MOST_FORMS);
        assert_eq!(mask.apply(SECRET), "***");
        assert_eq!(mask.apply("token-number-999"), "***");
    }

    #[test]
    fn other_texts_stay() {
        let text = "campaign c-1: the state does not allow it, 100% of \\ and %zz \\u12";
        assert_eq!(mask().apply(text), text);
        assert_eq!(mask().apply_to_body(text.as_bytes()), None);
        let short = Mask::default();
        short.learn("id", &SecretString::from("abc"));
        assert_eq!(short.apply("abc"), "abc");
    }

    #[test]
    fn a_secret_that_is_an_ordinary_word_does_not_make_answers_unreadable() {
        let mask = Mask::default();
        mask.learn("id", &SecretString::from("status"));
        assert_eq!(mask.apply_to_body(br#"{"status":"x"}"#), None);
        assert_eq!(mask.apply("wrong secret status"), "wrong secret ***");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_or_shows_the_secret(
            before in any::<String>(),
            behind in any::<String>(),
            body in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let words = mask().apply(&format!("{before}{SECRET}{behind}"));
            prop_assert!(!words.contains(SECRET));
            drop(mask().apply_to_body(&body));
        }
    }
}
