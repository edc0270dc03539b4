//! What a message says, in the words of a person who tells another one: the campaign's name, what happened, numbers, who.

use serde_json::Value;

use crate::domain::TenantName;
use crate::notify::ports::OutboxEntry;

/// Lines below the headline; a reload may have any number of changes.
const MOST_LINES: usize = 10;

/// The longest line, in characters.
const LONGEST_LINE: usize = 300;

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Story {
    /// What happened, in one line.
    pub(super) headline: String,
    /// What belongs to it.
    pub(super) lines: Vec<String>,
    /// The event, the id of what it is about, the decision and the time.
    pub(super) footer: String,
}

/// The members of a body.
struct Members<'a>(&'a Value);

impl<'a> Members<'a> {
    fn text(&self, key: &str) -> Option<&'a str> {
        self.0.get(key)?.as_str()
    }

    fn number(&self, key: &str) -> Option<String> {
        let value = self.0.get(key)?;
        value.is_number().then(|| value.to_string())
    }

    /// A number, or a share of something.
    fn limit(&self, key: &str) -> Option<String> {
        let share = self.text(key).map(str::to_owned);
        self.number(key).or(share)
    }

    fn lines(&self, key: &str) -> Vec<String> {
        let lines = self.0.get(key).and_then(Value::as_array);
        let lines = lines.into_iter().flatten().filter_map(Value::as_str);
        lines.map(str::to_owned).collect()
    }

    fn time(&self, key: &str) -> Option<String> {
        self.text(key).map(minutes)
    }

    /// What people call the campaign, or its id.
    fn name(&self) -> &'a str {
        let id = self.text("campaignId").unwrap_or("a campaign");
        self.text("campaignName").unwrap_or(id)
    }

    fn queue(&self) -> &'a str {
        let id = self.text("queueId").or_else(|| self.text("queue_id"));
        id.unwrap_or("?")
    }

    fn author(&self) -> String {
        let author = self.text("author").unwrap_or("somebody");
        match self.text("typedAuthor") {
            Some(typed) => format!("{author} ({typed})"),
            None => author.to_owned(),
        }
    }

    fn why(&self) -> String {
        let reason = self.text("reason");
        reason.map_or_else(String::new, |reason| format!(": {reason}"))
    }
}

impl Story {
    /// Tells what an entry reports.
    pub(super) fn new(entry: &OutboxEntry, body: &Value, tenant: Option<&TenantName>) -> Self {
        let members = Members(body);
        let (headline, lines) = told(&entry.event, &members);
        let headline = match tenant {
            Some(tenant) => format!("[{tenant}] {headline}"),
            None => headline,
        };
        let mut footer = vec![entry.event.clone(), entry.subject.clone()];
        footer.extend(
            members
                .text("decisionId")
                .map(|id| format!("decision {id}")),
        );
        footer.push(seconds(&entry.at.to_string()));
        Self {
            headline: shortened(&headline),
            lines: bounded(&lines),
            footer: footer.join(" · "),
        }
    }
}

fn bounded(lines: &[String]) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST_LINES);
    let mut kept: Vec<String> = lines
        .iter()
        .take(MOST_LINES)
        .map(|line| shortened(line))
        .collect();
    if more > 0 {
        kept.push(format!("and {more} more"));
    }
    kept
}

fn shortened(line: &str) -> String {
    if line.chars().count() <= LONGEST_LINE {
        return line.to_owned();
    }
    let mut kept: String = line.chars().take(LONGEST_LINE).collect();
    kept.push('…');
    kept
}

/// `2024-05-20T14:32:00.000Z` as `2024-05-20 14:32 UTC`.
fn minutes(time: &str) -> String {
    until(time, 16)
}

/// `2024-05-20T14:32:00.000Z` as `2024-05-20 14:32:00 UTC`.
fn seconds(time: &str) -> String {
    until(time, 19)
}

fn until(time: &str, characters: usize) -> String {
    match time.get(..characters).filter(|_| time.ends_with('Z')) {
        Some(kept) => format!("{} UTC", kept.replace('T', " ")),
        None => time.to_owned(),
    }
}

