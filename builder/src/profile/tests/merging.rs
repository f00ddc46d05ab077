//! What wins over what, and the laws of merging.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Channel, Shelf, Small, words};
use crate::profile::merge::{Body, merge};
use crate::profile::merged::Merged;
use crate::profile::parse::parse;
use crate::profile::provenance::Action;
use crate::profile::shape::Shape;
use crate::profile::source::{Kind, LayerId, SourceFile};
use crate::profile::value::Table;

#[test]
fn later_layers_win() {
    let shelf = Shelf::new()
        .with(
            "communities/net.toml",
            "[identity]\nhostname = \"c\"\nsite = \"c\"\ncommunity = \"c\"\n",
        )
        .with(
            "sites/valley.toml",
            "community = \"net\"\n[identity]\nhostname = \"s\"\nsite = \"s\"\n",
        )
        .with("devices/box.toml", "[identity]\nhostname = \"d\"\n");
    let identity = shelf.decoded().identity;
    assert_eq!(identity.hostname.as_deref(), Some("d"));
    assert_eq!(identity.site.as_deref(), Some("s"));
    assert_eq!(identity.community.as_deref(), Some("c"));
    let merged = shelf.merged();
    let history = merged.get("identity.hostname").unwrap().history();
    let layers: Vec<String> = history
        .iter()
        .map(|change| change.layer().to_string())
        .collect();
    assert_eq!(layers, ["community net", "site valley", "device box"]);
    // The built-in defaults lie below all.
    assert_eq!(
        merged.origin("system.timezone").unwrap().to_string(),
        "<built-in defaults>:4:12"
    );
}

#[test]
fn inherited_layers_lie_below_in_order() {
    let shelf = Shelf::new()
        .with(
            "sites/valley.toml",
            "community = \"net\"\ninherit = [\"a\", \"b\"]\n[identity]\nsite = \"valley\"\n",
        )
        .with(
            "sites/a.toml",
            "[identity]\nsite = \"a\"\nhostname = \"a\"\ncommunity = \"a\"\n",
        )
        .with(
            "sites/b.toml",
            "[identity]\nsite = \"b\"\nhostname = \"b\"\n",
        );
    let identity = shelf.decoded().identity;
    assert_eq!(identity.site.as_deref(), Some("valley"));
    assert_eq!(identity.hostname.as_deref(), Some("b"));
    assert_eq!(identity.community.as_deref(), Some("a"));
}

#[test]
fn a_site_can_inherit_its_community() {
    let shelf = Shelf::new()
        .with("sites/valley.toml", "inherit = \"hills\"\n")
        .with("sites/hills.toml", "abstract = true\ncommunity = \"net\"\n");
    assert_eq!(shelf.load(None).unwrap().community, "net");
}

#[test]
fn lists_replace_or_are_edited() {
    let shelf = Shelf::new()
        .with(
            "communities/net.toml",
            "[packages]\ninstall = [\"a\", \"b\", \"c\"]\n",
        )
        .with(
            "sites/valley.toml",
            "community = \"net\"\npackages.install = { add = [\"d\", \"a\"], remove = [\"b\"] }\n",
        );
    let merged = shelf.merged();
    assert_eq!(words(merged.get("packages.install")), r#"["a", "c", "d"]"#);
    let actions = |path: &str| -> Vec<Action> {
        let node = merged.get(path).unwrap();
        node.history().iter().map(|change| change.action).collect()
    };
    assert_eq!(
        actions("packages.install"),
        [Action::Set, Action::Removed, Action::Added]
    );
    assert_eq!(actions("packages.install[0]"), [Action::Set, Action::Added]);
    assert_eq!(actions("packages.install[2]"), [Action::Added]);
    let replaced = shelf
        .with("devices/box.toml", "packages.install = [\"a\", \"z\"]\n")
        .merged();
    assert_eq!(words(replaced.get("packages.install")), r#"["a", "z"]"#);
    // An element that stays keeps its history.
    assert_eq!(
        replaced.get("packages.install[0]").unwrap().history().len(),
        3
    );
}

#[test]
fn removed_elements_are_remembered() {
    let shelf = Shelf::new()
        .with(
            "communities/net.toml",
            "[packages]\ninstall = [\"a\", \"b\"]\n",
        )
        .with(
            "sites/valley.toml",
            "community = \"net\"\npackages.install = { remove = [\"b\"] }\n",
        );
    let merged = shelf.merged();
    let crate::profile::merged::Content::List(list) =
        merged.get("packages.install").unwrap().content()
    else {
        panic!("no list");
    };
    let gone = &list.removed()[0];
    assert_eq!(gone.as_str(), Some("b"));
    let last = gone.history().last().unwrap();
    assert_eq!(last.action, Action::Removed);
    assert_eq!(
        shelf.plain(&last.origin().to_string()),
        "LIB/sites/valley.toml:2:32"
    );
}

#[test]
fn tables_in_lists_are_removed_by_what_they_hold() {
    let shelf = Shelf::new()
        .with(
            "communities/net.toml",
            "[[files]]\npath = \"/a\"\nsource = \"a\"\n[[files]]\npath = \"/b\"\nsource = \"b\"\nmode = 1\n",
        )
        .with("sites/valley.toml", "community = \"net\"\nfiles = { remove = [{ path = \"/b\" }] }\n");
    let files = shelf.decoded().files;
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].path, "/a");
}

