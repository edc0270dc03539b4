//! The real daemon against the simulated platform over HTTP: one file a promise.
#![cfg(test)]

mod api;
mod assignments;
mod calibration;
mod calibration_asked;
mod centre;
mod circles;
mod commands;
mod control;
mod cxone_acd;
mod decision_id;
mod described;
mod faults;
mod house;
mod monitoring;
mod observed;
mod on_call;
mod operating;
mod packaged;
mod page;
mod paging;
mod pause_claims;
mod people;
mod proof;
mod queue_races;
mod queues;
mod reassign;
mod receiver;
mod reload;
mod restart;
mod shutdown;
mod steering;
mod stored_states;
mod supervised;
mod trace;
mod webhooks;