/// The headline and the lines of an event. One that is not known here has its name for a headline.
fn told(event: &str, of: &Members<'_>) -> (String, Vec<String>) {
    let name = of.name();
    let alone = |headline: String| (headline, Vec::new());
    match event {
        "campaign.paused" => alone(format!(
            "{name} paused{}",
            compared(of, "pause below", "pauseThreshold")
        )),
        "campaign.resumed" => alone(format!(
            "{name} resumed{}",
            compared(of, "resume at", "resumeThreshold")
        )),
        "campaign.flapping" => flapping(of),
        "campaign.pause_unproven" => unproven(of),
        "campaign.pace_changed" => pace(of),
        "assignment.dispatch" => alone(format!(
            "{name}: list of {} agents sent",
            of.number("agentsUpdated").unwrap_or_default()
        )),
        "campaign.paused_by_person" => (
            format!("{name} was paused on the platform by {}", person(of)),
            vec!["The autopilot does not resume what a person paused.".to_owned()],
        ),
        "campaign.resumed_by_person" => resumed_by_person(of),
        "campaign.held" => held(of),
        "campaign.released" => alone(format!("{name}: hold ended by {}{}", of.author(), of.why())),
        "campaign.pause_claimed" => claimed(of),
        "campaign.thresholds_set" => thresholds(of),
        "data.stale" => stale(of),
        "queue.updated" => alone(format!("Queue {} was changed", of.queue())),
        "queue_routing_updated" => alone(format!(
            "Queue {} routes by {}",
            of.queue(),
            of.text("strategy").unwrap_or("another strategy")
        )),
        "queue.drain_rate" => alone(format!(
            "Queue {} drains {} callers a second",
            of.queue(),
            of.number("drainRate").unwrap_or_default()
        )),
        "queue.held" => alone(format!(
            "Queue {} is not calibrated until {}, by {}{}",
            of.queue(),
            of.time("until").unwrap_or_default(),
            of.author(),
            of.why()
        )),
        "queue.released" => alone(format!(
            "Queue {} may be calibrated again, by {}{}",
            of.queue(),
            of.author(),
            of.why()
        )),
        "configuration.reloaded" => reloaded(of),
        "audit.head" => (
            format!(
                "Head of the audit: row {}",
                of.number("row").unwrap_or_default()
            ),
            of.text("hash").map(str::to_owned).into_iter().collect(),
        ),
        "webhook.test" => alone("Test message of campaign-autopilot".to_owned()),
        other => alone(other.to_owned()),
    }
}

/// The numbers that were compared, or else the reason.
fn compared(of: &Members<'_>, with: &str, threshold: &str) -> String {
    let numbers = of.number("availableAgents").zip(of.number(threshold));
    match numbers.filter(|_| of.text("cause") == Some("threshold")) {
        Some((available, threshold)) => {
            let agents = if available == "1" { "agent" } else { "agents" };
            format!(": {available} {agents} available, {with} {threshold}")
        }
        None => of.why(),
    }
}

fn person(of: &Members<'_>) -> String {
    of.text("author").unwrap_or("a person").to_owned()
}

fn flapping(of: &Members<'_>) -> (String, Vec<String>) {
    let number = |key| of.number(key).unwrap_or_default();
    let headline = format!(
        "{} keeps switching: {} resumes within the last hour, limit {}",
        of.name(),
        number("resumesLastHour"),
        number("limitPerHour")
    );
    let held_back = of.0.get("resumesHeldBack").and_then(Value::as_bool);
    let line = if held_back == Some(true) {
        "Further resumes wait until the hour has passed."
    } else {
        "Its thresholds may be too close together."
    };
    (headline, vec![line.to_owned()])
}

fn unproven(of: &Members<'_>) -> (String, Vec<String>) {
    let name = of.name();
    if of.text("status") == Some("UNPROVEN") {
        let mut lines: Vec<String> = of
            .text("reason")
            .map(|why| format!("Why: {why}."))
            .into_iter()
            .collect();
        let id = of.text("campaignId").unwrap_or_default();
        lines.push(format!(
            "To let the autopilot resume it: campaign-autopilot release {id} --ours"
        ));
        let headline = format!(
            "{name} stays paused while agents stand idle: nobody can say whose pause it is"
        );
        return (headline, lines);
    }
    let end = match of.text("resolvedAs") {
        Some("running") => "it runs again",
        Some("autopilot") => "the pause is the autopilot's",
        Some("person") => "the pause is a person's",
        Some(_) | None => "the campaign has stopped",
    };
    (
        format!("{name}: the doubt about its pause is over, {end}"),
        Vec::new(),
    )
}

fn pace(of: &Members<'_>) -> (String, Vec<String>) {
    let name = of.name();
    let (unit, now, before) = match of.number("dialsPerAgent") {
        Some(now) => (
            "dials for each agent",
            now,
            of.number("originalDialsPerAgent"),
        ),
        None => (
            "agents kept idle",
            of.number("idleReserve").unwrap_or_default(),
            of.number("originalIdleReserve"),
        ),
    };
    let before = before.unwrap_or_default();
    let headline = match of.text("status") {
        Some("PUT_BACK") => format!("{name} has its pace back: {now} {unit}"),
        Some("CHANGED_BY_OTHERS") => {
            format!("{name}: somebody else set its pace to {now} {unit}")
        }
        Some(_) | None => format!("{name} dials slower: {now} {unit} instead of {before}"),
    };
    let why = of.text("reason").map(|why| format!("Why: {why}"));
    (headline, why.into_iter().collect())
}