#[test]
fn a_key_that_may_hold_two_kinds_does_not_clash() {
    let shelf = Shelf::new()
        .with("communities/net.toml", "[wifi]\nchannel = \"auto\"\n")
        .with(
            "sites/valley.toml",
            "community = \"net\"\n[wifi]\nchannel = 36\n",
        );
    assert_eq!(shelf.decoded().wifi.channel, Some(Channel::Number(36)));
}

#[test]
fn when_blocks_count_on_facts_only() {
    let net = "[[when]]\nmatch = { target = \"ath79/*\", flash_max = \"8M\" }\nsystem.log_size = 16\n\n\
               [[when]]\nmatch = { arch = [\"arm*\", \"aarch64\"] }\nsystem.log_size = 64\n\n\
               [[when]]\nmatch = { ram_min = \"1M\" }\nsystem.timezone = \"never: the RAM is not known\"\n";
    let shelf = Shelf::new().with("communities/net.toml", net);
    let loaded = shelf.load(None).unwrap();
    let counted: Vec<bool> = loaded
        .conditions
        .iter()
        .map(|condition| condition.counted)
        .collect();
    assert_eq!(counted, [true, false, false]);
    assert_eq!(words(loaded.merged.get("system.log_size")), "16");
    assert_eq!(words(loaded.merged.get("system.timezone")), "\"UTC\"");
    // A block is part of its layer: the site above it still wins, and the device's own blocks see the device's facts.
    let shelf = shelf
        .with("sites/valley.toml", "community = \"net\"\nsystem.log_size = 32\n")
        .with(
            "devices/box.toml",
            "inherit = \"family\"\n[[when]]\nmatch = { device = \"bo?\", cpu = \"mips\" }\nsystem.timezone = \"box\"\n",
        )
        .with("devices/family.toml", "abstract = true\n[device]\ncpu = \"mips\"\ntarget = \"ath79/tiny\"\nflash = \"8M\"\n");
    let merged = shelf.merged();
    assert_eq!(words(merged.get("system.log_size")), "32");
    assert_eq!(words(merged.get("system.timezone")), "\"box\"");
    assert!(
        merged.get("system.timezone").unwrap().history()[1]
            .condition
            .is_some()
    );
}

#[test]
fn earlier_libraries_win() {
    let own = Shelf::new().with(
        "sites/valley.toml",
        "community = \"net\"\nidentity.site = \"own\"\n",
    );
    let shipped = Shelf::new().with("sites/other.toml", "community = \"net\"\n");
    let roots = [own.path().to_owned(), shipped.path().to_owned()];
    let library = crate::profile::Library::open(roots).unwrap();
    let shape = Shape::of::<Small>();
    let load = |site| super::load_as::<Small>(&library, site, "box", None, &shape).unwrap();
    assert_eq!(words(load("valley").merged.get("identity.site")), "\"own\"");
    assert_eq!(load("other").site, "other");
}

