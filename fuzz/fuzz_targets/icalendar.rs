//! Fuzzes `fuzzing::icalendar`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campaign_autopilot::fuzzing::icalendar(bytes));
