//! The settings of a skill as those of a queue: what of them is read, and how they are written.
//!
//! | member of a change set | of the skill |
//! |---|---|
//! | `name` | `skillName` |
//! | `wrap_up` | `maxSecondsACW` |
//! | `service_level` | `serviceLevelGoal`, in per cent, and `serviceLevelThreshold`, in seconds |
//!
//! No answer names a version. Two states are distinguished by a digest of our own, of everything that a write replaces:
//! whether the skill runs is not among it. A write carries all of that back as it was read, since nobody has published whether
//! members that are left out stay **\[I\]**.

use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use crate::domain::QueueId;
use crate::domain::queue::{
    ChangeFault, Member, Members, QueueVersion, ServiceLevel, Setting, WriteForm,
};
use crate::platform::port::{Original, QueueReading};

use super::drift;
use super::skill::{RunState, Skill, one_skill};

/// What a member of a skill is.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Whole,
    Flag,
}

const NAME: &str = "skillName";
const WRAP_UP: &str = "maxSecondsACW";
const LEVEL_GOAL: &str = "serviceLevelGoal";
const LEVEL_TIME: &str = "serviceLevelThreshold";

/// Members that are read and can be written.
const WRITABLE: [(&str, Kind); 29] = [
    (NAME, Kind::Text),
    ("campaignId", Kind::Whole),
    ("isActive", Kind::Flag),
    ("callerIdOverride", Kind::Text),
    ("scriptId", Kind::Whole),
    ("minWFIAgents", Kind::Whole),
    ("minWFIAvailableAgents", Kind::Whole),
    ("interruptible", Kind::Flag),
    ("minWorkingTime", Kind::Whole),
    ("notes", Kind::Text),
    ("acwTypeId", Kind::Whole),
    ("stateIdACW", Kind::Whole),
    (WRAP_UP, Kind::Whole),
    ("agentRestTime", Kind::Whole),
    ("priorityBlending", Kind::Flag),
    ("initialPriority", Kind::Whole),
    ("acceleration", Kind::Whole),
    ("maxPriority", Kind::Whole),
    (LEVEL_TIME, Kind::Whole),
    (LEVEL_GOAL, Kind::Whole),
    ("enableShortAbandon", Kind::Flag),
    ("shortAbandonThreshold", Kind::Whole),
    ("countShortAbandons", Kind::Flag),
    ("acwPostTimeoutStateId", Kind::Whole),
    ("EquityLevel", Kind::Whole),
    ("FallbackTime", Kind::Whole),
    ("FocusLock", Kind::Whole),
    ("FocusMetric", Kind::Whole),
    ("evaluationCriteria", Kind::Whole),
];

/// A skill with its settings.
#[derive(Debug)]
pub(super) struct SkillSettings {
    running: RunState,
    active: bool,
    /// What a write replaces, each member in the one form that is also written.
    members: Map<String, Value>,
}

impl SkillSettings {
    /// Reads the answer about a skill, or [`Self::original`].
    pub(super) fn parse(skill: u64, body: &[u8]) -> Result<Self, String> {
        let found = Skill::parse(body)?;
        if found.id() != Ok(skill) {
            return Err(format!(
                "asked for skill {skill}, the platform answered about another"
            ));
        }
        let whole = one_skill(body)?;
        let members = WRITABLE.into_iter().filter_map(|(name, kind)| {
            let value = canonical(kind, whole.get(name)?)?;
            Some((name.to_owned(), value))
        });
        Ok(Self {
            running: found.run_state()?,
            active: found.is_active(),
            members: members.collect(),
        })
    }

    /// The same as a reading of a queue.
    pub(super) fn reading(&self, queue: &QueueId, skill: u64) -> QueueReading {
        let sha256 = self.sha256();
        QueueReading {
            queue: queue.clone(),
            version: QueueVersion::of_digest(&sha256),
            members: self.settings(),
            sha256,
            original: self.original(skill),
        }
    }

    /// Why nothing can be written to the skill as it is.
    pub(super) fn refusal(&self) -> Option<String> {
        match &self.running {
            _ if !self.active => Some("the skill is inactive".to_owned()),
            RunState::Stopped => None,
            RunState::Running | RunState::Word(_) => Some(format!(
                "the skill is {}, and the platform changes the settings of a skill only while it does not run",
                self.running
            )),
        }
    }

