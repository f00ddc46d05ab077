//! Against `openssl` as the independent tool.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::apk::adb::{self, Compression, File, Limits, Schema};
use crate::apk::{Curve, Error, Index, KeyId, PackageInfo, PrivateKey, PublicKey, Signature};

fn openssl(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let run = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&run.stderr)
    );
    run.stdout
}

/// A key made by openssl: `key.pem` as OpenWrt's ImageBuilder makes its own, `pkcs8.pem` the same in the other form, `pub.pem`.
fn key(curve: &str) -> (tempfile::TempDir, PrivateKey, PublicKey) {
    let folder = tempfile::tempdir().unwrap();
    openssl(
        folder.path(),
        &[
            "ecparam", "-name", curve, "-genkey", "-noout", "-out", "key.pem",
        ],
    );
    openssl(
        folder.path(),
        &[
            "pkcs8",
            "-topk8",
            "-nocrypt",
            "-in",
            "key.pem",
            "-out",
            "pkcs8.pem",
        ],
    );
    openssl(
        folder.path(),
        &["ec", "-in", "key.pem", "-pubout", "-out", "pub.pem"],
    );
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let with_comment = format!("untrusted comment: Local build key\n{}", read("key.pem"));
    let private = PrivateKey::from_pem(&with_comment).unwrap();
    let public = PublicKey::from_pem(&read("pub.pem")).unwrap();
    assert_eq!(
        PrivateKey::from_pem(&read("pkcs8.pem")).unwrap().public(),
        public
    );
    assert_eq!(private.public(), public);
    assert_eq!(public.to_pem().unwrap(), read("pub.pem"));
    let der = openssl(
        folder.path(),
        &[
            "ec", "-pubin", "-in", "pub.pem", "-pubout", "-outform", "DER",
        ],
    );
    fs::write(folder.path().join("point"), &der[der.len() - 65..]).unwrap();
    let hash = openssl(folder.path(), &["dgst", "-sha512", "-binary", "point"]);
    assert_eq!(public.id(), KeyId(hash[..16].try_into().unwrap()));
    (folder, private, public)
}

const CURVES: [(&str, Curve); 2] = [("prime256v1", Curve::P256), ("secp256k1", Curve::Secp256k1)];

/// What is signed, written down from the layout a second time.
fn signed_text(folder: &Path, values: &[u8], id: KeyId) -> Vec<u8> {
    fs::write(folder.join("values"), values).unwrap();
    let hash = openssl(folder, &["dgst", "-sha512", "-binary", "values"]);
    [&b"indx\x00\x04"[..], &id.0, &hash].concat()
}

fn index() -> Index {
    Index {
        packages: vec![PackageInfo::new("zlib", "1.3.1-r1".parse().unwrap())],
        ..Index::default()
    }
}

#[test]
fn openssl_takes_our_signatures() {
    for (name, curve) in CURVES {
        let (folder, private, public) = key(name);
        assert_eq!(public.curve(), curve);
        let file = index().write(&[private], Compression::None).unwrap();
        let file = File::read(&file).unwrap();
        let text = signed_text(folder.path(), file.values, public.id());
        fs::write(folder.path().join("text"), text).unwrap();
        fs::write(folder.path().join("sig"), &file.signatures[0][18..]).unwrap();
        openssl(
            folder.path(),
            &[
                "dgst",
                "-sha512",
                "-verify",
                "pub.pem",
                "-signature",
                "sig",
                "text",
            ],
        );
    }
}

/// Several of each: on secp256k1 half of openssl's signatures have a high s, which the crate alone would refuse.
#[test]
fn we_take_openssls_signatures() {
    for (name, _) in CURVES {
        let (folder, _, public) = key(name);
        let values = index().write_values().unwrap();
        let text = signed_text(folder.path(), &values, public.id());
        fs::write(folder.path().join("text"), text).unwrap();
        for _ in 0..8 {
            let signature = openssl(
                folder.path(),
                &["dgst", "-sha512", "-sign", "key.pem", "text"],
            );
            let block = [&[0, 4], &public.id().0[..], &signature].concat();
            let file = adb::write(Schema::INDEX, &values, &[block], &[]);
            let trusted = [public.clone()];
            let (read, by) = Index::read(&file, &trusted).unwrap();
            assert_eq!((read, by), (index(), &public));
        }
    }
}