fn resumed_by_person(of: &Members<'_>) -> (String, Vec<String>) {
    let name = of.name();
    let whose = if of.text("pausedBeforeBy") == Some("autopilot") {
        "our pause"
    } else {
        "a person's pause"
    };
    let lines = of
        .time("leftAloneUntil")
        .map(|until| format!("The autopilot leaves it alone until {until}."));
    (
        format!(
            "{name} was resumed on the platform by {}: it ended {whose}",
            person(of)
        ),
        lines.into_iter().collect(),
    )
}

fn held(of: &Members<'_>) -> (String, Vec<String>) {
    let kind = match of.text("hold") {
        Some("as-is") | None => "as it is",
        Some(kind) => kind,
    };
    let headline = format!(
        "{} is held {kind} until {}, by {}{}",
        of.name(),
        of.time("until").unwrap_or_default(),
        of.author(),
        of.why()
    );
    let before = of.time("wasUntil");
    let before = before.map(|until| format!("It was held until {until} before."));
    (headline, before.into_iter().collect())
}

fn claimed(of: &Members<'_>) -> (String, Vec<String>) {
    let (name, author, why) = (of.name(), of.author(), of.why());
    let headline = if of.text("status") == Some("OURS") {
        format!("{name}: {author} gave its pause to the autopilot{why}")
    } else {
        format!("{name}: {author} took its pause from the autopilot{why}")
    };
    (headline, Vec::new())
}

fn thresholds(of: &Members<'_>) -> (String, Vec<String>) {
    let (name, author, why) = (of.name(), of.author(), of.why());
    let until = of.time("until").unwrap_or_default();
    let pair = |pause, resume| {
        let numbers = of.limit(pause).zip(of.limit(resume));
        numbers.map(|(pause, resume)| format!("pause below {pause}, resume at {resume}"))
    };
    let now = pair("pauseThreshold", "resumeThreshold").unwrap_or_default();
    let before = pair("pauseThresholdBefore", "resumeThresholdBefore");
    let (headline, before) = match of.text("status") {
        Some("TARGET_SET") => (
            format!(
                "{name} aims at {} abandoned calls until {until}, by {author}{why}",
                of.text("abandonTarget").unwrap_or_default()
            ),
            of.text("abandonTargetBefore").map(str::to_owned),
        ),
        Some("RESTORED") => (
            format!("{name} has its configured thresholds back, by {author}{why}"),
            None,
        ),
        Some(_) | None => (
            format!("{name} has other thresholds until {until}, by {author}{why}"),
            before,
        ),
    };
    let mut lines: Vec<String> = Some(now)
        .filter(|now| !now.is_empty())
        .into_iter()
        .collect();
    lines.extend(before.map(|before| format!("before: {before}")));
    (headline, lines)
}

fn stale(of: &Members<'_>) -> (String, Vec<String>) {
    if of.text("status") == Some("FRESH") {
        return ("Agent data are back".to_owned(), Vec::new());
    }
    let polls = of.number("invalidPolls").unwrap_or_default();
    let many = |key| of.0.get(key).and_then(Value::as_u64).unwrap_or_default();
    let dialling = match many("keepDialling") {
        0 => String::new(),
        1 => "; one running campaign keeps dialling".to_owned(),
        many => format!("; {many} running campaigns keep dialling"),
    };
    let paused = match many("paused") {
        0 => None,
        1 => Some("One campaign is paused by on_stale.".to_owned()),
        many => Some(format!("{many} campaigns are paused by on_stale.")),
    };
    let why = of.text("error").map(|why| format!("Why: {why}"));
    let lines = [
        why,
        paused,
        Some("Nothing is resumed until the data are back.".to_owned()),
    ];
    (
        format!("No agent data: {polls} polls in a row gave no valid reading{dialling}"),
        lines.into_iter().flatten().collect(),
    )
}

