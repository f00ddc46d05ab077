//! A build that is stopped half-way leaves what was there, and the next one is not disturbed.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::fixture::{Fixture, image};

#[test]
fn stopped_at_any_moment_the_old_result_stays() {
    let fixture = Fixture::new();
    let old = fs::read(image(&fixture.build(&[]))).unwrap();
    // Enough to compress that the signal comes in time.
    fixture.sh("openssl enc -aes-128-ctr -nosalt -pass pass:k -in /dev/zero 2>/dev/null | head -c 6000000 > profiles/extra/etc/noise || true");
    for (signal, after) in [("INT", 60), ("TERM", 150), ("KILL", 250), ("INT", 400)] {
        let mut child = fixture
            .command(&["build", "here", "-d", "acme_r1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(after));
        let id = child.id().to_string();
        Command::new("kill")
            .args([&format!("-{signal}"), &id])
            .status()
            .unwrap();
        let status = child.wait().unwrap();
        if status.success() {
            // It was quicker than the signal: what it left must be whole.
            break;
        }
        assert!(fs::read(image(&fixture.path("out/here-acme_r1"))).unwrap() == old);
    }
    let result = fixture.build(&[]);
    assert!(fs::read(image(&result)).unwrap() != old);
    let left = fs::read_dir(fixture.path("out")).unwrap().count();
    assert_eq!(left, 1, "staging folders are swept");
}

#[test]
fn a_cache_that_takes_nothing_is_a_warning() {
    let fixture = Fixture::new();
    let expected = fs::read(image(&fixture.build(&[]))).unwrap();
    // A file where the folder should be: writing fails, for root too.
    fs::remove_dir_all(fixture.path("cache/blocks")).unwrap();
    fs::write(fixture.path("cache/blocks"), "in the way").unwrap();
    let output = fixture.clom(&["build", "here", "-d", "acme_r1", "--force"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("warning: compressed blocks could not be kept"),
        "{told}"
    );
    assert!(told.contains("CLOM_CACHE"), "{told}");
    assert!(fs::read(image(&fixture.path("out/here-acme_r1"))).unwrap() == expected);
}
