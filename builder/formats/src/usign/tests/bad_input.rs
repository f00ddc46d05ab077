//! What is refused, and in which words.

use super::*;

/// The base64 line of a file with these bytes.
fn file(bytes: &[u8]) -> Vec<u8> {
    use base64ct::Encoding;
    format!(
        "untrusted comment: x\n{}\n",
        base64ct::Base64::encode_string(bytes)
    )
    .into_bytes()
}

fn secret_with(change: impl Fn(&mut Vec<u8>)) -> Error {
    use base64ct::Encoding;
    let text = key(1).to_text();
    let line = text.split(|byte| *byte == b'\n').nth(1).unwrap();
    let mut bytes = base64ct::Base64::decode_vec(std::str::from_utf8(line).unwrap()).unwrap();
    change(&mut bytes);
    SecretKey::parse(&file(&bytes)).unwrap_err()
}

#[test]
fn each_is_refused_in_words() {
    let public = key(1).public("x").unwrap().to_text();
    let signature = key(1).sign(b"").to_text();
    let mut lines = Vec::new();
    let mut refused = |what: &str, error: Error| lines.push(format!("{what}: {error}"));
    refused("nothing", PublicKey::parse(b"").unwrap_err());
    refused(
        "one line",
        PublicKey::parse(b"untrusted comment: x").unwrap_err(),
    );
    refused(
        "comment only",
        PublicKey::parse(b"untrusted comment: x\n").unwrap_err(),
    );
    refused(
        "a PEM key",
        PublicKey::parse(b"-----BEGIN PUBLIC KEY-----\nMFkw\n").unwrap_err(),
    );
    refused(
        "not base64",
        Signature::parse(b"untrusted comment: x\nRW!\n").unwrap_err(),
    );
    refused("RSA", PublicKey::parse(&file(b"RS12345678")).unwrap_err());
    refused("cut", PublicKey::parse(&file(b"Ed12345678")).unwrap_err());
    refused("long", PublicKey::parse(&file(&[b'E'; 300])).unwrap_err());
    refused(
        "public for signature",
        Signature::parse(&public).unwrap_err(),
    );
    refused(
        "signature for public",
        PublicKey::parse(&signature).unwrap_err(),
    );
    refused("public for secret", SecretKey::parse(&public).unwrap_err());
    refused(
        "secret for public",
        PublicKey::parse(&key(1).to_text()).unwrap_err(),
    );
    let mut zero = b"Ed12345678".to_vec();
    zero.extend([0; 32]);
    refused(
        "key of small order",
        PublicKey::parse(&file(&zero)).unwrap_err(),
    );
    zero[10] = 2;
    refused("no point", PublicKey::parse(&file(&zero)).unwrap_err());
    refused("passphrase", secret_with(|bytes| bytes[7] = 42));
    refused("other function", secret_with(|bytes| bytes[3] = b'X'));
    refused("checksum", secret_with(|bytes| bytes[24] ^= 1));
    refused("secret changed", secret_with(|bytes| bytes[40] ^= 1));
    refused(
        "keys of two",
        secret_with(|bytes| {
            use sha2::Digest;
            bytes[72..].copy_from_slice(key(2).public("").unwrap().bytes());
            let sum = sha2::Sha512::digest(&bytes[40..]);
            bytes[24..32].copy_from_slice(&sum[..8]);
        }),
    );
    refused("comment of two lines", key(1).public("a\nb").unwrap_err());
    refused("long comment", key(1).public("a".repeat(2000)).unwrap_err());
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn cut_short_anywhere_is_refused() {
    let cuts = |text: &[u8]| -> Vec<Vec<u8>> {
        (0..text.len() - 1)
            .map(|len| text[..len].to_vec())
            .collect()
    };
    for cut in cuts(&key(1).public("x").unwrap().to_text()) {
        assert!(PublicKey::parse(&cut).is_err());
    }
    for cut in cuts(&key(1).to_text()) {
        assert!(SecretKey::parse(&cut).is_err());
    }
    for cut in cuts(&key(1).sign(b"").to_text()) {
        assert!(Signature::parse(&cut).is_err());
    }
}

#[test]
fn key_numbers_are_sixteen_digits() {
    assert_eq!(
        "00000000000000ff".parse(),
        Ok(KeyNumber([0, 0, 0, 0, 0, 0, 0, 255]))
    );
    for wrong in [
        "",
        "792d9d9b39f180d",
        "792D9D9B39F180DC",
        "+92d9d9b39f180dc",
        "792d9d9b39f180dc0",
        "README.md",
    ] {
        assert!(wrong.parse::<KeyNumber>().is_err(), "{wrong}");
    }
}
