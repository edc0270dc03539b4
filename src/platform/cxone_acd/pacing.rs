//! How fast a skill dials: its general settings, as a throttle.
//!
//! Whether a write of some members leaves the others is not proven **\[I\]**. All that was read is therefore written, with
//! only the changed members another, and read back. Members that are not known here go back as they came.

use serde_json::{Map, Number, Value};

use super::drift;

/// A member that throttles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lever {
    /// Calls for each agent at most, 1 to 3.
    MaximumRatio,
    /// One call for each agent, whatever the ratio.
    BlockMultipleCalls,
}

impl Lever {
    /// The member's name.
    pub(super) fn member(self) -> &'static str {
        match self {
            Self::MaximumRatio => "maximumRatio",
            Self::BlockMultipleCalls => "blockMultipleCalls",
        }
    }
}

/// A value of a lever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Number(i64),
    Flag(bool),
}

impl Setting {
    /// Whether the platform takes this value for the lever.
    pub(super) fn fits(self, lever: Lever) -> bool {
        match (lever, self) {
            (Lever::MaximumRatio, Self::Number(ratio)) => (1..=3).contains(&ratio),
            (Lever::BlockMultipleCalls, Self::Flag(_)) => true,
            (Lever::MaximumRatio, Self::Flag(_)) | (Lever::BlockMultipleCalls, Self::Number(_)) => {
                false
            }
        }
    }

    fn to_json(self) -> Value {
        match self {
            Self::Number(number) => Value::Number(Number::from(number)),
            Self::Flag(flag) => Value::Bool(flag),
        }
    }
}

/// A skill's general settings, whole.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GeneralSettings(Map<String, Value>);

impl GeneralSettings {
    /// Reads an answer, also in an envelope.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let mut value: Value = serde_json::from_slice(body)
            .map_err(|wrong| format!("the general settings cannot be read: {wrong}"))?;
        for wrapper in ["resultSet", "generalSettings"] {
            if let Some(inner) = value.get_mut(wrapper) {
                value = inner.take();
            }
        }
        match value {
            Value::Object(members) if !members.is_empty() => Ok(Self(members)),
            Value::Object(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => {
                Err("the general settings are not an object with members".to_owned())
            }
        }
    }

    /// What a lever is set to, where that can be read.
    pub(super) fn get(&self, lever: Lever) -> Option<Setting> {
        let value = self.0.get(lever.member())?;
        match lever {
            Lever::BlockMultipleCalls => drift::as_flag(value).map(Setting::Flag),
            Lever::MaximumRatio => drift::as_whole(value).map(Setting::Number),
        }
    }

    /// The same settings with one lever set. A lever that the skill does not have is not added.
    pub(super) fn with(&self, lever: Lever, setting: Setting) -> Result<Self, String> {
        let member = lever.member();
        if !setting.fits(lever) {
            return Err(format!("{member} cannot be {}", setting.to_json()));
        }
        if self.get(lever).is_none() {
            return Err(format!("the skill has no readable {member}"));
        }
        let mut members = self.0.clone();
        members.insert(member.to_owned(), setting.to_json());
        Ok(Self(members))
    }

    /// The body of a write.
    pub(super) fn body(&self) -> Vec<u8> {
        let whole = serde_json::json!({ "generalSettings": self.0 });
        whole.to_string().into_bytes()
    }

    /// Members that differ from those of `wanted`: what a write did not bring about, or changed beside it.
    pub(super) fn differences(&self, wanted: &Self) -> Vec<String> {
        let mut names: Vec<&String> = self.0.keys().chain(wanted.0.keys()).collect();
        names.sort();
        names.dedup();
        names
            .into_iter()
            .filter(|name| !same(self.0.get(*name), wanted.0.get(*name)))
            .cloned()
            .collect()
    }
}

/// Whether two values say the same: `"True"` is true, and `"2"` is 2.
fn same(one: Option<&Value>, other: Option<&Value>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            one == other
                || matches!((drift::as_whole(one), drift::as_whole(other)), (Some(a), Some(b)) if a == b)
                || matches!((drift::as_flag(one), drift::as_flag(other)), (Some(a), Some(b)) if a == b)
        }
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: &str = r#"{"maximumRatio":2,"aggressiveness":"Normal","blockMultipleCalls":"False",
        "abandonRateThreshold":3.0,"percentageOfAgentsBeforeOverdial":20,"somethingNew":{"x":[1]}}"#;

    fn settings() -> GeneralSettings {
        GeneralSettings::parse(READ.as_bytes()).unwrap()
    }

    #[test]
    fn a_write_holds_all_that_was_read() {
        let slower = settings()
            .with(Lever::BlockMultipleCalls, Setting::Flag(true))
            .unwrap();
        let body: Value = serde_json::from_slice(&slower.body()).unwrap();
        let mut expected: Value = serde_json::from_str(READ).unwrap();
        expected["blockMultipleCalls"] = Value::Bool(true);
        assert_eq!(body, serde_json::json!({ "generalSettings": expected }));
    }

    #[test]
    fn what_a_write_changed_beside_is_seen() {
        let wanted = settings()
            .with(Lever::MaximumRatio, Setting::Number(1))
            .unwrap();
        let back = |text: &str| GeneralSettings::parse(text.as_bytes()).unwrap();
        let same = READ
            .replace(r#""maximumRatio":2"#, r#""maximumRatio":"1""#)
            .replace("\"False\"", "0");
        assert_eq!(back(&same).differences(&wanted), [""; 0]);
        let partial = back(r#"{"maximumRatio":1}"#);
        assert_eq!(partial.differences(&wanted).len(), 5);
        assert_eq!(settings().differences(&wanted), ["maximumRatio"]);
    }

    #[test]
    fn what_the_platform_would_not_take_is_refused_here() {
        let settings = settings();
        for (lever, setting) in [
            (Lever::MaximumRatio, Setting::Number(0)),
            (Lever::MaximumRatio, Setting::Number(4)),
            (Lever::MaximumRatio, Setting::Flag(true)),
            (Lever::BlockMultipleCalls, Setting::Number(1)),
        ] {
            assert!(
                settings.with(lever, setting).is_err(),
                "{lever:?} {setting:?}"
            );
        }
        let without = GeneralSettings::parse(br#"{"aggressiveness":"Normal"}"#).unwrap();
        assert!(
            without
                .with(Lever::MaximumRatio, Setting::Number(1))
                .is_err()
        );
        assert!(GeneralSettings::parse(b"{}").is_err());
        let wrapped =
            GeneralSettings::parse(br#"{"resultSet":{"generalSettings":{"maximumRatio":2}}}"#);
        assert_eq!(
            wrapped.unwrap().get(Lever::MaximumRatio),
            Some(Setting::Number(2))
        );
    }
}
