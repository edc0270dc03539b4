//! The arguments of the commands that talk to a running daemon.

use std::path::PathBuf;
use std::str::FromStr;

use crate::cli::form::FormArgs;
use crate::cli::moment::Moment;

/// The daemon to talk to, and the token for it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServerArgs {
    /// Address of the daemon's listener [env: `AUTOPILOT_SERVER`]
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9464")]
    pub(super) server: String,
    /// File that holds the operators' token; instead of it, `AUTOPILOT_ADMIN_TOKEN` may hold it [env:
    /// `AUTOPILOT_ADMIN_TOKEN_FILE`]
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) form: FormArgs,
}

impl ServerArgs {
    /// The form of the result.
    pub(crate) fn form(&self) -> FormArgs {
        self.form
    }
}

/// The author of a change and their reason.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// The reason, for the audit
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    /// The author, for the audit [default: the user at the keyboard]
    #[arg(long, value_name = "NAME")]
    pub(super) author: Option<String>,
}

/// The campaigns that a command is for.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WhichArgs {
    /// The ids of the campaigns; of several tenants, as TENANT/ID
    #[arg(value_name = "CAMPAIGN", required_unless_present_any = ["all", "team", "tenant"])]
    pub(super) campaigns: Vec<String>,
    /// Every campaign that is managed
    #[arg(long, conflicts_with_all = ["campaigns", "team"])]
    pub(super) all: bool,
    /// Every campaign of this team
    #[arg(long, value_name = "NAME", conflicts_with = "campaigns")]
    pub(super) team: Option<String>,
    /// Every campaign of this tenant; with --team, those of that team alone
    #[arg(long, value_name = "NAME", conflicts_with = "campaigns")]
    pub(super) tenant: Option<String>,
    /// Do not ask whether several are meant
    #[arg(short, long)]
    pub(super) yes: bool,
}

/// What a status is wanted of; everything, where nothing is said.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ChosenArgs {
    /// Only this campaign: its id; of several tenants, as TENANT/ID
    #[arg(value_name = "CAMPAIGN")]
    pub(super) campaign: Option<String>,
    /// Only the campaigns of this team
    #[arg(long, value_name = "NAME", conflicts_with = "campaign")]
    pub(super) team: Option<String>,
    /// Only what wants attention: not known, not read, paused by nobody knows whom, over a limit on abandoned calls, or with a rival
    #[arg(long, conflicts_with = "campaign")]
    pub(super) attention: bool,
    /// Only this tenant
    #[arg(long, value_name = "NAME")]
    pub(super) tenant: Option<String>,
}

/// What is set instead of what is configured.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SetArgs {
    /// Pause when fewer agents are available: a number, or a share such as 12%
    #[arg(long, value_name = "N|P%", required_unless_present_any = ["as_configured", "abandon_target"])]
    pub(super) pause_below: Option<String>,
    /// Resume our own pause when at least so many are available
    #[arg(long, value_name = "N|P%", required_unless_present_any = ["as_configured", "abandon_target"])]
    pub(super) resume_at: Option<String>,
    /// Aim at this share of abandoned calls; for a campaign that has an aim
    #[arg(long, value_name = "P%", conflicts_with_all = ["pause_below", "resume_at"])]
    pub(super) abandon_target: Option<String>,
}

/// What a hold keeps a campaign at.
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

impl KindArgs {
    /// The word of the admin API.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self { running: true, .. } => "running",
            Self { paused: true, .. } => "paused",
            Self { .. } => "as-is",
        }
    }
}

