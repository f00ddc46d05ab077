//! What UCI says, checked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use log::LevelFilter;
use openwrt_formats::uci::{self, Places, Section};

use super::field::Field;
use super::problem::{Problem, Problems};

/// Everything UCI `clommunity` decides. The keys are described in the [module's](super) documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether the agent runs at all.
    pub enabled: bool,
    /// Where the node stands.
    pub site: Option<String>,
    /// What fails together with the node.
    pub zone: Option<String>,
    /// The node's number in its site.
    pub number: Option<u32>,
    /// The addresses to serve status on.
    pub listen: Vec<IpAddr>,
    /// The TCP port to serve status on; 0 for none.
    pub port: u16,
    /// How much to log.
    pub level: LevelFilter,
    /// The unix socket.
    pub socket: PathBuf,
    /// The folder of `node.key`.
    pub statedir: PathBuf,
    /// How to check the uplink. Nothing is checked when there is no address.
    pub uplink: Option<UplinkSettings>,
}

/// How to check the uplink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UplinkSettings {
    /// What to fetch; starts with `https://`.
    pub url: String,
    /// Seconds between two checks.
    pub interval: u32,
    /// The PEM file with the certificates to trust.
    pub roots: PathBuf,
}

/// Settings, and what was odd but not wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The settings.
    pub settings: Settings,
    /// Sections and options that were ignored.
    pub warnings: Vec<Problem>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            site: None,
            zone: None,
            number: None,
            listen: vec![Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()],
            port: 8100,
            level: LevelFilter::Info,
            socket: PathBuf::from(super::SOCKET),
            statedir: PathBuf::from("/etc/clommunity"),
            uplink: None,
        }
    }
}

/// Reads the settings from the bytes of `file`.
///
/// # Errors
/// Everything that is wrong, each with its line.
pub fn read(file: &str, bytes: &[u8]) -> Result<Read, Problems> {
    let problem = |line, what| Problem {
        file: file.to_owned(),
        line,
        what,
    };
    let text = std::str::from_utf8(bytes).map_err(|_| match uci::parse_bytes(bytes) {
        Err(error) => problem(Some(error.line), error.expected.to_string()),
        Ok(_) => problem(None, "this is not UTF-8 text".to_owned()),
    })?;
    let (config, places) = uci::parse_with_places(text).map_err(|error| {
        problem(
            Some(error.line),
            format!("column {}: {}", error.column, error.expected),
        )
    })?;

    let mut reader = Reader {
        file,
        places: &places,
        settings: Settings::default(),
        uplink: UplinkSettings {
            url: String::new(),
            interval: 300,
            roots: PathBuf::from("/etc/ssl/certs/ca-certificates.crt"),
        },
        wrong: Vec::new(),
        odd: Vec::new(),
    };
    for (at, section) in config.sections().iter().enumerate() {
        match (section.kind(), section.name()) {
            ("node", Some("node")) => reader.section(at, section, Reader::node),
            ("agent", Some("agent")) => reader.section(at, section, Reader::agent),
            (kind, name) => reader.odd.push(problem(
                places.section(at),
                format!(
                    "section `{kind} {}` is not known and ignored",
                    name.unwrap_or("(unnamed)")
                ),
            )),
        }
    }
    reader.finish()
}

struct Reader<'a> {
    file: &'a str,
    places: &'a Places,
    settings: Settings,
    uplink: UplinkSettings,
    wrong: Vec<Problem>,
    odd: Vec<Problem>,
}

/// What became of an option.
enum Outcome {
    Taken,
    Unknown,
}

