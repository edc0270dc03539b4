//! Fuzzes `fuzzing::change_set`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campaign_autopilot::fuzzing::change_set(bytes));
