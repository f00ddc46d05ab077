//! Starting files pass their own check.

use crate::profile::discover::library;
use crate::profile::resolve;
use crate::profile::starter::{Starter, name_fits, write_new};
use crate::profile::{Library, load};

#[test]
fn starting_files_make_a_library_that_can_be_built() {
    let dir = tempfile::tempdir().unwrap();
    let starters = [
        ("hills", Starter::Community),
        (
            "valley",
            Starter::Site {
                community: "hills".into(),
            },
        ),
        ("acme_box-1", Starter::Device),
        (
            "hut",
            Starter::Node {
                site: "valley".into(),
                device: Some("acme_box-1".into()),
                number: 3,
            },
        ),
        (
            "barn",
            Starter::Node {
                site: "valley".into(),
                device: None,
                number: 4,
            },
        ),
    ];
    for (name, starter) in &starters {
        let path = dir.path().join(starter.path(name));
        write_new(&path, &starter.text(name)).unwrap();
    }
    let library = Library::open([dir.path().to_owned()]).unwrap();
    for node in [None, Some("hut"), Some("barn"), Some("9")] {
        let loaded = load(&library, "valley", "acme_box-1", node)
            .map_err(|problems| problems.to_string())
            .unwrap();
        resolve::check(&loaded, &library)
            .map_err(|problems| problems.to_string())
            .unwrap();
        assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    }
    assert_eq!(load::free_number(&library, "valley").unwrap(), 1);
}

/// The keys that are commented out are real keys, too.
#[test]
fn commented_keys_are_right() {
    for (kind, starter) in [
        ("community", Starter::Community),
        (
            "site",
            Starter::Site {
                community: "hills".into(),
            },
        ),
        ("device", Starter::Device),
        (
            "node",
            Starter::Node {
                site: "valley".into(),
                device: None,
                number: 3,
            },
        ),
    ] {
        let text = starter.text("name");
        let open = |line: &str| {
            let code = line.strip_prefix("# ")?;
            (code.starts_with('[') || code.contains(" = ")).then(|| code.to_owned())
        };
        // Sentences that hold an example are no keys.
        let lines = text.lines().map(|line| match open(line) {
            Some(code) if !code.starts_with(char::is_uppercase) => code,
            _ => line.to_owned(),
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let schema = crate::profile::schema::schema(crate::profile::shape(), None);
        let file: toml::Table = text
            .parse()
            .map_err(|error| format!("{kind}: {error}\n{text}"))
            .unwrap();
        let file = serde_json::to_value(file).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&file)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{kind}: {errors:?}\n{text}");
    }
}

#[test]
fn nothing_is_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b.toml");
    write_new(&path, "one").unwrap();
    let error = write_new(&path, "two").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
    let left: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn names() {
    for name in ["valley", "tplink_archer-c7-v2", "8devices_carambola2", "a"] {
        assert!(name_fits(name), "{name}");
    }
    for name in [
        "",
        "../etc/passwd",
        "Valley",
        "a/b",
        "-a",
        "ä",
        ".a",
        &"a".repeat(64),
    ] {
        assert!(!name_fits(name), "{name}");
    }
}

#[test]
fn a_named_library_that_is_not_there() {
    let problems = library(&["/no/such/folder".into()], false)
        .unwrap_err()
        .to_string();
    assert!(problems.contains("/no/such/folder"), "{problems}");
}
