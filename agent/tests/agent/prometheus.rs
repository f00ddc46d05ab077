//! `/metrics` against the rules of the text format, read strictly.

use std::collections::{BTreeMap, BTreeSet};

use crate::machine::Machine;

/// The samples of a page in the text format: name with labels, and value. Panics on whatever breaks a rule.
fn strict(page: &str) -> BTreeMap<String, f64> {
    assert!(page.ends_with('\n'), "the last line has no newline");
    let mut samples = BTreeMap::new();
    let mut families = BTreeSet::new();
    let mut helped = String::new();
    let mut family = (String::new(), String::new());
    for line in page.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, text) = help.split_once(' ').expect("HELP has a text");
            assert!(
                !text.is_empty() && families.insert(name.to_owned()),
                "{line}"
            );
            helped = name.to_owned();
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("TYPE has a kind");
            assert!(
                name == helped && ["gauge", "counter"].contains(&kind),
                "{line}"
            );
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            family = (name.to_owned(), kind.to_owned());
        } else {
            let (key, value) = line.rsplit_once(' ').expect("a sample has a value");
            let (name, labels) = match key.split_once('{') {
                Some((name, labels)) => {
                    (name, labels.strip_suffix('}').expect("labels are closed"))
                }
                None => (key, ""),
            };
            assert_eq!(name, family.0, "a sample outside its family: {line}");
            assert!(is_name(name, true), "{line}");
            labels_are_right(labels, line);
            let value: f64 = value.parse().expect("a value is a number");
            assert!(family.1 != "counter" || value >= 0.0, "{line}");
            assert!(
                samples.insert(key.to_owned(), value).is_none(),
                "twice: {line}"
            );
        }
    }
    samples
}

fn is_name(name: &str, colons: bool) -> bool {
    let good = |c: char| c.is_ascii_alphabetic() || c == '_' || (colons && c == ':');
    name.starts_with(good) && name.chars().all(|c| good(c) || c.is_ascii_digit())
}

fn labels_are_right(mut rest: &str, line: &str) {
    let mut seen = BTreeSet::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").expect(line);
        assert!(is_name(name, false) && seen.insert(name), "{line}");
        let mut escaped = false;
        let end = after
            .find(|c: char| {
                let ends = c == '"' && !escaped;
                assert!(
                    !escaped || ['\\', '"', 'n'].contains(&c),
                    "bad escape: {line}"
                );
                escaped = c == '\\' && !escaped;
                ends
            })
            .expect(line);
        rest = &after[end + 1..];
        if let Some(more) = rest.strip_prefix(',') {
            assert!(!more.is_empty(), "{line}");
            rest = more;
        } else {
            assert!(rest.is_empty(), "{line}");
        }
    }
}

#[test]
fn metrics_follow_the_rules() {
    let machine = Machine::new();
    machine.configure("config node 'node'\n\toption site 'the \"old\" \\ mill {x=\"y\"}'\n");
    let _agent = machine.start();
    let first = strict(&machine.get("/metrics"));
    let second = strict(&machine.get("/metrics"));
    let served = "clomd_http_requests_total{status=\"2xx\"}";
    assert_eq!(second[served], first[served] + 1.0);
    assert!(second["process_cpu_seconds_total"] >= first["process_cpu_seconds_total"]);
    assert!(second["process_resident_memory_bytes"] > 0.0);
    assert_eq!(second["clomd_clock_trusted"], 1.0);
    for name in [
        "node_load1",
        "node_memory_MemAvailable_bytes",
        "node_filesystem_avail_bytes{mountpoint=\"/overlay\"}",
        "node_network_receive_bytes_total{device=\"lo\"}",
        "clomd_uptime_seconds",
    ] {
        assert!(second.contains_key(name), "{name}");
    }
    let node = second
        .keys()
        .find(|key| key.starts_with("clomd_node_info{"))
        .unwrap();
    assert!(
        node.contains(r#"site="the \"old\" \\ mill {x=\"y\"}""#),
        "{node}"
    );
}

#[test]
#[should_panic(expected = "twice")]
fn the_reader_is_strict() {
    strict("# HELP a b\n# TYPE a gauge\na 1\na 2\n");
}
