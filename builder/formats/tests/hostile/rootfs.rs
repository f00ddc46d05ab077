//! Root file systems: squashfs and tar.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::LazyLock;

use openwrt_formats::squashfs::{Error, Limits, NoCache, read_within, write};
use openwrt_formats::tree::{InodeId, Kind, Tree};
use openwrt_formats::{squashfs, tar};
use proptest::prelude::*;

use super::images::mksquashfs;
use super::memory::{alone, measure};

static SQUASHFS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    ["xz", "gzip", "zstd"]
        .map(|compressor| mksquashfs(11, compressor))
        .to_vec()
});

const LIMITS: Limits = Limits {
    content: 4 << 20,
    metadata: 1 << 20,
    entries: 5000,
    blocks: 20_000,
    depth: 50,
};

/// What a tree holds, by path.
fn listing(tree: &Tree) -> BTreeMap<Vec<u8>, (InodeId, String)> {
    let line = |id| {
        let inode = tree.inode(id);
        let kind = match &inode.kind {
            Kind::Dir(_) => "directory".into(),
            Kind::File(content) => format!("{} bytes {:?}", content.len(), content.extents()),
            other => format!("{other:?}"),
        };
        format!("{:?} {kind}", inode.meta)
    };
    tree.walk()
        .map(|entry| (entry.path.clone(), (entry.id, line(entry.id))))
        .collect()
}

/// Reads `image` within limits. What is read can be written, and read again with the same result.
fn check(image: &[u8]) -> Result<(), TestCaseError> {
    let (result, peak) = measure(|| read_within(image, &LIMITS));
    // Content is there twice while fragment blocks are copied from; lists of blocks and entries have some 100 bytes each.
    prop_assert!(peak <= 24 << 20, "{peak} bytes for {}", image.len());
    let (tree, info) = match result {
        Ok(read) => read,
        Err(error) => {
            prop_assert!(!error.to_string().is_empty());
            return Ok(());
        }
    };
    let options = squashfs::Options {
        clamp_times: false,
        root_owned: false,
        xattrs: squashfs::Xattrs::Keep,
        threads: 1,
        ..info.options().effort(squashfs::Effort::Fast)
    };
    // What was read may be more than can be written, which is said.
    let Ok(written) = write(&tree, &options, &NoCache) else {
        return Ok(());
    };
    let again = read_within(&written, &LIMITS);
    prop_assert!(again.is_ok(), "{:?}", again.err());
    let lines = |tree: &Tree| -> Vec<_> {
        let all = listing(tree).into_iter();
        all.map(|(path, (_, line))| (path, line)).collect()
    };
    prop_assert_eq!(lines(&again.unwrap().0), lines(&tree));
    Ok(())
}

#[test]
fn the_images_are_good() {
    let _alone = alone();
    for image in SQUASHFS.iter() {
        check(image).unwrap();
        let (tree, _) = read_within(image, &LIMITS).unwrap();
        assert_eq!(
            tree.lookup("hard"),
            tree.lookup("etc/config/file1"),
            "hard link"
        );
    }
}

#[test]
fn cut_anywhere() {
    let _alone = alone();
    for image in SQUASHFS.iter() {
        for end in (0..image.len()).step_by(61).chain(0..100) {
            assert!(read_within(&image[..end], &LIMITS).is_err(), "{end}");
        }
    }
}

#[test]
fn extremes_in_the_superblock() {
    let _alone = alone();
    for image in SQUASHFS.iter() {
        let len = image.len() as u64;
        let words = (0..40).step_by(4).map(|at| at..at + 4);
        let halves = (20..32).step_by(2).map(|at| at..at + 2);
        let longs = (32..96).step_by(8).map(|at| at..at + 8);
        for field in words.chain(halves).chain(longs) {
            for value in [0, 1, 96, len - 1, len, len + 1, 1 << 31, u64::MAX] {
                let mut changed = image.clone();
                changed[field.clone()].copy_from_slice(&value.to_le_bytes()[..field.len()]);
                check(&changed).unwrap();
            }
        }
    }
}

/// An index that names one metadata block over and over: a thousand times as large in memory as in the image.
#[test]
fn a_table_of_one_block_repeated() {
    let _alone = alone();
    for (count_at, table_at, per_block, header) in [(16, 80, 512, 0), (usize::MAX, 56, 512, 16)] {
        let mut image = SQUASHFS[0].clone();
        let block = image.len() as u64;
        image.extend([0, 0xA0]);
        image.extend([0; 8192]);
        let table = image.len() as u64;
        let blocks = 4096u32;
        let count = blocks * per_block;
        if header > 0 {
            // The xattr table states its own count.
            image.extend(block.to_le_bytes());
            image.extend(count.to_le_bytes());
            image.extend([0; 4]);
        } else {
            image[count_at..count_at + 4].copy_from_slice(&count.to_le_bytes());
        }
        for _ in 0..blocks {
            image.extend(block.to_le_bytes());
        }
        image[table_at..table_at + 8].copy_from_slice(&table.to_le_bytes());
        let len = image.len() as u64;
        image[40..48].copy_from_slice(&len.to_le_bytes());
        let (result, peak) = measure(|| read_within(&image, &LIMITS));
        let error = result.unwrap_err();
        assert!(matches!(error, Error::TooBig { .. }), "{error}");
        assert!(peak < 4 << 20, "{peak} bytes");
    }
}

