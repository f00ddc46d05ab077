//! The shipped library and small profiles of the tests' own, rendered.

use std::path::PathBuf;
use std::process::Command;

use insta::assert_snapshot;
use openwrt_formats::uci::{self, Config};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{RenderError, Rendered, Secrets, render};
use crate::profile::check::{Scope, check, problems};
use crate::profile::resolve::{self, Profile};
use crate::profile::{Diagnostics, Kind, LayerId, Library, Loaded, SecretRef, load};

fn shipped() -> Library {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../profiles"));
    Library::open([root])
        .map_err(|problems| problems.to_string())
        .unwrap()
}

fn resolved(library: &Library, site: &str, device: &str, node: Option<&str>) -> (Loaded, Profile) {
    let loaded = load(library, site, device, node)
        .map_err(|problems| problems.to_string())
        .unwrap();
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    let profile = resolve::check(&loaded, library)
        .map_err(|problems| problems.to_string())
        .unwrap();
    (loaded, profile)
}

fn rendered(library: &Library, site: &str, device: &str, node: Option<&str>) -> Rendered {
    let (loaded, profile) = resolved(library, site, device, node);
    render(&profile, &Secrets::Hide)
        .map_err(|error| error.diagnose(&loaded.merged).to_string())
        .unwrap()
}

/// All that was rendered, as a person would look at it.
fn told(rendered: &Rendered) -> String {
    let mut text = String::new();
    for (name, config) in &rendered.uci {
        text += &format!("=== /etc/config/{name}\n{config}\n");
    }
    for file in &rendered.files {
        text += &format!("=== {} {:04o}\n{}\n", file.path, file.mode, file.text);
    }
    text += "===\n";
    for (package, edits) in &rendered.uci_edits {
        text += &format!("edits of {package}: {edits:?}\n");
    }
    text += &format!("root password: {:?}\n", rendered.root_password);
    text += &format!("services: {}\n", rendered.services.join(" "));
    let secret: Vec<&str> = rendered.secret_paths.iter().map(String::as_str).collect();
    text + &format!("secret: {}\n", secret.join(" "))
}

fn shipped_build(site: &str, device: &str, node: Option<&str>) -> String {
    told(&rendered(&shipped(), site, device, node))
}

#[test]
fn city_with_a_swconfig_switch() {
    assert_snapshot!(shipped_build("city", "tplink_archer-c7-v2", Some("5")));
}

#[test]
fn city_with_dsa_at_its_uplink() {
    assert_snapshot!(shipped_build("city", "cudy_wr3000-v1", Some("market")));
}

#[test]
fn city_by_cable() {
    assert_snapshot!(shipped_build("city", "netgear_r7000", Some("6")));
}

#[test]
fn valley_with_dsa() {
    assert_snapshot!(shipped_build("valley", "avm_fritzbox-4040", Some("5")));
}

#[test]
fn valley_on_openwrt_19_07() {
    assert_snapshot!(shipped_build("valley", "tplink_tl-wr841n-v14", Some("7")));
}

#[test]
fn valley_at_its_uplink() {
    let school = rendered(&shipped(), "valley", "tplink_archer-c7-v2", Some("school"));
    let text = |name: &str| school.uci[name].to_string();
    assert_snapshot!(["babeld", "dhcp", "system"].map(text).join("\n"));
}

#[test]
fn village_in_the_lab() {
    assert_snapshot!(shipped_build("lone-village", "lab-mips", None));
}

#[test]
fn village_with_one_port() {
    assert_snapshot!(shipped_build("lone-village", "tl-wr703n-v1", Some("3")));
}

/// As `clom profile check` does, and rendered too; what is rendered is UCI.
#[test]
fn all_of_the_shipped_library_can_be_built() {
    let library = shipped();
    let resolve = |loaded: &Loaded| -> Result<(), Diagnostics> {
        let profile = resolve::check(loaded, &library)?;
        let rendered = render(&profile, &Secrets::Hide)
            .map_err(|error: RenderError| error.diagnose(&loaded.merged))?;
        for (name, config) in &rendered.uci {
            assert_eq!(&reparsed(config), config, "{name}");
        }
        for file in &rendered.files {
            if file.text.starts_with("#!/bin/sh") {
                assert_shell(&file.text);
            }
        }
        Ok(())
    };
    let checked = check(&library, &Scope::default(), |site, device, node| {
        problems(load(&library, site, device, node), resolve)
    });
    assert!(checked.problems.is_empty(), "{}", checked.problems);
    let devices = library.names(Kind::Device).filter(|name| {
        let layer = library.read(&LayerId::new(Kind::Device, *name), None);
        !layer.unwrap().is_abstract
    });
    let devices = devices.count();
    assert_eq!(checked.sites, 3);
    assert_eq!(checked.builds, 3 * devices + 3, "each pair and three nodes");
    assert!(devices >= 12, "{devices}");
}

