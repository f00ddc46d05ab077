//! What people see when a profile is wrong.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{Shelf, Small};

#[test]
fn unknown_key() {
    let shelf = Shelf::new().with(
        "sites/valley.toml",
        "community = \"net\"\n\n[identity]\nhotsname = \"x\"\n",
    );
    assert_snapshot!(shelf.problems());
}

#[test]
fn unknown_key_that_belongs_elsewhere() {
    let shelf = Shelf::new()
        .with("communities/net.toml", "[identity]\nmtu = 1500\n")
        .with(
            "sites/valley.toml",
            "community = \"net\"\n[identity]\nmtu = 1400\n",
        );
    assert_snapshot!(shelf.problems());
}

#[test]
fn unknown_key_like_nothing_lists_the_known() {
    let shelf = Shelf::new().with("communities/net.toml", "[packages]\nbananas = 3\n");
    assert_snapshot!(shelf.problems());
}

#[test]
fn wrong_types_are_all_found_at_once() {
    let shelf = Shelf::new().with(
        "communities/net.toml",
        "[system]\ntimezone = 5\nlog_size = 300\n\n[networks.lan]\nproto = \"statik\"\naddress = \"10.0.0\"\n\n\
         [networks.wan]\nmtu = 1500\n\n[packages]\ninstall = \"tor\"\n\n[wifi]\nchannel = [1]\n",
    );
    assert_snapshot!(shelf.problems());
}

#[test]
fn not_toml() {
    let shelf = Shelf::new().with(
        "sites/valley.toml",
        "community = \"net\"\n[identity\nhostname = \"x\"\n\n[system]\ntimezone = = 5\n",
    );
    assert_snapshot!(shelf.problems());
}

#[test]
fn number_too_big() {
    let shelf = Shelf::new().with(
        "communities/net.toml",
        "[system]\nlog_size = 99999999999999999999\n",
    );
    assert_snapshot!(shelf.problems());
}

#[test]
fn cyclic_inherit() {
    let shelf = Shelf::new()
        .with(
            "sites/valley.toml",
            "community = \"net\"\ninherit = [\"a\"]\n",
        )
        .with("sites/a.toml", "inherit = [\"b\"]\n")
        .with("sites/b.toml", "inherit = [\"a\"]\n");
    assert_snapshot!(shelf.problems());
}

#[test]
fn inherits_itself() {
    let shelf = Shelf::new().with("devices/box.toml", "inherit = \"box\"\n");
    assert_snapshot!(shelf.problems());
}

#[test]
fn diamond() {
    let shelf = Shelf::new()
        .with(
            "sites/valley.toml",
            "community = \"net\"\ninherit = [\"a\", \"b\"]\n",
        )
        .with("sites/a.toml", "inherit = [\"base\"]\n")
        .with("sites/b.toml", "inherit = [\"base\"]\n")
        .with("sites/base.toml", "");
    assert_snapshot!(shelf.problems());
}

#[test]
fn missing_community() {
    let shelf = Shelf::new().with("sites/valley.toml", "community = \"nett\"\n");
    assert_snapshot!(shelf.problems());
}

#[test]
fn no_community() {
    let shelf = Shelf::new().with("sites/valley.toml", "[identity]\nsite = \"Valley\"\n");
    assert_snapshot!(shelf.problems());
}

#[test]
fn missing_site_and_device() {
    let shelf = Shelf::new();
    let shape = super::Shape::of::<Small>();
    let problems =
        super::load_as::<Small>(&shelf.library(), "box", "bxo", None, &shape).unwrap_err();
    assert_snapshot!(shelf.plain(&problems.to_string()));
}

#[test]
fn type_clash_between_layers() {
    let shelf = Shelf::new()
        .with(
            "communities/net.toml",
            "[system]\ntimezone = \"UTC\"\nlog_size = 64\n",
        )
        .with(
            "sites/valley.toml",
            "community = \"net\"\nsystem = { log_size = \"64\", timezone = { zone = 1 } }\n",
        );
    assert_snapshot!(shelf.problems());
}

