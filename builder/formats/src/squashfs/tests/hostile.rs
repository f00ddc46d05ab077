//! Damaged and malicious images: an error or a tree, never a panic, and no more memory than allowed.

use super::super::format::{SUPERBLOCK_LEN, Superblock};
use super::*;

fn small() -> Vec<u8> {
    let mut tree = Tree::default();
    let mut meta = Meta::file(0o644);
    meta.xattrs.insert(b"user.a".to_vec(), b"b".to_vec());
    tree.put_file("dir/a", text(6000, 1), meta.clone()).unwrap();
    tree.put_file("dir/b", text(100, 2), meta).unwrap();
    tree.put_symlink("link", "dir/a", 0).unwrap();
    let options = Options {
        block_size: 4096,
        pad_to: 0,
        ..Options::new(Compression::Xz(Xz::plain(Effort::Fast)))
    };
    write(&tree, &options, &NoCache).unwrap()
}

/// Looks at all that can be looked at without reading all; it is as readable as `read` says.
fn browse(image: &[u8], readable: bool) {
    let Ok(mut browser) = Browser::open(image) else {
        assert!(!readable);
        return;
    };
    let files = browser.tree().walk().map(|entry| entry.id);
    let files: Vec<_> = files.collect();
    assert!(browser.contents(&files).is_ok() || !readable);
}

fn superblock(image: &[u8]) -> Superblock {
    Superblock::parse(image.first_chunk::<SUPERBLOCK_LEN>().unwrap())
}

fn with(image: &[u8], change: impl Fn(&mut Superblock)) -> Vec<u8> {
    let mut superblock = superblock(image);
    change(&mut superblock);
    let mut out = superblock.to_bytes();
    out.extend(&image[SUPERBLOCK_LEN..]);
    out
}

#[test]
fn cut_anywhere() {
    let image = small();
    for len in 0..image.len() {
        let error = read(&image[..len]).unwrap_err();
        assert!(
            matches!(error, Error::Truncated { .. } | Error::NotSquashfs { .. }),
            "{len}: {error}"
        );
        // The same, with a superblock that admits to it.
        if len >= SUPERBLOCK_LEN {
            let honest = with(&image[..len], |s| s.bytes_used = len as u64);
            assert!(read(&honest).is_err(), "{len}");
        }
    }
}

#[test]
fn any_bit_flipped() {
    for compression in [
        Compression::Gzip { level: 9 },
        Compression::Zstd { level: 1 },
    ] {
        let tree = read(&small()).unwrap().0;
        let options = Options {
            block_size: 4096,
            pad_to: 0,
            ..Options::new(compression)
        };
        let image = write(&tree, &options, &NoCache).unwrap();
        for bit in 0..image.len() * 8 {
            let mut bad = image.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let outcome = read(&bad);
            // One bit of each byte, for the time it takes.
            if bit % 8 == bit / 8 % 8 {
                browse(&bad, outcome.is_ok());
            }
            if let Ok((tree, _)) = outcome {
                // What is read can be written again or is refused, but does not panic either.
                let _ = write(
                    &tree,
                    &Options::openwrt(256, false, 0),
                    &MemoryCache::default(),
                );
            }
        }
    }
}

#[test]
fn uncompressed_metadata_with_any_byte_changed() {
    // Noise for names keeps metadata blocks from compressing, so that changes get past the compressor's checks.
    let mut tree = Tree::default();
    for n in 0..12u64 {
        let name: Vec<u8> = noise(90, n)
            .into_iter()
            .filter(|byte| !matches!(byte, 0 | b'/'))
            .collect();
        let id = tree.put_file(&name, noise(50, n), Meta::file(0o644));
        let mut link = name.clone();
        link.push(b'+');
        id.unwrap();
        tree.put_symlink(&link, noise(80, n + 100), n as u32)
            .unwrap();
    }
    let options = Options {
        block_size: 4096,
        pad_to: 0,
        ..Options::new(Compression::Gzip { level: 1 })
    };
    let image = write(&tree, &options, &NoCache).unwrap();
    let from = superblock(&image).inode_table as usize;
    for at in from..image.len() {
        for value in [0, 1, 0x7F, 0x80, 0xFF, image[at] ^ 0x10] {
            let mut bad = image.clone();
            bad[at] = value;
            browse(&bad, read(&bad).is_ok());
        }
    }
}

