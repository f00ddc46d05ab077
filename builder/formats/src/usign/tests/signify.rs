//! Debian's signify (package signify-openbsd) makes keys and signatures that we read, and takes ours.

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::*;

fn signify(dir: &TempDir, arguments: &str) -> Output {
    Command::new("signify-openbsd")
        .args(arguments.split(' '))
        .current_dir(dir)
        .output()
        .expect("signify-openbsd is installed (scripts/setup installs it)")
}

fn good(dir: &TempDir, arguments: &str) {
    let output = signify(dir, arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Sizes around the blocks of SHA-512, among them those that old usign misreads.
const SIZES: [usize; 9] = [0, 1, 45, 46, 47, 48, 64, 174, 70_000];

#[test]
fn its_keys_and_signatures_are_read() {
    let dir = tempfile::tempdir().unwrap();
    good(&dir, "-G -n -c community -p key.pub -s key.sec");
    let read = |name: &str| fs::read(dir.path().join(name)).unwrap();
    let public = PublicKey::parse(&read("key.pub")).unwrap();
    assert_eq!(public.comment(), b"community public key");
    assert_eq!(public.to_text(), read("key.pub"));
    let secret = SecretKey::parse(&read("key.sec")).unwrap();
    assert_eq!(secret.to_text()[..], read("key.sec"));
    assert_eq!(secret.public("community public key").unwrap(), public);
    for size in SIZES {
        let message = vec![b'm'; size];
        fs::write(dir.path().join("message"), &message).unwrap();
        good(&dir, "-S -s key.sec -m message");
        let signature = Signature::parse(&read("message.sig")).unwrap();
        public.verify(&message, &signature).unwrap();
        // Ed25519 has one signature for a message, so ours is the same one.
        assert_eq!(secret.sign(&message).bytes, signature.bytes);
    }
}

#[test]
fn it_takes_our_keys_and_signatures() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    let secret = key(200);
    write("key.pub", &secret.public("ours").unwrap().to_text());
    write("key.sec", &secret.to_text());
    for size in SIZES {
        let message = vec![b'm'; size];
        write("message", &message);
        write("message.sig", &secret.sign(&message).to_text());
        good(&dir, "-V -p key.pub -m message");
        good(&dir, "-S -s key.sec -m message -x theirs.sig");
        good(&dir, "-V -p key.pub -m message -x theirs.sig");
        write("message", &[&message[..], b"."].concat());
        assert!(!signify(&dir, "-V -p key.pub -m message").status.success());
    }
}

#[test]
fn its_other_kinds_of_signatures_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    good(&dir, "-G -n -p key.pub -s key.sec");
    fs::write(dir.path().join("message"), "text\n").unwrap();
    good(&dir, "-S -e -s key.sec -m message -x message.sig");
    let error = Signature::parse(&fs::read(dir.path().join("message.sig")).unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "not a signature of usign or signify: it goes on after the line of base64"
    );
}
