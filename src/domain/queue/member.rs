//! The members of a queue that can be changed, each with a type of its own.
//!
//! A queue is a map from [`Member`] to [`Setting`]; a change set is another. Comparing, merging and printing are then the
//! same for every member. [`Member::read`] and [`Setting::to_value`] are the one form of a member in change sets, plans,
//! audit rows and JSON output; times are text with a unit there, so that nobody takes seconds for milliseconds.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use crate::domain::ids::{QueueId, SkillId};

/// A member of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Member {
    /// The name that people see.
    Name,
    /// The channel, such as `voice`.
    Channel,
    /// Skills with a level of 1 to 5.
    Skills,
    /// Skills without levels, which the strategy `skill_based` needs.
    SkillIds,
    /// Skills that a caller's agent has to have.
    SkillRequirements,
    /// How the next agent is chosen.
    Strategy,
    /// The levels of the strategy `priority`.
    PriorityLevels,
    /// How long an agent has to be idle under `longest_idle`.
    LongestIdle,
    /// Queues that routing overflows into.
    OverflowTargets,
    /// How long a caller waits before routing overflows.
    OverflowWait,
    /// What becomes of a caller who waited too long.
    Overflow,
    /// The time after a call in which its agent gets no other.
    WrapUp,
    /// The longest wait that routing allows.
    RoutingMaxWait,
    /// The longest wait of a caller.
    MaxWait,
    /// The most callers that may wait.
    MaxWaiters,
    /// The share of calls to be answered within a time.
    ServiceLevel,
}

/// The members that a queue has, or that are to be changed.
pub type Members = BTreeMap<Member, Setting>;

/// How the next agent is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// By the caller's priority.
    Priority,
    /// The agent who waits longest.
    LongestIdle,
    /// The agent with the fewest calls.
    FewestCalls,
    /// The agent whose skills fit.
    SkillBased,
    /// Any agent.
    Random,
    /// By weights.
    Weighted,
}

/// A skill and how well it has to be mastered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkillLevel {
    /// The skill's id.
    pub id: SkillId,
    /// 1 to 5; wider here, so that a wrong one can be reported.
    pub level: i64,
}

/// A skill that a caller's agent has to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkillRequirement {
    /// The skill, such as `language:en`.
    pub skill: String,
    /// How well, such as `advanced`.
    pub proficiency: String,
    /// Whether agents without it are excluded.
    #[serde(default = "yes")]
    pub required: bool,
}

fn yes() -> bool {
    true
}

/// What becomes of a caller who waited too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overflow {
    /// The wait after which it happens.
    pub after: Duration,
    /// The action.
    pub action: OverflowAction,
}

/// Where a caller who waited too long goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OverflowAction {
    /// Into another queue.
    RouteToQueue(QueueId),
    /// Nowhere: the call is ended.
    Drop,
}

/// The share of calls to be answered within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceLevel {
    /// Percent, 0 to 100; wider here, so that a wrong one can be reported.
    pub percent: i64,
    /// Within this time.
    pub within: Duration,
}

