//! Same Plan, same bytes: in other folders, at other times, with other numbers of threads, from a warm or a cold cache.

use std::fs;

use crate::fixture::{Fixture, image};

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let (one, other) = (Fixture::new(), Fixture::new());
    let first = fs::read(image(&one.build(&["-o", "out", "-j", "1"]))).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    other.sh("find profiles -exec touch -d '2001-02-03' {} +; chmod -R g+w profiles");
    let second = fs::read(image(&other.build(&["-o", "elsewhere", "-j", "2"]))).unwrap();
    assert!(
        first == second,
        "another folder, another time, other threads"
    );
    let warm = fs::read(image(&one.build(&["-o", "again", "--force", "-j", "2"]))).unwrap();
    assert!(first == warm, "a warm cache");
    // A cache whose blocks are damaged must not poison anything.
    one.sh("find cache/blocks -type f -exec sh -c 'printf x | dd of=\"$1\" bs=1 seek=40 conv=notrunc status=none' - {} ';'");
    let damaged = fs::read(image(&one.build(&["-o", "damaged", "--force"]))).unwrap();
    assert!(first == damaged, "a damaged cache");
}
