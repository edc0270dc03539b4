//! Fuzzes `fuzzing::assignment_list`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campaign_autopilot::fuzzing::assignment_list(bytes));
