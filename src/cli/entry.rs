//! The program's entry: one command line, one runtime, one exit code.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use serde_json::json;

use crate::control::ports::{Clock, SystemClock};
use crate::domain::Timestamp;
use crate::settings::{
    Fault, LOG, Resolved, RunArgs, Scope, resolve, resolve_within, rows, unknown_variables,
};
use crate::store::StoreAt;
use crate::telemetry::{LogFormat, LogLayer, flush_log, install_log};

use super::assign::{AssignCommand, assign};
use super::audit::{AuditCommand, audit, key};
use super::backtest::{BacktestArgs, backtest};
use super::check::check;
use super::compare::{CompareArgs, compare};
use super::completions::completions;
use super::compliance::{ComplianceArgs, compliance};
use super::config_schema;
use super::config_show::{self, ConfigCommand};
use super::demo::{DemoArgs, demo};
use super::environment::{self, variable};
use super::eval::eval;
use super::exit::Exit;
use super::export::{ExportArgs, export};
use super::form::FormArgs;
use super::grouped_help::grouped;
use super::man::man;
use super::one_tenant::OneTenantArgs;
use super::operate::{Operate, operate};
use super::outbox::{OutboxCommand, outbox};
use super::output;
use super::platforms::{PlatformsArgs, platforms};
use super::queue::{QueueCommand, queue};
use super::refusal::refuse_configuration;
use super::reload::Source;
use super::resolved_now::{resolve_now, resolve_part_now};
use super::restore::{RestoreArgs, restore};
use super::rules::{RulesArgs, rules};
use super::run::run;
use super::simulate::{SimulateArgs, simulate};
use super::store::{StoreCommand, store};
use super::store_args::StoreArgs;
use super::suggestions;
use super::token::{TokenArgs, TokenCommand, token};
use super::traces::Traces;
use super::tune::{TuneArgs, tune};
use super::webhook::{self, WebhookCommand};

/// Worker threads: the daemon waits most of the time, and every thread costs memory.
const WORKERS: usize = 2;

const AFTER_HELP: &str = "\
Examples:
  campaign-autopilot demo                see it work, nothing else needed
  campaign-autopilot check --online      configuration, credentials and rights
  campaign-autopilot run --dry-run       decide, but command nothing
  campaign-autopilot run --pause-below 5 --resume-at 8
  campaign-autopilot eval                one poll: what would it do?
  campaign-autopilot status              what does the daemon do, and why?
  campaign-autopilot explain cmp-884291  which stage decides, and until when?
  campaign-autopilot history --since 03:10             what happened since then?
  campaign-autopilot set cmp-884291 --pause-below 3 --resume-at 6 --for 2h \\
      --reason 'short shift'
  campaign-autopilot hold cmp-884291 --paused --for 30m --reason 'wrong list'
  campaign-autopilot release cmp-884291 --ours         whoever paused it
  campaign-autopilot queue plan QUEUE --set wrap_up=45s
                                         what would change, within the rules?
  campaign-autopilot webhook test        does the receiver accept a message?

Exit codes: 0 done, 1 an audit that does not hold, something that is not there or a daemon that is not ready, 2 wrong usage, \
10 eval would act, 65 a change of a queue that breaks a rule, 66 no audit to verify, 69 platform or daemon not reached, 70 internal error, \
74 store, file or listener, 75 somebody else changed the queue, 77 refused by the platform or daemon, 78 configuration or a value, \
130 ended by a second signal.";