/// The demo needs nothing that a new user does not have: no secret, no number, no package.
#[test]
fn the_demo_builds_out_of_the_box() {
    let library = shipped();
    for device in ["lab-mips", "lab-mipsel", "lab-armv7", "lab-aarch64"] {
        let (_, profile) = resolved(&library, "lone-village", device, None);
        assert!(profile.secrets().is_empty());
        assert!(profile.packages.install.is_empty());
        assert!(
            matches!(profile.source, Some(resolve::Source::Lab(machine)) if device.ends_with(machine.word()))
        );
        assert!(profile.agent.enabled);
    }
}

/// Where nodes share a subnet, what clients can get is no node's.
#[test]
fn leases_of_the_city_are_apart_from_its_nodes() {
    let (_, profile) = resolved(&shipped(), "city", "cudy_wr3000-v1", Some("market"));
    let lan = profile.network("lan").unwrap();
    assert_eq!(lan.dhcp.as_ref().unwrap().start, 40_000);
    let (_, other) = resolved(&shipped(), "city", "cudy_wr3000-v1", Some("2"));
    assert!(other.network("lan").unwrap().dhcp.is_none());
}

fn reparsed(config: &Config) -> Config {
    uci::parse(&config.to_string())
        .map_err(|error| format!("{error}\n{config}"))
        .unwrap()
}

fn assert_shell(text: &str) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("script");
    std::fs::write(&file, text).unwrap();
    let output = Command::new("dash").arg("-n").arg(&file).output();
    let output = output.expect("dash is missing: apt-get install dash");
    assert!(output.status.success(), "{output:?}\n{text}");
}

/// A library with one site, `site`, and a device `box` with radios of both bands at places that are known.
struct Small(TempDir);

const BOX: &str = r#"
[device]
title = "Box"
cpu = "mips"
target = "ath79/generic"
ports = { lan = ["lan1", "lan2"], wan = ["wan"] }
[device.radios.radio0]
path = "platform/one"
bands = ["2g"]
[device.radios.radio1]
path = "platform/two"
bands = ["5g"]
"#;

const SITE: &str = r#"
community = "net"
[wifi]
country = "PT"
[wifi.2g]
channel = 6
mesh.id = "m"
[wifi.5g]
channel = 36
mesh.id = "m"
[networks.wan]
proto = "dhcp"
ports = ["wan"]
[networks.lan]
ports = ["lan"]
dhcp.enabled = true
pool = { ipv4 = "10.1.0.0/16", ipv4_prefix = 24, ipv6 = "fd00:1::/48", ipv6_prefix = 64 }
[networks.mesh]
pool = { ipv4 = "10.2.0.0/16", ipv4_prefix = 32, ipv6 = "fd00:2::/64", ipv6_prefix = 128 }
[firewall.zones.lan]
networks = ["lan"]
input = "accept"
forward_to = ["mesh", "wan"]
[firewall.zones.mesh]
networks = ["mesh"]
input = "accept"
forward = "accept"
forward_to = ["lan", "wan"]
[firewall.zones.wan]
networks = ["wan"]
masquerade = true
"#;

impl Small {
    fn new(site: &str) -> Self {
        Self::on(site, BOX)
    }

    fn on(site: &str, device: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("communities/net.toml", ""),
            ("sites/site.toml", &format!("{SITE}{site}")),
            ("devices/box.toml", device),
        ] {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(dir)
    }

    fn library(&self) -> Library {
        Library::open([self.0.path().to_owned()]).unwrap()
    }

    fn rendered(&self) -> Rendered {
        rendered(&self.library(), "site", "box", Some("7"))
    }

