//! Addressing and changing.

use super::super::{Config, EditError, NameKind, Path, Section, SectionRef, Value, generated_id};
use super::{at, config};

fn rules() -> Config {
    config(
        "config defaults\nconfig rule\noption name a\nconfig zone 'lan'\nconfig rule\noption name b\n\
         list proto tcp\nlist proto udp\nlist proto tcp\n",
    )
}

fn name<'a>(config: &'a Config, section: &str) -> Option<&'a str> {
    config.get(&at(section), "name").and_then(Value::as_str)
}

#[test]
fn sections_by_name_index_and_generated_name() {
    let held = rules();
    for (section, found) in [
        ("@rule[0]", Some(1)),
        ("@rule[1]", Some(3)),
        ("@rule[-1]", Some(3)),
        ("@rule[-2]", Some(1)),
        ("@rule[-3]", None),
        ("@rule[2]", None),
        ("@rule[-2147483648]", None),
        ("@[2]", Some(2)),
        ("@[-4]", Some(0)),
        ("lan", Some(2)),
        ("@zone[0]", Some(2)),
        ("cfg01e63d", Some(0)),
        ("cfg0292bd", Some(1)),
        ("cfg0492bd", Some(3)),
        ("cfg0392bd", None),
        ("wan", None),
    ] {
        assert_eq!(held.find(&at(section)), found, "{section}");
    }
    assert_eq!(held.reference_at(3), Some(at("@rule[1]")));
    assert_eq!(held.reference_at(2), Some(at("lan")));
    assert_eq!(held.reference_at(4), None);
}

/// The names that everyone who has read `logread` on a router has seen.
#[test]
fn generated_names_are_libucis() {
    assert_eq!(generated_id(0, "dnsmasq"), "cfg01411c");
    assert_eq!(generated_id(2, "device"), "cfg030f15");
    assert_eq!(generated_id(2, "wifi-iface"), "cfg033579");
    assert_eq!(generated_id(1, "zone"), "cfg02dc81");
    assert_eq!(generated_id(3, "forwarding"), "cfg04ad58");
    assert_eq!(rules().id_at(2).as_deref(), Some("lan"));
}

#[test]
fn paths() {
    for text in [
        "network",
        "network.lan",
        "my-app.@rule[-1].name",
        "a.@[3]",
        "w.@wifi-iface[0]",
    ] {
        assert_eq!(text.parse::<Path>().unwrap().to_string(), text);
    }
    for (text, why) in [
        ("", "package name"),
        ("a b", "package name"),
        ("a.", "section name"),
        ("a.b-c", "section name"),
        ("a.@b", "without `type[n]`"),
        ("a.@b[1]x", "without `type[n]`"),
        ("a.@b[x]", "not a number"),
        ("a.@b[99999999999]", "not a number"),
        ("a.@b c[0]", "section type"),
        ("a.b.c-d", "option name"),
        ("a.b.c.d", "three parts"),
    ] {
        let error = text.parse::<Path>().unwrap_err().to_string();
        assert!(
            error.contains(why) && error.starts_with(&format!("`{text}`")),
            "{error}"
        );
    }
}

#[test]
fn set_adds_changes_and_deletes() {
    let mut held = rules();
    held.set(&at("@rule[1]"), "name", "c").unwrap();
    assert_eq!(name(&held, "@rule[1]"), Some("c"));
    held.set(&at("@rule[1]"), "name", "").unwrap();
    assert_eq!(name(&held, "@rule[1]"), None);
    held.set_section(&at("guest"), "zone").unwrap();
    held.set_section(&at("guest"), "zone2").unwrap();
    assert_eq!(held.named("guest").unwrap().kind(), "zone2");
    assert_eq!(
        held.set(&at("nowhere"), "a", "b"),
        Err(EditError::NoSection("nowhere".to_owned()))
    );
    assert_eq!(
        held.set_section(&at("@rule[7]"), "rule"),
        Err(EditError::NoSection("@rule[7]".to_owned()))
    );
}

#[test]
fn lists() {
    let mut held = rules();
    let rule = at("@rule[1]");
    assert_eq!(held.del_list(&rule, "proto", "tcp"), Ok(2));
    assert_eq!(held.get(&rule, "proto"), Some(&Value::from_iter(["udp"])));
    assert_eq!(held.del_list(&rule, "name", "b"), Ok(0));
    assert_eq!(held.del_list(&rule, "proto", "udp"), Ok(1));
    assert_eq!(held.get(&rule, "proto"), None);
    held.add_list(&rule, "name", "c").unwrap();
    assert_eq!(held.get(&rule, "name"), Some(&Value::from_iter(["b", "c"])));
    held.add_list(&rule, "new", "d").unwrap();
    assert_eq!(
        held.section(&rule)
            .unwrap()
            .get_list("new")
            .collect::<Vec<_>>(),
        ["d"]
    );
}