fn reloaded(of: &Members<'_>) -> (String, Vec<String>) {
    let (author, why) = (of.author(), of.why());
    if of.text("status") == Some("REFUSED") {
        let headline =
            format!("Configuration refused, the old one stays in force; by {author}{why}");
        return (headline, of.lines("faults"));
    }
    let mut lines = of.lines("changes");
    let later = of.lines("afterRestart");
    lines.extend(later.iter().map(|line| format!("after a restart: {line}")));
    if lines.is_empty() {
        lines.push("nothing differs".to_owned());
    }
    (format!("Configuration reloaded by {author}{why}"), lines)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use crate::domain::{DecisionId, Timestamp};

    use super::*;

    /// An entry of an event about the campaign `cmp-1`.
    pub(in crate::notify::forms) fn entry(event: &str, body: &Value) -> OutboxEntry {
        let at = Timestamp::from_unix_millis(1_716_215_520_000);
        OutboxEntry {
            id: "msg_1".to_owned(),
            event: event.to_owned(),
            key: "@ops/campaign/cmp-1".to_owned(),
            subject: "cmp-1".to_owned(),
            body: body.to_string(),
            at,
            since: at,
            attempts: 0,
            decision: DecisionId { run: 3, tick: 41 },
        }
    }

    fn headline(event: &str, body: &Value) -> String {
        Story::new(&entry(event, body), body, None).headline
    }

    #[test]
    fn a_story_names_the_campaign_the_numbers_and_who() {
        let paused = json!({
            "campaignId": "cmp-1", "campaignName": "Spring renewals", "cause": "threshold",
            "availableAgents": 3, "pauseThreshold": 5, "resumeThreshold": 8, "decisionId": "3-41",
        });
        let acme: TenantName = "acme".parse().unwrap();
        let story = Story::new(&entry("campaign.paused", &paused), &paused, Some(&acme));
        let headline_of_paused = "[acme] Spring renewals paused: 3 agents available, pause below 5";
        assert_eq!(story.headline, headline_of_paused);
        let footer = "campaign.paused · cmp-1 · decision 3-41 · 2024-05-20 14:32:00 UTC";
        assert_eq!(story.footer, footer);
        let held = json!({
            "campaignId": "cmp-1", "hold": "paused", "until": "2024-05-20T15:02:00.000Z",
            "author": "anna", "typedAuthor": "desk 3", "reason": "wrong list",
        });
        assert_eq!(
            headline("campaign.held", &held),
            "cmp-1 is held paused until 2024-05-20 15:02 UTC, by anna (desk 3): wrong list"
        );
        let person = json!({"campaignId": "cmp-1"});
        assert_eq!(
            headline("campaign.paused_by_person", &person),
            "cmp-1 was paused on the platform by a person"
        );
        let late = json!({"campaignId": "cmp-1"});
        assert_eq!(headline("campaign.paused", &late), "cmp-1 paused");
        let guarded = json!({"campaignId": "cmp-1", "cause": "guard", "reason": "over the limit"});
        assert_eq!(
            headline("campaign.paused", &guarded),
            "cmp-1 paused: over the limit"
        );
    }

    #[test]
    fn an_outage_says_why_and_what_goes_on_dialling() {
        let stale = |outage: Value| {
            let mut body = json!({"status": "STALE", "invalidPolls": 3});
            let members = body.as_object_mut().unwrap();
            members.extend(outage.as_object().unwrap().clone());
            let story = Story::new(&entry("data.stale", &body), &body, None);
            (story.headline, story.lines)
        };
        let last = "Nothing is resumed until the data are back.";
        let whole = json!({"error": "503 Service Unavailable", "keepDialling": 2, "paused": 1});
        let (headline, lines) = stale(whole);
        assert_eq!(
            headline,
            "No agent data: 3 polls in a row gave no valid reading; 2 running campaigns keep dialling"
        );
        let why = "Why: 503 Service Unavailable";
        assert_eq!(lines, [why, "One campaign is paused by on_stale.", last]);
        let all_paused =
            json!({"error": "503 Service Unavailable", "keepDialling": 0, "paused": 4});
        let (headline, lines) = stale(all_paused);
        assert!(headline.ends_with("gave no valid reading"), "{headline}");
        assert_eq!(lines, [why, "4 campaigns are paused by on_stale.", last]);
        // Of one group alone nothing more is known.
        assert_eq!(stale(json!({})).1, [last]);
    }

    #[test]
    fn every_event_has_words_of_its_own() {
        for kind in crate::domain::MessageKind::ALL {
            let told = headline(kind.name(), &json!({"campaignId": "cmp-1"}));
            assert_ne!(told, kind.name());
        }
    }

    #[test]
    fn many_and_long_lines_are_cut() {
        let changes: Vec<String> = (0..30)
            .map(|line| format!("{line}: {}", "x".repeat(400)))
            .collect();
        let body =
            json!({"status": "RELOADED", "changes": changes, "author": "anna", "reason": "trial"});
        let story = Story::new(&entry("configuration.reloaded", &body), &body, None);
        assert_eq!(story.lines.len(), MOST_LINES + 1);
        assert_eq!(story.lines.last().unwrap(), "and 20 more");
        assert!(
            story
                .lines
                .iter()
                .all(|line| line.chars().count() <= LONGEST_LINE + 1)
        );
    }
}
