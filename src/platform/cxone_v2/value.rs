//! Values that tenants write in several forms: words that may be numbers, and skills that may be objects.
//!
//! None of these readers refuses a value: what has another form is read as such, and whoever needs it decides. A number is taken
//! only where it is whole and exact, so that two ids never become one.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The longest part of a foreign id that is repeated to people.
const LONGEST_SHOWN: usize = 40;

/// The methods of a visitor to which a number, a truth value or a text is one and the same.
macro_rules! scalars {
    ($value:expr) => {
        fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
}
pub(super) use scalars;

/// A text, or a whole number in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// `null`, or nothing.
    #[default]
    Nothing,
    /// A text.
    Text(Cow<'a, str>),
    /// A whole number.
    Number(i128),
    /// Something else: an object, a list, a truth value, a number that is not whole.
    Other {
        /// Whether it is `false` or an empty list or object.
        empty: bool,
    },
}

impl<'a> Word<'a> {
    /// The text, or the number as text.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Nothing | Self::Other { .. } => None,
        }
    }

    /// The count that it is, also as text.
    pub(super) fn count(&self) -> Option<usize> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Number(number) => usize::try_from(*number).ok(),
            Self::Nothing | Self::Other { .. } => None,
        }
    }

    /// Whether a link or a mark stands there: neither nothing nor an empty text, zero or `false`.
    pub(super) fn says_something(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Text(text) => !text.trim().is_empty(),
            Self::Number(number) => *number != 0,
            Self::Other { empty } => !empty,
        }
    }

    /// The word without what it borrows.
    pub(super) fn into_owned(self) -> Word<'static> {
        match self {
            Self::Nothing => Word::Nothing,
            Self::Text(text) => Word::Text(Cow::Owned(text.into_owned())),
            Self::Number(number) => Word::Number(number),
            Self::Other { empty } => Word::Other { empty },
        }
    }
}

impl<'de> Deserialize<'de> for Word<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(WordVisitor)
    }
}

/// Reads an owned word.
pub(super) fn word<'de, D: Deserializer<'de>>(reader: D) -> Result<Word<'static>, D::Error> {
    Word::deserialize(reader).map(Word::into_owned)
}

/// Reads a text, or a number in its place.
pub(super) fn text<'de, D: Deserializer<'de>>(reader: D) -> Result<String, D::Error> {
    let word = Word::deserialize(reader)?;
    let text = word.text().map(Cow::into_owned);
    text.ok_or_else(|| D::Error::custom("neither a text nor a whole number"))
}

/// Checks that an answer is about what was asked for. Capitals make no other id, and an answer without an id has none.
///
/// # Errors
/// The id that it is about, shortened for people.
pub(super) fn same_id(asked: &str, given: &Word<'_>) -> Result<(), String> {
    let given = match given {
        Word::Nothing => return Ok(()),
        Word::Text(text) => text.clone(),
        Word::Number(number) => Cow::Owned(number.to_string()),
        Word::Other { .. } => Cow::Borrowed("something that is no id"),
    };
    if given.eq_ignore_ascii_case(asked) {
        return Ok(());
    }
    let short: String = given.chars().take(LONGEST_SHOWN).collect();
    Err(format!("{short:?}"))
}

struct WordVisitor;

impl<'de> Visitor<'de> for WordVisitor {
    type Value = Word<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_unit<E: Error>(self) -> Result<Word<'de>, E> {
        Ok(Word::Nothing)
    }

    fn visit_bool<E: Error>(self, set: bool) -> Result<Word<'de>, E> {
        Ok(Word::Other { empty: !set })
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Word<'de>, E> {
        Ok(Word::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Word<'de>, E> {
        Ok(Word::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Word<'de>, E> {
        Ok(Word::Other { empty: false })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Word<'de>, E> {
        Ok(Word::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Word<'de>, E> {
        Ok(Word::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Word<'de>, A::Error> {
        let mut empty = true;
        while items.next_element::<IgnoredAny>()?.is_some() {
            empty = false;
        }
        Ok(Word::Other { empty })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Word<'de>, A::Error> {
        let mut empty = true;
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            empty = false;
        }
        Ok(Word::Other { empty })
    }
}

/// The name of a member.
#[derive(Deserialize)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// A list of skills; nothing where it has a form that is not known.
pub(super) struct ListedSkills<'a>(pub(super) Option<Vec<Cow<'a, str>>>);

impl Default for ListedSkills<'_> {
    fn default() -> Self {
        Self(Some(Vec::new()))
    }
}

impl<'de> Deserialize<'de> for ListedSkills<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = ListedSkills<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of skills")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(ListedSkills::default())
    }

    scalars!(ListedSkills(None));

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(ListedSkills(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut skills = Some(Vec::new());
        while let Some(OneSkill(names)) = items.next_element()? {
            let [first, second] = names;
            if first.is_none() && second.is_none() {
                skills = None;
            } else if let Some(skills) = &mut skills {
                skills.extend(first);
                skills.extend(second);
            }
        }
        Ok(ListedSkills(skills))
    }
}

/// The id and the name of a skill, or the one of them that is given; neither where it has another form.
struct OneSkill<'a>([Option<Cow<'a, str>>; 2]);

impl<'de> Deserialize<'de> for OneSkill<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(SkillVisitor)
    }
}

struct SkillVisitor;

impl<'de> Visitor<'de> for SkillVisitor {
    type Value = OneSkill<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a skill")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(OneSkill([None, None]))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(OneSkill([None, None]))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(OneSkill([Some(Cow::Owned(number.to_string())), None]))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(OneSkill([Some(Cow::Owned(number.to_string())), None]))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(OneSkill([None, None]))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(OneSkill([Some(Cow::Owned(text.to_owned())), None]))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(OneSkill([Some(Cow::Borrowed(text)), None]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(OneSkill([None, None]))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let [mut id, mut name] = [None, None];
        while let Some(Name(member)) = members.next_key()? {
            match &*member {
                "id" | "skillId" => id = members.next_value::<Word<'de>>()?.text().or(id),
                "name" | "skillName" => name = members.next_value::<Word<'de>>()?.text().or(name),
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(OneSkill([id, name]))
    }
}