#[test]
fn who_did_not_sign_is_not_believed() {
    let (_a, first, first_public) = key("prime256v1");
    let (_b, second, second_public) = key("secp256k1");
    let file = index()
        .write(&[first.clone(), second], Compression::Deflate)
        .unwrap();
    for trusted in [
        vec![first_public.clone()],
        vec![second_public.clone()],
        vec![second_public.clone(), first_public.clone()],
    ] {
        assert!(Index::read(&file, &trusted).is_ok());
    }
    let unknown = Index::read(&file, &[]).unwrap_err();
    assert_eq!(
        unknown,
        Error::UnknownKey(vec![first_public.id(), second_public.id()])
    );
    assert!(unknown.to_string().contains(&first_public.id().to_string()));
    let alone = index().write(&[first], Compression::None).unwrap();
    let second_trusted = [second_public];
    assert_eq!(
        Index::read(&alone, &second_trusted),
        Err(Error::UnknownKey(vec![first_public.id()]))
    );
    let unsigned = index().write(&[], Compression::None).unwrap();
    assert_eq!(
        Index::read(&unsigned, &second_trusted),
        Err(Error::Unsigned)
    );
}

#[test]
fn what_was_changed_is_refused() {
    let (_folder, private, public) = key("prime256v1");
    let trusted = [public.clone()];
    let plain = index().write(&[private], Compression::None).unwrap();
    let values = 12..12 + File::read(&plain).unwrap().values.len();
    for at in values.clone() {
        let mut changed = plain.clone();
        changed[at] ^= 1;
        assert_eq!(
            Index::read(&changed, &trusted),
            Err(Error::BadSignature(public.id())),
            "byte {at}"
        );
    }
    // The rest is the signature's block: its size, its header, the signature.
    for at in values.end.next_multiple_of(8)..plain.len() {
        let mut changed = plain.clone();
        changed[at] ^= 1;
        let padding = changed.len() - at < 8 && plain[at] == 0;
        assert!(
            padding || Index::read(&changed, &trusted).is_err(),
            "byte {at}"
        );
    }
    // The same signature for a file of another kind.
    let mut other = plain.clone();
    other[4..8].copy_from_slice(b"pckg");
    assert_eq!(
        File::read(&other).unwrap().verify(&trusted),
        Err(Error::BadSignature(public.id()))
    );
    assert!(matches!(
        Index::read(&other, &trusted),
        Err(Error::Schema { .. })
    ));
}

#[test]
fn signatures_of_another_kind_are_named() {
    for (block, says) in [
        (&[1, 4][..], "version"),
        (&[0, 3], "hash"),
        (&[0, 4, 1], "cut short"),
        (&[], "cut short"),
        (&[[0, 4].as_slice(), &[0; 2047]].concat(), "too long"),
    ] {
        let refused = Signature::read(block).unwrap_err().to_string();
        assert!(refused.contains(says), "{refused}");
    }
}

#[test]
fn other_keys_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (algorithm, option) in [
        ("EC", "ec_paramgen_curve:secp384r1"),
        ("RSA", "rsa_keygen_bits:1024"),
    ] {
        openssl(
            folder.path(),
            &[
                "genpkey",
                "-algorithm",
                algorithm,
                "-pkeyopt",
                option,
                "-out",
                "key.pem",
            ],
        );
        openssl(
            folder.path(),
            &["pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem"],
        );
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(matches!(
            PublicKey::from_pem(&read("pub.pem")),
            Err(Error::Key(_))
        ));
        assert!(matches!(
            PrivateKey::from_pem(&read("key.pem")),
            Err(Error::Key(_))
        ));
        assert!(matches!(
            PublicKey::from_pem(&read("key.pem")),
            Err(Error::Key(_))
        ));
    }
    for text in [
        "",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----",
        "untrusted comment: x\nRWQ=",
    ] {
        assert!(
            matches!(PublicKey::from_pem(text), Err(Error::Key(_))),
            "{text}"
        );
    }
}

