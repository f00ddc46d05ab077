//! Packages that do not get along.

use crate::world::{HERE, World};

both!(
    two_packages_with_one_file_are_refused,
    two_packages_with_one_user_id_are_refused
);

fn refused(world: &World) -> String {
    world.site("[packages]\ninstall = [\"one\", \"two\"]\n[agent]\nenabled = false\n");
    world.update();
    let text = world.fails(&[&["build"], &HERE[..]].concat());
    assert!(text.starts_with("exit code 4"), "{text}");
    assert!(text.contains("one") && text.contains("two"), "{text}");
    text
}

fn two_packages_with_one_file_are_refused(world: World) {
    world.sh(
        "for name in one two; do put pkg/$name/files/usr/bin/tool 755 \"$name\"; package \"www/$base\" $name 1.0-r1 ''; done
         index \"www/$base\" \"$feed_key\"",
    );
    let text = refused(&world);
    assert!(text.contains("/usr/bin/tool"), "{text}");
    world.expect("one_file", &text);
}

fn two_packages_with_one_user_id_are_refused(world: World) {
    world.sh(
        "for name in one two; do
             put pkg/$name/files/usr/bin/$name 755 \"$name\"
             case $manager in opkg) more=\"Require-User: $name=413:$name=413\\n\" ;; apk) more=\"users = [\\\"$name=413:$name=413\\\"]\\n\" ;; esac
             package \"www/$base\" $name 1.0-r1 '' \"$more\"
         done
         index \"www/$base\" \"$feed_key\"",
    );
    let text = refused(&world);
    assert!(text.contains("413"), "{text}");
    world.expect("one_user_id", &text);
}
