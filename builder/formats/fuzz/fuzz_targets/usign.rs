//! Keys and signatures: what reads is written so that it reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::usign::{PublicKey, SecretKey, Signature};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = PublicKey::parse(bytes) {
        assert_eq!(PublicKey::parse(&key.to_text()), Ok(key));
    }
    if let Ok(key) = SecretKey::parse(bytes) {
        assert!(SecretKey::parse(&key.to_text()).is_ok());
    }
    if let Ok(signature) = Signature::parse(bytes) {
        assert_eq!(Signature::parse(&signature.to_text()), Ok(signature));
    }
});
