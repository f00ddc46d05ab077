//! Trees to write.

use super::*;

/// All compressors, with block sizes from the smallest to the largest.
pub(super) fn all_options() -> Vec<Options> {
    let mut all = Vec::new();
    for block_size in [4 << 10, 128 << 10, 1 << 20] {
        for compression in [
            Compression::Gzip { level: 6 },
            Compression::Gzip { level: 9 },
            Compression::Xz(Xz::plain(Effort::Fast)),
            Compression::Xz(Xz {
                bcj: vec![Bcj::Arm, Bcj::X86],
                ..Xz::plain(Effort::Fast)
            }),
            Compression::Zstd { level: 3 },
        ] {
            all.push(Options {
                block_size,
                mkfs_time: 1_700_000_000,
                ..Options::new(compression)
            });
        }
    }
    all
}

/// Bytes that look like nothing, the same for the same seed.
pub(super) fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        })
        .collect()
}

/// Text that compresses.
pub(super) fn text(len: usize, seed: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for word in noise(len, seed) {
        out.extend(format!("option w{} '{word}'\n", word % 23).bytes());
        if out.len() >= len {
            break;
        }
    }
    out.truncate(len);
    out
}

fn put(tree: &mut Tree, path: &str, mode: u16, kind: Kind) {
    let meta = Meta::file(mode).at(1_600_000_000);
    tree.put(path, Inode { meta, kind }).unwrap();
}

/// A tree with every kind of file, odd modes and owners, and contents around the edges of `block` bytes.
pub(super) fn sample(block: usize) -> Tree {
    let mut tree = Tree::new(Meta::dir(0o755).at(1_500_000_000));
    let meta = |mode| Meta::file(mode).at(1_600_000_000);
    for (name, len) in [
        ("empty", 0),
        ("one", 1),
        ("under", block - 1),
        ("block", block),
        ("over", block + 1),
        ("more", 3 * block + 77),
    ] {
        tree.put_file(format!("text/{name}"), text(len, 1), meta(0o644))
            .unwrap();
        tree.put_file(format!("noise/{name}"), noise(len, 2), meta(0o4755))
            .unwrap();
        tree.put_file(format!("zeros/{name}"), vec![0; len], meta(0o600))
            .unwrap();
    }
    let holes = Content::sparse(
        5 * block as u64 + 10,
        vec![(2 * block as u64 + 3, text(20, 3).into())],
    );
    tree.put_file("holes", holes.unwrap(), meta(0o444)).unwrap();
    tree.put_file("copy/of-more", text(3 * block + 77, 1), meta(0o640))
        .unwrap();
    tree.link("text/more", "linked").unwrap();
    tree.put_symlink("link", "text/one", 7).unwrap();
    tree.link("link", "copy/link").unwrap();
    let device = |major, minor| Kind::CharDevice { major, minor };
    put(&mut tree, "console", 0o600, device(5, 1));
    put(&mut tree, "far", 0o660, device(4095, 1_048_575));
    let (major, minor) = (8, 300);
    put(&mut tree, "disk", 0o660, Kind::BlockDevice { major, minor });
    put(&mut tree, "fifo", 0o622, Kind::Fifo);
    put(&mut tree, "socket", 0o755, Kind::Socket);
    put(&mut tree, "bare", 0o1777, Kind::Dir(Default::default()));
    for n in 0..300u32 {
        let meta = Meta {
            uid: n % 7 * 1000,
            gid: n * 3,
            ..meta(0o640)
        };
        tree.put_file(format!("many/file-{n}"), text(n as usize, n.into()), meta)
            .unwrap();
    }
    tree
}

/// Two trees read the same: every path, metadata, content, and which names share an inode.
#[track_caller]
pub(super) fn assert_same(left: &Tree, right: &Tree) {
    let mut ids = std::collections::HashMap::new();
    let mut right_walk = right.walk();
    for a in left.walk() {
        let b = right_walk.next().expect("as many entries");
        let path = String::from_utf8_lossy(&a.path).into_owned();
        assert_eq!(path, String::from_utf8_lossy(&b.path));
        assert_eq!(a.inode.meta, b.inode.meta, "{path}");
        match (&a.inode.kind, &b.inode.kind) {
            (Kind::Dir(_), Kind::Dir(_)) => {}
            (Kind::File(x), Kind::File(y)) => assert!(x == y, "{path}: content"),
            (x, y) => assert_eq!(x, y, "{path}"),
        }
        assert_eq!(*ids.entry(a.id).or_insert(b.id), b.id, "{path}: links");
    }
    assert!(right_walk.next().is_none());
}
