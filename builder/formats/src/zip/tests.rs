use std::process::Command;

use super::*;
use crate::container::{self, Error};
use crate::layer::testing::{assert_exact, random, sample_rootfs};
use crate::plain;

/// An archive by Info-ZIP's zip.
fn zip(files: &[(&str, &[u8])], options: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    for (name, data) in files {
        let path = dir.path().join(name);
        std::fs::write(&path, data).unwrap();
        let touched = Command::new("touch")
            .args(["-d", "@1700000000"])
            .arg(&path)
            .status();
        assert!(touched.unwrap().success());
    }
    let output = Command::new("zip")
        .env("TZ", "UTC")
        .current_dir(&dir)
        .args(["-q", "-j", "-X"])
        .args(options)
        .arg("archive")
        .args(files.iter().map(|(name, _)| name))
        .output()
        .expect("zip runs (scripts/setup installs it)");
    assert!(output.status.success(), "{output:?}");
    std::fs::read(dir.path().join("archive.zip")).unwrap()
}

/// Matches that reach the end of the data, and ends near that of the window, are where zip is not gzip.
#[test]
fn streams_are_zips() {
    let program = std::fs::read("/bin/bash").unwrap();
    let lens = [
        5_000, 40_000, 43_479, 65_275, 65_290, 65_400, 65_530, 65_536, 98_100, 98_290, 127_968,
        143_682, 400_001,
    ];
    for (len, seed) in lens.into_iter().zip(1..) {
        for data in [
            program[seed * 10_000..][..len].to_vec(),
            random(len, 3).iter().map(|b| b & 3).collect(),
        ] {
            let file = zip(&[("image.bin", &data)], &[]);
            let opened = open(&file).unwrap();
            assert!(opened.checks.iter().all(Check::holds));
            let closed = opened.layout.close(&[&data]).unwrap();
            assert!(closed == file, "{len} bytes from {seed}0000");
        }
    }
}

#[test]
fn images_in_it_are_exact() {
    let layout = plain::Layout::usual(64 << 10).unwrap();
    let opened = assert_exact(|kernel, rootfs| {
        let image = layout.put_together(kernel, rootfs).unwrap();
        zip(&[("R6120.bin", &image)], &[])
    });
    assert_eq!(
        opened.container.to_string(),
        "zip › plain, overlay markers at 64 KiB"
    );
    assert_eq!(opened.container.layers()[0].facts[0].value, "R6120.bin");
}

#[test]
fn other_archives_are_refused() {
    let rootfs = sample_rootfs(1);
    let several = zip(&[("one", &rootfs), ("two", b"2")], &[]);
    let encrypted = zip(&[("one", &rootfs)], &["-P", "secret"]);
    let stored = zip(&[("one", &rootfs)], &["-0"]);
    for file in [several, encrypted, stored] {
        let error = container::open(file).unwrap_err();
        assert!(error.to_string().contains("zip archive"), "{error}");
    }
    // Another effort.
    let noise = random(60_000, 1);
    let words: Vec<_> = noise
        .chunks(7)
        .flat_map(|c| [c, b"firmware"].concat())
        .collect();
    let image = [rootfs, words, vec![0; 50_000]].concat();
    let file = zip(&[("one", &image)], &["-1"]);
    assert!(container::prove(file).is_err());
    let mut bad = zip(&[("one", &image)], &[]);
    bad[0x0e] ^= 1;
    assert!(container::open(bad).is_err_and(|e| !matches!(e, Error::Unknown { .. })));
}
