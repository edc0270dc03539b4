//! `assign`: plans the preview assignments, applies a plan once, and explains it for one agent.
//!
//! `plan` and `explain` read the platform once and change nothing, so that they may run beside the daemon. Rates are those of
//! the roster file, and 0 for the others: only the daemon has seen their calls.

use std::sync::Arc;

use clap::Subcommand;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::control::ports::{Clock, SystemClock};
use crate::control::{AssignmentView, Cycle};
use crate::domain::assignment::{Assigner, ListFinding, Move, Placement, Proposal};
use crate::domain::{AgentId, AgentState, CampaignActivity, CampaignId, StatusFinding, Timestamp};
use crate::platform::port::{ObserveRequest, PlatformFault, Urgency};
use crate::settings::Settings;

use super::connection::Connection;
use super::exit::Exit;
use super::form::FormArgs;
use super::one_tenant::OneTenantArgs;
use super::output;
use super::run::exit_of;
use super::surroundings::Surroundings;
use super::tenant::Tenant;

/// A command about the preview assignments.
#[derive(Subcommand)]
pub(crate) enum AssignCommand {
    /// Show the moves of a plan with scores and reasons; nothing is changed
    Plan {
        #[command(flatten)]
        form: FormArgs,
        #[command(flatten)]
        run: Box<OneTenantArgs>,
    },
    /// Plan once and put it in force; campaigns are not commanded. Not beside a running daemon
    Apply {
        #[command(flatten)]
        form: FormArgs,
        #[command(flatten)]
        run: Box<OneTenantArgs>,
    },
    /// Explain how one agent of the roster scores for every preview campaign
    Explain {
        /// The agent's id
        agent: AgentId,
        #[command(flatten)]
        form: FormArgs,
        #[command(flatten)]
        run: Box<OneTenantArgs>,
    },
}

impl AssignCommand {
    /// The settings that it was given.
    pub(crate) fn args(&self) -> &OneTenantArgs {
        match self {
            Self::Plan { run, .. } | Self::Apply { run, .. } | Self::Explain { run, .. } => run,
        }
    }
}

/// Runs an `assign` command.
pub(crate) async fn assign(command: &AssignCommand, settings: Settings) -> Exit {
    if settings.assignments.is_none() {
        output::talk(
            "campaign-autopilot: no preview campaigns; add [[preview]] tables to the settings file",
        );
        return Exit::Configuration;
    }
    match command {
        AssignCommand::Apply { form, .. } => Box::pin(apply(settings, *form)).await,
        AssignCommand::Plan { form, .. } => match Seen::read(&settings).await {
            Ok(mut seen) => {
                let proposal = seen.assigner.propose(seen.now);
                if form.is_json() {
                    show_json(&proposal, seen.now);
                } else {
                    show_moves(&proposal);
                }
                Exit::Ok
            }
            Err(exit) => exit,
        },
        AssignCommand::Explain { agent, form, .. } => match Seen::read(&settings).await {
            Ok(seen) => explain(seen, agent, *form),
            Err(exit) => exit,
        },
    }
}

async fn apply(settings: Settings, form: FormArgs) -> Exit {
    let clock = Arc::new(SystemClock::real_time());
    let settings = Settings {
        listen: None,
        ..settings
    };
    let tenant = match Surroundings::real() {
        Ok(real) => Tenant::start(&real, &settings, clock, CancellationToken::new()).await,
        Err(fault) => Err(fault),
    };
    match tenant {
        Ok(tenant) => {
            let (report, _) = Box::pin(tenant.run_once(Cycle::assign_once)).await;
            let told = show_lists(&report.assignments, form);
            exit_of(&report).then(told)
        }
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            fault.exit()
        }
    }
}

