use super::*;

fn file(text: &str) -> Inode {
    Inode {
        meta: Meta::file(0o644),
        kind: Kind::File(text.into()),
    }
}

fn paths(tree: &Tree) -> Vec<String> {
    tree.walk()
        .map(|e| String::from_utf8(e.path).unwrap())
        .collect()
}

#[test]
fn walks_parents_first_in_byte_order() {
    let mut tree = Tree::default();
    tree.put_file("/b/z", "1", Meta::file(0o600)).unwrap();
    tree.put_file("/b/A", "2", Meta::file(0o600)).unwrap();
    tree.put_file("a", "3", Meta::file(0o600)).unwrap();
    assert_eq!(paths(&tree), ["", "a", "b", "b/A", "b/z"]);
}

#[test]
fn putting_over_a_directory_removes_what_was_below() {
    let mut tree = Tree::default();
    tree.put_file("d/e/f", "x", Meta::file(0o644)).unwrap();
    tree.put("d", file("now a file")).unwrap();
    assert_eq!(paths(&tree), ["", "d"]);
}

#[test]
fn replaced_files_are_freed_in_the_end() {
    let mut tree = Tree::default();
    tree.put_file("keep/me", "k", Meta::file(0o644)).unwrap();
    tree.link("keep/me", "too").unwrap();
    for round in 0..10_000 {
        tree.put_file("dir/f", round.to_string(), Meta::file(0o644))
            .unwrap();
        if round % 7 == 0 {
            assert!(tree.remove("dir"));
        }
    }
    assert!(tree.inodes.iter().flatten().count() < 6_000);
    tree.sweep();
    assert_eq!(paths(&tree), ["", "dir", "dir/f", "keep", "keep/me", "too"]);
    assert_eq!(tree.inodes.iter().flatten().count(), 5);
    assert_eq!(tree.read("dir/f").unwrap(), b"9999");
}

#[test]
fn contents_are_equal_when_they_read_the_same() {
    let ab: std::sync::Arc<[u8]> = (*b"ab").into();
    let sparse = Content::sparse(6, vec![(2, ab.clone()), (4, ab.clone())]).unwrap();
    assert_eq!(sparse, Content::from(b"\0\0abab".as_slice()));
    assert_eq!(sparse.slice(2, 4), b"ab".as_slice());
    assert_eq!(sparse.slice(1, 5), b"\0aba".as_slice());
    assert_ne!(sparse, Content::from(b"\0\0abaB".as_slice()));
    assert_ne!(Content::hole(2), Content::from(b"\0\x01".as_slice()));
    assert_ne!(Content::hole(2), Content::hole(3));
}

#[test]
fn a_directory_over_a_directory_merges() {
    let mut lower = Tree::default();
    lower.put_file("etc/keep", "k", Meta::file(0o644)).unwrap();
    let mut upper = Tree::default();
    upper.put_file("etc/new", "n", Meta::file(0o644)).unwrap();
    upper.get_mut("etc").unwrap().meta.mode = 0o700;
    lower.layer(&upper).unwrap();
    assert_eq!(paths(&lower), ["", "etc", "etc/keep", "etc/new"]);
    assert_eq!(lower.get("etc").unwrap().meta.mode, 0o700);
}

#[test]
fn hard_links_share_an_inode_and_survive_layering_and_removal() {
    let mut upper = Tree::default();
    upper.put("a", file("shared")).unwrap();
    upper.link("a", "b").unwrap();
    let mut tree = Tree::default();
    tree.layer(&upper).unwrap();
    assert_eq!(tree.lookup("a"), tree.lookup("b"));
    assert!(tree.remove("a"));
    assert_eq!(tree.read("b").unwrap(), b"shared");
}

#[test]
fn resolve_follows_links_inside_the_tree_only() {
    let mut tree = Tree::default();
    tree.make_dirs("tmp", 0).unwrap();
    tree.put_symlink("var", "/tmp", 0).unwrap();
    tree.put_symlink("etc/resolv.conf", "../../../var/run/resolv.conf", 0)
        .unwrap();
    assert_eq!(
        tree.resolve("/etc/resolv.conf").unwrap(),
        b"tmp/run/resolv.conf"
    );
    tree.put_symlink("loop", "loop", 0).unwrap();
    assert!(matches!(
        tree.resolve("loop"),
        Err(TreeError::SymlinkLoop(_))
    ));
}

#[test]
fn errors_name_the_path() {
    let mut tree = Tree::default();
    tree.put("f", file("x")).unwrap();
    assert_eq!(
        tree.put("no/where", file("x")),
        Err(TreeError::NoParent("no/where".into()))
    );
    assert_eq!(
        tree.put("f/g", file("x")),
        Err(TreeError::NotADirectory("f".into()))
    );
    assert_eq!(
        tree.put("..", file("x")),
        Err(TreeError::BadName("..".into()))
    );
    assert_eq!(tree.link("d", "e"), Err(TreeError::NotFound("d".into())));
}

#[test]
fn sparse_content_reads_zeros_in_holes() {
    let content = Content::sparse(10, vec![(2, (*b"ab").into()), (6, (*b"cd").into())]).unwrap();
    assert_eq!(content.to_vec(), b"\0\0ab\0\0cd\0\0");
    assert_eq!(content.range(3, 7), b"b\0\0c");
    assert!(content.is_hole(4, 6));
    assert!(!content.is_hole(3, 6));
    assert_eq!(Content::sparse(3, vec![(2, (*b"ab").into())]), None);
}
