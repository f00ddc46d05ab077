//! Whatever the bytes are, they can be looked at: as a kernel, as anything, and as a squashfs of which little is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::squashfs::{self, Browser};
use openwrt_formats::tree::Kind;
use openwrt_formats::{kernel, sniff};

fuzz_target!(|bytes: &[u8]| {
    for item in kernel::describe(bytes).items {
        assert!(item.at.is_none_or(|at| at <= bytes.len() as u64));
    }
    let _ = sniff::sniff(bytes);
    let Ok(mut browser) = Browser::open(bytes) else {
        // What cannot be browsed cannot be read either.
        assert!(squashfs::read(bytes).is_err());
        return;
    };
    let ids: Vec<_> = browser
        .tree()
        .walk()
        .filter(|entry| matches!(entry.inode.kind, Kind::File(_)))
        .map(|entry| entry.id)
        .collect();
    for id in ids {
        let _ = browser.contents(&[id]);
    }
});
