//! `store`: backs a store up, makes the tables on a server, and copies a tenant's rows from one store to another.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use crate::control::ports::SystemClock;
use crate::store::postgres::{Server, ServerAddress};
use crate::store::{BackupFault, CopyFault, ONLY_TENANT, StoreAt, back_up, copy, put_back};

use super::exit::Exit;
use super::form::FormArgs;
use super::output;
use super::progress::progress_bar;
use super::store_args::{StoreArgs, address_of};

/// A command about the store.
#[derive(Clone, Debug, PartialEq, Eq, clap::Subcommand)]
pub(crate) enum StoreCommand {
    /// Make the tables on the server of --store, or bring them to this program's version
    Migrate {
        /// Let this role use the tables, which it may not change; the audit it can only add to
        #[arg(long, value_name = "ROLE")]
        grant_to: Option<String>,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Write a copy of the file in the state directory, also while a daemon runs, and check the chain of its audit
    Backup {
        /// The file to write, which must not be there yet
        file: PathBuf,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Put such a copy into a state directory that has no store, after a check of its chain
    Restore {
        /// The copy
        file: PathBuf,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Copy everything of a tenant to another store and check the chain of its audit there; no daemon may run meanwhile
    Copy {
        /// Where to: the address of a server, or a state directory
        #[arg(long, value_name = "URL|DIR")]
        to: String,
        /// The tenant's name there [default: the same]
        #[arg(long, value_name = "NAME")]
        as_tenant: Option<String>,
        #[command(flatten)]
        form: FormArgs,
    },
}

/// Runs a `store` command.
pub(crate) fn store(command: StoreCommand, args: &StoreArgs) -> Exit {
    match command {
        StoreCommand::Migrate { grant_to, form } => migrate(args, grant_to.as_deref(), form),
        StoreCommand::Backup { file, form } => args.with(|at| match back_up(at, &file) {
            Ok(rows) => told("store-backup/1", (&file, "is written"), rows, form),
            Err(fault) => failed(&fault),
        }),
        StoreCommand::Restore { file, form } => args.with(|at| match put_back(&file, at) {
            Ok(rows) => told("store-restore/1", (&file, "is put back"), rows, form),
            Err(fault) => failed(&fault),
        }),
        StoreCommand::Copy {
            to,
            as_tenant,
            form,
        } => {
            let tenant = as_tenant.or_else(|| args.tenant.clone());
            let target = match target(&to, tenant.as_deref()) {
                Ok(target) => target,
                Err(why) => return refused(&why),
            };
            args.with(|from| copied(from, &target, (&to, form)))
        }
    }
}

fn told(schema: &str, (file, what): (&Path, &str), rows: u64, form: FormArgs) -> Exit {
    let file = file.display();
    if form.is_json() {
        let document = json!({"schema": schema, "file": file.to_string(), "audit_rows": rows});
        return output::json(&document);
    }
    output::result(format_args!(
        "{file} {what}; the chain of the audit holds there, {rows} rows"
    ));
    Exit::Ok
}

fn failed(fault: &BackupFault) -> Exit {
    output::talk(format_args!("campaign-autopilot: {fault}"));
    match fault {
        BackupFault::Broken { .. } => Exit::Broken,
        BackupFault::OnServer => Exit::Configuration,
        BackupFault::Store(_) | BackupFault::There(_) | BackupFault::File { .. } => Exit::Io,
    }
}

fn migrate(args: &StoreArgs, grant_to: Option<&str>, form: FormArgs) -> Exit {
    let address = match args.server() {
        Ok(Some(address)) => address,
        Ok(None) => {
            return refused(
                "no server; give --store postgres://USER@HOST/DATABASE. A file in the state directory is brought forward by the daemon",
            );
        }
        Err(why) => return refused(&why),
    };
    let server = Server::new(address);
    match server.migrate(grant_to) {
        Ok((before, now)) if form.is_json() => output::json(&json!({
            "schema": "store-migrate/1", "server": server.address().to_string(),
            "version_before": before, "version": now,
        })),
        Ok((before, now)) if before == now => {
            output::result(format_args!(
                "{} has version {now} already",
                server.address()
            ));
            Exit::Ok
        }
        Ok((before, now)) => {
            output::result(format_args!(
                "{}: version {before} became {now}",
                server.address()
            ));
            Exit::Ok
        }
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            Exit::Io
        }
    }
}

fn target(to: &str, tenant: Option<&str>) -> Result<StoreAt, String> {
    if !ServerAddress::is_meant(to) {
        return Ok(PathBuf::from(to).into());
    }
    let server = Arc::new(Server::new(address_of(to)?));
    let clock = Arc::new(SystemClock::real_time());
    let tenant = tenant.unwrap_or(ONLY_TENANT);
    Ok(StoreAt::on_server(
        server,
        tenant,
        PathBuf::new(),
        "store copy",
        clock,
    ))
}

fn copied(from: &StoreAt, to: &StoreAt, (named, form): (&str, FormArgs)) -> Exit {
    let bar = progress_bar(0, "rows");
    let done = copy(from, to, || bar.inc(1));
    bar.finish_and_clear();
    match done {
        Ok(found) if form.is_json() => output::json(&json!({
            "schema": "store-copy/1", "to": named, "rows": found.rows, "audit_rows": found.audit,
        })),
        Ok(found) => {
            output::result(format_args!(
                "copied {} rows to {named}; the chain of the audit holds there, {} rows",
                found.rows, found.audit
            ));
            Exit::Ok
        }
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            match fault {
                CopyFault::Broken(_) => Exit::Broken,
                CopyFault::Store(_) | CopyFault::NotEmpty(_) => Exit::Io,
            }
        }
    }
}

fn refused(why: &str) -> Exit {
    output::talk(format_args!("campaign-autopilot: {why}"));
    Exit::Configuration
}