/// A real signed index with its maker's key: mossdef.org's packages for OpenWrt 25.12.
#[test]
fn a_real_signed_index_verifies() {
    let file = include_bytes!("packages-signed.adb");
    let key = PublicKey::from_pem(
        "-----BEGIN PUBLIC KEY-----\n\
         MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeXUjLaA2yXmN5aGZlON3KU5G2fV7\n\
         xSiWaduXx0wVx5FL5D7WBGJ68wf4IT+Wpi/MvN8vKHNR5JIspfhZrrh2GQ==\n\
         -----END PUBLIC KEY-----\n",
    )
    .unwrap();
    let trusted = [key];
    let (index, _) = Index::read(file, &trusted).unwrap();
    assert_eq!(index.packages.len(), 15);
    let mut plain = adb::unpack(file, Limits::INDEX).unwrap().into_owned();
    plain[100] ^= 1;
    assert!(matches!(
        Index::read(&plain, &trusted),
        Err(Error::BadSignature(_))
    ));
}

#[test]
fn keys_that_are_made_are_read_by_openssl_and_back() {
    let dir = tempfile::tempdir().unwrap();
    let key = PrivateKey::new(&[7; 32]).unwrap();
    let run = |script: &str| {
        let done = Command::new("bash")
            .args(["-euc", script])
            .current_dir(dir.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{said}");
        String::from_utf8(done.stdout).unwrap()
    };
    fs::write(dir.path().join("k.pem"), key.to_pem().as_bytes()).unwrap();
    // OpenSSL writes the same again.
    assert_eq!(run("openssl ec -in k.pem 2>/dev/null"), *key.to_pem());
    assert_eq!(
        run("openssl ec -in k.pem -pubout 2>/dev/null"),
        key.public().to_pem().unwrap()
    );
    let sum = run("openssl pkey -in k.pem -pubout -outform DER | sha256sum | cut -c1-64");
    assert_eq!(
        key.public().fingerprint().unwrap(),
        format!("SHA256:{}", sum.trim())
    );
    assert_eq!(
        PrivateKey::from_pem(&key.to_pem()).unwrap().public(),
        key.public()
    );
    assert!(PrivateKey::new(&[0; 32]).is_err());

    // On the other curve too.
    let other = run("openssl ecparam -name secp256k1 -genkey -noout");
    let other = PrivateKey::from_pem(&other).unwrap();
    fs::write(dir.path().join("o.pem"), other.to_pem().as_bytes()).unwrap();
    assert_eq!(run("openssl ec -in o.pem 2>/dev/null"), *other.to_pem());
}

#[test]
fn files_are_signed_again_by_others() {
    use crate::apk::Index;
    use crate::apk::adb::{Compression, File, sign};
    let keys = [[7; 32], [8; 32]].map(|number| PrivateKey::new(&number).unwrap());
    let [first, second] = &keys;
    for compression in [
        Compression::None,
        Compression::Deflate,
        Compression::Zstd(3),
    ] {
        let file = Index::default()
            .write(std::slice::from_ref(first), compression)
            .unwrap();
        let signed = sign(&sign(&file, second).unwrap(), first).unwrap();
        assert_eq!(adb::compression_of(&signed), compression);
        let plain = adb::unpack(&signed, Limits::INDEX).unwrap();
        let read = File::read(&plain).unwrap();
        assert_eq!(read.signatures.len(), 2);
        for key in &keys {
            assert!(read.verify(&[key.public()]).is_ok());
        }
    }
}
