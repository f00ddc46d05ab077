//! Properties on random configurations, texts and bytes.

use proptest::prelude::*;

use super::super::{Config, Section, Value, parse, parse_bytes, parse_packages};

/// Values as they may be set: any text without most control characters, with much that is syntax.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        r#"['"\\#; \t\n\ra-c]{0,12}"#,
        "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]{0,20}"
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(Value::from),
        prop::collection::vec(text(), 0..4).prop_map(Value::from),
    ]
}

fn section() -> impl Strategy<Value = Section> {
    let options = prop::collection::vec(("[A-Za-z0-9_]{1,4}", value()), 0..6);
    ("[!-~]{1,6}", prop::option::of("[A-Za-z0-9_]{1,3}"), options).prop_map(
        |(kind, name, options)| {
            let mut section = match name {
                Some(name) => Section::named(kind, name).unwrap(),
                None => Section::new(kind).unwrap(),
            };
            for (option, value) in options {
                section.set(&option, value).unwrap();
            }
            section
        },
    )
}

fn configs() -> impl Strategy<Value = Config> {
    prop::collection::vec(section(), 0..8).prop_map(|sections| {
        let mut config = Config::new();
        for section in sections {
            // A name that is taken is refused; the others make the configuration.
            let _ = config.push(section);
        }
        config
    })
}

/// Text with so many pieces of syntax that much of it is right.
fn syntax() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "config", "option", "list", "package", "c", "o", " ", " ", "\t", "\n", "\n", "\r\n", "'",
        "\"", "\\", "#", ";", "a", "b", "lan", "é", "\0",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(config in configs()) {
        prop_assert_eq!(parse(&config.to_string()), Ok(config));
    }

    #[test]
    fn what_is_read_is_written_and_read_again(text in syntax()) {
        let packages = parse_packages(&text);
        if let Ok(config) = parse(&text) {
            prop_assert_eq!(parse(&config.to_string()), Ok(config));
        } else {
            prop_assert!(packages.is_err());
        }
    }

    #[test]
    fn bytes_never_panic_and_errors_lie_in_the_text(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = parse_bytes(&bytes) {
            let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
            prop_assert!((1..=lines.len()).contains(&error.line));
            prop_assert!((1..=lines[error.line - 1].len() + 1).contains(&error.column));
        }
    }

    #[test]
    fn merge_with_nothing_and_with_itself(config in configs()) {
        let mut same = config.clone();
        same.merge(Config::new());
        prop_assert_eq!(&same, &config);
        let mut from_nothing = Config::new();
        from_nothing.merge(config.clone());
        prop_assert_eq!(&from_nothing, &config);
    }
}