#[test]
fn errors_say_what_and_where() {
    let image = small();
    let text = |image: &[u8]| read(image).unwrap_err().to_string();
    assert_eq!(
        text(b""),
        "no squashfs image: it begins with , not with `hsqs` (it is too short)"
    );
    assert_eq!(
        text(b"\x27\x05\x19\x56...."),
        "no squashfs image: it begins with 27051956, not with `hsqs` \
         (is this the root file system, and not a whole firmware image?)"
    );
    for (number, name) in [
        (2, "compressor lzma (the legacy one)"),
        (3, "compressor lzo"),
        (5, "compressor lz4"),
        (9, "compressor number 9"),
    ] {
        assert_eq!(
            text(&with(&image, |s| s.compressor = number)),
            format!("squashfs image not supported: {name}")
        );
    }
    assert_eq!(
        text(&with(&image, |s| s.version = (3, 1))),
        "squashfs image not supported: version 3.1; only 4.0 is read"
    );
    assert_eq!(
        text(&with(&image, |s| s.block_size = 5000)),
        "squashfs image damaged at offset 0 (superblock): \
         block size 5000 (logarithm 12) is not a power of two from 4096 to 1048576"
    );
    assert_eq!(
        text(&with(&image, |s| s.bytes_used += 1000)),
        format!(
            "squashfs image cut short: image needs bytes up to {}, but there are only {}",
            image.len() + 1000,
            image.len()
        )
    );
    let mut bad = image.clone();
    bad[SUPERBLOCK_LEN + 20] ^= 0xFF;
    assert!(
        text(&bad)
            .starts_with("squashfs image damaged at offset 96 (data block): does not decompress: ")
    );
}

#[test]
fn tables_that_are_not_there() {
    let image = small();
    for change in [
        |s: &mut Superblock| s.inode_table = u64::MAX - 1,
        |s: &mut Superblock| s.directory_table = u64::MAX - 1,
        |s: &mut Superblock| s.fragment_table = u64::MAX - 1,
        |s: &mut Superblock| s.id_table = u64::MAX - 1,
        |s: &mut Superblock| s.xattr_table = u64::MAX - 1,
        |s: &mut Superblock| s.root = u64::MAX,
        |s: &mut Superblock| s.fragments = u32::MAX,
        |s: &mut Superblock| s.ids = 0,
    ] {
        assert!(read(&with(&image, change)).is_err());
    }
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    // 600 MiB of text in a file that shrinks to little.
    let megabyte = text(1 << 20, 1);
    let extents = (0..600u64)
        .map(|n| (n << 20, megabyte.as_slice().into()))
        .collect();
    let mut tree = Tree::default();
    let content = Content::sparse(600 << 20, extents).unwrap();
    tree.put_file("bomb", content, Meta::file(0o644)).unwrap();
    let options = Options {
        block_size: 1 << 20,
        ..Options::new(Compression::Zstd { level: 1 })
    };
    // Copies of one block are compressed once, but must be stored each time: take holes for most of them
    // out of the count by allowing less than the file has.
    let image = write(&tree, &options, &NoCache).unwrap();
    let limits = Limits {
        content: 100 << 20,
        ..Limits::for_image(image.len())
    };
    let error = read_within(&image, &limits).unwrap_err().to_string();
    assert_eq!(
        error,
        "squashfs image refused: its content would take more than 104857600 bytes (a decompression bomb?)"
    );
    for limits in [
        Limits {
            metadata: 8192,
            ..Limits::for_image(image.len())
        },
        Limits {
            blocks: 599,
            ..Limits::for_image(image.len())
        },
        Limits {
            entries: 0,
            ..Limits::for_image(image.len())
        },
    ] {
        assert!(matches!(
            read_within(&image, &limits),
            Err(Error::TooBig { .. })
        ));
    }
}