/// Pauses and resumes a contact centre's outbound campaigns by how many agents are available.
#[derive(Parser)]
#[command(name = "campaign-autopilot", version, max_term_width = 110)]
#[command(after_long_help = AFTER_HELP, after_help = "`--help` shows examples and the exit codes, `COMMAND --help` everything about a command.")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the daemon
    Run(Box<RunArgs>),
    /// Check the configuration and name every fault at once
    Check {
        /// Also get a token, read the agents, and read every campaign
        #[arg(long)]
        online: bool,
        /// Print only what is wrong: nothing where all is well
        #[arg(short, long, conflicts_with_all = ["output", "json"])]
        quiet: bool,
        #[command(flatten)]
        form: FormArgs,
        #[command(flatten)]
        run: Box<RunArgs>,
    },
    /// Plan the preview assignments, put a plan in force, or explain it
    Assign {
        #[command(subcommand)]
        command: AssignCommand,
    },
    /// Watch the daemon steer a simulated contact centre through a working day
    Demo(DemoArgs),
    /// Try thresholds and policies on simulated days, side by side
    Compare(CompareArgs),
    /// Try policies on what the daemon has read
    Backtest(BacktestArgs),
    /// Recommend a threshold from what the daemon has recorded
    Tune(Box<TuneArgs>),
    /// Compare the abandoned calls of a period with the guards of the configuration
    Compliance(Box<ComplianceArgs>),
    /// Serve the simulated platform alone
    Simulate(SimulateArgs),
    /// Export, verify, seal or replay the audit log of decisions
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
        #[command(flatten)]
        at: StoreArgs,
    },
    /// Write what the store has of a span of time as flat records, for spreadsheets and data bases
    Export(ExportArgs),
    /// List, retry or drop the messages that are not delivered yet
    Outbox {
        #[command(subcommand)]
        command: OutboxCommand,
        #[command(flatten)]
        at: StoreArgs,
    },
    /// Back the store up, make its tables on a PostgreSQL server, and copy it there or back
    Store {
        #[command(subcommand)]
        command: StoreCommand,
        #[command(flatten)]
        at: StoreArgs,
    },
    /// Show, plan, change and calibrate routing queues
    Queue {
        #[command(subcommand)]
        command: QueueCommand,
    },
    #[command(flatten)]
    Operate(Operate),
    /// Poll once without a daemon and print what it would do; exit code 10 when it would act
    Eval {
        #[command(flatten)]
        form: FormArgs,
        #[command(flatten)]
        run: Box<OneTenantArgs>,
    },
    /// Put the original pace of every campaign back that was stepped down, also while no daemon runs; shows and asks first
    Restore(RestoreArgs),
    /// Make, list and remove tokens of the admin API that stand for one person or program each
    Token {
        #[command(subcommand)]
        command: TokenCommand,
        #[command(flatten)]
        args: TokenArgs,
    },
    /// Show the effective settings, or print a settings file to start from
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Show what each platform can do, and on what that knowledge rests
    Platforms(PlatformsArgs),
    /// Print completions for a shell
    Completions {
        /// The shell to complete for
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands into a directory
    Man {
        /// The directory to write the pages of all commands into
        directory: Option<PathBuf>,
    },
    /// Print the alerts for Prometheus, adapted to your labels and limits
    Rules(RulesArgs),
    /// Test the receivers of webhooks
    Webhook {
        #[command(subcommand)]
        command: WebhookCommand,
    },
}

/// The program as it is shown, with its commands in groups.
pub(super) fn command_line() -> clap::Command {
    grouped(CommandLine::command())
}

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let matches = command_line().try_get_matches();
    let line = match matches.and_then(|matches| CommandLine::from_arg_matches(&matches)) {
        Ok(line) => line,
        Err(wrong) => suggestions::with_meant(wrong).exit(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let exit = runtime.block_on(dispatch(line.command));
            flush_log();
            if exit == Exit::Ok && output::lost() {
                Exit::Io.into()
            } else {
                exit.into()
            }
        }
        Err(wrong) => {
            output::talk(format_args!("campaign-autopilot: no runtime: {wrong}"));
            Exit::Internal.into()
        }
    }
}

async fn dispatch(command: Command) -> Exit {
    let names = rows().flat_map(|row| row.env.iter().copied());
    let mut faults: Vec<Fault> = names
        .filter(|name| environment::is_not_text(name))
        .map(|name| Fault {
            place: Some(name.to_owned()),
            key: "environment".to_owned(),
            wrong: "is not UTF-8 text".to_owned(),
            remedy: "set it again, or unset it".to_owned(),
        })
        .collect();
    if reads_variables(&command) {
        faults.extend(unknown_variables(environment::variables()));
    }
    if !faults.is_empty() {
        return refuse_configuration(&faults);
    }
    match command {
        Command::Run(args) => run_with_traces(args).await,
        Command::Check {
            online,
            quiet,
            form,
            run,
        } => checked(&run, online, (quiet, form)).await,
        Command::Assign { command } => {
            let settings = command.args().settings(warned);
            match settings
                .and_then(|settings| start_log(LogFormat::Text, "info").map(|()| settings))
            {
                Ok(settings) => Box::pin(assign(&command, settings)).await,
                Err(exit) => exit,
            }
        }
        // The events are told line by line; only what would wake somebody is logged beside them.
        Command::Demo(args) => match start_log(LogFormat::Text, "error") {
            Ok(()) => Box::pin(demo(&args)).await,
            Err(exit) => exit,
        },
        Command::Compare(args) => compare(&args),
        Command::Backtest(args) => in_record(args.place(), |at| backtest(&args, at)),
        Command::Tune(args) => in_record(args.place(), |at| tune(&args, at)),
        Command::Compliance(args) => compliance(&args),
        Command::Platforms(args) => platforms(&args),
        Command::Rules(args) => rules(&args),
        Command::Simulate(args) => match start_log(LogFormat::Text, "warn") {
            Ok(()) => simulate(args).await,
            Err(exit) => exit,
        },
        Command::Operate(command) => operate(command).await,
        Command::Eval { form, run } => match run.settings(resolve_part_now) {
            Ok(settings) => match start_log(LogFormat::Text, "warn") {
                Ok(()) => eval(&settings, form.form()).await,
                Err(exit) => exit,
            },
            Err(exit) => exit,
        },
        Command::Config { command } => configuration(command).await,
        Command::Completions { shell } => completions(shell, CommandLine::command()),
        Command::Man { directory } => man(directory, CommandLine::command()),
        // A key is made where no store is.
        Command::Audit {
            command: AuditCommand::Key { file, public, form },
            ..
        } => key(&file, public, form),
        Command::Audit { command, at } => match at.found() {
            Ok(store) => Box::pin(audit(command, &store, at.tenant.as_deref())).await,
            Err(exit) => exit,
        },
        Command::Export(args) => in_record(args.place(), |at| export(&args, at)),
        Command::Outbox { command, at } => at.with(|at| outbox(command, at)),
        Command::Store { command, at } => store(command, &at),
        Command::Queue { command } => queue(command).await,
        Command::Restore(args) => restore(&args).await,
        Command::Token { command, args } => token(&command, &args),
        Command::Webhook {
            command:
                WebhookCommand::Test {
                    receiver,
                    form,
                    args,
                },
        } => match args.settings(|args, part| webhook::resolve(args, &variable, part)) {
            Ok(settings) => match start_log(LogFormat::Text, "warn") {
                Ok(()) => webhook::test(&settings, receiver.as_deref(), form).await,
                Err(exit) => exit,
            },
            Err(exit) => exit,
        },
    }
}