/// Shows the lists, with what was sent of each.
fn show_lists(lists: &[AssignmentView], form: FormArgs) -> Exit {
    if form.is_json() {
        let lists = lists.iter().map(|list| {
            let sent = list.last.as_ref();
            json!({
                "campaign": list.id, "agents": list.listed,
                "sent": sent.map(|sent| json!({
                    "at": sent.at.to_string(), "decision": sent.decision.to_string(), "end": sent.end,
                    "joining": sent.joining, "leaving": sent.leaving,
                })),
            })
        });
        let lists: Vec<_> = lists.collect();
        return output::json(&json!({"schema": "assign-apply/1", "lists": lists}));
    }
    let rows = lists.iter().map(|list| {
        let ([joining, leaving], end) = match &list.last {
            Some(sent) => (
                [sent.joining, sent.leaving].map(|many| many.to_string()),
                sent.end,
            ),
            None => (["-", "-"].map(str::to_owned), "not changed"),
        };
        [
            list.id.to_string(),
            list.listed.to_string(),
            joining,
            leaving,
            end.to_owned(),
        ]
    });
    let head = ["CAMPAIGN", "AGENTS", "JOINING", "LEAVING", "END"];
    table(head, rows.collect());
    Exit::Ok
}

/// The platform as it was read once.
struct Seen {
    assigner: Assigner,
    now: Timestamp,
}

impl Seen {
    async fn read(settings: &Settings) -> Result<Self, Exit> {
        let Some(given) = settings.assignments.clone() else {
            return Err(Exit::Configuration);
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::real_time());
        let connection = Connection::new(settings, &clock).map_err(|fault| {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            fault.exit()
        })?;
        let platform = &connection.platform;
        let deadline = || clock.now().plus(settings.request_timeout.saturating_mul(3));
        let request = ObserveRequest {
            groups: &[],
            staffed: true,
            agents: true,
            skills: false,
            serving: &[],
            deadline: deadline(),
        };
        let failed = |what: &str, fault: &PlatformFault| {
            output::talk(format_args!("campaign-autopilot: {what}: {fault}"));
            Exit::of(fault.kind)
        };
        let observed = platform.agents.observe(request).await;
        let observed = observed.map_err(|wrong| failed("agents", &wrong.fault))?;
        let (Some(agents), Some(lists)) = (observed.agents, &platform.lists) else {
            output::talk("campaign-autopilot: this platform has no lists of preview campaigns");
            return Err(Exit::Configuration);
        };
        let campaigns: Vec<CampaignId> = given.policy.previews.keys().cloned().collect();
        let mut assigner = Assigner::new(
            given.policy,
            given.roster,
            &given.given,
            std::collections::BTreeMap::new(),
        );
        let rostered = assigner.roster().agents().iter();
        let state = |id| agents.state_of(id).unwrap_or(AgentState::Offline);
        let now_doing: Vec<AgentState> = rostered.map(|agent| state(&agent.id)).collect();
        let changes = assigner.changed_states(&now_doing);
        assigner.observe_agents(&changes, clock.now());
        let mut running = Vec::new();
        let reader = &platform.campaigns;
        let statuses = reader.read(&campaigns, Urgency::Routine, deadline()).await;
        for (campaign, status) in campaigns.iter().zip(statuses) {
            let status = status.map_err(|fault| failed(campaign.as_str(), &fault))?;
            let list = lists.reader.read_list(campaign, deadline()).await;
            let list = list.map_err(|fault| failed(campaign.as_str(), &fault))?;
            if list == ListFinding::NotShown {
                output::talk(format_args!(
                    "{campaign}: the platform shows no list; it counts as empty here"
                ));
            }
            assigner.observe_list(campaign, &list, clock.now());
            running.push(Some(matches!(
                status,
                StatusFinding::Found(reading) if reading.activity == CampaignActivity::Running
            )));
        }
        assigner.observe_running(&running);
        Ok(Self {
            assigner,
            now: clock.now(),
        })
    }
}

fn show_moves(proposal: &Proposal) {
    let moves = &proposal.plan.moves;
    if moves.is_empty() {
        output::result("nothing to change: the assignments in force are the best plan");
        return;
    }
    let rows = moves.iter().map(|change| {
        let [from, to] = change.ends().map(str::to_owned);
        let Move {
            agent, score, why, ..
        } = change;
        [
            agent.to_string(),
            from,
            to,
            score.to_string(),
            why.to_string(),
        ]
    });
    table(["AGENT", "FROM", "TO", "SCORE", "WHY"], rows.collect());
    let plural = |number: usize| if number == 1 { "" } else { "s" };
    let (moves, lists) = (moves.len(), proposal.targets.len());
    output::result(format_args!(
        "{moves} move{}, {lists} list{} to send",
        plural(moves),
        plural(lists)
    ));
}