/// Bodies written as TOML texts, merged.
fn merged(texts: &[String]) -> Merged {
    let tables: Vec<Table> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| {
            let id = LayerId::new(Kind::Site, at.to_string());
            let file: Arc<SourceFile> =
                SourceFile::in_memory(id, &format!("<{at}>"), text.as_str());
            parse(&file)
                .map_err(|problems| problems.to_string())
                .unwrap()
        })
        .collect();
    let bodies = tables.iter().map(|table| Body {
        table,
        condition: None,
    });
    let (merged, problems) = merge(bodies, &Shape::of::<Small>());
    assert!(!problems.has_errors(), "{problems}");
    merged
}

/// A layer: some keys, a list or an edit of one.
fn layer() -> impl Strategy<Value = String> {
    let word = "[a-d]";
    let words = || proptest::collection::btree_set(word, 0..4);
    let list =
        words().prop_map(|words| format!("packages.install = {words:?}\n").replace(['{', '}'], ""));
    let list = list.prop_map(|text| text.replacen("= ", "= [", 1).replace('\n', "]\n"));
    let edit = (words(), words()).prop_map(|(add, remove)| {
        let quoted = |words: Vec<&String>| {
            words
                .iter()
                .map(|w| format!("{w:?}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let remove = quoted(remove.difference(&add).collect());
        format!(
            "packages.install = {{ add = [{}], remove = [{remove}] }}\n",
            quoted(add.iter().collect())
        )
    });
    let scalars = proptest::collection::btree_map("[x-z]", 0u8..9, 0..3).prop_map(|map| {
        map.iter()
            .map(|(key, value)| format!("networks.{key}.mtu = {value}\n"))
            .collect::<String>()
    });
    (scalars, prop_oneof![Just(String::new()), list, edit]).prop_map(|(a, b)| a + &b)
}

proptest! {
    #[test]
    fn empty_layers_change_nothing(layers in proptest::collection::vec(layer(), 0..5), at in 0usize..5) {
        let mut more = layers.clone();
        more.insert(at.min(layers.len()), String::new());
        prop_assert!(merged(&layers).root() == merged(&more).root());
    }

    #[test]
    fn the_same_layer_twice_is_the_same_as_once(layers in proptest::collection::vec(layer(), 0..4), last in layer()) {
        let mut once = layers;
        once.push(last.clone());
        let mut twice = once.clone();
        twice.push(last);
        prop_assert!(merged(&once).root() == merged(&twice).root());
    }

    #[test]
    fn the_last_layer_wins(layers in proptest::collection::vec(layer(), 0..4), value in 10u8..) {
        let mut all = layers;
        all.push(format!("networks.x.mtu = {value}\npackages.install = [\"z\"]\n"));
        let merged = merged(&all);
        prop_assert_eq!(words(merged.get("networks.x.mtu")), value.to_string());
        prop_assert_eq!(words(merged.get("packages.install")), "[\"z\"]");
        prop_assert_eq!(merged.origin("networks.x.mtu").unwrap().file, format!("<{}>", all.len() - 1));
    }

    #[test]
    fn edits_do_what_they_say(layers in proptest::collection::vec(layer(), 0..4)) {
        let mut all = layers;
        all.push("packages.install = { add = [\"a\"], remove = [\"b\"] }\n".to_owned());
        let list = words(merged(&all).get("packages.install"));
        prop_assert_eq!(list.matches("\"a\"").count(), 1);
        prop_assert!(!list.contains("\"b\""));
    }

    #[test]
    fn every_value_knows_who_wrote_it(layers in proptest::collection::vec(layer(), 1..5)) {
        fn check(node: &crate::profile::merged::Node) {
            use crate::profile::merged::Content;
            assert!(node.place().is_some());
            match node.content() {
                Content::Scalar(_) => {}
                Content::List(list) => list.items().iter().chain(list.removed()).for_each(check),
                Content::Table(table) => table.values().for_each(check),
            }
        }
        merged(&layers).root().as_table().unwrap().values().for_each(check);
    }
}