    /// One file and the network, which the mesh changes most.
    fn mesh(&self, daemon: &str) -> String {
        let rendered = self.rendered();
        let (_, profile) = resolved(&self.library(), "site", "box", Some("7"));
        let packages: Vec<&str> = profile
            .packages
            .install
            .iter()
            .map(|package| package.name.as_str())
            .collect();
        format!(
            "{}\n{}\nservices: {}\npackages: {}\n",
            rendered.uci[daemon],
            rendered.uci["network"],
            rendered.services.join(" "),
            packages.join(" ")
        )
    }
}

#[test]
fn olsr() {
    assert_snapshot!(
        Small::new("[mesh]\nprotocol = \"olsr\"\nolsr = { hello_interval = 3, tc_interval = 2.5, plugins = [\"olsrd_txtinfo.so.1.1\"] }\n")
            .mesh("olsrd")
    );
}

#[test]
fn olsr_version_2() {
    assert_snapshot!(Small::new("[mesh]\nprotocol = \"olsr\"\nolsr.version = 2\n").mesh("olsrd2"));
}

#[test]
fn bmx7() {
    assert_snapshot!(
        Small::new("[mesh]\nprotocol = \"bmx7\"\nbmx7.plugins = [\"bmx7_iwinfo.so\"]\n")
            .mesh("bmx7")
    );
}

#[test]
fn babel_with_settings() {
    assert_snapshot!(
        Small::new("[mesh]\nprotocol = \"babel\"\nannounce = []\nbabel = { port = 6697, hello_interval = 2, rx_cost = 128 }\n")
            .mesh("babeld")
    );
}

/// Radios whose place is not known are set up by a script at first boot, which holds the key and so is the root user's alone.
#[test]
fn radios_found_at_first_boot() {
    let device = BOX.replace("path = \"platform/one\"\n", "");
    let site = "[mesh]\nprotocol = \"babel\"\n[wifi.5g.ap.home]\nssid = \"it's $HOME `x`\"\nencryption = \"sae-mixed\"\nkey = \"env:KEY\"\n";
    let rendered = Small::on(site, &device).rendered();
    assert!(!rendered.uci.contains_key("wireless"));
    let script = &rendered
        .files
        .iter()
        .find(|file| file.path.ends_with("-clom-wifi"));
    let script = script.unwrap();
    assert_eq!(script.mode, 0o700);
    assert!(rendered.secret_paths.contains(&script.path));
    assert_shell(&script.text);
    assert_snapshot!(script.text);
}

#[test]
fn every_kind_of_rule_and_record() {
    let rendered = Small::new(
        r#"
[firewall.rules.ssh]
order = 10
from = "wan"
protocols = ["tcp"]
to_ports = ["22", "2200-2209"]
from_addresses = ["192.0.2.0/24", "2001:db8::7"]
limit = "5/min"
verdict = "reject"
[firewall.rules.a]
from = "*"
to = "wan"
protocols = ["any"]
[firewall.redirects.web]
port = "8080"
to_address = "10.1.7.20"
to_port = "80"
protocols = ["tcp"]
[dns]
servers = ["192.0.2.53", "/corp.example/192.0.2.54#5353"]
rebind_domains = ["corp.example"]
cache_size = 500
records = { "printer.lan" = "10.1.7.9" }
hosts.printer = { mac = "AA:bb:cc:dd:ee:ff", address = "10.1.7.9", lease_time = "infinite" }
[networks.guest]
ports = ["lan"]
vlan = 30
mtu = 1400
addresses = ["172.20.0.1/24", "172.21.0.1/24", "fd00:3::1/64"]
dns = ["192.0.2.53"]
dhcp = { enabled = true, dhcpv6 = "server", options = ["6,192.0.2.53"] }
[networks.uplink]
ports = ["eth5"]
addresses = ["192.0.2.2/30"]
gateways = ["192.0.2.1"]
metric = 5
[system]
timezone = "America/Bogota"
log = { remote = "192.0.2.9", size_kib = 256, console_level = 4 }
root_password_hash = "env:HASH"
[system.ssh]
port = 2222
network = "lan"
"#,
    )
    .rendered();
    assert_snapshot!(told(&rendered));
}

