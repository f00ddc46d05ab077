//! apk's database of installed packages: what is read is written the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::apk::Installed;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(installed) = Installed::read(bytes) {
        assert_eq!(installed.write(), bytes);
        for package in &installed.packages {
            let _ = package.info();
        }
    }
});
