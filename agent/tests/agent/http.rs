//! The server as HTTP clients see it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use crate::machine::{Machine, curl, text};

/// Sends bytes as they are and reads until the agent closes.
fn raw(machine: &Machine, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", machine.port)).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    text(&answer)
}

#[test]
fn pages_and_their_types() {
    let machine = Machine::new();
    let _agent = machine.start();
    for (path, kind, holds) in [
        ("/", "text/html; charset=utf-8", "<!DOCTYPE html>"),
        ("/api/v1/status", "application/json", "\"version\":1"),
        (
            "/status.txt",
            "text/plain; charset=utf-8",
            "Hill network (hill.mesh)",
        ),
        (
            "/metrics",
            "text/plain; version=0.0.4; charset=utf-8",
            "# TYPE clomd_build_info gauge",
        ),
        ("/healthz", "text/plain; charset=utf-8", "ok\n"),
    ] {
        for host in ["127.0.0.1", "[::1]"] {
            let output = curl(&[
                "-w",
                "\n%{http_code} %{content_type}",
                &machine.url(host, path),
            ]);
            let said = text(&output.stdout);
            let (body, facts) = said.rsplit_once('\n').unwrap();
            assert_eq!(facts, format!("200 {kind}"), "{host}{path}");
            assert!(body.contains(holds), "{host}{path}: {body}");
        }
    }
}

#[test]
fn one_connection_serves_many_requests() {
    let machine = Machine::new();
    let _agent = machine.start();
    let url = machine.url("127.0.0.1", "/healthz");
    let output = curl(&["-w", "%{num_connects} ", &url, &url, "--head", &url]);
    // curl's own count of new connections per transfer.
    let said = text(&output.stdout);
    let connects: Vec<&str> = said
        .split_whitespace()
        .filter(|word| ["0", "1"].contains(word))
        .collect();
    assert_eq!(connects, ["1", "0", "0"], "{said}");
}

#[test]
fn requests_sent_ahead_are_answered_in_order() {
    let machine = Machine::new();
    let _agent = machine.start();
    let answer = raw(
        &machine,
        b"GET /healthz HTTP/1.1\r\nHost: n\r\n\r\nHEAD /healthz HTTP/1.1\r\nHost: n\r\n\r\n\
          GET /nope HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n",
    );
    let starts: Vec<usize> = answer
        .match_indices("HTTP/1.1 ")
        .map(|(at, _)| at)
        .collect();
    assert_eq!(starts.len(), 3, "{answer}");
    assert!(answer[starts[0]..starts[1]].ends_with("\r\n\r\nok\n"));
    // HEAD: the length of the body, but no body.
    assert!(answer[starts[1]..starts[2]].contains("Content-Length: 3\r\n"));
    assert!(answer[starts[1]..starts[2]].ends_with("\r\n\r\n"));
    assert!(answer[starts[2]..].starts_with("HTTP/1.1 404 Not Found\r\n"));
}

#[test]
fn what_is_not_served_gets_its_code() {
    let machine = Machine::new();
    let _agent = machine.start();
    let url = machine.url("127.0.0.1", "/");
    let code = |args: &[&str]| {
        let output = curl(&[&["-o", "/dev/null", "-w", "%{http_code}"], args].concat());
        text(&output.stdout)
    };
    let long_path = format!("{url}{}", "x".repeat(3000));
    let long_header = format!("X: {}", "y".repeat(9000));
    assert_eq!(code(&[&format!("{url}nope")]), "404");
    assert_eq!(code(&["-d", "some=body", &url]), "405");
    assert_eq!(code(&["-X", "DELETE", &url]), "405");
    assert_eq!(code(&["-X", "BREW", &url]), "501");
    assert_eq!(code(&[&long_path]), "414");
    assert_eq!(code(&["-H", &long_header, &url]), "431");
    assert_eq!(code(&["-H", "Host:", &url]), "400");
    assert_eq!(code(&["--http1.0", &url]), "200");
    let allow = curl(&["-i", "-X", "PUT", &url]);
    assert!(text(&allow.stdout).contains("\r\nAllow: GET, HEAD\r\n"));
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\0\0\0\0",
        b"GET / HTTP/3.7\r\n\r\n",
    ] {
        let answer = raw(&machine, garbage);
        assert!(
            answer.starts_with("HTTP/1.1 400 ") || answer.starts_with("HTTP/1.1 505 "),
            "{answer}"
        );
        assert!(answer.contains("\r\nConnection: close\r\n"));
    }
    let metrics = machine.get("/metrics");
    assert!(
        metrics.contains("clomd_http_requests_total{status=\"5xx\"} "),
        "{metrics}"
    );
}

#[test]
fn a_body_is_never_taken_for_a_request() {
    let machine = Machine::new();
    let _agent = machine.start();
    let answer = raw(
        &machine,
        b"GET /healthz HTTP/1.1\r\nHost: n\r\nContent-Length: 40\r\n\r\nGET /metrics HTTP/1.1\r\nHost: n\r\n\r\n1234567",
    );
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
    assert!(answer.ends_with("ok\n"));
}

#[test]
fn too_many_connections_are_turned_away_and_the_owner_is_not() {
    let machine = Machine::new();
    let _agent = machine.start();
    let mut held = Vec::new();
    // Each holds its place once it has been answered.
    for _ in 0..32 {
        let mut stream = TcpStream::connect(("127.0.0.1", machine.port)).unwrap();
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: n\r\n\r\n")
            .unwrap();
        let mut start = [0; 12];
        match stream.read_exact(&mut start) {
            Ok(()) if start == *b"HTTP/1.1 200" => held.push(stream),
            // The agent may still hold connections of the start that curl has closed already.
            _ => std::thread::sleep(std::time::Duration::from_millis(50)),
        }
    }
    while held.len() < 32 {
        let mut stream = TcpStream::connect(("127.0.0.1", machine.port)).unwrap();
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: n\r\n\r\n")
            .unwrap();
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
        held.push(stream);
    }
    let mut turned_away = TcpStream::connect(("127.0.0.1", machine.port)).unwrap();
    let mut answer = String::new();
    turned_away.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"),
        "{answer}"
    );

    let mut owner = UnixStream::connect(machine.socket()).unwrap();
    owner.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
    let mut metrics = String::new();
    owner.read_to_string(&mut metrics).unwrap();
    assert!(
        metrics.contains("\nclomd_http_connections 32\n"),
        "{metrics}"
    );
    drop(held);
    crate::machine::wait("places are free again", || {
        curl(&["--fail", &machine.url("127.0.0.1", "/healthz")])
            .status
            .success()
    });
}

#[test]
fn foreign_text_is_escaped_on_the_page() {
    let machine = Machine::new();
    machine.configure("config node 'node'\n\toption site '<img src=x onerror=alert(1)>'\n");
    let _agent = machine.start();
    let page = machine.get("/");
    assert!(
        page.contains("&lt;img src=x onerror=alert(1)&gt;"),
        "{page}"
    );
    assert!(!page.contains("<img"));
}