#[test]
fn secrets_are_written_only_when_asked_for() {
    let small = Small::new(
        "[mesh]\nprotocol = \"babel\"\n[system]\nroot_password_hash = \"env:HASH\"\n[wifi.2g.ap.home]\nssid = \"home\"\nencryption = \"psk2\"\nkey = \"env:KEY\"\n",
    );
    let (loaded, profile) = resolved(&small.library(), "site", "box", Some("1"));
    let tell = |secret: &str| {
        let value = secret.to_owned();
        let resolver = move |secret: &SecretRef| {
            Ok(match secret.to_string().as_str() {
                "env:HASH" => "$6$salt$hash".into(),
                _ => value.clone().into(),
            })
        };
        render(&profile, &Secrets::Reveal(&resolver)).map_err(|error| {
            error
                .diagnose(&loaded.merged)
                .to_string()
                .replace(small.0.path().to_str().unwrap(), "LIB")
        })
    };
    let open = tell("eight letters").unwrap();
    assert!(
        open.uci["wireless"]
            .to_string()
            .contains("option key 'eight letters'")
    );
    assert!(
        matches!(&open.root_password, super::ShadowPassword::Hash(hash) if hash == "$6$salt$hash")
    );
    let paths: Vec<&str> = open.secret_paths.iter().map(String::as_str).collect();
    assert_eq!(paths, ["/etc/config/wireless", "/etc/shadow"]);
    let short = tell("short").unwrap_err();
    assert!(!short.contains("short\""), "{short}");
    assert_snapshot!(short);
}

#[test]
fn an_unset_secret_points_at_its_reference() {
    let small = Small::new(
        "[mesh]\nprotocol = \"babel\"\n[wifi.2g.ap.home]\nssid = \"home\"\nencryption = \"psk2\"\nkey = \"env:CLOM_TEST_IS_NOT_SET\"\n",
    );
    let (loaded, profile) = resolved(&small.library(), "site", "box", Some("1"));
    let error = render(&profile, &Secrets::Reveal(&|secret| secret.resolve())).unwrap_err();
    let text = error.diagnose(&loaded.merged).to_string();
    assert_snapshot!(text.replace(small.0.path().to_str().unwrap(), "LIB"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever people call things, what is rendered is UCI that says the same when it is read again.
    #[test]
    fn rendered_uci_reads_back(
        ssid in "[ -~]{1,20}|[^\\p{C}]{1,8}",
        location in "[^\\p{Cc}]{0,40}",
        value in "[^\\p{Cc}]{1,40}",
        list in proptest::collection::vec("[^\\p{Cc}]{1,12}", 1..4),
        number in 1u32..200,
        protocol in proptest::sample::select(vec!["babel", "bmx7", "olsr", "none"]),
        ifname in any::<bool>(),
    ) {
        let quoted = |text: &str| toml::Value::String(text.replace('{', "(")).to_string();
        let items: Vec<String> = list.iter().map(|text| quoted(text)).collect();
        let site = format!(
            "[identity]\nlocation = {}\n[mesh]\nprotocol = \"{protocol}\"\n[wifi.2g.ap.home]\nssid = {}\n[uci.system.extra]\ntype = \"thing\"\noptions = {{ one = {}, many = [{}] }}\n",
            quoted(&location), quoted(&ssid), quoted(&value), items.join(", ")
        );
        let device = match ifname {
            true => BOX.replace("cpu = \"mips\"", "cpu = \"mips\"\nnetwork_style = \"ifname\""),
            false => BOX.to_owned(),
        };
        let small = Small::on(&site, &device);
        let rendered = rendered(&small.library(), "site", "box", Some(&number.to_string()));
        for (name, config) in &rendered.uci {
            prop_assert_eq!(&reparsed(config), config, "{}", name);
        }
        let system = &rendered.uci["system"];
        let extra = system.sections().iter().find(|section| section.name() == Some("extra")).unwrap();
        let expected = value.replace('{', "(");
        prop_assert_eq!(extra.get_str("one"), Some(expected.as_str()));
        let lan = rendered.uci["network"].sections().iter().find(|section| section.name() == Some("lan")).unwrap();
        let address = format!("10.1.{number}.1");
        prop_assert_eq!(lan.get_str("ipaddr"), Some(address.as_str()));
    }
}