/// The content of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// For [`Member::Name`] and [`Member::Channel`].
    Text(String),
    /// For [`Member::Skills`].
    Skills(Vec<SkillLevel>),
    /// For [`Member::SkillIds`].
    SkillIds(Vec<SkillId>),
    /// For [`Member::SkillRequirements`].
    Requirements(Vec<SkillRequirement>),
    /// For [`Member::Strategy`].
    Strategy(Strategy),
    /// For [`Member::PriorityLevels`].
    Levels(Vec<i64>),
    /// For [`Member::OverflowTargets`].
    Queues(Vec<QueueId>),
    /// For [`Member::Overflow`].
    Overflow(Overflow),
    /// For every member that is a time.
    Time(Duration),
    /// For [`Member::MaxWaiters`].
    Count(i64),
    /// For [`Member::ServiceLevel`].
    ServiceLevel(ServiceLevel),
    /// What the platform has there and this program cannot read, unchanged. It is compared, and never written.
    Unreadable(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OverflowForm {
    action: String,
    target: Option<String>,
    after: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceLevelForm {
    percent: i64,
    within: Value,
}

impl Member {
    /// Every member, in the order in which they are printed.
    pub const ALL: [Self; 16] = [
        Self::Name,
        Self::Channel,
        Self::Skills,
        Self::SkillIds,
        Self::SkillRequirements,
        Self::Strategy,
        Self::PriorityLevels,
        Self::LongestIdle,
        Self::OverflowTargets,
        Self::OverflowWait,
        Self::Overflow,
        Self::WrapUp,
        Self::RoutingMaxWait,
        Self::MaxWait,
        Self::MaxWaiters,
        Self::ServiceLevel,
    ];

    /// Returns its key in change sets.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Channel => "channel",
            Self::Skills => "skills",
            Self::SkillIds => "skill_ids",
            Self::SkillRequirements => "skill_requirements",
            Self::Strategy => "strategy",
            Self::PriorityLevels => "priority_levels",
            Self::LongestIdle => "longest_idle",
            Self::OverflowTargets => "overflow_targets",
            Self::OverflowWait => "overflow_wait",
            Self::Overflow => "overflow",
            Self::WrapUp => "wrap_up",
            Self::RoutingMaxWait => "routing_max_wait",
            Self::MaxWait => "max_wait",
            Self::MaxWaiters => "max_waiters",
            Self::ServiceLevel => "service_level",
        }
    }

    /// Returns the member with this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|member| member.key() == key)
    }

    /// Returns how its content is written in a change set, for remedies.
    #[must_use]
    pub fn form(self) -> &'static str {
        match self {
            Self::Name | Self::Channel => "a text in quotes",
            Self::Skills => "a list such as [{ id = \"voice\", level = 3 }]",
            Self::SkillIds | Self::OverflowTargets => "a list of ids such as [\"queue-2\"]",
            Self::SkillRequirements => {
                "a list such as [{ skill = \"language:en\", proficiency = \"advanced\" }]"
            }
            Self::Strategy => {
                "one of priority, longest_idle, fewest_calls, skill_based, random, weighted"
            }
            Self::PriorityLevels => "a list of whole numbers such as [1, 2, 3]",
            Self::Overflow => {
                "{ action = \"routeToQueue\", target = \"queue-2\", after = \"2m\" } or { action = \"drop\", after = \"2m\" }"
            }
            Self::LongestIdle
            | Self::OverflowWait
            | Self::WrapUp
            | Self::RoutingMaxWait
            | Self::MaxWait => "a time with its unit such as \"30s\" or \"2m\"",
            Self::MaxWaiters => "a whole number",
            Self::ServiceLevel => "{ percent = 80, within = \"20s\" }",
        }
    }

    /// Reads its content in the form of change sets.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn read(self, value: &Value) -> Result<Setting, String> {
        Ok(match self {
            Self::Name | Self::Channel => Setting::Text(typed(value)?),
            Self::Skills => Setting::Skills(typed(value)?),
            Self::SkillIds => Setting::SkillIds(typed(value)?),
            Self::SkillRequirements => Setting::Requirements(typed(value)?),
            Self::Strategy => Setting::Strategy(typed(value)?),
            Self::PriorityLevels => Setting::Levels(typed(value)?),
            Self::OverflowTargets => Setting::Queues(typed(value)?),
            Self::Overflow => {
                let form: OverflowForm = typed(value)?;
                let action = match (form.action.as_str(), form.target) {
                    ("routeToQueue" | "route_to_queue", Some(target)) => {
                        let id = target
                            .parse()
                            .map_err(|wrong| format!("its target {wrong}"))?;
                        OverflowAction::RouteToQueue(id)
                    }
                    ("routeToQueue" | "route_to_queue", None) => {
                        return Err("routeToQueue needs a target".to_owned());
                    }
                    ("drop", None) => OverflowAction::Drop,
                    ("drop", Some(_)) => return Err("drop takes no target".to_owned()),
                    (other, _) => {
                        return Err(format!("action is `{other}`, not routeToQueue or drop"));
                    }
                };
                let after = time(&form.after)?;
                Setting::Overflow(Overflow { after, action })
            }
            Self::LongestIdle
            | Self::OverflowWait
            | Self::WrapUp
            | Self::RoutingMaxWait
            | Self::MaxWait => Setting::Time(time(value)?),
            Self::MaxWaiters => Setting::Count(typed(value)?),
            Self::ServiceLevel => {
                let form: ServiceLevelForm = typed(value)?;
                Setting::ServiceLevel(ServiceLevel {
                    percent: form.percent,
                    within: time(&form.within)?,
                })
            }
        })
    }
}

impl Member {
    /// Reads what [`Setting::to_value`] wrote, what was unreadable included.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn read_stored(self, value: &Value) -> Result<Setting, String> {
        match value.get("unreadable").and_then(Value::as_str) {
            Some(text) => Ok(Setting::Unreadable(text.to_owned())),
            None => self.read(value),
        }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

fn typed<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|wrong| wrong.to_string())
}

/// A time as text with its unit. A bare number is refused: platforms use several units for it.
fn time(value: &Value) -> Result<Duration, String> {
    let text = value
        .as_str()
        .ok_or_else(|| format!("{value} has no unit, and could be seconds or milliseconds"))?;
    let parsed = humantime::parse_duration(text.trim())
        .map_err(|wrong| format!("`{text}` is not a time: {wrong}"))?;
    if parsed.subsec_nanos() % 1_000_000 != 0 {
        return Err(format!("`{text}` is finer than a millisecond"));
    }
    Ok(parsed)
}

/// A time as text with its unit.
pub(super) fn time_text(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}

