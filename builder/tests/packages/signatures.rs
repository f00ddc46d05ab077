//! Who signed what: nothing is believed that no trusted key vouches for.

use crate::world::World;

both!(
    a_release_by_an_unknown_key_is_refused,
    lists_that_do_not_match_their_signatures_are_refused,
    a_key_is_trusted_until_its_last_day,
    an_unknown_feed_key_is_refused,
);

fn a_release_by_an_unknown_key_is_refused(world: World) {
    let number = world.sh("sed -n 2p keys/release.pub | base64 -d | xxd -p -s 2 -l 8");
    world.write(
        "profiles/communities/village.toml",
        "[identity]\ncommunity = \"Village\"\n",
    );
    let text = world.update_fails();
    assert!(text.starts_with("exit code 9"), "{text}");
    assert!(text.contains(number.trim()), "{text}");
    world.expect("unknown_release_key", &text);
}

fn lists_that_do_not_match_their_signatures_are_refused(world: World) {
    // A feed that was written anew and not signed anew, or by nobody.
    world.sh(
        "package \"www/$base\" hello 2.0-r1 libhello
         case $manager in opkg) index \"www/$base\" ;; apk) rm \"www/$base/packages.adb\"; index \"www/$base\" ;; esac",
    );
    let text = world.update_fails();
    assert!(text.starts_with("exit code 9"), "{text}");
    world.expect("feed_newer_than_its_signature", &text);

    // The same with the target's list.
    world.sh("echo 00 >>\"www/$target/sha256sums\"");
    let text = world.update_fails();
    assert!(text.starts_with("exit code 9"), "{text}");
    world.expect("sums_newer_than_their_signature", &text);

    // A signature that is none, and one that is missing.
    world.sh("echo '<html>' >\"www/$target/sha256sums.sig\"");
    world.expect("no_signature", &world.update_fails());
    world.sh("rm \"www/$target/sha256sums.sig\"");
    world.expect("missing_signature", &world.update_fails());
}

fn a_key_is_trusted_until_its_last_day(world: World) {
    world.trusts("not_after = \"2026-11-01\"\n");
    let text = world.update_fails();
    assert!(text.starts_with("exit code 9"), "{text}");
    assert!(text.contains("is trusted until 2026-11-01 only"), "{text}");
    world.trusts("not_after = \"2999-12-31\"\n");
    world.update();
    world.build(&[]);
}

fn an_unknown_feed_key_is_refused(world: World) {
    // The release's own list is signed by a known key, the feed by another.
    world.sh("feed_key other; rm -f \"www/$base/packages.adb\"; index \"www/$base\" other");
    let text = world.update_fails();
    assert!(text.starts_with("exit code 9"), "{text}");
    world.expect("unknown_feed_key", &text);
}
