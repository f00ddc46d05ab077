//! `clom profile` and `clom explain` as people and scripts meet them: text, exit codes, colour.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::{Command, Output};

use insta::assert_snapshot;
use serde_json::Value;

/// A folder with a library in `profiles/`.
struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        desk.put(
            "communities/net.toml",
            "[identity]\ncommunity = \"The Net\"\n[packages]\ninstall = [\"tor\", \"ppp\"]\n",
        );
        desk.put(
            "sites/valley.toml",
            "community = \"net\"\n[identity]\nsite = \"The Valley\"\n[packages]\ninstall = { remove = [\"ppp\"] }\n",
        );
        desk.put(
            "devices/box.toml",
            "inherit = \"family\"\n[device]\ntitle = \"Acme Box\"\n",
        );
        desk.put(
            "devices/family.toml",
            "abstract = true\n[device]\ncpu = \"mips\"\nflash = \"16M\"\n",
        );
        desk.put(
            "nodes/valley.toml",
            "[nodes.hut]\ndevice = \"box\"\nnode.number = 7\n",
        );
        desk
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.dir.path().join("profiles").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn clom(&self, args: &[&str]) -> Output {
        self.clom_in(self.dir.path(), args)
    }

    fn clom_in(&self, folder: &Path, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_clom"))
            .args(args)
            .arg("--no-shipped")
            .current_dir(folder)
            .env_remove("CLOM_PROFILES")
            .output()
            .unwrap()
    }

    /// Standard output of a command that must succeed.
    fn said(&self, args: &[&str]) -> String {
        let output = self.clom(args);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Standard error of a command that must fail with this code and say nothing else.
    fn refused(&self, code: i32, args: &[&str]) -> String {
        let output = self.clom(args);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty());
        text(&output.stderr)
    }

    fn events(&self, args: &[&str]) -> Vec<Value> {
        let output = self.clom(&[&["--json"], args].concat());
        let lines = text(&output.stdout);
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn list() {
    assert_snapshot!(Desk::new().said(&["profile", "list"]));
}

#[test]
fn list_for_machines() {
    let events = Desk::new().events(&["profile", "list", "nodes"]);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["kind"], "node");
    assert_eq!(events[0]["name"], "valley/hut");
    assert_eq!(events[0]["number"], 7);
}

#[test]
fn check_is_content() {
    let desk = Desk::new();
    assert_eq!(
        desk.said(&["profile", "check"]),
        "2 builds checked: no errors, 0 warnings\n"
    );
    assert_eq!(
        desk.said(&["profile", "check", "valley", "-d", "box", "-n", "7"]),
        "1 build checked: no errors, 0 warnings\n"
    );
}

#[test]
fn check_shows_all_problems_at_once() {
    let desk = Desk::new();
    desk.put("communities/other.toml", "broken = \n");
    desk.put("sites/hill.toml", "community = \"nett\"\n");
    desk.put(
        "devices/tin.toml",
        "[device]\nflash = 1.5\n[identity]\nhotsname = \"x\"\n",
    );
    desk.put(
        "nodes/valley/barn.toml",
        "node.number = 7\nsystem.timezone = 5\n",
    );
    assert_snapshot!(desk.refused(3, &["profile", "check"]));
    let events = desk.events(&["profile", "check"]);
    let problems: Vec<&Value> = events
        .iter()
        .filter(|event| event["event"] == "problem")
        .collect();
    assert_eq!(
        problems.len() as u64,
        events.last().unwrap()["errors"].as_u64().unwrap()
    );
    assert!(
        problems
            .iter()
            .all(|problem| problem["severity"] == "error")
    );
    let slip = problems
        .iter()
        .find(|p| p["message"].as_str().unwrap().contains("hotsname"))
        .unwrap();
    assert_eq!(slip["places"][0]["line"], 4);
    assert_eq!(slip["help"][0], "did you mean `hostname`?");
}

#[test]
fn strict_checks_fail_on_warnings() {
    let desk = Desk::new();
    desk.put(
        "devices/box.toml",
        "inherit = \"family\"\npackages.install = { remove = [\"tr\"] }\n",
    );
    let output = desk.clom(&["profile", "check"]);
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("did you mean `tor`?"));
    assert!(text(&output.stdout).contains("1 warning"));
    assert!(
        desk.refused(3, &["profile", "check", "--strict"])
            .starts_with("warning: ")
    );
}

