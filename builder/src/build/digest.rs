//! The hash of a tree: all that a squashfs of it would hold.

use openwrt_formats::tree::{Kind, Tree};
use sha2::{Digest, Sha256};

/// Hex SHA-256 over every path, kind, mode, owner, time, extended attribute, content and hard link of the tree.
pub fn tree(tree: &Tree) -> String {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    let mut first_path = std::collections::BTreeMap::new();
    for entry in tree.walk() {
        field(&entry.path);
        if let Some(first) = first_path.insert(entry.id, entry.path.clone()) {
            field(b"link");
            field(&first);
            first_path.insert(entry.id, first);
            continue;
        }
        let meta = &entry.inode.meta;
        field(format!("{:o} {} {} {}", meta.mode, meta.uid, meta.gid, meta.mtime).as_bytes());
        for (name, value) in &meta.xattrs {
            field(name);
            field(value);
        }
        match &entry.inode.kind {
            Kind::Dir(_) => field(b"dir"),
            Kind::File(content) => {
                field(format!("file {}", content.len()).as_bytes());
                for (at, data) in content.extents() {
                    field(&at.to_be_bytes());
                    field(data);
                }
            }
            Kind::Symlink(target) => {
                field(b"symlink");
                field(target);
            }
            Kind::CharDevice { major, minor } => field(format!("char {major} {minor}").as_bytes()),
            Kind::BlockDevice { major, minor } => {
                field(format!("block {major} {minor}").as_bytes())
            }
            Kind::Fifo => field(b"fifo"),
            Kind::Socket => field(b"socket"),
        }
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use openwrt_formats::tree::Meta;

    use super::*;

    #[test]
    fn everything_that_counts_changes_it() {
        let mut base = Tree::default();
        base.put_file("a", "x", Meta::file(0o644)).unwrap();
        base.put_file("b", "x", Meta::file(0o644)).unwrap();
        let hash = tree(&base);
        assert_eq!(hash, tree(&base.clone()));
        let changes: [fn(&mut Tree); 6] = [
            |t| t.get_mut("a").unwrap().meta.mode = 0o600,
            |t| t.get_mut("a").unwrap().meta.uid = 1,
            |t| t.get_mut("a").unwrap().meta.mtime = 1,
            |t| t.get_mut("a").unwrap().kind = Kind::File("y".into()),
            |t| t.link("a", "b").map(|_| ()).unwrap(),
            |t| t.get_mut("").unwrap().meta.mode = 0o700,
        ];
        for change in changes {
            let mut changed = base.clone();
            change(&mut changed);
            assert_ne!(hash, tree(&changed));
        }
    }
}
