//! What is said about values that cannot be meant.

use insta::assert_snapshot;

use super::check;
use crate::profile::{Library, load};

const SITE: &str = r#"community = "net"
[networks.lan]
ports = ["lan"]
addresses = ["192.168.1.1/24"]
"#;

/// All problems of a site with `text` on a device with two radios, for node `node`.
fn problems(text: &str, node: Option<&str>) -> String {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("communities/net.toml", String::new()),
        ("sites/site.toml", format!("{SITE}{text}")),
        (
            "devices/box.toml",
            "[device]\ncpu = \"mips\"\nports = { lan = [\"eth0\"], wan = [\"eth1\"] }\nimage_limit = \"8M\"\n\
             radios.radio0.bands = [\"2g\"]\nradios.radio1.bands = [\"5g\"]\n"
                .to_owned(),
        ),
    ] {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let library = Library::open([dir.path().to_owned()]).unwrap();
    let found = load(&library, "site", "box", node)
        .and_then(|loaded| check(&loaded, &library))
        .expect_err("this profile is wrong");
    found
        .to_string()
        .replace(dir.path().to_str().unwrap(), "LIB")
}

#[test]
fn wrong_channels() {
    let text = r#"
[wifi]
country = "US"
[wifi.2g]
channel = 13
mesh.id = "m"
[wifi.5g]
channel = 37
htmode = "VHT30"
ap.home.ssid = "home"
[networks.mesh]
"#;
    assert_snapshot!(problems(text, None));
}

#[test]
fn a_pool_that_is_exhausted() {
    let text = "[networks.mesh]\npool = { ipv4 = \"10.9.0.0/28\", ipv4_prefix = 32 }\n";
    assert_snapshot!(problems(text, Some("16")));
}

#[test]
fn a_pool_without_a_number() {
    let text = "[networks.mesh]\npool = { ipv4 = \"10.9.0.0/28\", ipv4_prefix = 32 }\n";
    assert_snapshot!(problems(text, None));
}

#[test]
fn pools_that_are_none() {
    let text = r#"
[networks.a]
pool = { ipv4 = "10.9.0.1/16", ipv4_prefix = 24 }
[networks.b]
pool = { ipv4 = "10.10.0.0/16", ipv4_prefix = 16 }
[networks.c]
pool = { ipv6 = "10.11.0.0/16" }
"#;
    assert_snapshot!(problems(text, Some("1")));
}

#[test]
fn networks_that_overlap() {
    let text = r#"
[networks.guest]
addresses = ["192.168.1.129/25"]
[networks.one]
pool = { ipv4 = "10.0.0.0/8", ipv4_prefix = 24 }
[networks.two]
pool = { ipv4 = "10.7.0.0/16", ipv4_prefix = 24 }
[networks.other]
ports = ["eth0"]
"#;
    assert_snapshot!(problems(text, Some("3")));
}

#[test]
fn a_mesh_without_a_network() {
    let text = "[mesh]\nprotocol = \"babel\"\n[wifi]\ncountry = \"PT\"\n[wifi.5g]\nchannel = 36\nmesh.id = \"m\"\n";
    assert_snapshot!(problems(text, None));
}

#[test]
fn a_mesh_without_a_link() {
    assert_snapshot!(problems(
        "[mesh]\nprotocol = \"batman-adv\"\n[networks.mesh]\n",
        None
    ));
}

#[test]
fn meshes_that_cannot_work() {
    let text = r#"
[mesh]
protocol = "babel"
networks = ["mesh"]
[networks.mesh]
pool.ipv4 = "10.9.0.0/16"
dhcp.enabled = true
[wifi]
country = "PT"
[wifi.2g]
channel = "auto"
mesh = { id = "m", encryption = "psk2", key = "env:KEY" }
[wifi.5g]
channel = 36
mesh = { id = "a name on the air that is longer than any may be", encryption = "sae" }
"#;
    assert_snapshot!(problems(text, Some("4")));
}

#[test]
fn keys_that_let_nobody_in() {
    let text = r#"
[system.ssh]
keys = [
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDKwnGHZwS8nItAwzIbg9i+0aSJ5FPI4JCKgi4VV3Tr cut@short",
  "me@example",
  "-----BEGIN OPENSSH PRIVATE KEY-----",
]
"#;
    assert_snapshot!(problems(text, None));
}

#[test]
fn a_firewall_with_holes_in_its_names() {
    let text = r#"
[firewall.zones.lan]
networks = ["lan", "gest"]
forward_to = ["wam"]
[firewall.zones.wan]
networks = ["lan"]
[firewall.rules.ping]
from = "wan"
protocols = ["icmp"]
to_ports = ["22"]
limit = "often"
[firewall.rules.odd]
from = "dmz"
protocols = ["tpc"]
to_ports = ["70000"]
from_addresses = ["example.org"]
[firewall.redirects.web]
port = "80"
"#;
    assert_snapshot!(problems(text, None));
}

#[test]
fn odds_and_ends() {
    let text = r#"
[identity]
hostname = "{site}_{node}"
latitude = 91.0
[system]
timezone = "Europe/Lisabon"
ntp.enabled = true
root_password_hash = "env:HASH"
root_without_password = true
[services]
enable = ["dnsmasq"]
disable = ["dnsmasq"]
[packages]
install = ["tcpdump"]
uninstall = ["tcpdump"]
[files."etc/motd"]
content = "x"
mode = "9"
[first_boot.twice]
script = "true"
source = "twice.sh"
[overlays.none]
[image]
size_limit = "16M"
block_size = "100K"
[source]
lab = "sparc"
[dns]
servers = ["nonsense"]
records = { "-bad-" = "192.168.1.300" }
"#;
    assert_snapshot!(problems(text, None));
}
