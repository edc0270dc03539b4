//! Fuzzes `fuzzing::trace`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campaign_autopilot::fuzzing::trace(bytes));
