//! Published keys and a published feed, Debian's signify in both directions, and bad input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod published;
mod signify;

use super::*;

/// A key that anybody can know.
fn key(seed: u8) -> SecretKey {
    let number = KeyNumber([seed, 1, 2, 3, 4, 5, 6, 7]);
    SecretKey::new(&[seed; 32], number, [9; 16], "of a test").unwrap()
}

#[test]
fn files_are_as_the_layout_says() {
    // RFC 8032, 7.1, test 2, as an independent source of a key and a signature.
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    };
    let seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let public = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let signed = hex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    let number = KeyNumber([0, 0x2d, 0x9d, 0x9b, 0x39, 0xf1, 0x80, 0xdc]);
    let secret = SecretKey::new(&seed.try_into().unwrap(), number, [7; 16], "private").unwrap();
    let key = secret.public("public").unwrap();
    let signature = secret.sign(&[0x72]);
    let base64 = |bytes: &[u8]| {
        use base64ct::Encoding;
        base64ct::Base64::encode_string(bytes)
    };
    assert_eq!(
        key.to_text(),
        format!(
            "untrusted comment: public\n{}\n",
            base64(&[b"Ed", &number.0[..], &public].concat())
        )
        .into_bytes()
    );
    assert_eq!(
        signature.to_text(),
        format!(
            "untrusted comment: signed by key 002d9d9b39f180dc\n{}\n",
            base64(&[b"Ed", &number.0[..], &signed].concat())
        )
        .into_bytes()
    );
    key.verify(&[0x72], &signature).unwrap();
    assert_eq!(
        secret.to_text().len(),
        "untrusted comment: private\n".len() + 140 + 1
    );
    assert_eq!(format!("{secret:?}"), "SecretKey(002d9d9b39f180dc)");
}

#[test]
fn what_is_written_reads_back() {
    let secret = key(3);
    let public = secret.public("\u{fc}ber alles M\u{f6}gliche").unwrap();
    assert_eq!(PublicKey::parse(&public.to_text()).unwrap(), public);
    let again = SecretKey::parse(&secret.to_text()).unwrap();
    assert_eq!(again.to_text(), secret.to_text());
    assert_eq!(
        (again.comment(), again.number()),
        (&b"of a test"[..], secret.number())
    );
    let signature = secret.sign(b"text");
    assert_eq!(Signature::parse(&signature.to_text()).unwrap(), signature);
    // As an editor on Windows leaves it.
    let windows = String::from_utf8(signature.to_text())
        .unwrap()
        .replace('\n', "\r\n");
    assert_eq!(Signature::parse(windows.as_bytes()).unwrap(), signature);
}

#[test]
fn padding_leads_out_of_the_sizes_that_old_usign_misreads() {
    // Files of 46 and 47 bytes, and 128 bytes more, and so on: 64 + 46 = 110.
    let misread: Vec<u64> = (0..400)
        .filter(|size| misread_by_old_usign(*size))
        .collect();
    assert_eq!(misread, [46, 47, 174, 175, 302, 303]);
    for size in 0..1000 {
        assert!(!misread_by_old_usign(
            size + padding_for_old_usign(size).len() as u64
        ));
    }
    assert!(!misread_by_old_usign(u64::MAX));
    // We sign and verify such files as everybody else does.
    let secret = key(5);
    let public = secret.public("").unwrap();
    for size in [46, 47, 48, 174] {
        let file = vec![b'x'; size];
        public.verify(&file, &secret.sign(&file)).unwrap();
    }
}

proptest::proptest! {
    #[test]
    fn any_key_signs_and_verifies(seed: [u8; 32], number: [u8; 8], salt: [u8; 16], message: Vec<u8>, flip in 0..64_usize, bit in 0..8_u32) {
        let secret = SecretKey::new(&seed, KeyNumber(number), salt, "x").unwrap();
        let secret = SecretKey::parse(&secret.to_text()).unwrap();
        let public = PublicKey::parse(&secret.public("y").unwrap().to_text()).unwrap();
        let mut signature = Signature::parse(&secret.sign(&message).to_text()).unwrap();
        assert_eq!(public.verify(&message, &signature), Ok(()));
        let mut other = message.clone();
        other.push(0);
        let key = KeyNumber(number);
        assert_eq!(public.verify(&other, &signature), Err(Error::Mismatch { key }));
        signature.bytes[flip] ^= 1_u8 << bit;
        assert_eq!(public.verify(&message, &signature), Err(Error::Mismatch { key }));
        assert_eq!(key.to_string().parse::<KeyNumber>(), Ok(key));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        for file in [bytes.clone(), [b"untrusted comment: x\n", &bytes[..]].concat()] {
            let _ = (PublicKey::parse(&file), SecretKey::parse(&file), Signature::parse(&file));
        }
    }
}
