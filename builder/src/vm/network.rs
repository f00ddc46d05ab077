//! How a machine's network cards are connected: QEMU's user network, fitted to the addresses the image has.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, anyhow};
use openwrt_formats::uci::{Config, Section};

use crate::failure::{Class, Failure, OrFail};

/// A TCP port of the machine that is reachable on the host's loopback address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forward {
    /// The port on 127.0.0.1.
    pub host: u16,
    /// The port on the machine.
    pub guest: u16,
}

/// One network card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// QEMU's name for it: `lan` is `eth0`, `wan` is `eth1`.
    pub id: String,
    /// Its address.
    pub mac: String,
    /// The network's address and prefix length.
    net: (Ipv4Addr, u8),
    /// The host as the machine sees it.
    pub host: Ipv4Addr,
    dns: Ipv4Addr,
    /// The first address that DHCP gives.
    lease: Ipv4Addr,
    /// The machine's own address, to which ports are forwarded.
    guest: Ipv4Addr,
    forwards: Vec<Forward>,
}

impl Card {
    /// The value of QEMU's `-netdev`.
    pub(super) fn netdev(&self) -> String {
        let (net, prefix) = self.net;
        let mut out = format!(
            "user,id={},ipv6=off,net={net}/{prefix},host={},dns={},dhcpstart={}",
            self.id, self.host, self.dns, self.lease
        );
        for forward in &self.forwards {
            out += &format!(
                ",hostfwd=tcp:127.0.0.1:{}-{}:{}",
                forward.host, self.guest, forward.guest
            );
        }
        out
    }
}

/// A machine's network cards, `eth0` first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The cards.
    pub cards: Vec<Card>,
}

/// A static address with its prefix length.
pub type Address = (Ipv4Addr, u8);

impl Network {
    /// Connects one card per entry of `addresses`: with a network that holds the card's static address, or with one that
    /// gives it an address by DHCP. Ports are forwarded to the first card. `number` makes MAC addresses differ.
    ///
    /// # Errors
    /// When a static network is too small for QEMU's own host and DNS addresses.
    pub fn new(
        addresses: &[Option<Address>],
        forwards: &[Forward],
        number: u8,
    ) -> anyhow::Result<Self> {
        let mut cards: Vec<Card> = Vec::new();
        for (at, address) in addresses.iter().enumerate() {
            let (net, guest) = match address {
                Some((ip, prefix)) => ((masked(*ip, *prefix), *prefix), Some(*ip)),
                None => (free_network(addresses, at), None),
            };
            let card = at_index(at);
            let [host, dns, lease] = helpers(net, guest).ok_or_else(|| {
                anyhow!(
                    "{}/{} on {card} is too small a network: QEMU needs addresses of its own in it",
                    net.0,
                    net.1
                )
            })?;
            cards.push(Card {
                id: card.to_owned(),
                mac: format!("52:54:00:c1:{number:02x}:{at:02x}"),
                net,
                host,
                dns,
                lease,
                guest: guest.unwrap_or(lease),
                forwards: if at == 0 {
                    forwards.to_vec()
                } else {
                    Vec::new()
                },
            });
        }
        Ok(Self { cards })
    }

    /// The host's address as the machine sees it on its first card.
    pub fn host(&self) -> Option<Ipv4Addr> {
        self.cards.first().map(|card| card.host)
    }
}

fn at_index(at: usize) -> &'static str {
    if at == 0 { "lan" } else { "wan" }
}

fn masked(ip: Ipv4Addr, prefix: u8) -> Ipv4Addr {
    let mask = u32::MAX
        .checked_shl(32 - u32::from(prefix.min(32)))
        .unwrap_or(0);
    Ipv4Addr::from_bits(ip.to_bits() & mask)
}

/// A network for DHCP that none of the static addresses lies in.
fn free_network(addresses: &[Option<Address>], at: usize) -> Address {
    let taken = |net: Ipv4Addr| {
        addresses.iter().flatten().any(|(ip, prefix)| {
            let wider = (*prefix).min(24);
            masked(*ip, wider) == masked(net, wider)
        })
    };
    let wish = |third: u8| Ipv4Addr::new(10, 0, third, 0);
    let first = 2 + u8::try_from(at).unwrap_or(0);
    let net = (first..=250).map(wish).find(|net| !taken(*net));
    (net.unwrap_or(Ipv4Addr::new(192, 168, 254, 0)), 24)
}

/// The host, DNS and first DHCP address in a network, none of them the guest's.
fn helpers(net: Address, guest: Option<Ipv4Addr>) -> Option<[Ipv4Addr; 3]> {
    let size = 1u64.checked_shl(32 - u32::from(net.1))?;
    let usable = 1..size.saturating_sub(1);
    // From the top: routers like the low addresses. DHCP counts up, so it begins low.
    let mut high = usable
        .clone()
        .rev()
        .map(|offset| Ipv4Addr::from_bits(net.0.to_bits() + offset as u32))
        .filter(|ip| Some(*ip) != guest);
    let (host, dns) = (high.next()?, high.next()?);
    let lease = usable
        .skip(14.min(size as usize / 4))
        .map(|offset| Ipv4Addr::from_bits(net.0.to_bits() + offset as u32))
        .find(|ip| Some(*ip) != guest && *ip != host && *ip != dns)?;
    Some([host, dns, lease])
}

