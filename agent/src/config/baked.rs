//! The facts that `clom build` bakes into the image.
//!
//! Keys that are not known are ignored: a newer builder may add some. What changes the meaning of a known key
//! comes with a new `version`, which an older agent refuses.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The version of both files that this agent reads.
const VERSION: u64 = 1;

/// The community the node belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Community {
    /// Its name.
    pub name: String,
    /// Its domain, under which nodes and services have their names.
    pub domain: String,
}

/// The image the node runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// SHA-256 of the resolved plan, which decides every byte of the image; 64 hex digits.
    pub plan: String,
    /// When it was built, in seconds since 1970: the floor under the node's clock.
    pub epoch: u64,
    /// The community it was built for.
    pub community: String,
    /// The site it was built for.
    pub site: String,
    /// The device it was built for.
    pub device: String,
    /// The number of the node it was built for, when it was built for one node.
    pub node: Option<u32>,
    /// The version of `clom` that built it.
    pub clom: String,
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

#[derive(Deserialize)]
struct RawCommunity {
    name: String,
    domain: String,
}

#[derive(Deserialize)]
struct RawImage {
    plan: String,
    epoch: u64,
    community: String,
    site: String,
    device: String,
    node: Option<u32>,
    clom: String,
}

impl Community {
    /// Reads the bytes of `file`.
    ///
    /// # Errors
    /// What is wrong, with its line.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, Problem> {
        let raw: RawCommunity = json(file, bytes)?;
        for (key, value) in [("name", &raw.name), ("domain", &raw.domain)] {
            named(file, key, value)?;
        }
        Ok(Self {
            name: raw.name,
            domain: raw.domain,
        })
    }
}

impl Image {
    /// Reads the bytes of `file`.
    ///
    /// # Errors
    /// What is wrong, with its line.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, Problem> {
        let raw: RawImage = json(file, bytes)?;
        if raw.plan.len() != 64 || !raw.plan.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong(
                file,
                None,
                "`plan` is not a SHA-256 of 64 hex digits",
            ));
        }
        for (key, value) in [
            ("community", &raw.community),
            ("site", &raw.site),
            ("device", &raw.device),
            ("clom", &raw.clom),
        ] {
            named(file, key, value)?;
        }
        Ok(Self {
            plan: raw.plan,
            epoch: raw.epoch,
            community: raw.community,
            site: raw.site,
            device: raw.device,
            node: raw.node,
            clom: raw.clom,
        })
    }
}

fn json<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, Problem> {
    let told = |error: serde_json::Error| wrong(file, Some(error.line()), error.to_string());
    let Version { version } = serde_json::from_slice(bytes).map_err(told)?;
    if version != VERSION {
        return Err(wrong(
            file,
            None,
            format!(
                "is of version {version}, this agent ({}) reads version {VERSION}",
                crate::VERSION
            ),
        ));
    }
    serde_json::from_slice(bytes).map_err(told)
}

fn named(file: &str, key: &str, value: &str) -> Result<(), Problem> {
    if value.is_empty() || value.chars().any(char::is_control) {
        return Err(wrong(
            file,
            None,
            format!("`{key}` is empty or more than one line"),
        ));
    }
    Ok(())
}

fn wrong(file: &str, line: Option<usize>, what: impl Into<String>) -> Problem {
    Problem {
        file: file.to_owned(),
        line: line.filter(|line| *line > 0),
        what: what.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

    const BAD_PLAN: &str = r#"{"version":1,"plan":"xyz","epoch":1,"community":"a","site":"b","device":"c","clom":"d"}"#;

    fn image(with: &str) -> Result<Image, Problem> {
        let text = format!(
            "{{\"version\": 1, \"plan\": \"{PLAN}\", \"epoch\": 1764000000,\n\"community\": \"hill\", \
             \"site\": \"chapel\",\n{with} \"clom\": \"0.1.0\"}}"
        );
        Image::read("image.json", text.as_bytes())
    }

    #[test]
    fn what_the_builder_writes() {
        let read = image("\"device\": \"lab-mips\", \"node\": 17,").unwrap();
        assert_eq!(
            (read.node, read.epoch, read.site.as_str()),
            (Some(17), 1_764_000_000, "chapel")
        );
        let read = image("\"device\": \"lab-mips\", \"node\": null, \"later\": [1],").unwrap();
        assert_eq!(read.node, None);
        let text = br#"{"version":1,"name":"Hill network","domain":"hill.mesh","admins":[]}"#;
        assert_eq!(
            Community::read("community.json", text),
            Ok(Community {
                name: "Hill network".into(),
                domain: "hill.mesh".into()
            })
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let mut said = String::new();
        for problem in [
            image(""),
            image("\"device\": 7,"),
            image("\"device\": \"\","),
            image("\"device\": \"d\", \"node\": -1,"),
            Image::read("image.json", b""),
            Image::read("image.json", b"{\"version\": 2}"),
            Image::read("image.json", b"{\"version\": 1,\n\"plan\": \"abc\"\n"),
            Image::read("image.json", b"\xff"),
            Image::read("image.json", BAD_PLAN.as_bytes()),
        ] {
            said += &format!("{}\n", problem.unwrap_err());
        }
        for text in [
            "[]",
            "{\"version\":1}",
            "{\"version\":1,\"name\":\"a\\nb\",\"domain\":\"c\"}",
        ] {
            said += &format!(
                "{}\n",
                Community::read("community.json", text.as_bytes()).unwrap_err()
            );
        }
        insta::assert_snapshot!(said);
    }
}
