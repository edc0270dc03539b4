//! `outbox`: the messages that wait, and an operator's hand in them.

use std::path::Path;

use serde_json::json;

use crate::control::ports::{Clock, SystemClock};
use crate::store::{Chosen, DeskFault, KeptLetter, OutboxDesk};

use super::environment::variable;
use super::exit::Exit;
use super::output;

/// What to do with the outbox.
#[derive(Clone, Debug, PartialEq, Eq, clap::Subcommand)]
pub(crate) enum OutboxCommand {
    /// Print every message that waits or was given up, the oldest first
    List {
        /// Only the dead letters
        #[arg(long)]
        dead: bool,
        /// One JSON object a line, with the message's body
        #[arg(long)]
        json: bool,
    },
    /// Have messages tried again at once, with all their time before them
    Retry(Which),
    /// Throw messages away; nobody is told of them any more
    Drop(Which),
}

/// Which messages.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Which {
    /// Ids as `outbox list` prints them
    ids: Vec<String>,
    /// Every dead letter
    #[arg(long)]
    all_dead: bool,
}

impl Which {
    fn chosen(self) -> Chosen {
        if self.all_dead {
            Chosen::Dead
        } else {
            Chosen::Ids(self.ids)
        }
    }
}

/// Does it.
pub(crate) fn outbox(command: OutboxCommand, state_dir: &Path) -> Exit {
    let mut desk = match OutboxDesk::open(state_dir) {
        Ok(desk) => desk,
        Err(fault) => return refuse(&fault, Exit::Io),
    };
    let now = SystemClock::real_time().now();
    // Nobody checks it; it says who was at the keyboard, which is what an audit is read for.
    let by = variable("SUDO_USER").or_else(|| variable("USER"));
    let by = by.as_deref();
    let (done, changed) = match command {
        OutboxCommand::List { dead, json } => return list(&desk, dead, json),
        OutboxCommand::Retry(which) => ("tried again", desk.retry(&which.chosen(), by, now)),
        OutboxCommand::Drop(which) => ("dropped", desk.discard(&which.chosen(), by, now)),
    };
    match changed {
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
        Err(fault @ DeskFault::Unknown(_)) => refuse(&fault, Exit::NotThere),
        Err(fault @ DeskFault::Store(_)) => refuse(&fault, Exit::Io),
    }
}

fn refuse(fault: &dyn std::error::Error, exit: Exit) -> Exit {
    output::talk(format_args!("campaign-autopilot: {fault}"));
    exit
}

fn list(desk: &OutboxDesk, dead: bool, json: bool) -> Exit {
    let kept = match desk.list() {
        Ok(kept) => kept,
        Err(fault) => return refuse(&fault, Exit::Io),
    };
    let kept: Vec<&KeptLetter> = kept
        .iter()
        .filter(|kept| !dead || kept.dead.is_some())
        .collect();
    if kept.is_empty() && !json {
        output::talk("nothing waits, and nothing was given up");
    }
    for kept in kept {
        if json {
            output::result(as_json(kept));
        } else {
            output::result(as_line(kept));
        }
    }
    Exit::Ok
}

fn as_line(kept: &KeptLetter) -> String {
    let KeptLetter {
        letter,
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
    format!(
        "{}  {}  {:<19}  {}  [{}]  attempts {}, {state}{why}",
        letter.id, letter.at, letter.event, letter.subject, letter.decision, letter.attempts
    )
}

fn as_json(kept: &KeptLetter) -> serde_json::Value {
    let KeptLetter {
        letter,
        due,
        why,
        dead,
    } = kept;
    let body: serde_json::Value = serde_json::from_str(&letter.body).unwrap_or_default();
    json!({
        "id": letter.id,
        "event": letter.event,
        "key": letter.key,
        "subject": letter.subject,
        "at": letter.at.to_string(),
        "waiting_since": letter.since.to_string(),
        "decision": letter.decision.to_string(),
        "attempts": letter.attempts,
        "due": due.map(|due| due.to_string()),
        "dead_since": dead.map(|dead| dead.to_string()),
        "why": why,
        "body": body,
    })
}
