use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

const NETWORK: &str = "
config interface 'lan'
\toption proto 'static'
\tlist dns '10.1.0.1'
\tlist dns 'it'\\''s'

config rule
\toption name 'a'

config rule
\toption name 'b'

";

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder with one package, `network`, and a `uci` that works in it.
struct Lab(PathBuf);

impl Lab {
    fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir =
            std::env::temp_dir().join(format!("clom-lab-uci-{}-{number}", std::process::id()));
        fs::create_dir_all(dir.join("config")).unwrap();
        fs::write(dir.join("config/network"), NETWORK).unwrap();
        Self(dir)
    }

    fn call(&self, line: &str) -> Result<String, Error> {
        let mut call = Call {
            store: Store {
                config_dir: self.0.join("config"),
                save_dir: self.0.join("save"),
                search: Vec::new(),
            },
            delimiter: " ".into(),
            input: Some(self.0.join("input")),
            merge: false,
            quiet: false,
            generated: false,
        };
        let words = words::split(line).unwrap();
        let rest = call.options(&words)?.to_vec();
        call.command(&rest)
    }

    fn ok(&self, line: &str) -> String {
        self.call(line)
            .unwrap_or_else(|why| panic!("{line}: {why}"))
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.0.join("config").join(name)).unwrap()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn gets_and_shows() {
    let lab = Lab::new();
    assert_eq!(lab.ok("get network.lan"), "interface\n");
    assert_eq!(lab.ok("get network.lan.proto"), "static\n");
    assert_eq!(lab.ok("get network.lan.dns"), "10.1.0.1 it's\n");
    assert_eq!(lab.ok("get network.@rule[-1].name"), "b\n");
    assert_eq!(
        lab.ok("show network"),
        "network.lan=interface\nnetwork.lan.proto='static'\nnetwork.lan.dns='10.1.0.1' 'it'\\''s'\n\
         network.@rule[0]=rule\nnetwork.@rule[0].name='a'\nnetwork.@rule[1]=rule\nnetwork.@rule[1].name='b'\n"
    );
    assert_eq!(
        lab.ok("show network.@rule[1].name"),
        "network.@rule[1].name='b'\n"
    );
    assert!(
        lab.ok("-X show network.@rule[0]")
            .starts_with("network.cfg02")
    );
    assert_eq!(
        lab.ok("-d , show network.lan.dns"),
        "network.lan.dns='10.1.0.1','it'\\''s'\n"
    );
    for wrong in [
        "get network.wan",
        "get network.lan.mtu",
        "show network.@rule[2]",
        "get nothing.a",
    ] {
        assert_eq!(lab.call(wrong), Err(Error::NotFound), "{wrong}");
    }
    assert!(matches!(
        lab.call("get network.a-b.c"),
        Err(Error::Invalid(_))
    ));
    assert_eq!(lab.call("frobnicate"), Err(Error::Usage));
}

#[test]
fn changes_wait_until_they_are_committed() {
    let lab = Lab::new();
    lab.ok("set network.lan.proto=dhcp");
    lab.ok("set network.wan=interface");
    lab.ok("set network.wan.proto=none");
    assert_eq!(lab.ok("get network.lan.proto"), "dhcp\n");
    assert_eq!(lab.file("network"), NETWORK);
    assert_eq!(
        lab.ok("changes"),
        "network.lan.proto='dhcp'\nnetwork.wan='interface'\nnetwork.wan.proto='none'\n"
    );
    lab.ok("commit");
    assert_eq!(lab.ok("changes network"), "");
    assert!(
        lab.file("network")
            .ends_with("config interface 'wan'\n\toption proto 'none'\n\n")
    );
    lab.ok("set network.lan.proto=static");
    lab.ok("revert network");
    assert_eq!(lab.ok("get network.lan.proto"), "dhcp\n");
}

