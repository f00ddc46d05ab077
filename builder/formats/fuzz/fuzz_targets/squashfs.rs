//! Whatever can be read can be written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::squashfs::{self, Compression, NoCache, Options};

fuzz_target!(|bytes: &[u8]| {
    let Ok((tree, _)) = squashfs::read(bytes) else { return };
    // Levels decide time, not correctness; a tree with huge holes is not worth the time.
    if tree.walk().count() < 200 {
        let options = Options { threads: 1, ..Options::new(Compression::Gzip { level: 1 }) };
        if let Ok(image) = squashfs::write(&tree, &options, &NoCache) {
            let (again, _) = squashfs::read(&image).expect("what we write can be read");
            assert_eq!(tree.walk().count(), again.walk().count());
        }
    }
});
