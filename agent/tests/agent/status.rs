//! What the agent says of the machine, and `clomd status`.

use std::process::Stdio;

use crate::machine::{EPOCH, Machine, text};

#[test]
fn status_agrees_with_other_tools() {
    let machine = Machine::new();
    let agent = machine.start();
    let status = machine.status();
    let tool = |name: &str, args: &[&str]| {
        let output = std::process::Command::new(name)
            .args(args)
            .output()
            .unwrap();
        text(&output.stdout).trim().to_owned()
    };
    assert_eq!(status["host"]["hostname"], tool("uname", &["-n"]));
    assert_eq!(status["host"]["kernel"], tool("uname", &["-sr"]));
    assert_eq!(status["host"]["machine"], tool("uname", &["-m"]));
    assert_eq!(status["agent"]["pid"], agent.0.id());
    assert_eq!(status["host"]["storage"]["mount"], "/overlay");
    let overlay = machine.path("overlay").display().to_string();
    let blocks: u64 = tool("stat", &["-f", "-c", "%b", &overlay]).parse().unwrap();
    let size: u64 = tool("stat", &["-f", "-c", "%S", &overlay]).parse().unwrap();
    assert_eq!(status["host"]["storage"]["total_bytes"], blocks * size);
    assert_eq!(status["host"]["release"]["description"], "OpenWrt 24.10");
    assert_eq!(status["node"]["community"], "Hill network");
    assert_eq!(status["node"]["number"], 17);
    assert_eq!(status["image"]["epoch"], EPOCH);
    assert_eq!(status["clock"]["floor"], EPOCH);
    let interfaces = status["host"]["interfaces"].as_array().unwrap();
    let lo = interfaces
        .iter()
        .find(|interface| interface["name"] == "lo")
        .unwrap();
    assert!(
        lo["addresses"]
            .as_array()
            .unwrap()
            .contains(&"127.0.0.1/8".into())
    );
    let total: u64 = tool(
        "awk",
        &["/^MemTotal/{printf \"%.0f\", $2*1024}", "/proc/meminfo"],
    )
    .parse()
    .unwrap();
    assert_eq!(status["host"]["memory"]["total_bytes"], total);
}

/// An image from the future, or a clock from the past: to the agent they are the same.
#[test]
fn a_clock_behind_the_image_is_not_trusted() {
    let machine = Machine::new();
    let future: u64 = 7_258_118_400;
    let image = std::fs::read_to_string(machine.path("etc/clommunity/image.json")).unwrap();
    machine.write(
        "etc/clommunity/image.json",
        &image.replace(&EPOCH.to_string(), &future.to_string()),
    );
    let _agent = machine.start();
    let clock = &machine.status()["clock"];
    assert_eq!(clock["trusted"], false);
    assert_eq!(clock["now"], future);
    let head = crate::machine::curl(&["--head", &machine.url("127.0.0.1", "/healthz")]);
    assert!(!text(&head.stdout).contains("Date:"));
    assert!(
        machine
            .get("/status.txt")
            .contains("the clock was never set")
    );
}

#[test]
fn clomd_status_prints_for_people_and_programs() {
    let machine = Machine::new();
    let agent = machine.start();
    let output = machine.clomd(&["status"]).output().unwrap();
    assert!(output.status.success());
    let said = text(&output.stdout);
    assert!(
        said.starts_with("Node\n  name       ") && said.contains("  site       chapel\n"),
        "{said}"
    );
    let output = machine.clomd(&["status", "--json"]).output().unwrap();
    let json: serde_json::Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert_eq!(json["node"]["site"], "chapel");
    let socket = machine.socket().display().to_string();
    assert!(
        machine
            .clomd(&["status", "--socket", &socket])
            .output()
            .unwrap()
            .status
            .success()
    );

    // A reader that goes away is no error.
    let mut child = machine
        .clomd(&["status"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());

    drop(agent);
    let output = machine.clomd(&["status"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).starts_with("clomd: the agent is not running ("),
        "{output:?}"
    );
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn version_and_mistakes() {
    let machine = Machine::new();
    let run = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_clomd"))
            .args(args)
            .output()
            .unwrap();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let tier = if cfg!(feature = "full") {
        "full"
    } else {
        "lite"
    };
    assert_eq!(
        run(&["version"]),
        (Some(0), format!("clomd 0.1.0 ({tier})\n"), String::new())
    );
    assert_eq!(
        run(&["dance"]),
        (
            Some(2),
            String::new(),
            "clomd: there is no command `dance`; `clomd help` lists what there is\n".to_owned()
        )
    );
    assert!(
        run(&["help"])
            .1
            .starts_with("clomd, the Clommunity cloud agent\n")
    );
    drop(machine);
}
