//! Exit code 0 only for what comes out bit for bit the same.

use crate::fixture::Fixture;

#[test]
fn what_comes_out_the_same() {
    let fixture = Fixture::new();
    insta::assert_snapshot!(
        "identical",
        fixture.told(&["image", "prove", "image.bin", "signed.bin"])
    );
    assert!(
        fixture
            .piped("image.bin", &["image", "prove", "-"])
            .status
            .success()
    );
    let events = fixture.json(&["image", "prove", "image.bin"]);
    assert_eq!(events[0]["identical"], true);
}

#[test]
fn what_does_not() {
    let fixture = Fixture::new();
    fixture.damaged("kernel.bin", 100);
    let told = fixture.told(&["image", "prove", "kernel.bin"]);
    assert!(told.starts_with("exit code 4\n"), "{told}");
    assert!(told.contains("CRC"), "{told}");
    // Padding that no rule explains.
    let whole = fixture.read("image.bin");
    let marker = whole
        .windows(4)
        .rposition(|w| w == b"\xde\xad\xc0\xde")
        .unwrap();
    let mut odd = whole[..marker + 4].to_vec();
    odd[marker - 9] = b'x';
    fixture.write("odd.bin", &odd);
    let told = fixture.told(&["image", "prove", "odd.bin"]);
    assert!(
        told.starts_with("exit code 4\n") && told.contains(&(marker - 9).to_string()),
        "{told}"
    );
    // The others are proven all the same.
    fixture.write("text", b"this is no image\n");
    insta::assert_snapshot!(
        "some",
        fixture.told(&["image", "prove", "text", "image.bin", "none.bin"])
    );
    let proof = &fixture.json(&["image", "prove", "text"])[0];
    assert_eq!(proof["identical"], false);
    assert!(
        proof["problem"]
            .as_str()
            .unwrap()
            .contains("no known container")
    );
}
