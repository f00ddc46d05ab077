//! What `show`, `explain` and the schema say.

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::{Shelf, Small};
use crate::profile::explain::{explain, to_json, to_text};
use crate::profile::merged::{Content, Node};
use crate::profile::schema::schema;
use crate::profile::shape::Shape;
use crate::profile::source::Kind;
use crate::profile::value::Scalar;
use crate::profile::{Diagnostics, show};

fn shelf() -> Shelf {
    Shelf::new()
        .with(
            "communities/net.toml",
            "identity.hostname = \"{site}\"\n[packages]\ninstall = [\"tor\", \"ppp\", \"dnsmasq\"]\n[networks.lan]\n\
             proto = \"static\"\n\"odd.key\" = { x = \"line\\nbreak\" }\n[[files]]\npath = \"/etc/motd\"\nsource = \"motd\"\nmode = 420\n",
        )
        .with(
            "sites/valley.toml",
            "community = \"net\"\n[packages]\ninstall = { add = [\"curl\"], remove = [\"ppp\"] }\n[wifi]\nsae = \"env:SAE\"\n\
             [[when]]\nmatch = { flash_max = \"8M\" }\npackages.install = { remove = [\"tor\"] }\nsystem.log_size = 16\n\
             [[when]]\nmatch = { arch = \"aarch64\" }\nsystem.log_size = 128\n",
        )
        .with("nodes/valley/hut.toml", "[node]\nnumber = 7\n[identity]\nhostname = \"hut\"\n")
}

fn explained(key: &str) -> String {
    let shelf = shelf();
    let loaded = shelf
        .load(Some("hut"))
        .map_err(|problems| problems.to_string())
        .unwrap();
    match explain(&loaded, key, &Shape::of::<Small>()) {
        Ok(explanation) => shelf.plain(&to_text(key, &explanation)),
        Err(problem) => Diagnostics::from(problem).to_string(),
    }
}

#[test]
fn explain_a_value_that_was_overridden() {
    assert_snapshot!(explained("identity.hostname"));
}

#[test]
fn explain_a_list_that_was_edited() {
    assert_snapshot!(explained("packages.install"));
}

#[test]
fn explain_a_table() {
    assert_snapshot!(explained("system"));
}

#[test]
fn explain_an_element() {
    assert_snapshot!(explained("files[0].mode"));
}

#[test]
fn explain_what_is_not_set() {
    assert_snapshot!(explained("wifi.channel"));
}

#[test]
fn explain_what_is_not_there() {
    let keys = [
        "identity.hostnam",
        "mtu",
        "tmezone",
        "bananas",
        "",
        "files[9]",
    ];
    let texts: Vec<String> = keys.iter().map(|key| explained(key)).collect();
    assert_snapshot!(texts.join("\n"));
}

#[test]
fn explain_for_machines() {
    let shelf = shelf();
    let loaded = shelf.load(Some("hut")).unwrap();
    let explanation = explain(&loaded, "packages.install", &Shape::of::<Small>()).unwrap();
    let json = Json::from(
        to_json(&explanation)
            .into_iter()
            .map(Json::Object)
            .collect::<Vec<_>>(),
    );
    assert_snapshot!(shelf.plain(&format!("{json:#}")));
}

#[test]
fn literal_secrets_are_not_told() {
    let shelf = Shelf::new().with(
        "communities/net.toml",
        "wifi.sae = \"hunter2\"\nidentity = { password = \"hunter2\" }\n",
    );
    let loaded = shelf.load(None).unwrap();
    let explanation = explain(&loaded, "wifi.sae", &Shape::of::<Small>()).unwrap();
    let json = format!("{:?}", to_json(&explanation));
    let all = [
        show::to_toml(&loaded),
        format!("{:?}", show::to_json(&loaded)),
        to_text("", &explanation),
        json,
    ];
    for text in all {
        assert!(
            !text.contains("hunter2") && text.contains("(hidden)"),
            "{text}"
        );
    }
}

#[test]
fn show_for_people() {
    let shelf = shelf();
    let loaded = shelf.load(Some("hut")).unwrap();
    assert_snapshot!(shelf.plain(&show::to_toml(&loaded)));
}

/// What `show` writes is TOML that says the same as the merged profile.
#[test]
fn what_is_shown_can_be_read() {
    let shelf = shelf();
    let loaded = shelf.load(Some("hut")).unwrap();
    let shown: toml::Table = show::to_toml(&loaded).parse().unwrap();
    assert_eq!(toml::Value::Table(shown), plain(loaded.merged.root()));
    let json = show::to_json(&loaded);
    assert_eq!(
        json["values"]["packages"]["install"],
        serde_json::json!(["dnsmasq", "curl"])
    );
    assert_eq!(json["origins"]["packages.install[1]"]["line"], 3);
}

