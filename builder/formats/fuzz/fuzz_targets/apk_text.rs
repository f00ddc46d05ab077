//! apk's versions, dependencies and keys.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openwrt_formats::apk::{Dependency, PrivateKey, PublicKey, Version};

fuzz_target!(|text: &str| {
    if let Some((a, b)) = text.split_once(' ')
        && let (Ok(a), Ok(b)) = (a.parse::<Version>(), b.parse::<Version>())
    {
        assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
    }
    if let Ok(dependency) = text.parse::<Dependency>() {
        let again: Dependency = dependency.to_string().parse().expect("what is written reads");
        assert_eq!(again, dependency);
    }
    let _ = PublicKey::from_pem(text);
    let _ = PrivateKey::from_pem(text);
});
