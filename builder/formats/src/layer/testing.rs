//! What every format must do, for tests: come out the same, take another root file system as its tools would have, and bear
//! damaged bytes.

use std::io::Write;
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::container::{self, Opened, Parts, Slot};
use crate::rootfs::tests::mksquashfs;

/// A squashfs as OpenWrt makes it, larger for larger `n` (0 to 3: 1, 3, 40 and 260 KiB or so).
pub(crate) fn sample_rootfs(n: usize) -> Vec<u8> {
    static ALL: OnceLock<[Vec<u8>; 4]> = OnceLock::new();
    ALL.get_or_init(|| {
        let noise = |len: usize| random(len, len as u64);
        [
            mksquashfs(2),
            mksquashfs(12),
            mksquashfs_of(&noise(40 << 10)),
            mksquashfs_of(&noise(260 << 10)),
        ]
    })[n]
        .clone()
}

/// A kernel of `len` bytes behind a uImage header, 64 bytes more in all.
pub(crate) fn sample_kernel(len: usize) -> Vec<u8> {
    let header = crate::uimage::NewHeader {
        time: 1,
        load: 0x8000_0000,
        entry: 0x8000_0000,
        arch: 5,
        kind: 2,
        compression: 3,
        name: "MIPS OpenWrt Linux-6.12.1",
    };
    crate::uimage::wrap(&header, &random(len, 7)).unwrap()
}

/// Bytes that do not compress, always the same for the same arguments (xorshift).
pub(crate) fn random(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// A plain image: the kernel zero-padded to a multiple of `block`, and the root file system behind it.
pub(crate) fn plain(kernel: &[u8], rootfs: &[u8], block: usize) -> Vec<u8> {
    let mut image = kernel.to_vec();
    image.resize(image.len().next_multiple_of(block), 0);
    image.extend_from_slice(rootfs);
    image
}

fn mksquashfs_of(content: &[u8]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, content).unwrap();
    pack(&file)
}

/// A squashfs of this file or folder, made by mksquashfs as OpenWrt calls it.
pub(crate) fn pack(source: &std::path::Path) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let result = std::process::Command::new("mksquashfs")
        .args([source, &out])
        .args([
            "-nopad",
            "-noappend",
            "-root-owned",
            "-comp",
            "xz",
            "-no-xattrs",
        ])
        .args([
            "-b",
            "256k",
            "-mkfs-time",
            "1700000000",
            "-all-time",
            "1700000000",
        ])
        .output()
        .expect("mksquashfs runs (scripts/test installs squashfs-tools)");
    assert!(result.status.success(), "{result:?}");
    std::fs::read(out).unwrap()
}

/// `make` builds an image of a kernel and a root file system as OpenWrt's tools do. What it makes must prove, and closing it
/// with another root file system must give what `make` makes of that. Damaged and truncated images must be borne.
/// Returns the image of the third sample, opened.
pub(crate) fn assert_exact(make: impl Fn(&[u8], &[u8]) -> Vec<u8>) -> Opened {
    let images = repack(&make);
    bears_damage(&images[1]);
    keep_seed(&make(&sample_kernel(300), &sample_rootfs(0)));
    container::open(images[2].clone()).unwrap()
}

/// The same without damage, for images of many megabytes, whose parts are tested with damage elsewhere.
pub(crate) fn assert_repacks(make: impl Fn(&[u8], &[u8]) -> Vec<u8>) -> Opened {
    let images = repack(&make);
    container::open(images[2].clone()).unwrap()
}

/// What `make` makes of all samples, each of which proves and becomes each other.
fn repack(make: &impl Fn(&[u8], &[u8]) -> Vec<u8>) -> Vec<Vec<u8>> {
    let kernel = sample_kernel(70_001);
    let samples: Vec<_> = (0..4).map(sample_rootfs).collect();
    let images: Vec<_> = samples.iter().map(|rootfs| make(&kernel, rootfs)).collect();
    for (donor, own) in images.iter().zip(&samples) {
        let opened = container::prove(donor.clone()).unwrap_or_else(|e| panic!("{e}"));
        assert!(
            opened.rootfs == own[..],
            "another root file system came out"
        );
        if let Some(found) = &opened.kernel {
            // Formats that do not state the kernel's length give it with its padding.
            let (start, padding) = found.split_at(kernel.len());
            let padded = padding.iter().all(|b| Some(b) == padding.first());
            assert!(*start == kernel[..] && padded, "another kernel came out");
        }
        for (rootfs, expected) in samples.iter().zip(&images) {
            let parts = Parts {
                kernel: None,
                rootfs,
            };
            let closed = opened.container.close(&parts);
            let closed = closed.unwrap_or_else(|e| panic!("{e}"));
            let differ = closed.iter().zip(expected).position(|(a, b)| a != b);
            assert!(
                closed == *expected,
                "differs at {differ:?}; {} bytes, expected {}",
                closed.len(),
                expected.len()
            );
        }
    }
    images
}

/// Keeps a small image as a seed for the fuzz target `container`, when asked to by `CLOM_SEEDS=FOLDER`.
fn keep_seed(image: &[u8]) {
    let Ok(folder) = std::env::var("CLOM_SEEDS") else {
        return;
    };
    let thread = std::thread::current();
    let test = thread.name().unwrap_or_default().replace("::tests", "");
    let name = test.replace("::", "-");
    if image.len() <= 1 << 20 {
        // Most of an image is padding; encrypted padding is too much for the tree.
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(image).unwrap();
        let packed = packed.finish().unwrap();
        if packed.len() <= 64 << 10 {
            let path = std::path::Path::new(&folder).join(name + ".gz");
            std::fs::write(path, packed).unwrap();
        }
    }
}

/// No panic, whatever is changed or cut off; and what proves nevertheless comes out the same.
pub(crate) fn bears_damage(image: &[u8]) {
    let check = |bytes: Vec<u8>| {
        let _ = Slot::survey(bytes.clone().into());
        let _ = container::prove(bytes);
    };
    // Headers are where the damage is; most of an image is data.
    for at in (0..image.len().min(256)).chain(image.len().saturating_sub(64)..image.len()) {
        let mut bytes = image.to_vec();
        bytes[at] ^= 0xFF;
        check(bytes);
    }
    for step in 0..32 {
        check(image[..image.len() * step / 32].to_vec());
    }
    let mut runner = TestRunner::new(Config {
        cases: 32,
        failure_persistence: None,
        ..Config::default()
    });
    let places = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    let outcome = runner.run(&places, |places| {
        let mut bytes = image.to_vec();
        for (at, value) in places {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        check(bytes);
        Ok(())
    });
    outcome.unwrap();
}
