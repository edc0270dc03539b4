//! Fuzzes `fuzzing::page_against_model`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campaign_autopilot::fuzzing::page_against_model(bytes));