#[test]
fn edits_of_lists_that_cannot_be() {
    let shelf = Shelf::new()
        .with("communities/net.toml", "[packages]\ninstall = [\"tor\", \"dnsmasq\"]\n")
        .with(
            "sites/valley.toml",
            "community = \"net\"\n[packages.install]\nad = [\"x\"]\nremove = \"tor\"\nadd = [\"y\"]\n",
        );
    assert_snapshot!(shelf.problems());
}

#[test]
fn a_table_where_a_number_or_a_word_belongs() {
    let shelf = Shelf::new().with("communities/net.toml", "wifi.channel = { a = 1 }\n");
    assert_snapshot!(shelf.problems());
}

#[test]
fn added_and_removed_at_once() {
    let shelf = Shelf::new().with(
        "communities/net.toml",
        "[packages]\ninstall = { add = [\"tor\"], remove = [\"tor\"] }\n",
    );
    assert_snapshot!(shelf.problems());
}

#[test]
fn removing_what_is_not_there_is_a_warning() {
    let shelf = Shelf::new()
        .with(
            "communities/net.toml",
            "[packages]\ninstall = [\"dnsmasq\"]\n",
        )
        .with(
            "sites/valley.toml",
            "community = \"net\"\npackages.install = { remove = [\"dnsmaq\"] }\n",
        );
    assert_snapshot!(shelf.problems());
}

#[test]
fn engine_keys_in_the_wrong_place() {
    let shelf = Shelf::new()
        .with(
            "devices/box.toml",
            "site = \"valley\"\nabstract = 1\ninherit = [1]\n",
        )
        .with(
            "sites/valley.toml",
            "community = \"net\"\n[device]\nflash = \"16M\"\n[when]\nx = 1\n",
        );
    assert_snapshot!(shelf.problems());
}

#[test]
fn wrong_when_blocks() {
    let shelf = Shelf::new().with(
        "communities/net.toml",
        "[[when]]\nmatch = { targt = \"x\", flash_max = \"8 MM\" }\n\n[[when]]\nmatch = {}\n\n[[when]]\nsystem.log_size = 1\n\n\
         [[when]]\nmatch = { target = \"[\" }\ndevice.flash = \"4M\"\n",
    );
    assert_snapshot!(shelf.problems());
}

#[test]
fn facts_that_are_none() {
    let shelf = Shelf::new().with(
        "devices/box.toml",
        "[device]\nflash = \"8 floppies\"\nram = -1\ntarget = 3\n",
    );
    assert_snapshot!(shelf.problems());
}

#[test]
fn abstract_layers_cannot_be_built() {
    let shelf = Shelf::new().with("devices/box.toml", "abstract = true\n");
    assert_snapshot!(shelf.problems());
}

#[test]
fn one_name_twice() {
    let shelf = Shelf::new()
        .with("devices/a/box.toml", "")
        .with("devices/b/box.toml", "");
    assert_snapshot!(shelf.problems());
}

#[test]
fn literal_secrets_are_refused_and_not_shown() {
    let shelf = Shelf::new().with("communities/net.toml", "[wifi]\nsae = \"hunter2hunter2\"\n");
    let text = shelf.problems();
    assert!(!text.contains("hunter2"), "{text}");
    assert_snapshot!(text);
}

#[test]
fn secrets_written_as_other_kinds_are_not_shown_either() {
    for literal in ["12345678", "1.5", "[\"12345678\"]"] {
        let shelf = Shelf::new().with(
            "communities/net.toml",
            &format!("[wifi]\npsk = 1\nsae = {literal}\n"),
        );
        let text = shelf.problems();
        assert!(
            !text.contains("12345678") || literal.starts_with('['),
            "{text}"
        );
        assert!(text.contains("secret"), "{text}");
    }
}

#[test]
fn neighbours_of_an_error_do_not_leak() {
    let shelf = Shelf::new().with(
        "communities/net.toml",
        "[identity]\npassword = \"hunter2\"\nhotsname = 1\n",
    );
    let text = shelf.problems();
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("unknown key `password`"), "{text}");
}