/// The static IPv4 address that `network` gives a device (`eth0`), directly or through a bridge.
pub fn static_address(network: &Config, device: &str) -> Option<Address> {
    network
        .of_kind("interface")
        .filter(|interface| interface.get_str("proto") == Some("static"))
        .filter(|interface| interface.get_str("disabled") != Some("1"))
        .find(|interface| uses(network, interface, device))
        .and_then(|interface| {
            let text = interface.get_list("ipaddr").next()?;
            let text = text.split_whitespace().next()?;
            match text.split_once('/') {
                Some((ip, prefix)) => Some((ip.parse().ok()?, prefix.parse().ok()?)),
                None => {
                    let mask: Ipv4Addr = interface
                        .get_str("netmask")
                        .unwrap_or("255.255.255.0")
                        .parse()
                        .ok()?;
                    Some((text.parse().ok()?, mask.to_bits().leading_ones() as u8))
                }
            }
        })
}

fn uses(network: &Config, interface: &Section, device: &str) -> bool {
    let named: Vec<&str> = interface
        .get_list("device")
        .chain(interface.get_list("ifname"))
        .flat_map(str::split_whitespace)
        .collect();
    if named.contains(&device) {
        return true;
    }
    network
        .of_kind("device")
        .filter(|section| section.get_str("type") == Some("bridge"))
        .filter(|section| {
            section
                .get_str("name")
                .is_some_and(|name| named.contains(&name))
        })
        .any(|section| {
            section
                .get_list("ports")
                .chain(section.get_list("ifname"))
                .flat_map(str::split_whitespace)
                .any(|port| port == device)
        })
}

/// A port of the loopback address that nothing uses just now.
///
/// # Errors
/// When the host has none.
pub fn free_port() -> Result<u16, Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .context("no free port on 127.0.0.1")
        .or_fail(Class::Host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        openwrt_formats::uci::parse(text).unwrap()
    }

    #[test]
    fn finds_the_address_behind_a_bridge() {
        let bridge = "config device\n option name 'br-lan'\n option type 'bridge'\n list ports 'eth0'\n list ports 'eth2'\n\
                      config interface 'lan'\n option device 'br-lan'\n option proto 'static'\n list ipaddr '10.7.1.1/22'\n";
        let found = static_address(&config(bridge), "eth0");
        assert_eq!(found, Some((Ipv4Addr::new(10, 7, 1, 1), 22)));
        assert_eq!(static_address(&config(bridge), "eth1"), None);
        let old = "config interface lan\n option type bridge\n option ifname 'eth0 eth3'\n option proto static\n\
                   option ipaddr 192.168.1.1\n option netmask 255.255.0.0\n";
        assert_eq!(
            static_address(&config(old), "eth3"),
            Some((Ipv4Addr::new(192, 168, 1, 1), 16))
        );
        let dhcp = "config interface lan\n option device eth0\n option proto dhcp\n";
        assert_eq!(static_address(&config(dhcp), "eth0"), None);
    }

    #[test]
    fn the_network_holds_the_guest_and_helpers_that_differ() {
        let address = Some((Ipv4Addr::new(10, 0, 3, 254), 24));
        let network = Network::new(&[address, None], &[], 0).unwrap();
        let [lan, wan] = network.cards.as_slice() else {
            panic!("two cards")
        };
        assert_eq!(lan.net, (Ipv4Addr::new(10, 0, 3, 0), 24));
        assert_eq!(lan.host, Ipv4Addr::new(10, 0, 3, 253));
        assert_eq!(lan.guest, Ipv4Addr::new(10, 0, 3, 254));
        assert_eq!(wan.net.0, Ipv4Addr::new(10, 0, 4, 0));
        assert_eq!(wan.guest, wan.lease);
    }

    #[test]
    fn a_wide_static_network_pushes_dhcp_elsewhere() {
        let address = Some((Ipv4Addr::new(10, 1, 2, 3), 8));
        let network = Network::new(&[address, None], &[], 0).unwrap();
        assert_eq!(network.cards[1].net.0, Ipv4Addr::new(192, 168, 254, 0));
    }

    #[test]
    fn a_network_without_room_is_an_error() {
        for prefix in [30, 31, 32] {
            let address = Some((Ipv4Addr::new(10, 0, 0, 1), prefix));
            assert!(Network::new(&[address], &[], 0).is_err(), "/{prefix}");
        }
        assert!(Network::new(&[Some((Ipv4Addr::new(10, 0, 0, 1), 29))], &[], 0).is_ok());
    }
}
