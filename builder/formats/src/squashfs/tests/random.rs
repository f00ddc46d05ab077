//! Random trees.

use proptest::prelude::*;

use super::tools::assert_unsquashfs_agrees;
use super::*;

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-f]{1,3}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 1..=255),
    ]
    .prop_map(|mut name: Vec<u8>| {
        name.retain(|byte| !matches!(byte, 0 | b'/'));
        if name.is_empty() || name == b"." || name == b".." {
            name = b"x".to_vec();
        }
        name
    })
}

fn content() -> impl Strategy<Value = Content> {
    let len = prop_oneof![0..100usize, 4090..4100usize, 0..30_000usize];
    prop_oneof![
        (len.clone(), any::<u64>()).prop_map(|(len, seed)| noise(len, seed % 50).into()),
        (len.clone(), any::<u64>()).prop_map(|(len, seed)| text(len, seed % 50).into()),
        (len.clone(), len, any::<u64>()).prop_map(|(offset, len, seed)| {
            let extents = vec![(offset as u64, text(len, seed % 50).into())];
            Content::sparse((offset + len + 5000) as u64, extents).unwrap()
        }),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        8 => content().prop_map(Kind::File),
        4 => Just(Kind::Dir(Default::default())),
        2 => prop::collection::vec(1..=255u8, 1..200).prop_map(Kind::Symlink),
        1 => (0..=0xFFFu32, 0..=0xF_FFFFu32)
            .prop_map(|(major, minor)| Kind::CharDevice { major, minor }),
        1 => (0..=0xFFFu32, 0..=0xF_FFFFu32)
            .prop_map(|(major, minor)| Kind::BlockDevice { major, minor }),
        1 => Just(Kind::Fifo),
        1 => Just(Kind::Socket),
    ]
}

fn meta() -> impl Strategy<Value = Meta> {
    let xattrs = prop::collection::btree_map(
        prop_oneof![
            "user\\.[a-c]{1,4}",
            "trusted\\.[a-c]{1,4}",
            "security\\.[a-c]{1,4}"
        ]
        .prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..40),
        0..3,
    );
    let owner = prop_oneof![3 => Just(0u32), 1 => 0..u32::MAX];
    (0..0o10000u16, owner.clone(), owner, any::<u32>(), xattrs).prop_map(
        |(mode, uid, gid, mtime, xattrs)| Meta {
            mode,
            uid,
            gid,
            mtime,
            xattrs,
        },
    )
}

/// Where to put what: below one of the folders so far, or as a link to one of the files so far.
fn tree() -> impl Strategy<Value = Tree> {
    let step = (any::<prop::sample::Index>(), name(), meta(), kind(), 0..8u8);
    (meta(), prop::collection::vec(step, 0..60)).prop_map(|(root, steps)| {
        let mut tree = Tree::new(root);
        let mut dirs: Vec<Vec<u8>> = vec![Vec::new()];
        let mut files: Vec<Vec<u8>> = Vec::new();
        for (index, name, meta, kind, link) in steps {
            let mut path = index.get(&dirs).clone();
            path.push(b'/');
            path.extend(name);
            if tree.get(&path).is_some() {
                continue;
            }
            if link == 0 && !files.is_empty() {
                tree.link(index.get(&files), &path).unwrap();
            } else {
                if let Kind::Dir(_) = kind {
                    dirs.push(path.clone());
                } else {
                    files.push(path.clone());
                }
                tree.put(&path, Inode { meta, kind }).unwrap();
            }
        }
        tree
    })
}

fn options() -> impl Strategy<Value = Options> {
    (
        prop::sample::select(all_options()),
        any::<bool>(),
        any::<bool>(),
        prop::sample::select(vec![4096u32, 16384, 262_144]),
    )
        .prop_map(
            |(options, always_fragments, exportable, block_size)| Options {
                always_fragments,
                exportable,
                block_size,
                ..options
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn random_trees_are_read_as_written(tree in tree(), options in options()) {
        let image = write(&tree, &options, &NoCache).unwrap();
        let (again, info) = read(&image).unwrap();
        assert_same(&tree, &again);
        prop_assert_eq!(info.flags.has(Flags::EXPORTABLE), options.exportable);
        // With the donor being the very same image, nothing is compressed, and what comes out reads the same.
        let (_, _, seeds) = read_donor(&image).unwrap();
        let third = Writer::new(&options).donor(&seeds).write(&again).unwrap();
        prop_assert_eq!(third.stats.compressed, 0);
        assert_same(&tree, &read(&third.bytes).unwrap().0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn unsquashfs_agrees_on_random_trees(mut tree in tree(), options in options()) {
        // Linux allows user.* on files and folders only.
        let paths: Vec<_> = tree.walk().map(|entry| entry.path).collect();
        for path in paths {
            let inode = tree.get_mut(path).unwrap();
            if !matches!(inode.kind, Kind::Dir(_) | Kind::File(_)) {
                inode.meta.xattrs.retain(|name, _| !name.starts_with(b"user."));
            }
        }
        let image = write(&tree, &options, &NoCache).unwrap();
        assert_unsquashfs_agrees(&tree, &image);
    }
}
