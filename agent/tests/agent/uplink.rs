//! The uplink check against a TLS server of another make: Python's, with certificates made by openssl.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::machine::{EPOCH, Machine, wait};

const SERVER: &str = "
import http.server, ssl, sys
server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
";

struct Server {
    child: Child,
    port: u16,
    certificate: PathBuf,
}

impl Server {
    /// A server with a certificate of its own, valid for a year, in a folder of the machine.
    fn start(machine: &Machine, name: &str) -> Self {
        let certificate = machine.path(&format!("{name}.pem"));
        let key = machine.path(&format!("{name}.key"));
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ])
            .args([
                "-days",
                "365",
                "-subj",
                "/CN=uplink",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
            ])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-out")
            .arg(&certificate)
            .arg("-keyout")
            .arg(&key)
            .stderr(Stdio::null())
            .status()
            .expect("openssl is installed (scripts/test does it)");
        assert!(made.success());
        let mut child = Command::new("python3")
            .args(["-c", SERVER])
            .args([&certificate, &key])
            .current_dir(machine.path("overlay"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 is installed (scripts/test does it)");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            port: line.trim().parse().unwrap(),
            certificate,
        }
    }

    fn settings(&self, path: &str) -> String {
        format!(
            "\toption uplink_url 'https://127.0.0.1:{}/{path}'\n\toption uplink_roots '{}'\n",
            self.port,
            self.certificate.display()
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The uplink once it has been checked.
fn checked(machine: &Machine) -> serde_json::Value {
    let mut uplink = serde_json::Value::Null;
    wait("the uplink is checked", || {
        uplink = machine.status()["uplink"].clone();
        uplink["ok"].is_boolean()
    });
    uplink
}

#[test]
fn a_trusted_server_answers() {
    let machine = Machine::new();
    let server = Server::start(&machine, "server");
    machine.configure(&server.settings(""));
    let _agent = machine.start();
    let uplink = checked(&machine);
    assert_eq!(uplink["ok"], true, "{uplink}");
    assert!(uplink["latency_ms"].is_u64(), "{uplink}");
    // Both read the same clock.
    assert!(
        uplink["date_offset_s"].as_i64().unwrap().abs() < 60,
        "{uplink}"
    );
    assert!(machine.get("/metrics").contains("\nclomd_uplink_up 1\n"));
    assert!(
        machine
            .get("/status.txt")
            .contains("  uplink     works, answer after ")
    );
}

#[test]
fn a_page_that_is_missing_is_a_failure() {
    let machine = Machine::new();
    let server = Server::start(&machine, "server");
    machine.configure(&server.settings("nope"));
    let _agent = machine.start();
    let uplink = checked(&machine);
    assert_eq!(uplink["ok"], false);
    assert!(
        uplink["error"]
            .as_str()
            .unwrap()
            .ends_with("answers 404 Not Found"),
        "{uplink}"
    );
}

#[test]
fn a_server_that_is_not_trusted_is_a_failure() {
    let machine = Machine::new();
    let server = Server::start(&machine, "server");
    let other = Server::start(&machine, "other");
    machine.configure(&server.settings("").replace("server.pem", "other.pem"));
    let _agent = machine.start();
    let uplink = checked(&machine);
    assert_eq!(uplink["ok"], false);
    assert!(
        uplink["error"]
            .as_str()
            .unwrap()
            .contains("invalid peer certificate"),
        "{uplink}"
    );
    assert!(machine.log().contains("uplink: "));
    drop(other);
}

#[test]
fn certificates_are_checked_at_the_nodes_own_time() {
    let machine = Machine::new();
    let server = Server::start(&machine, "server");
    let image = std::fs::read_to_string(machine.path("etc/clommunity/image.json")).unwrap();
    machine.write(
        "etc/clommunity/image.json",
        &image.replace(&EPOCH.to_string(), "7258118400"),
    );
    machine.configure(&server.settings(""));
    let _agent = machine.start();
    let uplink = checked(&machine);
    assert_eq!(uplink["ok"], false);
    assert!(
        uplink["error"].as_str().unwrap().contains("expired"),
        "{uplink}"
    );
}

#[test]
fn without_certificates_the_error_says_what_to_install() {
    let machine = Machine::new();
    machine.configure(
        "\toption uplink_url 'https://127.0.0.1/'\n\toption uplink_roots '/nowhere.pem'\n",
    );
    let _agent = machine.start();
    let uplink = checked(&machine);
    assert_eq!(uplink["ok"], false);
    assert!(
        uplink["error"]
            .as_str()
            .unwrap()
            .starts_with("/nowhere.pem: cannot read the trusted certificates (package ca-bundle)"),
        "{uplink}"
    );
}