    /// The body of a write of these settings with a change in place; nothing where the change cannot be written.
    pub(super) fn body(&self, change: &Members) -> Option<Vec<u8>> {
        let mut members = self.members.clone();
        for (member, setting) in change {
            for (name, value) in written(*member, setting).ok()? {
                members.insert(name.to_owned(), value);
            }
        }
        Some(json!({ "skill": members }).to_string().into_bytes())
    }

    fn sha256(&self) -> String {
        // An object of serde_json is sorted by key.
        let text = Value::Object(self.members.clone()).to_string();
        let hash = digest(&SHA256, text.as_bytes());
        let digits = hash.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits
            .filter_map(|digit| char::from_digit(u32::from(digit), 16))
            .collect()
    }

    fn original(&self, skill: u64) -> Original {
        let running = match &self.running {
            RunState::Running => json!(true),
            RunState::Stopped => json!(false),
            RunState::Word(word) => json!(word),
        };
        let mut whole = self.members.clone();
        whole.insert("skillId".to_owned(), json!(skill));
        whole.insert("isRunning".to_owned(), running);
        Original(Value::Object(whole).to_string())
    }

    fn settings(&self) -> Members {
        let whole = |name| self.members.get(name).and_then(Value::as_i64);
        let seconds = |name| Some(Duration::from_secs(u64::try_from(whole(name)?).ok()?));
        let mut settings = Members::new();
        if let Some(name) = self.members.get(NAME).and_then(Value::as_str) {
            settings.insert(Member::Name, Setting::Text(name.to_owned()));
        }
        if let Some(time) = seconds(WRAP_UP) {
            settings.insert(Member::WrapUp, Setting::Time(time));
        }
        if let (Some(percent), Some(within)) = (whole(LEVEL_GOAL), seconds(LEVEL_TIME)) {
            let level = ServiceLevel { percent, within };
            settings.insert(Member::ServiceLevel, Setting::ServiceLevel(level));
        }
        settings
    }
}

/// Names what of a change cannot be written to a skill, and that nothing can while it runs.
pub(super) fn form_faults(
    settings: &SkillSettings,
    change: &Members,
    form: WriteForm,
) -> Vec<ChangeFault> {
    let mut faults = Vec::new();
    if form == WriteForm::Members {
        let remedy = "write it whole";
        let wrong = "settings of a skill cannot be written one by one on this platform";
        faults.push(ChangeFault::new("form", wrong, remedy));
    }
    if let Some(wrong) = settings.refusal() {
        let remedy = "pause its campaign, or hold it, and write then";
        faults.push(ChangeFault::new("skill", wrong, remedy));
    }
    for (member, setting) in change {
        if let Err((wrong, remedy)) = written(*member, setting) {
            faults.push(ChangeFault::new(member.key(), wrong, remedy));
        }
    }
    faults
}

/// The members of the skill that say this, or why there are none.
fn written(
    member: Member,
    setting: &Setting,
) -> Result<Vec<(&'static str, Value)>, (&'static str, &'static str)> {
    let seconds = |time: &Duration| {
        let whole = time.subsec_nanos() == 0;
        whole
            .then(|| json!(time.as_secs()))
            .ok_or(("is no whole number of seconds", "give whole seconds"))
    };
    match (member, setting) {
        (Member::Name, Setting::Text(name)) => Ok(vec![(NAME, json!(name))]),
        (Member::WrapUp, Setting::Time(time)) => Ok(vec![(WRAP_UP, seconds(time)?)]),
        (Member::ServiceLevel, Setting::ServiceLevel(ServiceLevel { percent, within })) => {
            Ok(vec![
                (LEVEL_GOAL, json!(percent)),
                (LEVEL_TIME, seconds(within)?),
            ])
        }
        (_, _) => Err((
            "is no setting of a skill on this platform",
            "change its name, wrap_up or service_level",
        )),
    }
}

