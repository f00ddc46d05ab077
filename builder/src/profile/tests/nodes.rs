//! How nodes are found.

use insta::assert_snapshot;

use super::{Shelf, words};

#[test]
fn a_node_in_its_sites_folder() {
    let shelf = Shelf::new().with(
        "nodes/valley/hut.toml",
        "device = \"box\"\n[node]\nnumber = 7\n",
    );
    for asked in ["hut", "7"] {
        let loaded = shelf.load(Some(asked)).unwrap();
        assert_eq!(loaded.node.as_deref(), Some("hut"));
        assert_eq!(words(loaded.merged.get("node.number")), "7");
    }
}

#[test]
fn a_node_in_a_file_of_its_own() {
    let shelf = Shelf::new().with("nodes/hut.toml", "site = \"valley\"\n[node]\nnumber = 7\n");
    assert_eq!(
        shelf.load(Some("hut")).unwrap().node.as_deref(),
        Some("hut")
    );
}

#[test]
fn several_nodes_in_one_file() {
    let shelf = Shelf::new().with(
        "nodes/valley.toml",
        "[nodes.common]\nabstract = true\nidentity.hostname = \"both\"\n\n\
         [nodes.hut]\ninherit = \"common\"\nnode.number = 7\n\n\
         [nodes.barn]\nnode.number = 8\n",
    );
    let hut = shelf.load(Some("hut")).unwrap();
    assert_eq!(words(hut.merged.get("node")), "{ number = 7 }");
    assert_eq!(words(hut.merged.get("identity.hostname")), "\"both\"");
    assert_eq!(
        hut.merged.origin("node.number").unwrap().layer.to_string(),
        "node valley/hut"
    );
    assert_eq!(
        words(
            shelf
                .load(Some("8"))
                .unwrap()
                .merged
                .get("identity.hostname")
        ),
        "nothing"
    );
    let names: Vec<String> = shelf
        .library()
        .nodes_of("valley")
        .map(str::to_owned)
        .collect();
    assert_eq!(names, ["barn", "common", "hut"]);
}

#[test]
fn a_number_that_nobody_wrote_down() {
    let loaded = Shelf::new().load(Some("12")).unwrap();
    assert_eq!(loaded.node.as_deref(), Some("12"));
    assert_eq!(words(loaded.merged.get("node.number")), "12");
    assert_eq!(
        loaded.merged.origin("node.number").unwrap().to_string(),
        "<command line>:2:10"
    );
}

#[test]
fn an_unknown_node() {
    let shelf = Shelf::new().with("nodes/valley/hut.toml", "");
    assert_snapshot!(shelf.problems_of(Some("hutt")));
}

#[test]
fn a_number_twice() {
    let shelf = Shelf::new().with(
        "nodes/valley.toml",
        "[nodes.a]\nnode.number = 7\n\n[nodes.b]\nnode.number = 7\n",
    );
    assert_snapshot!(shelf.problems_of(Some("7")));
}

#[test]
fn another_device() {
    let shelf = Shelf::new().with("nodes/valley/hut.toml", "device = \"crate\"\n");
    assert_snapshot!(shelf.problems_of(Some("hut")));
}

#[test]
fn files_of_nodes_that_are_wrong() {
    let shelf = Shelf::new()
        .with("nodes/lost.toml", "[node]\nnumber = 1\n")
        .with("nodes/mixed.toml", "[nodes.a]\n[system]\n")
        .with("nodes/odd.toml", "[nodes]\na = 1\n");
    assert_snapshot!(shelf.problems_of(Some("hut")));
}
