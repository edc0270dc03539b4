//! `webhook`: tests receivers.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use crate::control::ports::{Clock, SystemClock};
use crate::domain::{Message, meant};
use crate::notify::{Answer, FormName, HttpPost, OutboxEntry, Post, Receiver};
use crate::settings::{Fault, Resolved, RunArgs, Scope, Settings, resolve_within};
use crate::telemetry::DeliveryOutcome;

use super::exit::Exit;
use super::form::FormArgs;
use super::one_tenant::OneTenantArgs;
use super::output;

/// What to do with the receiver.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum WebhookCommand {
    /// Send one `webhook.test` message to each receiver, in its form, and print what came back
    Test {
        /// Only to the receiver of this name; `webhook` is that of --webhook-url
        #[arg(long, value_name = "NAME")]
        receiver: Option<String>,
        #[command(flatten)]
        form: FormArgs,
        #[command(flatten)]
        args: Box<OneTenantArgs>,
    },
}

/// The settings of a receiver. Nothing is asked of a platform here, so that what is not said of it is no fault.
pub(super) fn resolve(
    args: &RunArgs,
    env: &dyn Fn(&str) -> Option<String>,
    scope: Scope<'_>,
) -> Result<Resolved, Vec<Fault>> {
    let scope = Scope {
        without_campaigns: true,
        ..scope
    };
    let missing: Vec<String> = match resolve_within(args, env, scope) {
        Ok(resolved) => return Ok(resolved),
        Err(faults) => faults
            .into_iter()
            .filter(|fault| fault.wrong == "is missing")
            .map(|fault| fault.key)
            .collect(),
    };
    // What is missing stands in no layer, so that a stand-in can be in nobody's way.
    let with_stand_ins = |name: &str| env(name).or_else(|| stand_in(name, &missing));
    resolve_within(args, &with_stand_ins, scope)
}

/// What takes the place of a variable, where the setting that it gives is among those that are missing.
fn stand_in(name: &str, missing: &[String]) -> Option<String> {
    let rest = name.strip_prefix("AUTOPILOT_")?;
    // Each of several tenants has a secret in a variable of its own.
    let of_secret = rest.starts_with("CLIENT_SECRET") && !rest.ends_with("_FILE");
    let (key, value) = match rest {
        "BASE_URL" => ("base_url", "https://not-configured.invalid"),
        "CLIENT_ID" => ("client_id", "not-configured"),
        "STATE_DIR" => ("state_dir", "/nonexistent"),
        _ if of_secret => ("client_secret", "not-configured"),
        _ => return None,
    };
    let is_missing = missing.iter().any(|one| one.ends_with(key));
    is_missing.then(|| value.to_owned())
}

/// Sends one message once to each receiver, or to one, bypassing the outbox. The first that fails decides how the command ends.
pub(crate) async fn test(settings: &Settings, only: Option<&str>, form: FormArgs) -> Exit {
    let all: Vec<&Receiver> = settings.all_receivers().collect();
    if all.is_empty() {
        output::talk(
            "campaign-autopilot: no receiver is configured; give --webhook-url and its secret, or a [[receiver]] table",
        );
        return Exit::Configuration;
    }
    let asked = all
        .iter()
        .filter(|one| only.is_none_or(|name| name == one.label()));
    let asked: Vec<&Receiver> = asked.copied().collect();
    if let (true, Some(name)) = (asked.is_empty(), only) {
        let names = || all.iter().map(|receiver| receiver.label());
        let remedy = meant(name, names()).map_or_else(
            || format!("name one of {}", names().collect::<Vec<_>>().join(", ")),
            |meant| format!("did you mean `{meant}`?"),
        );
        output::talk(format_args!(
            "campaign-autopilot: --receiver {name}: there is no such receiver; {remedy}"
        ));
        return Exit::Configuration;
    }
    // One alone needs no name to be told from others.
    let by_name = all.len() > 1 || !settings.receivers.is_empty();
    let mut exit = Exit::Ok;
    let mut sent = Vec::new();
    for receiver in asked {
        exit = exit.then(test_one(receiver, by_name, form, &mut sent).await);
    }
    if form.is_json() {
        let ok = exit == Exit::Ok;
        let told = output::json(&json!({"schema": "webhook-test/1", "ok": ok, "messages": sent}));
        return exit.then(told);
    }
    exit
}

