#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| modeldeploy_fuzz::expectations::holds(text));
