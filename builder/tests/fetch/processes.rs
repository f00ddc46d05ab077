//! Several processes, killed processes, full disks. The processes are this test program, run again.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clom::fetch::{Fetcher, Options};
use clom::store::Sha256;
use clom::store::content::ContentStore;
use clom::ui::{Mode, Ui};

use crate::desk::{Desk, came, loose, noise, pinned, quick};
use crate::https::{Misbehaviour::*, Server};

/// Not a test: what the processes do that the tests below start.
#[test]
#[ignore = "is run by others"]
fn child() {
    let Some(url) = std::env::var("FETCH_URL").ok() else {
        return;
    };
    let cache = std::env::var("FETCH_CACHE").unwrap();
    let hash: Option<Sha256> = std::env::var("FETCH_HASH")
        .ok()
        .map(|hash| hash.parse().unwrap());
    let ui = Ui::new(Mode::Quiet);
    let store = ContentStore::open(cache.as_ref());
    // The server's authority is in SSL_CERT_FILE.
    let options = Options {
        extra_roots: Vec::new(),
        proxy: true,
        ..quick(std::path::Path::new(""))
    };
    let mut wanted = loose(&[url]);
    wanted.sha256 = hash;
    match Fetcher::new(options, store, &ui).get_one(&wanted) {
        Ok(_) => std::process::exit(0),
        Err(error) => {
            eprintln!("{}", clom::failure::Failure::from(error));
            std::process::exit(9);
        }
    }
}

/// This program, fetching `path`, started by `wrapper`: a shell command that ends in `"$@"`.
fn start(desk: &Desk, server: &Server, path: &str, bytes: &[u8], wrapper: &str) -> Child {
    Command::new("sh")
        .args(["-c", wrapper, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "processes::child", "--ignored", "--nocapture"])
        .env("FETCH_URL", server.url(path))
        .env("FETCH_CACHE", desk.cache())
        .env("FETCH_HASH", Sha256::of(bytes).to_string())
        .env("SSL_CERT_FILE", server.ca())
        .env("NO_PROXY", "localhost")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

const AS_IT_IS: &str = "exec \"$@\"";

#[test]
fn a_killed_download_goes_on_in_the_next_process() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 3_000_000);
    let server = Server::https(&desk.site());
    server.misbehave(
        "f",
        Drip {
            bytes: 20_000,
            pause: Duration::from_millis(20),
        },
    );
    let mut child = start(&desk, &server, "f", &bytes, AS_IT_IS);
    let got = desk
        .cache()
        .join(format!("content/partial/content-{}", Sha256::of(&bytes)));
    let start_of_wait = Instant::now();
    while fs::metadata(&got).map_or(0, |meta| meta.len()) < 200_000 {
        assert!(start_of_wait.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!desk.store().contains(&Sha256::of(&bytes)));
    server.behave();
    let wanted = pinned(&bytes, &[server.url("f")]);
    came(desk.fetcher(server.ca()).get_one(&wanted), &bytes);
    let requests = server.requests();
    let range = requests[1].field("range").unwrap();
    let from: usize = range
        .strip_prefix("bytes=")
        .unwrap()
        .trim_end_matches('-')
        .parse()
        .unwrap();
    assert!((200_000..3_000_000).contains(&from), "{range}");
    assert_eq!(requests.len(), 2);
    assert_eq!(desk.leftovers(), Vec::<String>::new());
}

#[test]
fn two_processes_fetch_one_thing_once() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 500_000);
    let server = Server::https(&desk.site());
    server.misbehave(
        "f",
        Drip {
            bytes: 20_000,
            pause: Duration::from_millis(20),
        },
    );
    let children: Vec<_> = (0..3)
        .map(|_| start(&desk, &server, "f", &bytes, AS_IT_IS))
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!(server.requests().len(), 1);
    assert_eq!(desk.leftovers(), Vec::<String>::new());
}

#[test]
fn when_one_of_two_is_killed_the_other_goes_on() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 1_000_000);
    let server = Server::https(&desk.site());
    server.misbehave_times(
        "f",
        Drip {
            bytes: 20_000,
            pause: Duration::from_millis(50),
        },
        1,
    );
    let mut first = start(&desk, &server, "f", &bytes, AS_IT_IS);
    while server.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = start(&desk, &server, "f", &bytes, AS_IT_IS);
    std::thread::sleep(Duration::from_millis(400));
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(second.wait_with_output().unwrap().status.success());
    assert!(desk.store().get(&Sha256::of(&bytes)).unwrap().unwrap() == bytes);
    assert!(server.requests()[1].field("range").is_some());
}

#[test]
fn a_limit_on_file_sizes_is_a_clear_error() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 500_000);
    let server = Server::https(&desk.site());
    // In blocks of 512 bytes.
    let small = "trap '' XFSZ; ulimit -f 100; exec \"$@\"";
    let output = start(&desk, &server, "f", &bytes, small)
        .wait_with_output()
        .unwrap();
    full(&desk, &output, &bytes);
}

#[test]
fn a_full_disk_is_a_clear_error() {
    let desk = Desk::new();
    let bytes = desk.publish("f", 2_000_000);
    let server = Server::https(&desk.site());
    fs::create_dir(desk.cache()).unwrap();
    let own_disk = format!("mount -t tmpfs -o size=1m none {}", desk.cache().display());
    let may = Command::new("unshare")
        .args(["-Urm", "sh", "-c", &own_disk])
        .status();
    if !may.is_ok_and(|status| status.success()) {
        eprintln!("this machine gives no disk of one's own: the limit on file sizes stands for it");
        return;
    }
    let inside = format!(
        "{own_disk} && \"$@\"; code=$?; find {} -type f >&2; exit $code",
        desk.cache().display()
    );
    let outside = format!("exec unshare -Urm sh -c '{inside}' sh \"$@\"");
    let output = start(&desk, &server, "f", &bytes, &outside)
        .wait_with_output()
        .unwrap();
    full(&desk, &output, &bytes);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !said.contains("/partial/"),
        "nothing is left that fills the disk: {said}"
    );
}

fn full(desk: &Desk, output: &std::process::Output, bytes: &[u8]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(9), "{said}");
    assert!(said.contains("no room in"), "{said}");
    assert!(said.contains(&desk.cache().display().to_string()), "{said}");
    assert!(said.contains("are needed"), "{said}");
    assert!(said.contains("clom clean"), "{said}");
    assert!(!desk.store().contains(&Sha256::of(bytes)));
    assert_eq!(desk.leftovers(), Vec::<String>::new());
}

#[test]
fn the_environment_names_a_proxy() {
    let desk = Desk::new();
    let bytes = noise(1000);
    // What the proxy has, as if it had got it from elsewhere.
    desk.publish("far/f", 1000);
    let proxy = Server::http(&desk.site());
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::child", "--ignored", "--nocapture"])
        .env("FETCH_URL", "http://feeds.invalid/far/f")
        .env("FETCH_CACHE", desk.cache())
        .env("FETCH_HASH", Sha256::of(&bytes).to_string())
        .env("HTTP_PROXY", proxy.url(""))
        .env("http_proxy", proxy.url(""))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(proxy.requests()[0].field("host"), Some("feeds.invalid"));
    assert!(desk.store().contains(&Sha256::of(&bytes)));
}