fn show_json(proposal: &Proposal, now: Timestamp) {
    let lists = proposal.targets.iter().map(|(campaign, list)| {
        let agents: Vec<_> = list
            .iter()
            .map(|(agent, entry)| json!({"agent": agent, "calls": entry.calls}))
            .collect();
        json!({"campaign": campaign, "agents": agents})
    });
    let moves = proposal.plan.moves.iter().map(|change| {
        let Move {
            agent,
            from,
            to,
            score,
            why,
        } = change;
        json!({
            "agent": agent, "from": from, "to": to, "score_milli": score.milli(), "why": why,
            "why_text": why.to_string(),
        })
    });
    output::result(json!({
        "schema": 1,
        "at": now.to_string(),
        "moves": moves.collect::<Vec<_>>(),
        "lists": lists.collect::<Vec<_>>(),
    }));
}

fn explain(mut seen: Seen, agent: &AgentId, form: FormArgs) -> Exit {
    let roster = seen.assigner.roster();
    let found = roster
        .position(agent)
        .and_then(|at| roster.agents().get(at));
    let Some(rostered) = found else {
        output::talk(format_args!(
            "campaign-autopilot: {agent} is not in the roster"
        ));
        return Exit::Refused;
    };
    if form.is_json() {
        return explain_json(&mut seen, agent);
    }
    if let Some(kind) = roster.kind(rostered) {
        let skills: Vec<&str> = kind
            .skills
            .iter()
            .map(crate::domain::SkillId::as_str)
            .collect();
        output::result(format_args!(
            "{agent}: skills {}, window {}, concurrency {}",
            skills.join(", "),
            kind.window,
            rostered.concurrency
        ));
    }
    let proposal = seen.assigner.propose(seen.now);
    let standings = seen.assigner.explain(&proposal.plan, agent, seen.now);
    let rows = standings.iter().map(|standing| {
        let yes = |so: bool| if so { "yes" } else { "no" }.to_owned();
        [
            standing.campaign.to_string(),
            yes(standing.in_force),
            yes(standing.planned),
            standing.score.to_string(),
            standing.margin.map_or("-".to_owned(), margin),
            verdict(standing),
        ]
    });
    let head = ["CAMPAIGN", "IN FORCE", "PLANNED", "SCORE", "MARGIN", "WHY"];
    table(head, rows.collect());
    Exit::Ok
}

fn explain_json(seen: &mut Seen, agent: &AgentId) -> Exit {
    let proposal = seen.assigner.propose(seen.now);
    let standings = seen.assigner.explain(&proposal.plan, agent, seen.now);
    let campaigns = standings.iter().map(|standing| {
        json!({
            "campaign": standing.campaign, "in_force": standing.in_force, "planned": standing.planned,
            "score_milli": standing.score.milli(), "margin_milli": standing.margin, "why": verdict(standing),
        })
    });
    let campaigns: Vec<_> = campaigns.collect();
    let at = seen.now.to_string();
    output::json(&json!({"schema": 1, "at": at, "agent": agent, "campaigns": campaigns}))
}

fn verdict(standing: &Placement) -> String {
    match (standing.barred, standing.planned) {
        _ if standing.frozen => "on a call, or the list is not changed: stays".to_owned(),
        (Some(barred), _) => barred.to_string(),
        (None, true) => "best use of the agent".to_owned(),
        (None, false) => {
            "other agents fill the places better, or this one is worth more elsewhere".to_owned()
        }
    }
}

/// Thousandths as a decimal number.
fn margin(milli: i64) -> String {
    let sign = if milli < 0 { "-" } else { "" };
    let size = milli.unsigned_abs();
    format!("{sign}{}.{:03}", size / 1_000, size % 1_000)
}

fn table<const N: usize>(head: [&str; N], rows: Vec<[String; N]>) {
    let mut all = vec![head.map(str::to_owned)];
    all.extend(rows);
    let widths: Vec<usize> = (0..N)
        .map(|column| {
            let cells = all.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    for row in &all {
        let cells = row.iter().zip(&widths);
        let cells = cells.map(|(cell, width)| format!("{cell:width$}"));
        let line: Vec<String> = cells.collect();
        output::result(line.join("  ").trim_end());
    }
}
