//! Lays a tree over the root file system, minding the symlinks that are there.

use std::collections::BTreeMap;

use openwrt_formats::tree::{Inode, InodeId, Kind, Tree, TreeError};

/// Lays `upper` over `base`. Unlike [`Tree::layer`], a folder of `upper` that meets a symlink to a folder in `base`
/// (`/var` → `/tmp` on OpenWrt) goes to where the link leads, instead of replacing the link.
/// Folders that are there keep their metadata unless `upper` has metadata of its own for them, which `owned` tells.
///
/// # Errors
/// [`TreeError`], which names the path.
pub fn lay(base: &mut Tree, upper: &Tree, owned: impl Fn(&[u8]) -> bool) -> Result<(), TreeError> {
    let mut placed: BTreeMap<InodeId, Vec<u8>> = BTreeMap::new();
    for entry in upper.walk().skip(1) {
        let (parent, name) = match entry.path.iter().rposition(|byte| *byte == b'/') {
            Some(at) => (&entry.path[..at], &entry.path[at + 1..]),
            None => (&entry.path[..0], &entry.path[..]),
        };
        let mut path = base.resolve(parent)?;
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        match &entry.inode.kind {
            Kind::Dir(_) => {
                let there = base.resolve(&path)?;
                let is_dir = matches!(base.get(&there).map(|i| &i.kind), Some(Kind::Dir(_)));
                if !is_dir {
                    let meta = entry.inode.meta.clone();
                    base.put(
                        &path,
                        Inode {
                            meta,
                            kind: Kind::Dir(BTreeMap::new()),
                        },
                    )?;
                } else if owned(&entry.path)
                    && let Some(inode) = base.get_mut(&there)
                {
                    inode.meta = entry.inode.meta.clone();
                }
            }
            _ => match placed.get(&entry.id) {
                Some(first) => {
                    base.link(first.clone(), &path)?;
                }
                None => {
                    base.put(&path, entry.inode.clone())?;
                    placed.insert(entry.id, path);
                }
            },
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use openwrt_formats::tree::Meta;

    use super::*;

    #[test]
    fn follows_links_to_folders_and_keeps_their_modes() {
        let mut base = Tree::default();
        base.make_dirs("tmp", 0).unwrap();
        base.get_mut("tmp").unwrap().meta.mode = 0o1777;
        base.put_symlink("var", "tmp", 0).unwrap();
        base.put_file("etc/a", "old", Meta::file(0o600)).unwrap();
        let mut upper = Tree::default();
        upper.put_file("var/x", "1", Meta::file(0o644)).unwrap();
        upper.put_file("etc/a", "new", Meta::file(0o644)).unwrap();
        upper.link("etc/a", "etc/b").unwrap();
        upper.make_dirs("etc/private", 0).unwrap();
        upper.get_mut("etc").unwrap().meta.mode = 0o711;
        lay(&mut base, &upper, |path| path == b"etc").unwrap();
        assert!(matches!(base.get("var").unwrap().kind, Kind::Symlink(_)));
        assert_eq!(base.read("tmp/x").unwrap(), b"1");
        assert_eq!(base.get("tmp").unwrap().meta.mode, 0o1777);
        assert_eq!(base.get("etc").unwrap().meta.mode, 0o711);
        assert_eq!(base.lookup("etc/a"), base.lookup("etc/b"));
        assert_eq!(base.read("etc/b").unwrap(), b"new");
        assert!(base.get("etc/private").is_some());
    }

    #[test]
    fn a_file_in_the_way_of_a_folder_is_replaced_and_a_file_below_a_file_refused() {
        let mut base = Tree::default();
        base.put_file("a", "file", Meta::file(0o644)).unwrap();
        let mut upper = Tree::default();
        upper.put_file("a/b", "x", Meta::file(0o644)).unwrap();
        lay(&mut base, &upper, |_| false).unwrap();
        assert_eq!(base.read("a/b").unwrap(), b"x");
    }
}