/// A value in the one form in which it is written; nothing where it cannot be read.
fn canonical(kind: Kind, value: &Value) -> Option<Value> {
    match kind {
        Kind::Text => value.as_str().map(|text| json!(text)),
        Kind::Whole => drift::as_whole(value).map(|number| json!(number)),
        Kind::Flag => drift::as_flag(value).map(|flag| json!(flag)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOPPED: &str = r#"{"skillId":4711,"skillName":"Renewals PC","isActive":"True","isRunning":"False",
        "maxSecondsACW":"60","serviceLevelGoal":80,"serviceLevelThreshold":30,"priorityBlending":0,"mediaTypeId":4}"#;

    fn settings(text: &str) -> SkillSettings {
        SkillSettings::parse(4_711, text.as_bytes()).unwrap()
    }

    fn level(percent: i64, within: Duration) -> Setting {
        Setting::ServiceLevel(ServiceLevel { percent, within })
    }

    #[test]
    fn what_a_queue_can_say_is_read_and_everything_goes_back() {
        let skill = settings(STOPPED);
        let reading = skill.reading(&"4711".parse().unwrap(), 4_711);
        let expected = Members::from([
            (Member::Name, Setting::Text("Renewals PC".to_owned())),
            (Member::WrapUp, Setting::Time(Duration::from_secs(60))),
            (Member::ServiceLevel, level(80, Duration::from_secs(30))),
        ]);
        assert_eq!(reading.members, expected);
        let change = Members::from([(Member::ServiceLevel, level(85, Duration::from_secs(20)))]);
        let body: Value = serde_json::from_slice(&skill.body(&change).unwrap()).unwrap();
        let expected = json!({"skill": {"skillName": "Renewals PC", "isActive": true, "maxSecondsACW": 60,
            "serviceLevelGoal": 85, "serviceLevelThreshold": 20, "priorityBlending": false}});
        assert_eq!(body, expected);
    }

    #[test]
    fn the_digest_is_of_the_settings_and_not_of_what_the_skill_does() {
        let version = |text: &str| {
            settings(text)
                .reading(&"4711".parse().unwrap(), 4_711)
                .version
        };
        let stopped = version(STOPPED);
        assert_eq!(stopped.number(), None);
        let running = STOPPED.replace(r#""isRunning":"False""#, r#""isRunning":true"#);
        let spelled = STOPPED.replace(r#""maxSecondsACW":"60""#, r#""maxSecondsACW":60"#);
        assert_eq!(version(&running), stopped);
        assert_eq!(version(&spelled), stopped);
        let changed = STOPPED.replace("Renewals PC", "Renewals");
        assert_ne!(version(&changed), stopped);
        let again = settings(STOPPED).original(4_711).0;
        assert_eq!(version(&again), stopped, "what is kept is read the same");
    }

    #[test]
    fn nothing_is_written_while_the_skill_runs() {
        assert_eq!(settings(STOPPED).refusal(), None);
        for (from, to) in [
            (r#""isRunning":"False""#, r#""isRunning":true"#),
            (r#""isRunning":"False""#, r#""isRunning":"Stopping""#),
            (r#""isActive":"True""#, r#""isActive":false"#),
        ] {
            let skill = settings(&STOPPED.replace(from, to));
            assert!(skill.refusal().is_some(), "{to}");
            let faults = form_faults(&skill, &Members::new(), WriteForm::Whole);
            assert_eq!(faults.len(), 1, "{faults:?}");
        }
        let silent = STOPPED.replace(r#""isRunning":"False","#, "");
        assert!(SkillSettings::parse(4_711, silent.as_bytes()).is_err());
        assert!(SkillSettings::parse(4_712, STOPPED.as_bytes()).is_err());
    }

    #[test]
    fn what_a_skill_does_not_have_is_named() {
        let change = Members::from([
            (Member::MaxWaiters, Setting::Count(3)),
            (Member::WrapUp, Setting::Time(Duration::from_millis(1_500))),
            (Member::Name, Setting::Text("x".to_owned())),
        ]);
        let faults = form_faults(&settings(STOPPED), &change, WriteForm::Members);
        let named: Vec<&str> = faults.iter().map(|fault| fault.member.as_str()).collect();
        assert_eq!(named, ["form", "wrap_up", "max_waiters"]);
        assert_eq!(settings(STOPPED).body(&change), None);
    }
}
