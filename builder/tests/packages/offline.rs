//! An offline mirror: everything in one folder, for builds and for routers.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::world::{HERE, World, same, succeeded};

both!(a_mirror_is_all_that_builds_and_routers_need);

fn a_mirror_is_all_that_builds_and_routers_need(mut world: World) {
    // With an agent: it is in the mirror too.
    world.site("[packages]\ninstall = [\"hello\"]\nuninstall = [\"ppp\"]\n");
    for tier in ["lite", "full"] {
        let path = world.path(&format!("agents/clomd-aarch64-{tier}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, agent()).unwrap();
    }
    world.update();
    let first = world.build(&["-o", "good"]);
    let said = world.runs(&["mirror", "--to", "stick"]);
    assert!(said.contains("stick"), "{said}");
    let again = world.runs(&["mirror", "--to", "stick"]);
    assert!(again.contains("(0 new)"), "{again}");

    world.server = None;
    world.sh("rm -rf cache agents");
    let arguments = [
        &["build"],
        &HERE[..],
        &["--mirror", "stick", "--offline", "-o", "workshop"],
    ]
    .concat();
    let output = world.command(&arguments).env_remove("CLOM_AGENTS").output();
    let image = world.image(&succeeded(&output.unwrap()));
    assert!(same(&first, &image), "from the mirror");

    serves(&world);

    // A mirror that lacks a package says so.
    world.sh("find stick -name 'hello[-_]*' -delete; rm -rf cache");
    let text = world.fails(&[&["build"], &HERE[..], &["--mirror", "stick", "--offline"]].concat());
    assert!(text.starts_with("exit code 4"), "{text}");
    world.expect("mirror_lacks", &text);
}

/// What routers fetch from the mirror is what the release's server has, and its signature holds.
fn serves(world: &World) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_clom"))
        .args(["serve", "stick", "--listen", "127.0.0.1:0"])
        .current_dir(world.dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines
        .map(|line| line.unwrap())
        .find_map(|line| line.find("http://").map(|at| line[at..].trim().to_owned()))
        .unwrap();
    let url = url.trim_end_matches('/').to_owned();
    let (names, check) = match world.is_opkg() {
        true => (
            "Packages.gz Packages.sig",
            "gunzip -k Packages.gz; signify-openbsd -V -q -p ../keys/release.pub -m Packages -x Packages.sig",
        ),
        false => ("packages.adb", "test -s packages.adb"),
    };
    world.sh(&format!(
        "rm -rf got; mkdir got; cd got
         for name in {names} {file}; do
             curl --silent --fail --noproxy '*' -o $name {url}/$base/$name; cmp $name ../www/$base/$name
         done
         {check}",
        file = world.file("hello", "1.0-r1"),
    ));
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A static AArch64 executable that only its header makes one: no test runs it.
fn agent() -> Vec<u8> {
    let mut elf = vec![0; 64];
    elf[..20].copy_from_slice(&[
        0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 183, 0,
    ]);
    elf[20] = 1;
    elf[52] = 64;
    elf[54] = 56;
    elf[58] = 64;
    elf.extend_from_slice(b"stands for clomd");
    elf
}