/// A message that was sent, and what came back.
#[derive(Serialize)]
struct SentMessage {
    id: String,
    receiver: String,
    /// The form that the receiver takes.
    form: &'static str,
    url: String,
    delivered: bool,
    /// The HTTP status; none where nothing answered.
    status: Option<u16>,
    took_ms: u64,
    why: String,
    /// The beginning of what the receiver said.
    said: Option<String>,
}

impl SentMessage {
    fn of(receiver: &Receiver, id: &str, answer: &Answer, took: Duration) -> Self {
        let (status, said) = match answer {
            Answer::Status {
                status, excerpt, ..
            } => (Some(*status), Some(excerpt.clone())),
            Answer::Timeout | Answer::Connect { .. } => (None, None),
        };
        Self {
            id: id.to_owned(),
            receiver: receiver.label().to_owned(),
            form: receiver.form.name().word(),
            url: receiver.url.to_string(),
            delivered: answer.outcome() == DeliveryOutcome::Delivered,
            status,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            why: answer.why(),
            said: said.filter(|said| !said.is_empty()),
        }
    }

    /// How the command ends where this is the last message.
    fn exit(&self) -> Exit {
        match (self.delivered, self.status) {
            (true, _) => Exit::Ok,
            (false, None) => Exit::Unreachable,
            (false, Some(_)) => Exit::Refused,
        }
    }

    fn print(&self, by_name: bool) {
        let Self {
            id,
            url,
            why,
            took_ms,
            ..
        } = self;
        let which = if by_name {
            format!(" ({}, form {})", self.receiver, self.form)
        } else {
            String::new()
        };
        output::result(format_args!("sent    webhook.test {id} to {url}{which}"));
        let said = self.said.as_ref();
        let said = said.map_or(String::new(), |said| format!("; it said: {said}"));
        match (self.delivered, self.status) {
            (true, _) => output::result(format_args!("ok      {why} in {took_ms} ms{said}")),
            (false, None) => {
                output::result(format_args!("FAILED  after {took_ms} ms: {why}"));
            }
            (false, Some(_)) => {
                output::result(format_args!("FAILED  {why} in {took_ms} ms{said}"));
            }
        }
    }
}

async fn test_one(
    receiver: &Receiver,
    by_name: bool,
    form: FormArgs,
    sent: &mut Vec<SentMessage>,
) -> Exit {
    let post = match HttpPost::new(receiver.clone(), 1) {
        Ok(post) => post,
        Err(why) => {
            output::talk(format_args!(
                "campaign-autopilot: cannot set up the HTTP client: {why}"
            ));
            return Exit::Io;
        }
    };
    if let Err(lacking) = post.can_reach() {
        output::talk(format_args!("campaign-autopilot: {lacking}"));
        return Exit::Io;
    }
    let clock = SystemClock::real_time();
    // An alert that the test triggers is resolved by it.
    let messages = match receiver.form.name() {
        FormName::PagerDuty => vec![
            Message::webhook_test(clock.now()),
            Message::webhook_test_over(clock.now()),
        ],
        FormName::Signed | FormName::Slack | FormName::Teams => {
            vec![Message::webhook_test(clock.now())]
        }
    };
    for message in messages {
        let entry = match test_entry(&message) {
            Ok(entry) => entry,
            Err(wrong) => {
                output::talk(format_args!("campaign-autopilot: the message: {wrong}"));
                return Exit::Internal;
            }
        };
        let started = clock.monotonic();
        let answer = post.post(&entry, clock.now()).await;
        let took = clock.monotonic().saturating_sub(started);
        let told = SentMessage::of(receiver, &entry.id, &answer, took);
        if !form.is_json() {
            told.print(by_name);
        }
        let exit = told.exit();
        sent.push(told);
        if exit != Exit::Ok {
            return exit;
        }
    }
    Exit::Ok
}

fn test_entry(message: &Message) -> Result<OutboxEntry, serde_json::Error> {
    Ok(OutboxEntry {
        id: format!("msg_{:032x}", fastrand::u128(..)),
        event: message.kind().name().to_owned(),
        key: message.key.to_string(),
        subject: "test".to_owned(),
        body: serde_json::to_string(&message.sent())?,
        at: message.at,
        since: message.at,
        attempts: 0,
        decision: message.decision,
    })
}
