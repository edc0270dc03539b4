//! `set`, `reload`, the claim of a pause, and the holds of queues.

use reqwest::Method;

use crate::cli::environment::variable;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::control::operator::AppliedChange;
use crate::domain::{PauseClaim, PauseOwnerKind};
use crate::serve::{
    ChangeAnswer, PauseOwnerRequest, QueueHoldRequest, StatusDocument, ThresholdsRequest,
};

use super::args::{ServerArgs, SetArgs, WhyArgs};
use super::client::{Client, ClientFault, with_query};
use crate::serve::words;

/// The path of campaigns.
pub(super) const CAMPAIGNS: [&str; 3] = ["api", "v1", "campaigns"];

/// The path of queues.
const QUEUES: [&str; 3] = ["api", "v1", "queues"];

pub(super) type ExitResult = Result<Exit, ClientFault>;

pub(super) async fn set(
    server: &ServerArgs,
    campaign: &str,
    set: SetArgs,
    lasts: Option<String>,
    why: WhyArgs,
) -> ExitResult {
    let SetArgs {
        pause_below,
        resume_at,
        abandon_target,
    } = set;
    let asked = ThresholdsRequest {
        pause_below,
        resume_at,
        abandon_target,
        lasts,
        author: author(&why),
        reason: why.reason,
    };
    let path = [&CAMPAIGNS[..], &[campaign, "thresholds"]].concat();
    let answer = Client::new(server)?.put(&path, &asked).await?;
    Ok(tell(server, campaign, &answer))
}

pub(super) async fn restore(server: &ServerArgs, campaign: &str, why: WhyArgs) -> ExitResult {
    end(server, [campaign, "thresholds"], &why).await
}

pub(super) async fn hold_queue(
    server: &ServerArgs,
    queue: &str,
    lasts: String,
    why: WhyArgs,
) -> ExitResult {
    let asked = QueueHoldRequest {
        lasts,
        author: author(&why),
        reason: why.reason,
    };
    let path = [&QUEUES[..], &[queue, "hold"]].concat();
    let answer = Client::new(server)?.put(&path, &asked).await?;
    Ok(tell(server, "", &answer))
}

pub(super) async fn release_queue(server: &ServerArgs, queue: &str, why: WhyArgs) -> ExitResult {
    let answer = delete(server, &QUEUES, [queue, "hold"], &why).await?;
    Ok(tell(server, "", &answer))
}

pub(super) async fn claim(
    server: &ServerArgs,
    campaign: &str,
    claim: PauseClaim,
    why: WhyArgs,
) -> ExitResult {
    let owner = match claim {
        PauseClaim::Ours => PauseOwnerKind::Autopilot,
        PauseClaim::Theirs => PauseOwnerKind::Person,
    };
    let asked = PauseOwnerRequest {
        owner: owner.label().to_owned(),
        author: author(&why),
        reason: why.reason,
    };
    let path = [&CAMPAIGNS[..], &[campaign, "pause-owner"]].concat();
    let answer = Client::new(server)?.put(&path, &asked).await?;
    Ok(tell(server, campaign, &answer))
}

pub(super) async fn reload(server: &ServerArgs, why: WhyArgs) -> ExitResult {
    let client = Client::new(server)?;
    // A daemon that watches its settings file has often been faster; read before, since this reload will be the last one then.
    let before = client
        .get::<StatusDocument>(&["api", "v1", "status"], &[])
        .await?;
    let request = client.request(Method::POST, &["-", "reload"]);
    let request = with_query(request, &query(&why, author(&why).as_deref()));
    let answer = client.ask::<ChangeAnswer>(request).await?;
    let told = tell(server, "", &answer);
    let last = before.0.config.last_reload;
    if let Some(last) = last.filter(|last| last.ok && !last.changes.is_empty())
        && !server.form.is_json()
        && changes_nothing(&answer.0.made)
    {
        output::told(format_args!(
            "  what the last reload took up ({}, by {}):",
            last.at, last.by
        ));
        for change in &last.changes {
            output::result(format_args!("    {change}"));
        }
    }
    Ok(told)
}

fn changes_nothing(made: &AppliedChange) -> bool {
    matches!(made, AppliedChange::Reloaded { changes, after_restart, .. } if changes.is_empty() && after_restart.is_empty())
}

pub(super) async fn end(server: &ServerArgs, of: [&str; 2], why: &WhyArgs) -> ExitResult {
    let [campaign, _] = of;
    Ok(tell(
        server,
        campaign,
        &delete(server, &CAMPAIGNS, of, why).await?,
    ))
}

async fn delete(
    server: &ServerArgs,
    place: &[&str; 3],
    of: [&str; 2],
    why: &WhyArgs,
) -> Result<(ChangeAnswer, String), ClientFault> {
    let client = Client::new(server)?;
    let path = [&place[..], &of].concat();
    let request = client.request(Method::DELETE, &path);
    client
        .ask(with_query(request, &query(why, author(why).as_deref())))
        .await
}

pub(super) fn query<'a>(why: &'a WhyArgs, author: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut query = vec![("reason", why.reason.as_str())];
    query.extend(author.map(|author| ("author", author)));
    query
}

/// Returns who was at the keyboard, for the audit, as far as that is known; nobody verifies it.
pub(super) fn author(why: &WhyArgs) -> Option<String> {
    let given = why.author.clone();
    given
        .or_else(|| variable("SUDO_USER"))
        .or_else(|| variable("USER"))
}

/// Tells what a change came to: as a sentence, or as it was answered.
pub(super) fn tell(
    server: &ServerArgs,
    campaign: &str,
    (answer, text): &(ChangeAnswer, String),
) -> Exit {
    if server.form.is_json() {
        output::result(text);
        return Exit::Ok;
    }
    let made = words::made(&answer.made);
    output::told(format!("{campaign} {made}").trim_start());
    for note in &answer.notes {
        output::talk_told(format_args!("warning: {note}"));
    }
    output::talk_zone();
    Exit::Ok
}
