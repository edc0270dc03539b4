//! What the commands take.

use std::path::PathBuf;

/// Which daemon, and how to talk to it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServerArgs {
    /// Address of the daemon's listener [env: `AUTOPILOT_SERVER`]
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9464")]
    pub(super) server: String,
    /// File that holds the operators' token; instead of it, `AUTOPILOT_ADMIN_TOKEN` may hold it [env:
    /// `AUTOPILOT_ADMIN_TOKEN_FILE`]
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// For people
    #[default]
    Table,
    /// For programs; its form is versioned by `schema`
    Json,
}

/// Who changes something, and why.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// Why; the audit keeps it
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    /// Who, as the audit is to show it [default: the user at the keyboard]
    #[arg(long, value_name = "NAME")]
    pub(super) author: Option<String>,
}

/// What a held campaign is to be.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct KindArgs {
    /// Keep it running, whoever has paused it
    #[arg(long)]
    pub(super) running: bool,
    /// Keep it paused
    #[arg(long)]
    pub(super) paused: bool,
    /// Command nothing
    #[arg(long)]
    pub(super) as_is: bool,
}

/// What is asked of a running daemon.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Operate {
    /// Show a running daemon and its campaigns
    Status {
        /// Go on, and show every change
        #[arg(long)]
        watch: bool,
        /// How it is printed
        #[arg(short, long, value_enum, default_value_t)]
        output: Form,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Explain the last decision on a campaign, stage by stage
    Explain {
        /// Its id
        campaign: String,
        /// How it is printed
        #[arg(short, long, value_enum, default_value_t)]
        output: Form,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Set other lines for a while; they act at the next poll and end by themselves
    Set {
        /// The campaign's id
        campaign: String,
        /// Pause when fewer agents are available: a number, or a share such as 12%
        #[arg(long, value_name = "N|P%", required_unless_present = "as_configured")]
        pause_below: Option<String>,
        /// Resume our own pause when at least so many are available
        #[arg(long, value_name = "N|P%", required_unless_present = "as_configured")]
        resume_at: Option<String>,
        /// For how long, 1s to 7d [default: 8h]
        #[arg(long = "for", value_name = "DURATION")]
        lasts: Option<String>,
        /// Go back to the configured lines
        #[arg(long, conflicts_with_all = ["pause_below", "resume_at", "lasts"])]
        as_configured: bool,
        #[command(flatten)]
        why: WhyArgs,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Take a campaign out of the rules' hands for a while; acts at the next poll and ends by itself
    Hold {
        /// Its id
        campaign: String,
        /// The id is that of a queue, which can be held --as-is
        #[arg(long)]
        queue: bool,
        #[command(flatten)]
        kind: KindArgs,
        /// For how long, 1s to 7d
        #[arg(long = "for", value_name = "DURATION")]
        lasts: String,
        #[command(flatten)]
        why: WhyArgs,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// End a campaign's hold
    Release {
        /// Its id
        campaign: String,
        /// The id is that of a queue; figures that somebody changed are given back too
        #[arg(long)]
        queue: bool,
        /// Why; the audit keeps it
        #[arg(long, value_name = "TEXT", default_value = "released by hand")]
        reason: String,
        /// Who, as the audit is to show it [default: the user at the keyboard]
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Have the configuration read anew; with a fault the old one stays in force
    Reload {
        /// Why; the audit keeps it
        #[arg(long, value_name = "TEXT", default_value = "asked for by hand")]
        reason: String,
        /// Who, as the audit is to show it [default: the user at the keyboard]
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show what happened, the newest first
    History {
        /// A duration back from now, or a time
        #[arg(long, value_name = "DURATION|TIME", default_value = "24h")]
        since: String,
        /// Of this campaign only
        #[arg(long, value_name = "ID")]
        campaign: Option<String>,
        /// So many entries, 1 to 1000
        #[arg(long, value_name = "N", default_value_t = 200)]
        limit: u32,
        /// How it is printed
        #[arg(short, long, value_enum, default_value_t)]
        output: Form,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Tell by the exit code whether a running daemon's loop turns: 0 yes, 1 no, 69 not reached
    Healthcheck {
        /// Ask whether it does its work, not only whether it turns
        #[arg(long)]
        ready: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
}
