//! Whatever parses is written so that it parses to the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::uci;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(config) = uci::parse_bytes(bytes) {
        let text = config.to_string();
        assert_eq!(uci::parse(&text).as_ref(), Ok(&config), "{text}");
    }
});
