//! `clom serve` and `clom clean` as people and scripts meet them, with curl and wget as clients.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

/// `clom serve` on a folder, on a free port.
struct Serving {
    child: Child,
    /// Without a slash at its end.
    url: String,
    said: Vec<String>,
}

impl Serving {
    fn start(dir: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_clom"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .arg(dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        // The URL is the second line; lines for routers may follow, all written at once.
        for line in lines.by_ref().take(6) {
            said.push(line.unwrap());
        }
        let url = said[1].trim().trim_end_matches('/').to_owned();
        Self { child, url, said }
    }

    fn curl(&self, args: &[&str], path: &str) -> String {
        let output = Command::new("curl")
            .args(["--silent", "--noproxy", "*", "--path-as-is"])
            .args(args)
            .arg(format!("{}{path}", self.url))
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The answer's head, in lower case.
    fn head(&self, args: &[&str], path: &str) -> String {
        let args = [&["--dump-header", "-", "--output", "/dev/null"], args].concat();
        self.curl(&args, path).to_lowercase()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn site() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("root/packages/mips_24kc/base/Packages.gz", "index"),
        ("root/packages/mips_24kc/base/a+b_1~2.ipk", "0123456789"),
        ("root/packages/arm/packages.adb", "ADB"),
        ("secret", "secret"),
    ] {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    std::os::unix::fs::symlink("../secret", dir.path().join("root/out")).unwrap();
    dir
}

#[test]
fn files_parts_and_folders_are_served_and_nothing_else() {
    let dir = site();
    let serving = Serving::start(&dir.path().join("root"));
    let url = &serving.url;
    assert_eq!(
        serving.said[2..],
        [
            "for /etc/opkg/customfeeds.conf on routers:".to_owned(),
            format!("  src/gz base {url}/packages/mips_24kc/base"),
            "for /etc/apk/repositories.d/customfeeds.list on routers:".to_owned(),
            format!("  {url}/packages/arm/packages.adb"),
        ]
    );
    let ipk = "/packages/mips_24kc/base/a+b_1~2.ipk";
    assert_eq!(serving.curl(&[], ipk), "0123456789");
    assert_eq!(
        serving.curl(&[], "/packages/mips_24kc/base/a%2Bb_1%7E2.ipk"),
        "0123456789"
    );
    assert_eq!(serving.curl(&["--range", "3-5"], ipk), "345");
    let head = serving.head(&[], ipk);
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(head.contains("content-length: 10"), "{head}");
    assert!(
        head.contains("content-type: application/octet-stream"),
        "{head}"
    );
    let field = |name: &str| {
        let line = head.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_once(": ").unwrap().1.trim().to_owned()
    };
    let date = field("last-modified").replace(" gmt", " GMT");
    let unchanged = serving.head(
        &["--header", &format!("If-Modified-Since: {}", title(&date))],
        ipk,
    );
    assert!(unchanged.starts_with("http/1.1 304"), "{unchanged}");
    let beyond = serving.head(&["--range", "99-"], ipk);
    assert!(beyond.starts_with("http/1.1 416"), "{beyond}");

    let page = serving.curl(&["--location"], "/packages/mips_24kc");
    assert!(page.contains("<a href=\"./base/\">base/</a>"), "{page}");
    let moved = serving.head(&[], "/packages/mips_24kc");
    assert!(
        moved.contains("location: /packages/mips_24kc/\r\n"),
        "{moved}"
    );
    assert!(!serving.curl(&[], "/").contains("out"));

    for path in [
        "/out",
        "/../secret",
        "/%2e%2e/secret",
        "/packages/%2e%2e/%2e%2e/secret",
        "/none",
    ] {
        let head = serving.head(&[], path);
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
    }
    let post = serving.head(&["--data", "x"], "/");
    assert!(
        post.starts_with("http/1.1 405") && post.contains("allow: get, head"),
        "{post}"
    );
    // Whoever talks nonsense disturbs nobody.
    let address = url.strip_prefix("http://").unwrap();
    TcpStream::connect(address)
        .unwrap()
        .write_all(b"\0\0nonsense\r\n\r\n")
        .unwrap();
    assert_eq!(serving.curl(&[], ipk), "0123456789");
}

/// A date as HTTP writes it, from lower case.
fn title(date: &str) -> String {
    let word = |word: &str| match word.split_at_checked(1) {
        Some((first, rest)) if first.chars().all(char::is_alphabetic) => {
            first.to_uppercase() + rest
        }
        _ => word.to_owned(),
    };
    date.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn wget_mirrors_a_feed_and_goes_on_where_it_was() {
    let dir = site();
    let serving = Serving::start(&dir.path().join("root"));
    let to = dir.path().join("copy");
    fs::create_dir_all(&to).unwrap();
    fs::write(to.join("a+b_1~2.ipk"), "012").unwrap();
    let wget = |args: &[&str], path: &str| {
        let mut command = Command::new("wget");
        command
            .args(["--no-proxy", "--quiet"])
            .args(args)
            .current_dir(&to);
        command
            .arg(format!("{}{path}", serving.url))
            .status()
            .unwrap()
            .success()
    };
    assert!(wget(
        &["--continue"],
        "/packages/mips_24kc/base/a+b_1~2.ipk"
    ));
    assert_eq!(
        fs::read_to_string(to.join("a+b_1~2.ipk")).unwrap(),
        "0123456789"
    );
    assert!(wget(
        &["--recursive", "--no-host-directories", "--no-parent"],
        "/packages/"
    ));
    let copied = to.join("packages/mips_24kc/base/a+b_1~2.ipk");
    assert_eq!(fs::read_to_string(copied).unwrap(), "0123456789");
}

#[test]
fn a_signal_ends_it_well_and_a_taken_port_is_told() {
    let dir = site();
    let mut serving = Serving::start(&dir.path().join("root"));
    let address = serving.url.strip_prefix("http://").unwrap().to_owned();
    let second = Command::new(env!("CARGO_BIN_EXE_clom"))
        .args(["serve", "--listen", &address])
        .arg(dir.path())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(6));
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(
        told.contains(&address) && told.contains("help: --listen"),
        "{told}"
    );
    let id = serving.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert!(serving.child.wait().unwrap().success());
    let none = Command::new(env!("CARGO_BIN_EXE_clom"))
        .arg("serve")
        .arg(dir.path().join("none"))
        .output()
        .unwrap();
    assert_eq!(none.status.code(), Some(4));
}

fn clean(cache: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_clom"))
        .arg("clean")
        .args(args)
        .env("CLOM_CACHE", cache)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn clean_frees_what_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path();
    assert!(clean(cache, &[]).contains("freed 0 B; 0 B left"));
    let put = |path: &str, size: usize, days: u64| {
        let path = cache.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, vec![0; size]).unwrap();
        let file = fs::File::options().append(true).open(&path).unwrap();
        let ago = Duration::from_secs(days * 24 * 3600);
        file.set_modified(SystemTime::now() - ago).unwrap();
        path
    };
    let old = put("content/ab/abcd", 1024, 40);
    let week = put("content/ab/abce", 2048, 7);
    let new = put("content/ac/acac", 4096, 0);
    let partial = put("content/partial/url-1", 512, 31);
    let block = put("blocks/01/0203", 256, 60);
    let left = put("blocks/01/0203.99-1", 128, 1);
    let tool = put("toolchain/zig", 9999, 300);

    let would = clean(cache, &["--dry-run"]);
    assert!(would.contains("1.00 KiB  downloads (1)"), "{would}");
    assert!(would.contains("512 B  unfinished downloads (1)"), "{would}");
    assert!(would.contains("384 B  compressed blocks (2)"), "{would}");
    assert!(
        would.contains("would free 1.88 KiB; 6.00 KiB left"),
        "{would}"
    );
    assert!(old.exists());
    assert!(clean(cache, &[]).contains("\nfreed 1.88 KiB"));
    for gone in [&old, &partial, &block, &left] {
        assert!(!gone.exists(), "{}", gone.display());
    }
    assert!(clean(cache, &["--max-size", "5K"]).contains("freed 2.00 KiB; 4.00 KiB left"));
    assert!(!week.exists() && new.exists());
    // The last hour is spared, whatever the size.
    clean(cache, &["--max-size", "0", "--older-than", "0s"]);
    assert!(new.exists());
    clean(cache, &["--all"]);
    assert!(!new.exists() && tool.exists());
}