/// A tar archive by GNU tar, plain and compressed.
static TARS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let script = "mkdir -p r/etc && printf hello > r/etc/a && ln r/etc/a r/etc/b && ln -s a r/etc/c && mkfifo r/p \
                  && truncate -s 64k r/hole && echo long > r/$(printf 'n%.0s' $(seq 150)) \
                  && tar -C r --format=pax -cf pax . && tar -C r -S --format=gnu -cf gnu . && gzip -k pax && xz -k gnu";
    let status = Command::new("bash")
        .args(["-c", script])
        .current_dir(dir.path())
        .status();
    assert!(status.unwrap().success());
    ["pax", "gnu", "pax.gz", "gnu.xz"]
        .map(|name| std::fs::read(dir.path().join(name)).unwrap())
        .to_vec()
});

fn check_tar(archive: &[u8]) -> Result<(), TestCaseError> {
    let (result, peak) = measure(|| tar::read(archive));
    let bound = (4 << 20) + 2000 * archive.len();
    prop_assert!(peak <= bound, "{peak} bytes for {}", archive.len());
    if let Err(error) = result {
        prop_assert!(!error.to_string().is_empty());
    }
    Ok(())
}

#[test]
fn tars_cut_anywhere_and_with_extreme_sizes() {
    let _alone = alone();
    for archive in TARS.iter() {
        assert!(tar::read(archive).is_ok());
        for end in (0..archive.len()).step_by(113) {
            check_tar(&archive[..end]).unwrap();
        }
    }
    for archive in &TARS[..2] {
        for at in (0..archive.len()).step_by(512) {
            if !archive[at..]
                .get(257..)
                .is_some_and(|rest| rest.starts_with(b"ustar"))
            {
                continue;
            }
            // Base-256 numbers too.
            let sizes = ["77777777777\0", "00000000000\0", "00017777777\0"].map(str::as_bytes);
            let binary: [&[u8]; 2] = [&[0xFF; 12], b"\x80\0\0\0\0\0\0\0\x10\0\0\0"];
            for field in [124, 386, 398, 483] {
                for size in sizes.iter().chain(&binary) {
                    let mut changed = archive.clone();
                    changed[at + field..at + field + 12].copy_from_slice(size);
                    mend(&mut changed[at..at + 512]);
                    check_tar(&changed).unwrap();
                }
            }
            for kind in 0..=255 {
                let mut changed = archive.clone();
                changed[at + 156] = kind;
                mend(&mut changed[at..at + 512]);
                check_tar(&changed).unwrap();
            }
        }
    }
}

/// The checksum of a header.
fn mend(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// Many inputs, none kept: what is found becomes a test of its own.
fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn flipped_bytes() {
    let _alone = alone();
    proptest!(cases(), |(which in 0usize..3, flips in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<u8>()), 1..5))| {
        let mut image = SQUASHFS[which].clone();
        let len = image.len();
        for (index, early, value) in flips {
            image[index.index(if early { 96 } else { len })] = value;
        }
        check(&image)?;
    });
}

/// Metadata that is not compressed, so that a change is not caught by a decompressor.
#[test]
fn flipped_bytes_in_plain_metadata() {
    let _alone = alone();
    proptest!(cases(), |(flips in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec![0u8, 1, 2, 8, 14, 0x7f, 0x80, 0xff])), 1..5))| {
        let mut image = PLAIN.clone();
        let at = u64::from_le_bytes(image[64..72].try_into().unwrap()) as usize;
        let len = image.len();
        for (index, value) in flips {
            image[at + index.index(len - at)] = value;
        }
        check(&image)?;
    });
}

#[test]
fn flipped_bytes_in_tars() {
    let _alone = alone();
    proptest!(cases(), |(which in 0usize..4, flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5))| {
        let mut archive = TARS[which].clone();
        for (index, value) in flips {
            let len = archive.len();
            archive[index.index(len)] = value;
        }
        check_tar(&archive)?;
    });
}

/// An image whose metadata and data are stored as they are.
static PLAIN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let script = "mkdir -p r/etc/x && printf hello > r/etc/a && ln r/etc/a r/b && ln -s a r/etc/c && mkfifo r/p \
                  && head -c 9000 /dev/zero | tr '\\0' q > r/q && truncate -s 20000 r/hole \
                  && mksquashfs r out -quiet -noappend -nopad -all-root -b 4k -noI -noD -noF -noX -noId";
    let status = Command::new("bash")
        .args(["-c", script])
        .current_dir(dir.path())
        .status();
    assert!(status.unwrap().success());
    std::fs::read(dir.path().join("out")).unwrap()
});
