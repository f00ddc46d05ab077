//! Signals, restarts, logs.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;

use crate::machine::{Machine, curl, wait};

#[test]
fn sigterm_and_sigint_stop_and_take_the_socket_away() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let machine = Machine::new();
        let agent = machine.start();
        let mode = fs::metadata(machine.socket()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        agent.signal(signal);
        assert_eq!(agent.end(), (Some(0), String::new()));
        assert!(!machine.socket().exists());
        assert!(machine.log().contains("]: stops\n"));
    }
}

#[test]
fn sigpipe_does_nothing() {
    let machine = Machine::new();
    let agent = machine.start();
    agent.signal(Signal::SIGPIPE);
    assert_eq!(machine.get("/healthz"), "ok\n");
}

#[test]
fn a_second_agent_does_not_start_and_a_killed_one_leaves_no_trouble() {
    let machine = Machine::new();
    let first = machine.start();
    let (code, log) = machine.refused();
    assert_eq!(code, 1);
    assert!(
        log.contains("ROOT/var/run/clomd/clomd.lock: another agent is running"),
        "{log}"
    );
    assert_eq!(machine.get("/healthz"), "ok\n");
    first.signal(Signal::SIGKILL);
    first.end();
    assert!(machine.socket().exists());
    let _second = machine.start();
}

#[test]
fn sighup_reads_the_configuration_again() {
    let machine = Machine::new();
    let agent = machine.start();
    assert_eq!(machine.status()["node"]["site"], "chapel");
    let id = machine.status()["node"]["id"].clone();

    // A new site, and no IPv6 any more.
    machine.write(
        "etc/config/clommunity",
        &format!(
            "config node 'node'\n\toption site 'mill'\n\toption zone 'river'\n\toption number '4'\n\
             config agent 'agent'\n\toption http_listen '127.0.0.1'\n\toption http_port '{}'\n",
            machine.port
        ),
    );
    agent.signal(Signal::SIGHUP);
    machine.wait_for_log("read the configuration again");
    let node = machine.status()["node"].clone();
    assert_eq!(
        (&node["site"], &node["zone"], &node["number"]),
        (&"mill".into(), &"river".into(), &4.into())
    );
    assert_eq!(node["id"], id);
    wait("the IPv6 listener is gone", || {
        curl(&[&machine.url("[::1]", "/healthz")]).status.code() == Some(7)
    });

    // And IPv6 back.
    machine.configure("");
    agent.signal(Signal::SIGHUP);
    wait("the IPv6 listener is back", || {
        curl(&[&machine.url("[::1]", "/healthz")]).status.success()
    });
    assert_eq!(machine.status()["node"]["site"], "chapel");
}

#[test]
fn sighup_with_a_broken_configuration_keeps_the_old_one() {
    let machine = Machine::new();
    machine.configure("config node 'node'\n\toption site 'mill'\n");
    let agent = machine.start();
    machine.write(
        "etc/config/clommunity",
        "config agent 'agent'\n\toption http_port 'many'\n",
    );
    agent.signal(Signal::SIGHUP);
    let log = machine.wait_for_log("keeps the configuration it had");
    assert!(
        log.contains("<27>")
            && log.contains("ROOT/etc/config/clommunity:2: `agent.http_port` is `many`"),
        "{log}"
    );
    assert_eq!(machine.status()["node"]["site"], "mill");
}

#[test]
fn disabling_the_node_stops_it() {
    let machine = Machine::new();
    let agent = machine.start();
    machine.configure("config node 'node'\n\toption enabled '0'\n");
    agent.signal(Signal::SIGHUP);
    assert_eq!(agent.end().0, Some(0));
    assert_eq!(machine.refused().0, 0);
}

#[test]
fn an_address_that_is_not_there_yet_does_not_stop_the_rest() {
    let machine = Machine::new();
    // 192.0.2.1 is for documentation: no interface has it.
    machine.configure("\tlist http_listen '192.0.2.1'\n");
    let _agent = machine.start();
    let log = machine.wait_for_log("192.0.2.1");
    assert!(
        log.contains(&format!("192.0.2.1:{}: cannot listen: ", machine.port)),
        "{log}"
    );
}

#[test]
fn log_levels() {
    let machine = Machine::new();
    machine.configure("\toption log_level 'debug'\n\toption shade 'blue'\n");
    let agent = machine.start();
    machine.get("/healthz");
    let log = machine.wait_for_log("Get /healthz");
    assert!(log.contains("<31>"), "{log}");
    assert!(
        log.contains("<28>")
            && log.contains("clommunity:6: `agent.shade` is not known and ignored"),
        "{log}"
    );
    machine.configure("\toption log_level 'error'\n");
    agent.signal(Signal::SIGHUP);
    wait("debug lines end", || {
        machine.log();
        machine.get("/healthz");
        machine.log().is_empty()
    });
}

#[test]
fn without_syslog_the_log_goes_to_standard_error() {
    let machine = Machine::new();
    fs::remove_file(machine.path("dev/log")).unwrap();
    let agent = machine.start();
    agent.signal(Signal::SIGTERM);
    let (code, said) = agent.end();
    assert_eq!(code, Some(0));
    assert!(
        said.contains("clomd: info: ") && said.contains("clomd: info: stops"),
        "{said}"
    );
}
