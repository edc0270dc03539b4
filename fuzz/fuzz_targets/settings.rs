//! Fuzzes `fuzzing::settings`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campaign_autopilot::fuzzing::settings(bytes));