#[test]
fn revert_of_one_option_leaves_the_others() {
    let lab = Lab::new();
    lab.ok("set network.lan.a=1");
    lab.ok("set network.lan.b=2");
    lab.ok("revert network.lan.a");
    assert_eq!(lab.ok("changes"), "network.lan.b='2'\n");
}

#[test]
fn lists_grow_and_shrink() {
    let lab = Lab::new();
    lab.ok("add_list network.lan.dns=::1");
    lab.ok("del_list network.lan.dns=10.1.0.1");
    assert_eq!(
        lab.ok("changes"),
        "network.lan.dns+='::1'\nnetwork.lan.dns-='10.1.0.1'\n"
    );
    lab.ok("commit network");
    assert_eq!(lab.ok("get network.lan.dns"), "it's ::1\n");
    assert_eq!(lab.ok("del_list network.lan.proto=static"), "");
    assert_eq!(lab.call("add_list network.wan.dns=x"), Err(Error::NotFound));
}

#[test]
fn unnamed_sections_keep_their_id_while_others_go() {
    let lab = Lab::new();
    let id = lab.ok("add network rule");
    let id = id.trim();
    assert!(id.starts_with("cfg04"), "{id}");
    lab.ok("delete network.@rule[0]");
    lab.ok(&format!("set network.{id}.name=c"));
    lab.ok("set network.@rule[0].name=still-b");
    lab.ok("commit network");
    assert_eq!(
        lab.ok("show network.@rule[0].name") + &lab.ok("show network.@rule[1].name"),
        "network.@rule[0].name='still-b'\nnetwork.@rule[1].name='c'\n"
    );
}

#[test]
fn renames_reorders_deletes() {
    let lab = Lab::new();
    lab.ok("rename network.@rule[0]=first");
    lab.ok("rename network.first.name=title");
    lab.ok("reorder network.first=0");
    lab.ok("delete network.lan.dns");
    lab.ok("set network.lan.proto=");
    lab.ok("commit");
    assert_eq!(
        lab.file("network"),
        "\nconfig rule 'first'\n\toption title 'a'\n\nconfig interface 'lan'\n\nconfig rule\n\toption name 'b'\n\n"
    );
    lab.ok("delete network");
    lab.ok("commit");
    assert_eq!(lab.file("network"), "\n");
}

#[test]
fn batch_runs_lines_and_stops_at_the_first_wrong_one() {
    let lab = Lab::new();
    fs::write(
        lab.0.join("input"),
        "# comment\nset network.lan.proto='two words'\nget network.lan.proto\nget network.no.no\nset network.lan.x=1\n",
    )
    .unwrap();
    let error = lab.call("batch").unwrap_err().to_string();
    assert!(error.contains("line 4"), "{error}");
    assert_eq!(lab.ok("get network.lan.proto"), "two words\n");
    assert_eq!(lab.call("get network.lan.x"), Err(Error::NotFound));
}

#[test]
fn what_is_exported_is_imported() {
    let lab = Lab::new();
    let text = lab.ok("export network");
    assert!(text.starts_with("package network\n\nconfig interface 'lan'\n"));
    fs::write(
        lab.0.join("input"),
        text.replace("package network", "package other"),
    )
    .unwrap();
    lab.ok("import");
    assert_eq!(lab.file("other"), NETWORK);
    fs::write(
        lab.0.join("input"),
        "config interface 'lan'\n\toption mtu '1400'\n",
    )
    .unwrap();
    lab.ok("-m import network");
    assert_eq!(lab.ok("get network.lan.mtu"), "1400\n");
    assert_eq!(lab.ok("get network.lan.proto"), "static\n");
}

#[test]
fn a_damaged_file_is_named_with_its_line() {
    let lab = Lab::new();
    fs::write(lab.0.join("config/bad"), "config a 'b'\n\toption c 'open\n").unwrap();
    let error = lab.call("show bad").unwrap_err().to_string();
    assert!(error.contains("config/bad: line 2"), "{error}");
}
