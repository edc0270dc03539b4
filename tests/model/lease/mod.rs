//! Who may command, of two daemons that share the tables of a server: every order of events, and what each rule of the protocol is there
//! for.
//!
//! Time goes in steps in which anything may happen or not, so that a daemon that is frozen or killed, a word to the server that takes long
//! and an answer that is lost are all among the orders. Bounded are the acquisitions, the commands and what a person does, and the time is
//! not. What is modelled are the rules of `store::postgres::lease`, of the transactions that name the lease, of the transport that judges
//! before each write, and of the wait of whoever takes over; the daemons themselves are tried in `tests/it/failover`.

mod member;
mod protocol;
mod state;

use stateright::{Checker, HasDiscoveries, Model};

use protocol::{Protocol, Rules};

/// A promise that is broken when one rule is left out.
#[track_caller]
fn needs(left_out: &str, rules: Rules, broken: &[&'static str]) {
    let checker = Protocol { rules }.checker();
    let promises = broken.iter().copied().collect();
    let checker = checker.finish_when(HasDiscoveries::AllOf(promises));
    let checker = checker.spawn_bfs().join();
    let found: Vec<&'static str> = broken
        .iter()
        .copied()
        .filter(|promise| checker.discovery(promise).is_some())
        .collect();
    assert_eq!(found, broken, "without {left_out}");
}

#[test]
fn no_order_of_events_breaks_a_promise() {
    let rules = Rules::ALL;
    let checker = Protocol { rules }.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    assert!(
        checker.unique_state_count() > 100_000,
        "{} states: something is never tried",
        checker.unique_state_count()
    );
}

#[test]
fn without_a_look_at_the_clock_before_each_write_a_frozen_daemon_commands() {
    let rules = Rules {
        judged_before_sending: false,
        ..Rules::ALL
    };
    needs("the look", rules, &[protocol::STALE]);
}

#[test]
fn without_a_wait_after_a_takeover_a_write_arrives_that_had_left_before() {
    let rules = Rules {
        waits_after_takeover: false,
        ..Rules::ALL
    };
    needs("the wait", rules, &[protocol::STALE]);
}

#[test]
fn an_intent_that_does_not_name_the_lease_forks_the_chain() {
    let rules = Rules {
        rows_name_the_lease: false,
        ..Rules::ALL
    };
    needs("the lease", rules, &[protocol::FORKED]);
}

#[test]
fn an_intent_that_is_judged_before_it_waits_for_the_row_forks_the_chain() {
    let rules = Rules {
        judged_after_the_lock: false,
        ..Rules::ALL
    };
    needs("the lock first", rules, &[protocol::FORKED]);
}

#[test]
fn a_deadline_that_counts_from_the_answer_is_too_late() {
    let rules = Rules {
        counts_from_the_question: false,
        ..Rules::ALL
    };
    needs("counting from before", rules, &[protocol::BOTH]);
}

#[test]
fn an_open_intent_that_is_sent_again_unread_commands_twice() {
    let rules = Rules {
        closes_by_reading: false,
        ..Rules::ALL
    };
    needs("reading first", rules, &[protocol::TWICE]);
}
