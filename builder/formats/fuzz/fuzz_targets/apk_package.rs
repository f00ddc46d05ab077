//! apk's packages, put into an empty root file system.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::apk::Package;
use openwrt_formats::apk::package::{Owners, Trust};
use openwrt_formats::tree::Tree;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(package) = Package::read(bytes, Trust::Unverified) {
        let _ = package.put_into(&mut Tree::default(), &Owners::default());
    }
});