/// A command to a running daemon.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Operate {
    /// Show a running daemon and its campaigns: all, one, a team's, or those that want attention
    Status {
        /// Keep running and show every change
        #[arg(long)]
        watch: bool,
        #[command(flatten)]
        chosen: ChosenArgs,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Explain the last decision on a campaign, stage by stage
    Explain {
        /// The campaign's id; of several tenants, as TENANT/ID
        campaign: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Override a campaign's thresholds or the target of its aim for a while; acts at the next poll and ends by itself
    Set {
        /// The campaign's id; of several tenants, as TENANT/ID
        campaign: String,
        #[command(flatten)]
        set: SetArgs,
        /// How long it lasts, 1s to 7d [default: 8h]
        #[arg(long = "for", value_name = "DURATION")]
        lasts: Option<String>,
        /// Go back to the configured thresholds
        #[arg(long, conflicts_with_all = ["pause_below", "resume_at", "abandon_target", "lasts"])]
        as_configured: bool,
        /// The reason, for the audit; with --as-configured none is needed
        #[arg(long, value_name = "TEXT", required_unless_present = "as_configured")]
        reason: Option<String>,
        /// The author, for the audit [default: the user at the keyboard]
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Hold campaigns, whatever their rules say, for a while; ends by itself
    ///
    /// A hold that pauses acts at once, another one at the next poll. Several campaigns are held together, or none of them is: to stop
    /// everything, `hold --all --paused --for 1h --reason "..."`, or `pause --all --for 1h --reason "..."`. Where several are meant it
    /// tells how many and asks; --yes answers. Held again, a hold is extended.
    Hold {
        #[command(flatten)]
        which: WhichArgs,
        /// The id is that of a queue, which can be held --as-is
        #[arg(long, conflicts_with_all = ["all", "team", "tenant"])]
        queue: bool,
        #[command(flatten)]
        kind: KindArgs,
        /// How long it lasts, 1s to 7d
        #[arg(long = "for", value_name = "DURATION")]
        lasts: String,
        #[command(flatten)]
        why: WhyArgs,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Keep campaigns paused for a while: `hold --paused` in one word
    Pause {
        #[command(flatten)]
        which: WhichArgs,
        /// How long it lasts, 1s to 7d
        #[arg(long = "for", value_name = "DURATION")]
        lasts: String,
        #[command(flatten)]
        why: WhyArgs,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// End the holds of campaigns, so that they are resumed by their thresholds: `release` in another word
    Resume {
        #[command(flatten)]
        which: WhichArgs,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT", default_value = "released by hand")]
        reason: String,
        /// The author, for the audit [default: the user at the keyboard]
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// End the holds of campaigns; or claim a pause for the autopilot, or give it away
    ///
    /// Alone it ends the hold, and is refused where none is in force; of several campaigns, those that are not held are passed over.
    /// With --ours or --theirs it says whose the pause of one campaign is: a hold in force ends too, but none is needed. Both are
    /// refused while the campaign is not paused, and change nothing the second time.
    Release {
        #[command(flatten)]
        which: WhichArgs,
        /// Claim a pause that counts as a person's, or that cannot be shown to be the autopilot's: it may be resumed by the
        /// thresholds from the next poll on
        #[arg(long, conflicts_with_all = ["theirs", "queue", "all", "team", "tenant"])]
        ours: bool,
        /// Give a pause away: it is a manual pause, and the autopilot never resumes it
        #[arg(long, conflicts_with_all = ["queue", "all", "team", "tenant"])]
        theirs: bool,
        /// The id is that of a queue; figures that somebody changed are calibrated again too
        #[arg(long, conflicts_with_all = ["all", "team", "tenant"])]
        queue: bool,
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT", default_value = "released by hand")]
        reason: String,
        /// The author, for the audit [default: the user at the keyboard]
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Reload the configuration; if it has a fault, the old one stays in force
    Reload {
        /// The reason, for the audit
        #[arg(long, value_name = "TEXT", default_value = "asked for by hand")]
        reason: String,
        /// The author, for the audit [default: the user at the keyboard]
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show the audit log, the newest first
    History {
        /// Only this campaign: its id; of several tenants, as TENANT/ID
        #[arg(value_name = "CAMPAIGN")]
        campaign: Option<String>,
        /// The same as CAMPAIGN
        #[arg(
            long = "campaign",
            value_name = "ID",
            hide_short_help = true,
            conflicts_with = "campaign"
        )]
        campaign_id: Option<String>,
        /// A duration back from now, or a time in any form in which one is printed, such as 03:10 or "2026-11-28 03:10"
        #[arg(long, value_name = "DURATION|TIME", default_value = "24h", value_parser = Moment::from_str)]
        since: Moment,
        /// Only this tenant
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
        /// The number of entries, 1 to 1000
        #[arg(long, value_name = "N", default_value_t = 200)]
        limit: u32,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Check a running daemon's loop; exit code 0 alive, 1 not, 69 not reached
    Healthcheck {
        /// Check whether it is ready, not only alive
        #[arg(long)]
        ready: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
}
