//! What the agent says when it cannot start, word for word.

use std::fmt::Write;
use std::fs;

use crate::machine::Machine;

/// One case: a mistake is made on a fresh machine; the exit code and log are noted.
fn case(said: &mut String, title: &str, spoil: impl FnOnce(&Machine)) {
    let machine = Machine::new();
    spoil(&machine);
    let (code, log) = machine.refused();
    assert!(!machine.path("etc/clommunity/node.key").exists());
    writeln!(said, "{title}: exit {code}").unwrap();
    for line in log.lines() {
        // Without priority, time and process id.
        let text = line.split_once("]: ").unwrap().1;
        writeln!(said, "    {text}").unwrap();
    }
}

#[test]
fn refusals() {
    let mut said = String::new();
    let out = &mut said;
    case(out, "broken syntax", |machine| {
        machine.write(
            "etc/config/clommunity",
            "config agent 'agent'\n\toption http_port '80\n",
        );
    });
    case(out, "several wrong values", |machine| {
        machine.write(
            "etc/config/clommunity",
            "config agent 'agent'\n\toption http_port '0x50'\n\toption log_level 'all'\n",
        );
    });
    case(out, "no UTF-8", |machine| {
        fs::write(
            machine.path("etc/config/clommunity"),
            b"config node 'node'\n\toption site '\xe9'\n",
        )
        .unwrap();
    });
    case(out, "no community", |machine| {
        fs::remove_file(machine.path("etc/clommunity/community.json")).unwrap();
    });
    case(out, "broken community", |machine| {
        machine.write(
            "etc/clommunity/community.json",
            "{\"version\": 1,\n  \"name\": \"x\"\n}",
        );
    });
    case(out, "newer image", |machine| {
        machine.write("etc/clommunity/image.json", "{\"version\": 2}");
    });
    case(out, "configuration is a folder", |machine| {
        fs::remove_file(machine.path("etc/config/clommunity")).unwrap();
        fs::create_dir(machine.path("etc/config/clommunity")).unwrap();
    });
    case(out, "configuration is huge", |machine| {
        machine.write("etc/config/clommunity", &"#".repeat(300_000));
    });
    insta::assert_snapshot!(said);
}

#[test]
fn a_missing_configuration_means_defaults() {
    let machine = Machine::new();
    // The default port may be taken here, which the agent survives: it is up when its socket is.
    fs::remove_file(machine.path("etc/config/clommunity")).unwrap();
    let agent = crate::machine::Agent(machine.clomd(&["run"]).spawn().unwrap());
    machine.wait_for_log("is up: node ");
    let output = machine.clomd(&["status"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    drop(agent);
}