impl Setting {
    /// The form of change sets.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Skills(skills) => json!(skills),
            Self::SkillIds(ids) => json!(ids),
            Self::Requirements(requirements) => json!(requirements),
            Self::Strategy(strategy) => json!(strategy),
            Self::Levels(levels) => json!(levels),
            Self::Queues(ids) => json!(ids),
            Self::Overflow(Overflow { after, action }) => match action {
                OverflowAction::RouteToQueue(target) => {
                    json!({"action": "routeToQueue", "target": target, "after": time_text(*after)})
                }
                OverflowAction::Drop => json!({"action": "drop", "after": time_text(*after)}),
            },
            Self::Time(time) => json!(time_text(*time)),
            Self::Count(count) => json!(count),
            Self::ServiceLevel(ServiceLevel { percent, within }) => {
                json!({"percent": percent, "within": time_text(*within)})
            }
            Self::Unreadable(text) => json!({"unreadable": text}),
        }
    }
}

impl Serialize for Setting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Skills(skills) => {
                list(f, skills, |skill| format!("{} {}", skill.id, skill.level))
            }
            Self::SkillIds(ids) => list(f, ids, ToString::to_string),
            Self::Requirements(requirements) => list(f, requirements, |requirement| {
                let SkillRequirement {
                    skill,
                    proficiency,
                    required,
                } = requirement;
                let wish = if *required { "" } else { " (wished)" };
                format!("{skill} {proficiency}{wish}")
            }),
            Self::Strategy(_) => f.write_str(self.to_value().as_str().unwrap_or_default()),
            Self::Levels(levels) => list(f, levels, ToString::to_string),
            Self::Queues(ids) => list(f, ids, ToString::to_string),
            Self::Overflow(Overflow { after, action }) => match action {
                OverflowAction::RouteToQueue(target) => {
                    write!(f, "to {target} after {}", time_text(*after))
                }
                OverflowAction::Drop => write!(f, "drop after {}", time_text(*after)),
            },
            Self::Time(time) => f.write_str(&time_text(*time)),
            Self::Count(count) => write!(f, "{count}"),
            Self::ServiceLevel(ServiceLevel { percent, within }) => {
                write!(f, "{percent}% within {}", time_text(*within))
            }
            Self::Unreadable(text) => write!(f, "unreadable {text}"),
        }
    }
}

fn list<T>(f: &mut fmt::Formatter<'_>, items: &[T], each: impl Fn(&T) -> String) -> fmt::Result {
    if items.is_empty() {
        return f.write_str("none");
    }
    f.write_str(&items.iter().map(each).collect::<Vec<_>>().join(", "))
}

/// The form of [`Members`] in what is stored: that of change sets, with what was unreadable.
pub(super) mod stored_members {
    use std::collections::BTreeMap;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    use super::{Member, Members};

    pub(crate) fn serialize<S: Serializer>(
        members: &Members,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        members.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Members, D::Error> {
        let stored = BTreeMap::<Member, Value>::deserialize(deserializer)?;
        let settings = stored.into_iter().map(|(member, value)| {
            let setting = member.read_stored(&value);
            let setting = setting.map_err(|wrong| D::Error::custom(format!("{member}: {wrong}")));
            setting.map(|setting| (member, setting))
        });
        settings.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (member, value) in [
            (Member::Name, json!("Service")),
            (Member::Skills, json!([{"id": "voice", "level": 4}])),
            (Member::SkillIds, json!(["voice"])),
            (
                Member::SkillRequirements,
                json!([{"skill": "language:en", "proficiency": "advanced", "required": true}]),
            ),
            (Member::Strategy, json!("skill_based")),
            (Member::PriorityLevels, json!([1, 2, 3])),
            (Member::OverflowTargets, json!(["queue-2"])),
            (
                Member::Overflow,
                json!({"action": "routeToQueue", "target": "queue-2", "after": "2m"}),
            ),
            (Member::Overflow, json!({"action": "drop", "after": "90s"})),
            (Member::WrapUp, json!("1m 30s")),
            (Member::MaxWaiters, json!(40)),
            (
                Member::ServiceLevel,
                json!({"percent": 85, "within": "96s"}),
            ),
        ] {
            let setting = member.read(&value).unwrap();
            assert_eq!(member.read(&setting.to_value()), Ok(setting), "{value}");
        }
    }

    #[test]
    fn a_time_needs_its_unit() {
        let wrong = Member::MaxWait.read(&json!(30)).unwrap_err();
        assert!(wrong.contains("has no unit"), "{wrong}");
        assert!(Member::MaxWait.read(&json!("soon")).is_err());
        assert!(Member::MaxWait.read(&json!("-3s")).is_err());
        assert!(Member::MaxWait.read(&json!("10us")).is_err());
    }

    #[test]
    fn a_directive_says_where_to() {
        let read = |value| Member::Overflow.read(&value).unwrap_err();
        assert!(read(json!({"action": "routeToQueue", "after": "2m"})).contains("needs a target"));
        assert!(read(json!({"action": "hang up", "after": "2m"})).contains("hang up"));
        assert!(
            read(json!({"action": "drop", "target": "b", "after": "2m"})).contains("no target")
        );
    }
}
