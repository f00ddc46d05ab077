//! Packages that cannot be had, and why.

use crate::world::World;

both!(
    a_missing_dependency_names_the_profiles_line,
    a_misspelt_name_gets_a_guess,
    a_module_for_another_kernel_is_explained,
    what_is_needed_cannot_be_unwanted,
);

fn refused(world: &World, name: &str) -> String {
    let text = world.update_fails();
    assert!(text.starts_with("exit code 4"), "{text}");
    world.expect(name, &text);
    text
}

fn a_missing_dependency_names_the_profiles_line(world: World) {
    world.sh("package \"www/$base\" hello 1.0-r1 'libhello, libnothere'; index \"www/$base\" \"$feed_key\"");
    let text = refused(&world, "missing_dependency");
    assert!(text.contains("sites/here.toml:8"), "{text}");
    assert!(text.contains("libnothere"), "{text}");
}

fn a_misspelt_name_gets_a_guess(world: World) {
    world.site("[packages]\ninstall = [\"helo\"]\n[agent]\nenabled = false\n");
    let text = refused(&world, "misspelt");
    assert!(text.contains("hello"), "{text}");
    assert!(text.contains("sites/here.toml:8"), "{text}");
}

fn a_module_for_another_kernel_is_explained(world: World) {
    world.sh(
        "case $manager in opkg) need='kernel (= 6.6.120~9999999-r1)' ;; apk) need='kernel (= 6.12.99~9999999-r1)' ;; esac
         package \"www/$target/packages\" kmod-thing 6.6.120-r1 \"$need\"; index \"www/$target/packages\" \"$feed_key\"",
    );
    world.site("[packages]\ninstall = [\"kmod-thing\"]\n[agent]\nenabled = false\n");
    let text = refused(&world, "other_kernel");
    assert!(text.contains("kernel"), "{text}");
}

fn what_is_needed_cannot_be_unwanted(world: World) {
    world.site(
        "[packages]\ninstall = [\"hello\"]\nuninstall = [\"libhello\"]\n[agent]\nenabled = false\n",
    );
    let text = refused(&world, "unwanted_and_needed");
    assert!(text.contains("sites/here.toml:9"), "{text}");
}