impl Reader<'_> {
    fn section(
        &mut self,
        at: usize,
        section: &Section,
        read: fn(&mut Self, &str, &Field<'_>) -> Result<Outcome, String>,
    ) {
        for (option, value) in section.options() {
            let problem = |what: String| Problem {
                file: self.file.to_owned(),
                line: self.places.option(at, option),
                what: format!("`{}.{option}` {what}", section.kind()),
            };
            match read(self, option, &Field(value)) {
                Ok(Outcome::Taken) => {}
                Ok(Outcome::Unknown) => self.odd.push(problem("is not known and ignored".into())),
                Err(what) => self.wrong.push(problem(what)),
            }
        }
    }

    fn node(&mut self, option: &str, field: &Field<'_>) -> Result<Outcome, String> {
        match option {
            "enabled" => self.settings.enabled = field.flag()?,
            "site" => self.settings.site = Some(field.name()?),
            "zone" => self.settings.zone = Some(field.name()?),
            "number" => self.settings.number = Some(field.number(0..=u32::MAX)?),
            _ => return Ok(Outcome::Unknown),
        }
        Ok(Outcome::Taken)
    }

    fn agent(&mut self, option: &str, field: &Field<'_>) -> Result<Outcome, String> {
        match option {
            "http_listen" => self.settings.listen = field.addresses()?,
            "http_port" => {
                let port = field.number(0..=u32::from(u16::MAX))?;
                self.settings.port = u16::try_from(port).unwrap_or(u16::MAX);
            }
            "log_level" => self.settings.level = field.level()?,
            "socket" => self.settings.socket = field.path()?,
            "statedir" => self.settings.statedir = field.path()?,
            "uplink_url" => self.uplink.url = field.https()?,
            "uplink_interval" => self.uplink.interval = field.number(30..=86_400)?,
            "uplink_roots" => self.uplink.roots = field.path()?,
            _ => return Ok(Outcome::Unknown),
        }
        Ok(Outcome::Taken)
    }

    fn finish(mut self) -> Result<Read, Problems> {
        if !self.wrong.is_empty() {
            return Err(Problems(self.wrong));
        }
        if !self.uplink.url.is_empty() {
            self.settings.uplink = Some(self.uplink);
        }
        Ok(Read {
            settings: self.settings,
            warnings: self.odd,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_file_content_means_defaults() {
        let found = read("f", b"").unwrap();
        assert_eq!(found.settings, Settings::default());
        assert!(found.warnings.is_empty());
    }

    #[test]
    fn every_key() {
        let text = "config node 'node'\n\toption enabled 'no'\n\toption site 'chapel'\n\toption zone 'hill'\n\toption number '17'\n\
            config agent 'agent'\n\tlist http_listen '10.7.0.1'\n\tlist http_listen 'fd00::1'\n\tlist http_listen '10.7.0.1'\n\
            \toption http_port '80'\n\toption log_level 'debug'\n\toption socket '/tmp/s'\n\toption statedir '/srv'\n\
            \toption uplink_url 'https://example.org/x'\n\toption uplink_interval '60'\n\toption uplink_roots '/ca.pem'\n";
        let found = read("f", text.as_bytes()).unwrap();
        assert_eq!(found.warnings, []);
        assert_eq!(
            found.settings,
            Settings {
                enabled: false,
                site: Some("chapel".into()),
                zone: Some("hill".into()),
                number: Some(17),
                listen: vec!["10.7.0.1".parse().unwrap(), "fd00::1".parse().unwrap()],
                port: 80,
                level: LevelFilter::Debug,
                socket: "/tmp/s".into(),
                statedir: "/srv".into(),
                uplink: Some(UplinkSettings {
                    url: "https://example.org/x".into(),
                    interval: 60,
                    roots: "/ca.pem".into(),
                }),
            }
        );
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let text = "config node 'node'\n\toption enabled 'maybe'\n\toption number '-1'\n\toption site 'two\nlines'\n\
            config agent 'agent'\n\tlist http_listen 'localhost'\n\toption http_port '65536'\n\
            \toption log_level 'loud'\n\toption socket 'clomd.sock'\n\tlist statedir '/a'\n\tlist statedir '/b'\n\
            \toption uplink_url 'http://example.org'\n\toption uplink_interval '1'\n";
        let error = read("/etc/config/clommunity", text.as_bytes()).unwrap_err();
        insta::assert_snapshot!(error);
    }

    #[test]
    fn the_unknown_is_only_odd() {
        let text =
            "config node 'node'\n\toption color 'red'\n\nconfig node\nconfig service 'dns'\n";
        let found = read("/etc/config/clommunity", text.as_bytes()).unwrap();
        insta::assert_snapshot!(Problems(found.warnings));
    }

    #[test]
    fn text_that_cannot_be_read() {
        let said = |bytes: &[u8]| read("f", bytes).unwrap_err().to_string();
        assert_eq!(
            said(b"config node 'node\n"),
            "f:1: column 13: this ' quote is never closed"
        );
        assert_eq!(said(b"\n\n\xff"), "f:3: this is not UTF-8 text");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), value in "\\PC{0,20}") {
            let _ = read("f", &bytes);
            for option in ["http_port", "http_listen", "log_level", "uplink_url", "uplink_interval"] {
                let quoted = uci::quote(&value);
                let text = format!("config agent 'agent'\n\toption {option} {quoted}\n");
                let _ = read("f", text.as_bytes());
            }
        }
    }
}
