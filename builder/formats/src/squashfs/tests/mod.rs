//! Reader and writer against each other, against squashfs-tools, and against damage.

mod hostile;
mod random;
mod reuse;
mod sample;
mod shapes;
mod tools;

use super::*;
use crate::tree::{Content, Inode, Kind, Meta, Tree};
use sample::{all_options, assert_same, noise, sample, text};

#[test]
fn what_is_written_is_read_again() {
    for options in all_options() {
        let tree = sample(options.block_size as usize);
        let image = write(&tree, &options, &NoCache).unwrap();
        let (again, info) = read(&image).unwrap();
        assert_same(&tree, &again);
        assert_eq!(info.block_size, options.block_size);
        assert_eq!(info.inodes, 333);
    }
}

#[test]
fn openwrt_images_look_as_mksquashfs_makes_them_there() {
    let mut options = Options::openwrt(256, false, 1_700_000_000);
    let image = write(&sample(9000), &options, &NoCache).unwrap();
    let (tree, info) = read(&image).unwrap();
    assert_eq!(info.flags, Flags(0x02C0));
    assert_eq!(info.mkfs_time, 1_700_000_000);
    assert_eq!(info.ids, 1);
    assert!(!info.xattrs);
    assert_eq!(info.bytes_used, image.len() as u64);
    assert_eq!(
        info.compressor,
        Compressor::Xz {
            dict_size: 256 << 10,
            bcj: vec![]
        }
    );
    assert_eq!(tree.get("many/file-9").unwrap().meta.uid, 0);

    options = Options::openwrt(64, true, 1_700_000_000);
    let image = write(&sample(9000), &options, &NoCache).unwrap();
    // The compressor's options: a raw metadata block of 8 bytes, dictionary size, bit of the ARM filter.
    let expected = [0x08, 0x80, 0, 0, 1, 0, 8, 0, 0, 0];
    assert_eq!(image[96..106], expected);
    let (_, info) = read(&image).unwrap();
    assert_eq!(info.flags, Flags(0x06C0));
    let Compression::Xz(xz) = &mut options.compression else {
        panic!();
    };
    xz.options_block = Some(expected[2..].to_vec());
    assert_eq!(info.options(), options);
}

#[test]
fn option_blocks_of_old_openwrt_releases_are_kept_byte_for_byte() {
    // As images of OpenWrt 12.09 to 15.05, and of LEDE 17.01 to OpenWrt 19.07, have them.
    for stored in [
        [0x14, 0, 9, 0, 0x90, 0, 0x40, 0, 0, 0, 4, 0],
        [0, 0, 4, 0, 0x14, 0, 9, 0, 0x90, 0, 0x40, 0],
    ] {
        let mut options = Options::openwrt(256, false, 7);
        if let Compression::Xz(xz) = &mut options.compression {
            xz.options_block = Some(stored.to_vec());
        }
        let image = write(&sample(9000), &options, &NoCache).unwrap();
        let (_, info, seeds) = read_donor(&image).unwrap();
        // No filter: to a standard reader the second word would ask for some.
        let (dict_size, bcj) = (256 << 10, vec![]);
        assert_eq!(info.compressor, Compressor::Xz { dict_size, bcj });
        assert_eq!(info.options(), options);
        let writer = Writer::new(&options).donor(&seeds);
        let again = writer.write(&sample(9000)).unwrap();
        assert_eq!(again.stats.compressed, 0);
        assert!(again.bytes == image);
    }
}

#[test]
fn later_times_are_clamped_to_the_epoch() {
    let mut tree = Tree::new(Meta::dir(0o755).at(2_000_000_000));
    let old = Meta::file(0o644).at(5);
    tree.put_file("old", "x", old).unwrap();
    let options = Options::openwrt(256, false, 1_700_000_000);
    let (tree, _) = read(&write(&tree, &options, &NoCache).unwrap()).unwrap();
    assert_eq!(tree.get("").unwrap().meta.mtime, 1_700_000_000);
    assert_eq!(tree.get("old").unwrap().meta.mtime, 5);
}

#[test]
fn padding_is_not_part_of_the_image() {
    let mut options = Options::new(Compression::Zstd { level: 1 });
    options.pad_to = 65536;
    let image = write(&sample(5000), &options, &NoCache).unwrap();
    assert_eq!(image.len() % 65536, 0);
    let (_, info) = read(&image).unwrap();
    assert!(info.bytes_used < image.len() as u64);
    assert!(image[info.bytes_used as usize..].iter().all(|b| *b == 0));
    read(&image[..info.bytes_used as usize]).unwrap();
}

#[test]
fn what_squashfs_cannot_hold_is_refused_by_name() {
    let options = Options::new(Compression::Gzip { level: 9 });
    let refused = |path: &str, kind: Kind| {
        let mut tree = Tree::default();
        let meta = Meta::file(0o600);
        tree.put(path, Inode { meta, kind }).unwrap();
        write(&tree, &options, &NoCache).unwrap_err().to_string()
    };
    let (major, minor) = (4096, 0);
    assert_eq!(
        refused("dev", Kind::CharDevice { major, minor }),
        "/dev: device 4096:0 is beyond the largest, 4095:1048575"
    );
    assert_eq!(
        refused("link", Kind::Symlink(vec![b'x'; 4096])),
        "/link: symlink target of 4096 bytes; it must have 1 to 4095"
    );
    assert!(refused("big", Kind::File(Content::hole(1 << 60))).contains("too big for squashfs"));
    let mut tree = Tree::default();
    let mut meta = Meta::file(0o600);
    meta.xattrs.insert(b"system.x".to_vec(), vec![]);
    tree.put_file("acl", "", meta).unwrap();
    assert!(
        write(&tree, &options, &NoCache)
            .unwrap_err()
            .to_string()
            .starts_with("/acl: attribute `system.x`: only")
    );
    let odd = Options {
        block_size: 5000,
        ..options
    };
    assert_eq!(
        write(&Tree::default(), &odd, &NoCache)
            .unwrap_err()
            .to_string(),
        "squashfs options: block size 5000 must be a power of two from 4096 to 1048576"
    );
}
