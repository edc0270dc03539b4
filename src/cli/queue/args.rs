//! The arguments of the queue commands.

use std::path::PathBuf;

use crate::cli::form::FormArgs;
use crate::cli::one_tenant::OneTenantArgs;
use crate::domain::queue::{QueueModel, WriteForm};
use crate::domain::{AgentId, QueueId};

/// A queue command.
#[derive(clap::Subcommand)]
pub(crate) enum QueueCommand {
    /// Print a queue as the platform has it
    Show {
        /// The queue's id
        id: QueueId,
        #[command(flatten)]
        form: FormArgs,
        #[command(flatten)]
        run: Box<OneTenantArgs>,
    },
    /// Show what a change would do and every rule that it breaks; nothing is written
    Plan {
        #[command(flatten)]
        asked: QueueChangeArgs,
        /// Keep the plan in this file, for `apply --plan`
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        run: Box<OneTenantArgs>,
    },
    /// Show a change and write it, unless it breaks a rule
    Apply {
        #[command(flatten)]
        asked: QueueChangeArgs,
        /// Apply this plan; what somebody changed since it was made is a conflict
        #[arg(long, value_name = "FILE", conflicts_with_all = ["change", "set"])]
        plan: Option<PathBuf>,
        /// Overwrite members that somebody changed meanwhile; the audit records it
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        run: Box<OneTenantArgs>,
    },
    /// Compute figures for a queue by two models, side by side
    Optimize {
        /// The queue's id
        id: QueueId,
        /// What was measured (TOML)
        #[arg(long, value_name = "FILE")]
        figures: PathBuf,
        /// The model whose figures are to be written
        #[arg(long, value_enum, default_value_t = Model::Classic)]
        model: Model,
        /// Write them, as `apply` does
        #[arg(long)]
        apply: bool,
        #[command(flatten)]
        form: FormArgs,
        #[command(flatten)]
        run: Box<OneTenantArgs>,
    },
    /// Move an agent to other queues, with the status that the agent has
    Reassign {
        /// The agent's id
        agent: AgentId,
        /// The queues that the agent is to serve, and no others; a comma list
        #[arg(long, value_name = "ID", value_delimiter = ',', required = true)]
        queues: Vec<QueueId>,
        #[command(flatten)]
        form: FormArgs,
        #[command(flatten)]
        run: Box<OneTenantArgs>,
    },
    /// Compare an expected load with the agents, without a platform
    CheckUtilisation {
        /// Agents who serve the queue
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        agents: i64,
        /// Calls at once
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        concurrent: i64,
        /// Mean time of a call without wrap-up
        #[arg(long, value_name = "DURATION", allow_negative_numbers = true)]
        handle_time: String,
        /// Wrap-up after each call
        #[arg(
            long,
            value_name = "DURATION",
            default_value = "0s",
            allow_negative_numbers = true
        )]
        wrap_up: String,
        #[command(flatten)]
        form: FormArgs,
    },
}

/// A change and how it is written.
#[derive(clap::Args)]
pub(crate) struct QueueChangeArgs {
    /// The queue's id
    pub(super) id: QueueId,
    /// Change set: TOML, or JSON where the name ends in .json
    #[arg(long, value_name = "FILE")]
    pub(super) change: Option<PathBuf>,
    /// One member of the change set, as in its file; may be repeated and beats the file
    #[arg(long, value_name = "MEMBER=VALUE")]
    pub(super) set: Vec<String>,
    /// How it is written: the whole object, or the changed members only; both under the version that was read
    #[arg(long, value_enum, default_value_t = By::Whole)]
    pub(super) by: By,
    #[command(flatten)]
    pub(super) form: FormArgs,
}

/// The form in which a change is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum By {
    /// The whole object.
    #[value(alias = "put")]
    Whole,
    /// Only the members changed.
    #[value(alias = "patch")]
    Members,
}

impl From<By> for WriteForm {
    fn from(by: By) -> Self {
        match by {
            By::Whole => Self::Whole,
            By::Members => Self::Members,
        }
    }
}

/// The model that figures come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Model {
    /// The classic formulas.
    Classic,
    /// The queueing model with callers who give up.
    ErlangA,
}

impl From<Model> for QueueModel {
    fn from(model: Model) -> Self {
        match model {
            Model::Classic => Self::Classic,
            Model::ErlangA => Self::ErlangA,
        }
    }
}
