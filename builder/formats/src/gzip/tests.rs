use std::process::Command;

use proptest::prelude::*;

use super::deflate::{Effort, deflate};
use super::*;
use crate::container::{self, Error};
use crate::layer::testing::{assert_exact, random, sample_rootfs};
use crate::plain;

/// `data` through a program that reads a file and writes to its standard output.
fn tool(program: &str, args: &[&str], name: &str, data: &[u8]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(name), data).unwrap();
    let output = Command::new(program)
        .current_dir(&dir)
        .args(args)
        .arg(name)
        .output()
        .unwrap_or_else(|e| panic!("{program}: {e} (scripts/setup installs it)"));
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

fn assert_same_as_gzip(level: &str, effort: Effort, data: &[u8]) {
    let theirs = tool("gzip", &[level, "-n", "-c"], "data", data);
    let theirs = &theirs[10..theirs.len() - 8];
    let ours = deflate(data, effort);
    let differ = ours.iter().zip(theirs).position(|(a, b)| a != b);
    assert!(
        ours == theirs,
        "{level}, {} bytes of input: differs at {differ:?}; {} bytes, gzip has {}",
        data.len(),
        ours.len(),
        theirs.len()
    );
}

/// Text with words that come again near and far, so that there are many matches to choose from.
fn text(len: usize) -> Vec<u8> {
    let words = random(4096, 3);
    let picks = random(len, 11);
    let mut out = Vec::with_capacity(len + 16);
    for pick in picks.chunks_exact(2) {
        let at = (usize::from(pick[0]) * usize::from(pick[0] >> 3)) % 4000;
        let word = &words[at..at + 2 + usize::from(pick[1] % 9)];
        out.extend(word.iter().map(|b| b'a' + b % 23));
        out.push(b' ');
        if out.len() >= len {
            break;
        }
    }
    out.truncate(len);
    out
}

/// Kinds of content, each of `len` bytes.
fn contents(len: usize) -> [Vec<u8>; 6] {
    let noise = random(len, len as u64);
    let sparse = noise.iter().map(|b| if *b < 250 { 0 } else { *b });
    let pair = noise.iter().map(|b| b & 1);
    let periodic = (0..len).map(|at| (((at % 40_000) * 7) >> 5) as u8);
    [
        vec![0; len],
        text(len),
        sparse.collect(),
        pair.collect(),
        periodic.collect(),
        noise,
    ]
}

#[test]
fn streams_are_gzips_around_every_limit() {
    let limits = [
        0, 1, 2, 3, 4, 10, 257, 258, 259, 4095, 4096, 4097, 32506, 32766, 32767, 32768, 32769,
        65274, 65275, 65278, 65280, 65400, 65535, 65536, 65537, 65799, 98_040, 98_042, 98_046,
        98_303, 98_304, 98_305, 131_072,
    ];
    for len in limits {
        // Two values at random have the longest chains: enough of them in the shorter ones.
        let contents = contents(len).into_iter().enumerate();
        for (_, data) in contents.filter(|(kind, _)| len < 66_000 && len % 2 == 0 || *kind != 3) {
            assert_same_as_gzip("-9", Effort::GZIP_9, &data);
        }
    }
}

#[test]
fn streams_of_changing_content_are_gzips() {
    // Blocks end early where the content changes; a stored block may follow.
    let mut data = Vec::new();
    for turn in 0..12 {
        data.extend(&contents(9_000 + turn * 7_001)[(turn * 5 + 1) % 6]);
    }
    assert_same_as_gzip("-9", Effort::GZIP_9, &data);
    assert_same_as_gzip("-6", Effort::GZIP_6, &data);
    assert_same_as_gzip("-9", Effort::GZIP_9, &sample_rootfs(3));
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert_same_as_gzip("-9", Effort::GZIP_9, &program[..program.len().min(3 << 20)]);
}

#[test]
fn long_zeros_are_gzips() {
    assert_same_as_gzip("-9", Effort::GZIP_9, &vec![0; (33 << 20) + 5]);
}

/// Opens what a program made, closes it, and wants the same.
fn assert_proves(file: &[u8]) -> Vec<u8> {
    let opened = <Layout as crate::layer::Format>::open(file)
        .unwrap()
        .unwrap();
    assert!(opened.checks.iter().all(crate::layer::Check::holds));
    let crate::layer::Data::Unpacked(content) = &opened.parts[0].data else {
        panic!("it is unpacked");
    };
    let closed = crate::layer::Format::close(&opened.layout, &[content]).unwrap();
    assert!(closed == file);
    content.clone()
}

