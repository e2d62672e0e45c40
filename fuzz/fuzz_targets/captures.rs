#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| modeldeploy_fuzz::captures::holds(bytes));
