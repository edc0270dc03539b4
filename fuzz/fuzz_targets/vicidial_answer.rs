//! Fuzzes `fuzzing::vicidial_answer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campaign_autopilot::fuzzing::vicidial_answer(bytes));
