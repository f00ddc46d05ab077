//! The node key over starts, accidents and damage.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;

use crate::machine::{Machine, text};

const KEY: &str = "etc/clommunity/node.key";

fn shown(machine: &Machine) -> String {
    let output = machine.clomd(&["key", "show"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout).trim_end().to_owned()
}

#[test]
fn a_key_is_made_once_and_kept() {
    let machine = Machine::new();
    let output = machine.clomd(&["key", "show"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("there is no node key yet"));

    let agent = machine.start();
    let mode = fs::metadata(machine.path(KEY))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o600);
    let id = machine.status()["node"]["id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 52);
    assert_eq!(shown(&machine), id);
    assert!(
        machine
            .log()
            .contains("ROOT/etc/clommunity/node.key: made the node key")
    );
    agent.signal(Signal::SIGKILL);
    agent.end();

    let _again = machine.start();
    assert_eq!(machine.status()["node"]["id"].as_str(), Some(id.as_str()));
    assert!(!machine.log().contains("made the node key"));
    // The secret half is nowhere but in its file.
    let secret = fs::read_to_string(machine.path(KEY)).unwrap();
    let secret = secret.split(' ').nth(1).unwrap();
    for page in ["/", "/api/v1/status", "/metrics", "/status.txt"] {
        assert!(!machine.get(page).contains(secret));
    }
}

#[test]
fn an_open_key_is_made_private_and_told() {
    let machine = Machine::new();
    drop(machine.start());
    fs::set_permissions(machine.path(KEY), Permissions::from_mode(0o644)).unwrap();
    let _agent = machine.start();
    assert!(
        machine
            .log()
            .contains("others could use the node key (mode 0644)")
    );
    let mode = fs::metadata(machine.path(KEY))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn a_damaged_key_stops_the_start_and_is_not_replaced() {
    let machine = Machine::new();
    drop(machine.start());
    let good = fs::read(machine.path(KEY)).unwrap();
    machine.log();
    for damaged in [&good[..40], b"", &[0; 123]] {
        fs::write(machine.path(KEY), damaged).unwrap();
        let (code, log) = machine.refused();
        assert_eq!(code, 4);
        assert!(
            log.contains("<27>") && log.contains("the node key is damaged"),
            "{log}"
        );
        assert!(log.contains("mv ROOT/etc/clommunity/node.key "), "{log}");
        assert_eq!(fs::read(machine.path(KEY)).unwrap(), damaged);
    }
    fs::write(machine.path(KEY), &good).unwrap();
    drop(machine.start());
}

#[test]
fn the_folder_of_the_key_can_be_chosen() {
    let machine = Machine::new();
    machine.configure("\toption statedir '/srv/state'\n");
    let _agent = machine.start();
    assert!(machine.path("srv/state/node.key").is_file());
    assert!(!machine.path(KEY).exists());
    assert_eq!(
        machine.status()["node"]["id"].as_str(),
        Some(shown(&machine).as_str())
    );
}