fn plain(node: &Node) -> toml::Value {
    match node.content() {
        Content::Scalar(Scalar::String(text)) => toml::Value::String(text.clone()),
        Content::Scalar(Scalar::Integer(number)) => toml::Value::Integer(*number),
        Content::Scalar(Scalar::Float(number)) => toml::Value::Float(*number),
        Content::Scalar(Scalar::Boolean(truth)) => toml::Value::Boolean(*truth),
        Content::Scalar(Scalar::Datetime(text)) => toml::Value::Datetime(text.parse().unwrap()),
        Content::List(list) => toml::Value::Array(list.items().iter().map(plain).collect()),
        Content::Table(table) => toml::Value::Table(
            table
                .iter()
                .map(|(key, node)| (key.clone(), plain(node)))
                .collect(),
        ),
    }
}

/// Whether a file of this kind passes the schema, by an independent validator.
fn passes(kind: Option<Kind>, text: &str) -> bool {
    let schema = schema(&Shape::of::<Small>(), kind);
    let file: toml::Table = text.parse().unwrap();
    let file = serde_json::to_value(file).unwrap();
    jsonschema::validator_for(&schema).unwrap().is_valid(&file)
}

#[test]
fn the_schema_knows_what_belongs_in_each_kind_of_file() {
    let edit = "packages.install = { add = [\"a\"], remove = [\"b\"] }\n";
    let when = "[[when]]\nmatch = { target = [\"ath79/*\"], flash_max = \"8M\" }\npackages.install = { remove = [\"a\"] }\n";
    let part = "[networks.lan]\nmtu = 1500\n";
    for kind in Kind::FILES {
        for text in [
            edit,
            when,
            part,
            "inherit = [\"a\"]\n",
            "abstract = true\n",
            "",
        ] {
            assert!(passes(Some(kind), text), "{kind}: {text}");
            assert!(passes(None, text), "{text}");
        }
        for text in [
            "packages.install = { ad = [] }\n",
            "packages.install = 3\n",
            "[[when]]\nsystem.log_size = 1\n",
            "[[when]]\nmatch = { colour = \"red\" }\n",
            "[[when]]\nmatch = { cpu = \"mips\" }\ndevice.cpu = \"mips\"\n",
            "[identity]\nhotsname = \"x\"\n",
            "networks.lan.proto = \"statik\"\n",
            "wifi.sae = \"literal\"\n",
        ] {
            assert!(!passes(Some(kind), text), "{kind}: {text}");
            assert!(!passes(None, text), "{text}");
        }
    }
    assert!(passes(Some(Kind::Site), "community = \"net\"\n"));
    assert!(!passes(Some(Kind::Community), "community = \"net\"\n"));
    assert!(passes(Some(Kind::Device), "[device]\nflash = \"8M\"\n"));
    assert!(!passes(Some(Kind::Site), "[device]\nflash = \"8M\"\n"));
    assert!(passes(
        Some(Kind::Node),
        "site = \"valley\"\ndevice = \"box\"\nnode.number = 7\n"
    ));
    assert!(passes(
        Some(Kind::Node),
        "[nodes.hut]\ndevice = \"box\"\nnode.number = 7\n"
    ));
    assert!(!passes(Some(Kind::Node), "[nodes.hut]\nnode.nmber = 7\n"));
}

#[test]
fn the_schema_of_a_site() {
    let schema = schema(&Shape::of::<Small>(), Some(Kind::Site));
    assert_snapshot!(format!("{:#}", schema["properties"]["inherit"]));
    assert_snapshot!(format!("{:#}", schema["$defs"]["Packages"]));
}

/// Any TOML value; floats that are no numbers are left out, since they are not equal to themselves.
fn any_value() -> impl Strategy<Value = toml::Value> {
    let leaf = prop_oneof![
        ".*".prop_map(toml::Value::String),
        any::<i64>().prop_map(toml::Value::Integer),
        any::<bool>().prop_map(toml::Value::Boolean),
        (-1.0e9..1.0e9).prop_map(toml::Value::Float),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let table = proptest::collection::btree_map(".*", inner.clone(), 0..4);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(toml::Value::Array),
            table.prop_map(|map| toml::Value::Table(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_set_is_shown_as_it_is(value in any_value()) {
        // Values of keys that sound secret are hidden, tables of two certain keys are edits: not of interest here.
        let text = value.to_string();
        prop_assume!(!["pass", "psk", "secret", "token", "private", "credential", "key", "add", "remove"]
            .iter()
            .any(|word| text.to_lowercase().contains(word)));
        let file: toml::Table = [("identity".to_owned(), toml::Value::Table([("x".to_owned(), value)].into_iter().collect()))]
            .into_iter()
            .collect();
        let shelf = Shelf::new().with("communities/net.toml", &toml::to_string(&file).unwrap());
        let loaded = shelf.load(None).map_err(|problems| problems.to_string()).unwrap();
        let shown: toml::Table = show::to_toml(&loaded).parse().unwrap();
        prop_assert_eq!(&shown["identity"], &file["identity"]);
    }
}
