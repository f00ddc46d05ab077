//! What the parser accepts, piece by piece.

use super::super::{Value, export, parse_bytes, parse_packages, parse_with_places};
use super::config;

/// The value of the only option of a section, written as `written`.
fn value(written: &str) -> Option<Value> {
    config(&format!("config t\n\toption v {written}\n")).sections()[0]
        .get("v")
        .cloned()
}

#[test]
fn every_way_to_write_a_value() {
    for (written, read) in [
        ("plain", "plain"),
        ("'single'", "single"),
        ("\"double\"", "double"),
        ("'a'\"b\"c", "abc"),
        (r"'it'\''s'", "it's"),
        (r#""a \"b\" \\ \n""#, r#"a "b" \ n"#),
        (r"'no \escape'", r"no \escape"),
        (r"sp\ ace", "sp ace"),
        (r"\#1", "#1"),
        ("'two\nlines'", "two\nlines"),
        ("\"two\nlines\"", "two\nlines"),
        ("\"joined\\\nline\"", "joinedline"),
        ("'joined'\\\n'line'", "joinedline"),
        ("\\\n\t'next line'", "next line"),
        ("'x' # comment", "x"),
        ("x#comment", "x"),
        ("'a;b#c'", "a;b#c"),
        ("\u{b}\u{c} x \r", "x"),
        ("'grün'", "grün"),
    ] {
        assert_eq!(value(written), Some(read.into()), "{written}");
    }
}

#[test]
fn an_empty_option_or_word_is_none() {
    assert_eq!(value("''"), None);
    assert_eq!(value(""), None);
    assert_eq!(value("x\n\toption v ''"), Some("x".into()));
    assert_eq!(value("'x' ''"), Some("x".into()));
}

#[test]
fn later_lines_win_in_the_first_place() {
    let read =
        config("config t\noption a 1\noption b 2\noption a 3\nlist b 4\nlist c 5\noption c 6\n");
    assert_eq!(
        read.to_string(),
        "\nconfig t\n\toption a '3'\n\tlist b '2'\n\tlist b '4'\n\toption c '6'\n\n"
    );
}

#[test]
fn a_named_section_goes_on() {
    let read = config("config t n\noption a 1\nconfig t\nconfig t n\noption b 2\n");
    assert_eq!(read.sections().len(), 2);
    assert_eq!(read.sections()[0].options().len(), 2);
}

#[test]
fn no_final_newline_and_no_content() {
    assert_eq!(config("config t 'n'").sections().len(), 1);
    for nothing in ["", "\n", "# only\n#comments", ";;\r\n;", "\\"] {
        assert!(config(nothing).is_empty(), "{nothing:?}");
    }
    assert_eq!(config("").to_string(), "\n");
}

#[test]
fn a_package_line_is_ignored_in_one_file() {
    assert_eq!(
        config("package x-y\nconfig t\npackage z\noption a 1\n")
            .sections()
            .len(),
        1
    );
}

#[test]
fn a_type_with_syntax_in_it_survives() {
    let read = config(r#"config "a'b#c;d\"e\\f""#);
    assert_eq!(read.sections()[0].kind(), r#"a'b#c;d"e\f"#);
    assert_eq!(config(&read.to_string()), read);
}

#[test]
fn an_export_of_several_packages() {
    let one = config("config t 'n'\noption a 1\n");
    let two = config("config u\n");
    let text = export("one", &one) + &export("two-b", &two);
    assert_eq!(
        parse_packages(&text),
        Ok(vec![("one".to_owned(), one), ("two-b".to_owned(), two)])
    );
}

#[test]
fn bytes_that_are_text() {
    assert_eq!(parse_bytes("config ü".as_bytes()).unwrap_err().column, 8);
    assert!(parse_bytes(b"config t\n").is_ok());
}

#[test]
fn places_are_the_lines_that_count() {
    let text = "\nconfig t n\n\toption a 1\nconfig u\n\tlist l 'x\ny'\n\tlist l z\nconfig t n\n\toption a 2\n";
    let (read, places) = parse_with_places(text).unwrap();
    assert_eq!(read, config(text));
    assert_eq!(
        (places.section(0), places.section(1), places.section(2)),
        (Some(2), Some(4), None)
    );
    assert_eq!(places.option(0, "a"), Some(9));
    assert_eq!(places.option(1, "l"), Some(7));
    assert_eq!(places.option(1, "a"), None);
}
