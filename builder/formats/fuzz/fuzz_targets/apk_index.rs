//! apk's indexes, whole and as plain blocks: compression alone would hide the values from the fuzzer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::apk::Index;

fuzz_target!(|bytes: &[u8]| {
    let _ = Index::read_unverified(bytes);
    let plain = [b"ADB.indx", bytes].concat();
    if let Ok(index) = Index::read_unverified(&plain) {
        for package in &index.packages {
            let _ = index.file_name(package);
        }
        let values = index.write_values().expect("what was read is not too much to write");
        assert!(!values.is_empty());
    }
    let _ = Index::read(&plain, &[]);
});