#[test]
fn files_of_each_program_come_out_the_same() {
    let data = [text(100_000), vec![0; 300_000], sample_rootfs(2)].concat();
    for (program, args) in [
        ("gzip", &["-9n", "-c"][..]),
        ("gzip", &["-9", "-N", "-c"]),
        ("gzip", &["-c"]),
    ] {
        assert_eq!(
            assert_proves(&tool(program, args, "image.bin", &data)),
            data
        );
    }
}

/// Debian's libdeflate-gzip is of 1.14, whose level 12 is not always that of 1.26, which is ours; with these files it is, as a
/// libdeflate-gzip of 1.26 showed. No release since 1.20 says that it changes streams, OpenWrt's 1.24 among them.
#[test]
fn streams_of_libdeflate_come_out_the_same() {
    let mut data: Vec<u8> = (0..60_000u32)
        .map(|n| (n.wrapping_mul(n) >> 7) as u8)
        .collect();
    assert_proves(&tool(
        "libdeflate-gzip",
        &["-12", "-c"],
        "image",
        &[b'a'; 100],
    ));
    data.extend([0; 100_000]);
    assert_proves(&tool("libdeflate-gzip", &["-12", "-c"], "image", &data));
}

/// A stream by Python's zlib must be refused, not changed.
#[test]
fn another_programs_stream_is_not_reproduced() {
    let image = [sample_rootfs(1), vec![0; 4096]].concat();
    let script = "import sys,gzip;sys.stdout.buffer.write(gzip.compress(open(sys.argv[1],'rb').read(),1,mtime=0))";
    let file = tool("python3", &["-c", script], "image", &image);
    let error = container::prove(file).unwrap_err();
    assert!(matches!(error, Error::NotReproduced { .. }), "{error}");
}

fn packed(image: &[u8]) -> Vec<u8> {
    tool("gzip", &["-9n", "-c"], "image", image)
}

#[test]
fn images_in_it_are_exact() {
    let opened = assert_exact(|_, rootfs| {
        let mut image = rootfs.to_vec();
        image.resize(2 << 20, 0);
        packed(&image)
    });
    assert_eq!(opened.container.kind(), "gzip");
    let layout = plain::Layout::usual(64 << 10).unwrap();
    assert_exact(|kernel, rootfs| packed(&layout.put_together(kernel, rootfs).unwrap()));
}

#[test]
fn the_metadata_may_be_inside_or_outside() {
    use crate::fwtool::{Chunk, append};
    let metadata = Chunk::metadata(r#"{"supported_devices":["acme,r1"]}"#);
    let layout = plain::Layout::usual(64 << 10).unwrap();
    for inside in [true, false] {
        let opened = assert_exact(|kernel, rootfs| {
            let mut image = layout.put_together(kernel, rootfs).unwrap();
            if inside {
                append(&mut image, &metadata).unwrap();
                packed(&image)
            } else {
                let mut file = packed(&image);
                append(&mut file, &metadata).unwrap();
                file
            }
        });
        assert_eq!(opened.metadata.unwrap().device_ids(), ["acme,r1"]);
    }
}

#[test]
fn damage_is_named() {
    let file = packed(&sample_rootfs(1));
    let error = container::open(file[..file.len() - 5].to_vec()).unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
    let error = container::open(file[..file.len() / 2].to_vec()).unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
    let mut bad = file.clone();
    let at = bad.len() - 8;
    bad[at] ^= 1;
    let error = container::open(bad).unwrap_err();
    assert!(matches!(error, Error::Checksum { .. }), "{error}");
}

#[test]
fn bombs_are_not_unpacked() {
    let bomb = deflate(&vec![0; 3 << 20], Effort::GZIP_9);
    let error = inflate(&bomb, 0, 1 << 20).unwrap_err();
    assert!(error.to_string().contains("more than 1048576"), "{error}");
    // Not opened any further.
    let twice = packed(&packed(&sample_rootfs(0)));
    assert!(container::open(twice).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Pieces that come again, runs and noise in any order.
    #[test]
    fn any_stream_is_gzips(pieces in prop::collection::vec((0usize..6, 1usize..20_000, any::<prop::sample::Index>()), 0..14), nine: bool) {
        let mut data = Vec::new();
        for (kind, len, from) in pieces {
            if kind == 5 && !data.is_empty() {
                let from = from.index(data.len());
                let end = data.len().min(from + len);
                data.extend_from_within(from..end);
            } else {
                data.extend(&contents(len)[kind]);
            }
        }
        if nine {
            assert_same_as_gzip("-9", Effort::GZIP_9, &data);
        } else {
            assert_same_as_gzip("-6", Effort::GZIP_6, &data);
        }
    }
}
