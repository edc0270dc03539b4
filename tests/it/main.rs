//! The real daemon against the simulated platform over HTTP: one file a promise.
#![cfg(test)]

mod assignments;
mod centre;
mod commands;
mod control;
mod faults;
mod house;
mod monitoring;
mod observed;
mod paging;
mod people;
mod proof;
mod receiver;
mod restart;
mod shutdown;
mod steering;
mod trace;
mod webhooks;