/// Runs the daemon, whose requests and polls may be traced.
async fn run_with_traces(args: Box<RunArgs>) -> Exit {
    let (source, resolved) = match Source::read(*args) {
        Ok(read) => read,
        Err(faults) => return refuse_configuration(&faults),
    };
    let (traces, layer) = match Traces::start(&resolved.settings) {
        Ok(started) => started,
        Err(why) => {
            output::talk(format_args!("campaign-autopilot: {why}"));
            return Exit::Configuration;
        }
    };
    if let Err(exit) = install(resolved.settings.log_format, "info", layer) {
        return exit;
    }
    let exit = Box::pin(run(source, resolved)).await;
    traces.finish().await;
    exit
}

/// Checks a configuration, and tells what was found line by line or as a report.
async fn checked(run: &RunArgs, online: bool, (quiet, form): (bool, FormArgs)) -> Exit {
    if quiet {
        output::be_quiet();
    }
    if form.is_json() {
        output::keep();
    }
    let exit = match resolve_now(run) {
        Ok(resolved) => match start_log(LogFormat::Text, "warn") {
            Ok(()) => check(&resolved, online).await,
            Err(exit) => exit,
        },
        Err(faults) => refuse_configuration(&faults),
    };
    if form.is_json() {
        let lines = output::kept();
        let report = json!({"schema": "check/1", "ok": exit == Exit::Ok, "lines": lines});
        let printed = output::json(&report);
        if printed != Exit::Ok {
            return printed;
        }
    }
    exit
}

async fn configuration(command: ConfigCommand) -> Exit {
    match command {
        ConfigCommand::Show {
            origin,
            running: true,
            server,
            ..
        } => config_show::show_running(&server, origin).await,
        ConfigCommand::Show {
            origin,
            server,
            run,
            ..
        } => match resolve(&run, &variable) {
            Ok(resolved) => config_show::show(&resolved, origin, server.form()),
            Err(faults) => refuse_configuration(&faults),
        },
        ConfigCommand::Init => config_show::init(),
        ConfigCommand::Schema => config_schema::print(),
    }
}

/// Whether a command does something else under other variables than those of its log.
fn reads_variables(command: &Command) -> bool {
    match command {
        Command::Run(_)
        | Command::Check { .. }
        | Command::Assign { .. }
        | Command::Audit { .. }
        | Command::Backtest(_)
        | Command::Tune(_)
        | Command::Compliance(_)
        | Command::Export(_)
        | Command::Outbox { .. }
        | Command::Store { .. }
        | Command::Queue { .. }
        | Command::Restore(_)
        | Command::Token { .. }
        | Command::Operate(_)
        | Command::Eval { .. }
        | Command::Webhook { .. }
        | Command::Config {
            command: ConfigCommand::Show { .. },
        } => true,
        Command::Demo(_)
        | Command::Compare(_)
        | Command::Simulate(_)
        | Command::Completions { .. }
        | Command::Man { .. }
        | Command::Platforms(_)
        | Command::Rules(_)
        | Command::Config {
            command: ConfigCommand::Init | ConfigCommand::Schema,
        } => false,
    }
}

/// The settings, with the warnings told.
fn warned(args: &RunArgs, part: Scope<'_>) -> Result<Resolved, Vec<Fault>> {
    let resolved = resolve_within(args, &variable, part)?;
    for warning in &resolved.warnings {
        output::talk(format_args!("warning: {warning}"));
    }
    Ok(resolved)
}

/// Works on what was recorded there, as of this moment.
fn in_record(at: &StoreArgs, work: impl FnOnce((&StoreAt, Timestamp)) -> Exit) -> Exit {
    let now = SystemClock::real_time().now();
    at.with(|at| work((at, now)))
}

fn start_log(format: LogFormat, level: &str) -> Result<(), Exit> {
    install(format, level, None)
}

fn install(format: LogFormat, level: &str, beside: Option<LogLayer>) -> Result<(), Exit> {
    let filter = variable(LOG).unwrap_or_else(|| level.to_owned());
    let colour = variable("NO_COLOR").is_none() && std::io::stderr().is_terminal();
    install_log(format, &filter, colour, beside).map_err(|why| {
        output::talk(format_args!("campaign-autopilot: {why}; fix {LOG}"));
        Exit::Configuration
    })
}
