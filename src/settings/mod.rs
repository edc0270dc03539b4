//! The settings: flags, environment and settings file, merged and checked.
//!
//! *Decides* which value of each setting holds, where it came from, and whether all of them together make sense.
//!
//! # Which value holds
//!
//! Flag beats environment beats file beats default, for each value on its own. A rule (`pause_below` and the like) can
//! be given for all campaigns and for one: within one layer the one for the campaign wins, but a higher layer wins
//! first. For campaign `a`, from strongest to weakest:
//!
//! 1. `--pause-below a=3`
//! 2. `--pause-below 4`
//! 3. `AUTOPILOT_PAUSE_BELOW=a=3`
//! 4. `AUTOPILOT_PAUSE_BELOW=4`
//! 5. `pause_below = 3` in the `[[campaign]]` table of `a`
//! 6. `pause_below = 4` at the top of the file
//! 7. the default
//!
//! A setting may have several variables of one meaning (`AUTOPILOT_BASE_URL`, `CXONE_BASE_URL`): the first that is given counts, and
//! others that say something else are a fault.
//!
//! So a flag for all campaigns also beats a campaign's own table. Campaigns named by `--campaign` (or, without that
//! flag, by `CXONE_CAMPAIGN_ID`) come in addition to those of the file. An empty environment variable counts as not
//! given. Every value that is given is checked, also one that another beats. A variable with one of our prefixes that is none of ours is
//! refused, with the name that was probably meant.
//!
//! # Secrets
//!
//! The client secret, and by the same rule the webhook's: from strongest to weakest: the file of `--client-secret-file`,
//! `AUTOPILOT_CLIENT_SECRET`, the file of `AUTOPILOT_CLIENT_SECRET_FILE`, the file that `client_secret_file` names in the
//! settings file. It is never a flag's
//! value, and `client_secret` in the settings file is refused. It stands in no fault, origin, digest or debug text.
//! Faults repeat neither addresses nor lines of the file, since a secret may have slipped into them. Relative
//! paths start at the working directory.
//!
//! # Faults
//!
//! All faults are reported at once, each with its place, what is wrong and a remedy: [`resolve()`] returns either settings
//! that hold together or every reason why there are none. After a syntax error, or when the file cannot be read,
//! nothing is called missing that the file might have held.

mod admin;
mod aims;
mod args;
mod assignments;
mod calendars;
mod fault;
#[cfg(test)]
mod fault_tests;
mod file;
mod flags;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod given;
mod groups;
mod guards;
mod icalendar;
#[cfg(test)]
mod icalendar_tests;
mod keeping;
mod labels;
mod lacking;
mod memberships;
mod merge;
mod odd;
mod queues;
mod receivers;
#[cfg(test)]
mod receivers_tests;
mod resolve;
mod resolved;
mod roster;
mod row;
mod rows;
mod rules;
mod secret;
mod store;
mod table_keys;
mod tenant;
mod tenants;
#[cfg(test)]
mod tests;
mod text_places;
mod value;
mod values;
mod variables;
mod webhook;

pub(crate) use admin::{AdminSettings, named_tokens_of};
pub(crate) use fault::Fault;
pub(crate) use flags::RunArgs;
pub(crate) use keeping::Keeping;
pub(crate) use resolve::{Scope, resolve, resolve_within, settings_file, state_dir_of};
pub(crate) use resolved::{Assignments, Resolved, Settings, TENANTS};
pub(crate) use row::{DefaultValue, InFile, Kind, Row};
pub(crate) use rows::{
    ADMIN_TOKEN, ADMIN_TOKEN_FILE, STORE_PASSWORD, STORE_PASSWORD_FILE, acts_at_once, identifies,
    identifying, is_of_process, rows, time_zone_variable,
};
pub(crate) use store::store_of;
pub(crate) use table_keys::{
    TableKey, calendar as calendar_keys, campaign as campaign_keys, group as group_keys,
    guard as guard_keys, preview as preview_keys, queue as queue_keys, receiver as receiver_keys,
};
pub(crate) use variables::{LOG, SERVER, unknown_variables};