#[test]
fn names_are_checked_and_errors_change_nothing() {
    let before = rules();
    let mut held = before.clone();
    let bad = |kind, name: &str| EditError::BadName {
        kind,
        name: name.to_owned(),
    };
    assert_eq!(
        held.set(&at("lan"), "a-b", "x"),
        Err(bad(NameKind::Option, "a-b"))
    );
    assert_eq!(
        held.add_list(&at("lan"), "", "x"),
        Err(bad(NameKind::Option, ""))
    );
    assert_eq!(
        held.rename_section(&at("lan"), "a.b"),
        Err(bad(NameKind::Section, "a.b"))
    );
    assert_eq!(
        held.set_section(&at("x"), "a b"),
        Err(bad(NameKind::Type, "a b"))
    );
    assert_eq!(held.add(""), Err(bad(NameKind::Type, "")));
    assert!(matches!(
        held.set(&at("lan"), "a", "x\0"),
        Err(EditError::BadValue {
            character: '\0',
            ..
        })
    ));
    assert_eq!(
        held.push(Section::named("zone", "lan").unwrap()),
        Err(EditError::SectionExists("lan".to_owned()))
    );
    assert_eq!(
        held.rename_section(&at("@rule[0]"), "lan"),
        Err(EditError::SectionExists("lan".to_owned()))
    );
    assert_eq!(
        held.rename_option(&at("@rule[1]"), "name", "proto"),
        Err(EditError::OptionExists {
            section: "@rule".to_owned(),
            option: "proto".to_owned()
        })
    );
    assert_eq!(
        held.delete_option(&at("lan"), "x").unwrap_err().to_string(),
        "section `lan` has no option `x`"
    );
    assert_eq!(held, before);
    assert!(Section::named("t", "a-b").is_err());
}

#[test]
fn rename_reorder_delete() {
    let mut held = rules();
    held.rename_section(&at("@rule[0]"), "first").unwrap();
    held.rename_section(&at("first"), "first").unwrap();
    assert_eq!(name(&held, "first"), Some("a"));
    held.rename_option(&at("@rule[1]"), "name", "title")
        .unwrap();
    assert_eq!(held.sections()[3].options().next().unwrap().0, "title");
    held.reorder(&at("first"), 0).unwrap();
    held.reorder(&at("lan"), 99).unwrap();
    let kinds: Vec<_> = held.sections().iter().map(Section::kind).collect();
    assert_eq!(kinds, ["rule", "defaults", "rule", "zone"]);
    assert_eq!(held.delete_section(&at("lan")).unwrap().name(), Some("lan"));
    assert_eq!(held.delete_option(&at("first"), "name"), Ok("a".into()));
    assert_eq!(held.add("rule"), Ok(3));
    assert_eq!(
        held.find(&SectionRef::Nth {
            kind: Some("rule".to_owned()),
            index: -1
        }),
        Some(3)
    );
}

#[test]
fn merge_goes_by_names() {
    let mut held = config("config a x\noption p 1\nlist q 1\nlist q 2\nconfig b\noption z 1\n");
    held.merge(config(
        "config c x\noption r 3\nlist q 9\nconfig b\noption z 2\nconfig d y\n",
    ));
    assert_eq!(
        held,
        config(
            "config c x\noption p 1\nlist q 9\noption r 3\nconfig b\noption z 1\nconfig b\noption z 2\nconfig d y\n"
        )
    );
}

#[test]
fn sections_are_built_in_chains() {
    let section = Section::named("interface", "lan")
        .and_then(|section| section.with("proto", "static"))
        .and_then(|section| section.with("auto", true))
        .and_then(|section| section.with("dns", Value::from_iter(["10.0.0.1", "10.0.0.2"])))
        .and_then(|section| section.with("nothing", ""))
        .unwrap();
    let mut held = Config::new();
    held.push(section).unwrap();
    assert_eq!(
        held,
        config(
            "config interface lan\noption proto static\noption auto 1\nlist dns 10.0.0.1\nlist dns 10.0.0.2\n"
        )
    );
}
