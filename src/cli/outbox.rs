//! `outbox`: lists, retries and drops the messages of the outbox.

use serde_json::json;

use crate::control::ports::{Clock, SystemClock};
use crate::domain::ReceiverName;
use crate::store::{OutboxEditFault, OutboxEditor, Selection, StoreAt, StoredEntry};

use super::environment::variable;
use super::exit::Exit;
use super::form::FormArgs;
use super::output;

/// What to do with the outbox.
#[derive(Clone, Debug, PartialEq, Eq, clap::Subcommand)]
pub(crate) enum OutboxCommand {
    /// Print every message that waits or was given up, the oldest first; as JSON one object a line, with the message's body
    List {
        /// Only the dead letters
        #[arg(long)]
        dead: bool,
        /// Only what is for the receiver of this name; `webhook` is that of --webhook-url
        #[arg(long, value_name = "NAME")]
        receiver: Option<String>,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Retry messages at once; the time until they are given up starts anew
    Retry(OutboxChangeArgs),
    /// Delete messages; the receiver is never notified of them
    Drop(OutboxChangeArgs),
}

/// The messages that a change is for.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct MessageArgs {
    /// Ids as `outbox list` prints them
    ids: Vec<String>,
    /// Every dead letter
    #[arg(long)]
    all_dead: bool,
}

/// A change of the outbox.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub(crate) struct OutboxChangeArgs {
    #[command(flatten)]
    messages: MessageArgs,
    #[command(flatten)]
    form: FormArgs,
}

impl MessageArgs {
    fn selection(self) -> Selection {
        if self.all_dead {
            Selection::Dead
        } else {
            Selection::Ids(self.ids)
        }
    }
}

/// Runs an `outbox` command.
pub(crate) fn outbox(command: OutboxCommand, at: &StoreAt) -> Exit {
    let mut editor = match OutboxEditor::open(at) {
        Ok(editor) => editor,
        Err(fault) => return refuse(&fault, Exit::Io),
    };
    let now = SystemClock::real_time().now();
    // Nobody verifies it; it names who was at the keyboard, which is what an audit is read for.
    let by = variable("SUDO_USER").or_else(|| variable("USER"));
    let by = by.as_deref();
    let (done, form, changed) = match command {
        OutboxCommand::List {
            dead,
            receiver,
            form,
        } => return list(&editor, dead, receiver.as_deref(), form.is_json()),
        OutboxCommand::Retry(OutboxChangeArgs { messages, form }) => {
            let changed = editor.retry(&messages.selection(), by, now);
            ("retried", form, changed)
        }
        OutboxCommand::Drop(OutboxChangeArgs { messages, form }) => {
            let changed = editor.discard(&messages.selection(), by, now);
            ("dropped", form, changed)
        }
    };
    match changed {
        Ok(ids) if form.is_json() => {
            output::json(&json!({"schema": "outbox-change/1", "done": done, "ids": ids}))
        }
        Ok(ids) => {
            for id in &ids {
                output::result(id);
            }
            let many = if ids.len() == 1 {
                "message"
            } else {
                "messages"
            };
            output::talk(format_args!("{done}: {} {many}", ids.len()));
            Exit::Ok
        }
        Err(fault @ OutboxEditFault::Unknown(_)) => refuse(&fault, Exit::NotThere),
        Err(fault @ OutboxEditFault::Store(_)) => refuse(&fault, Exit::Io),
    }
}

fn refuse(fault: &dyn std::error::Error, exit: Exit) -> Exit {
    output::talk(format_args!("campaign-autopilot: {fault}"));
    exit
}

fn list(editor: &OutboxEditor, dead: bool, receiver: Option<&str>, json: bool) -> Exit {
    let kept = match editor.list() {
        Ok(kept) => kept,
        Err(fault) => return refuse(&fault, Exit::Io),
    };
    let kept: Vec<&StoredEntry> = kept
        .iter()
        .filter(|kept| !dead || kept.dead.is_some())
        .filter(|kept| receiver.is_none_or(|name| name == receiver_of(kept)))
        .collect();
    if kept.is_empty() && !json {
        output::talk("no message waits and none was given up");
    }
    for kept in kept {
        if json {
            output::result(as_json(kept));
        } else {
            output::told(as_line(kept));
        }
    }
    Exit::Ok
}

/// What the receiver of an entry is called.
fn receiver_of(kept: &StoredEntry) -> &str {
    kept.entry.receiver().unwrap_or(ReceiverName::NAMELESS)
}

fn as_line(kept: &StoredEntry) -> String {
    let StoredEntry {
        entry,
        due,
        why,
        dead,
    } = kept;
    let state = match (dead, due) {
        (Some(dead), _) => format!("dead since {dead}"),
        (None, Some(due)) => format!("due {due}"),
        (None, None) => "behind another of its key".to_owned(),
    };
    let why = why.as_ref().map_or(String::new(), |why| format!(": {why}"));
    let to = entry.receiver();
    let to = to.map_or_else(String::new, |name| format!("for {name}, "));
    format!(
        "{}  {}  {:<19}  {}  [{}]  {to}attempts {}, {state}{why}",
        entry.id, entry.at, entry.event, entry.subject, entry.decision, entry.attempts
    )
}

fn as_json(kept: &StoredEntry) -> serde_json::Value {
    let StoredEntry {
        entry,
        due,
        why,
        dead,
    } = kept;
    let body: serde_json::Value = serde_json::from_str(&entry.body).unwrap_or_default();
    json!({
        "schema": "outbox-entry/1",
        "id": entry.id,
        "event": entry.event,
        "key": entry.key,
        "receiver": receiver_of(kept),
        "subject": entry.subject,
        "at": entry.at.to_string(),
        "waiting_since": entry.since.to_string(),
        "decision": entry.decision.to_string(),
        "attempts": entry.attempts,
        "due": due.map(|due| due.to_string()),
        "dead_since": dead.map(|dead| dead.to_string()),
        "why": why,
        "body": body,
    })
}