#[test]
fn show() {
    assert_snapshot!(Desk::new().said(&["profile", "show", "valley", "-d", "box", "-n", "hut"]));
    let json = Desk::new().said(&["profile", "show", "valley", "-d", "box", "--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["values"]["device"]["flash"], "16M");
    assert_eq!(
        json["origins"]["device.flash"]["file"],
        "profiles/devices/family.toml"
    );
}

#[test]
fn explain_is_there_twice() {
    let desk = Desk::new();
    let args = ["valley", "-d", "box", "packages.install"];
    let long = desk.said(&[&["profile", "explain"], &args[..]].concat());
    assert_eq!(long, desk.said(&[&["explain"], &args[..]].concat()));
    assert_snapshot!(long);
    assert_snapshot!(desk.refused(3, &["explain", "valley", "-d", "box", "packages.instal"]));
}

#[test]
fn mistakes_in_names() {
    let desk = Desk::new();
    assert_snapshot!(desk.refused(3, &["profile", "show", "valey", "-d", "family"]));
}

#[test]
fn schema_is_json() {
    let schema: Value =
        serde_json::from_str(&Desk::new().said(&["profile", "schema", "site"])).unwrap();
    assert_eq!(schema["title"], "Clommunity profile: site");
}

#[test]
fn new_files_are_found_and_never_written_over() {
    let desk = Desk::new();
    assert_eq!(
        desk.said(&["profile", "new", "site", "hill"]),
        "profiles/sites/hill.toml\n"
    );
    assert_eq!(
        desk.said(&[
            "profile", "new", "node", "barn", "--site", "valley", "--device", "box"
        ]),
        "profiles/nodes/valley/barn.toml\n"
    );
    assert!(
        desk.said(&[
            "explain",
            "valley",
            "-d",
            "box",
            "-n",
            "barn",
            "node.number"
        ])
        .starts_with("node.number = 1\n")
    );
    assert_eq!(
        desk.said(&["profile", "check"]),
        "4 builds checked: no errors, 0 warnings\n"
    );
    assert!(
        desk.refused(3, &["profile", "new", "site", "hill"])
            .contains("is there already")
    );
    assert!(
        desk.refused(3, &["profile", "new", "node", "x", "--site", "valle"])
            .contains("did you mean `valley`?")
    );
    desk.said(&["profile", "new", "community", "second"]);
    assert!(
        desk.refused(3, &["profile", "new", "site", "top"])
            .contains("net, second")
    );
    assert!(
        desk.refused(3, &["profile", "new", "device", "../../evil"])
            .contains("cannot be the name")
    );
}

#[test]
fn a_first_library_begins_in_the_working_folder() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::new();
    let output = desk.clom_in(dir.path(), &["profile", "new", "community", "net"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(dir.path().join("profiles/communities/net.toml").is_file());
    let output = desk.clom_in(
        tempfile::tempdir().unwrap().path(),
        &["profile", "show", "a", "-d", "b"],
    );
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("no profile library was found"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn named_libraries_are_searched_first() {
    let desk = Desk::new();
    let other = Desk::new();
    other.put(
        "sites/valley.toml",
        "community = \"net\"\n[identity]\nsite = \"Other\"\n",
    );
    let named = other.dir.path().join("profiles");
    let args = [
        "explain",
        "valley",
        "-d",
        "box",
        "identity.site",
        "--profiles",
        named.to_str().unwrap(),
    ];
    assert!(desk.said(&args).contains("\"Other\""));
}

#[test]
fn not_coloured_when_not_on_a_terminal() {
    let errors = Desk::new().refused(3, &["profile", "show", "valey", "-d", "box"]);
    assert!(!errors.contains('\u{1b}'), "{errors}");
}

#[test]
fn help_has_examples() {
    let help = Desk::new().said(&["explain", "--help"]);
    assert!(
        help.contains("clom explain valley -d lab-mips system.timezone"),
        "{help}"
    );
}
