//! Readers of what comes from outside, opened for the fuzzer: each holds on any input what its reader promises.
//!
//! Only `cargo fuzz` and the tests build it. Each function takes the fuzzer's bytes, gives them to a reader and panics where a
//! promise is broken; readers of text pass over bytes that are none. [`TARGETS`] lists them all: the fuzzer has a program of the
//! same name for each, and a test runs its checked-in corpus.

mod simulator;
mod targets;

pub use targets::{
    TARGETS, Target, assignment_list, change_set, icalendar, page, page_against_model, queue,
    roster, scenario, settings, token, trace, vicidial_answer,
};
