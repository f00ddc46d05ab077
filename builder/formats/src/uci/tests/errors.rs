//! What the parser says of text that is wrong.

use super::super::{parse, parse_bytes, parse_packages};

#[test]
fn each_error_names_its_place_and_what_was_expected() {
    let cases = [
        "config t\n\n  optoin a 1\n",
        "config t\n\toption\n",
        "config t\n\tlist ''  'x'\n",
        "config\n",
        "config 'a b'\n",
        "config t 'my-lan'\n",
        "config t\n\toption a-b 1\n",
        "config t\n\toption a one two\n",
        "\toption a 1\n",
        "list a 1\n",
        "config t\n\toption a 'one\n\toption b two\n",
        "config t\n\toption a x\"\n",
        "config t n\nconfig u n\n",
        "package\n",
        "package a.b\n",
        "config t\n\toption a 'x\0y'\n",
        "# \0\n",
        "config t; foo bar\n",
        "<html>This page is longer than an error should be wide</html>\n",
        "config \u{1b}[31m\n",
    ];
    let mut said = String::new();
    for case in cases {
        let error = parse(case).unwrap_err();
        said += &format!("{case:?}\n    {error}\n");
    }
    insta::assert_snapshot!(said);
}

#[test]
fn bytes_that_are_no_text() {
    let error = parse_bytes(b"config t\n\toption ssid 'caf\xe9'\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column 18: this is not UTF-8 text"
    );
    let error = parse_bytes(b"\xff").unwrap_err();
    assert_eq!((error.line, error.column), (1, 1));
}

#[test]
fn packages_of_an_export() {
    let error = parse_packages("config t\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1, column 1: expected a `package` line before the first `config` line"
    );
    let error = parse_packages("package a\npackage b\npackage a\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 3, column 1: package `a` appears twice"
    );
}
