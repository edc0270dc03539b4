//! `demo`: the daemon and the embedded platform in one process, on a compressed working day.
//!
//! The daemon is the real one: it talks HTTP over loopback to the platform, writes a real store, and ends only
//! when the day is over. Only the contact centre and the clock are simulated, in [lock step](lock_step). The same day without the
//! daemon is simulated beside it, for comparison.

mod args;
mod closing;
mod day_clock;
mod day_record;
mod day_settings;
mod lock_step;
mod outcome;
mod perform;
mod plot;
mod screen;
mod show;
mod time_of_day;
mod told;

pub(crate) use args::{DemoArgs, speed};
pub(crate) use perform::demo;