#[test]
fn not_utf8() {
    let shelf = Shelf::new();
    std::fs::write(
        shelf.path().join("communities/net.toml"),
        b"a = 1\nb = \"\xff\"\n",
    )
    .unwrap();
    assert_snapshot!(shelf.problems());
}

#[test]
fn placed_values_point_at_their_file() {
    let shelf = Shelf::new()
        .with(
            "communities/net.toml",
            "[[files]]\npath = \"/etc/motd\"\nsource = \"motd\"\n",
        )
        .with(
            "sites/valley.toml",
            "community = \"net\"\n[files]\nadd = [{ path = \"/etc/x\", source = \"x\" }]\n",
        );
    let files = shelf.decoded().files;
    let places: Vec<String> = files
        .iter()
        .map(|file| shelf.plain(&file.source.origin().unwrap().to_string()))
        .collect();
    assert_eq!(
        places,
        [
            "LIB/communities/net.toml:3:10",
            "LIB/sites/valley.toml:3:36"
        ]
    );
    let error = files[1].source.error("no such file `x`", "make it");
    assert_snapshot!(shelf.plain(&crate::profile::Diagnostics::from(error).to_string()));
}

#[test]
fn semantic_errors_point_at_places() {
    let shelf = Shelf::new().with(
        "communities/net.toml",
        "[networks.lan]\nproto = \"dhcp\"\nmtu = 100\n",
    );
    let merged = shelf.merged();
    let problems: crate::profile::Diagnostics = [
        merged.error_at("networks.lan.mtu", "an MTU under 576", "write 1500"),
        merged.error_at("networks.lan.address", "no address", ""),
        merged.warning_at("wifi.channel", "no channel", "set one"),
    ]
    .into_iter()
    .collect();
    assert_snapshot!(shelf.plain(&problems.to_string()));
    let origin = merged.origin("networks.lan.mtu").unwrap();
    assert_eq!((origin.line, origin.column), (3, 7));
    assert_eq!(origin.layer.to_string(), "community net");
}

#[test]
fn folders_with_a_slip_in_their_name() {
    let shelf = Shelf::new()
        .with("device/box2.toml", "")
        .with("keys/notes.txt", "");
    let shape = super::Shape::of::<Small>();
    let problems = super::load_as::<Small>(&shelf.library(), "valley", "box2", None, &shape);
    assert_snapshot!(shelf.plain(&problems.unwrap_err().to_string()));
}

/// Pieces of profiles, in an order that makes sense only by chance.
fn scraps() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "[",
        "]",
        "[[when]]\n",
        "[[",
        "]]",
        "{",
        "}",
        "=",
        ",",
        ".",
        "\n",
        "\"",
        "'",
        "#",
        "\\",
        "\u{0}",
        "é",
        "\u{7f}",
        " ",
        "match",
        "inherit",
        "abstract",
        "community",
        "site",
        "device",
        "nodes",
        "packages",
        "install",
        "add",
        "remove",
        "wifi",
        "channel",
        "sae",
        "files",
        "networks",
        "lan",
        "proto",
        "\"static\"",
        "1",
        "-5",
        "1.5",
        "true",
        "1979-05-27",
        "\"env:X\"",
        "[packages]\n",
        "[networks.lan]\n",
        "install = [\"a\"]\n",
        "community = \"net\"\n",
        "\"\"\"",
    ]);
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in scraps(), kind in 0usize..5) {
        let paths = ["communities/net.toml", "sites/valley.toml", "devices/box.toml", "nodes/valley/7.toml", "nodes/valley.toml"];
        let shelf = Shelf::new().with(paths[kind], &text);
        match shelf.load(Some("7")) {
            Ok(loaded) => {
                let shown = crate::profile::show::to_toml(&loaded);
                prop_assert!(shown.parse::<toml::Table>().is_ok(), "{}", shown);
            }
            Err(problems) => {
                prop_assert!(problems.has_errors());
                for problem in problems.iter() {
                    let line = problem.origin().map_or(1, |origin| origin.line);
                    prop_assert!((1..=text.matches('\n').count() + 5).contains(&line));
                }
                prop_assert!(problems.to_string().contains("error: "));
            }
        }
    }
}
