//! The pure domain against an independent model of the world: people, faults, crashes and clocks that jump.
#![cfg(test)]

mod calendar;
mod driver;
mod judge;
mod lease;
mod liveness;
mod properties;
mod rule;
mod script;
mod stages;
mod stories_calendar;
mod stories_faults;
mod stories_people;
mod stories_rules;
mod stories_told;
mod world;
