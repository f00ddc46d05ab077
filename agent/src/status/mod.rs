//! What the agent says of its node, and how it says it: JSON for programs, text and a page for people.

mod html;
mod text;

use serde::Serialize;

pub use html::page;
pub use text::text;

use crate::clock;
use crate::host::{Host, Process};

/// The whole status; its JSON is `/api/v1/status`. Keys are only ever added within `version` 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// The version of this form: 1.
    pub version: u32,
    /// The node.
    pub node: Node,
    /// The agent.
    pub agent: Agent,
    /// The image the node runs.
    pub image: Image,
    /// What the node knows of the time.
    pub clock: clock::Reading,
    /// The machine.
    pub host: Host,
    /// The last check of the uplink: left out when none is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uplink: Option<Uplink>,
}

/// Who the node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its public id.
    pub id: String,
    /// The community's name.
    pub community: String,
    /// The community's domain.
    pub domain: String,
    /// Where it stands.
    pub site: String,
    /// What fails together with it.
    pub zone: Option<String>,
    /// Its number in its site.
    pub number: Option<u32>,
}

/// The agent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agent {
    /// Its version.
    pub version: &'static str,
    /// `lite` or `full`.
    pub tier: &'static str,
    /// Seconds since it started.
    pub uptime_s: u64,
    /// What it uses.
    #[serde(flatten)]
    pub process: Process,
}

/// The image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// The hash of its plan.
    pub plan: String,
    /// When it was built, in seconds since 1970.
    pub epoch: u64,
    /// The device it was built for.
    pub device: String,
    /// The `clom` that built it.
    pub clom: String,
}

/// A check of the uplink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Uplink {
    /// Whether the address answered with a success; `None` before the first check.
    pub ok: Option<bool>,
    /// How long the answer took, in milliseconds.
    pub latency_ms: Option<u64>,
    /// The server's clock minus the node's, in seconds.
    pub date_offset_s: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
}

impl Status {
    /// The JSON text.
    ///
    /// # Errors
    /// None that this type can cause; serde_json's signature has one.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|json| json + "\n")
    }
}

/// The rows both human forms show: a title and lines per group, only what is known.
fn groups(status: &Status) -> Vec<(&'static str, Vec<(String, String)>)> {
    let row = |key: &str, value: &dyn ToString| (key.to_owned(), value.to_string());
    let (node, host) = (&status.node, &status.host);

    let mut about = vec![
        row("name", &host.hostname),
        row("id", &node.id),
        row(
            "community",
            &format!("{} ({})", node.community, node.domain),
        ),
        row("site", &node.site),
    ];
    about.extend(node.zone.as_ref().map(|zone| row("zone", zone)));
    about.extend(node.number.as_ref().map(|number| row("number", number)));

    let mut machine = vec![row("device", &status.image.device)];
    machine.extend(host.model.as_ref().map(|model| row("model", model)));
    machine.extend(
        host.release
            .as_ref()
            .map(|release| row("system", &release.description)),
    );
    machine.push(row(
        "kernel",
        &format!("{} on {}", host.kernel, host.machine),
    ));
    machine.extend(
        host.uptime_s
            .map(|seconds| row("up for", &text::duration(seconds as u64))),
    );
    machine.extend(
        host.load
            .map(|[one, five, fifteen]| row("load", &format!("{one:.2} {five:.2} {fifteen:.2}"))),
    );
    machine.extend(host.memory.map(|memory| {
        row(
            "memory",
            &text::free(memory.available_bytes, memory.total_bytes),
        )
    }));
    machine.extend(host.storage.as_ref().map(|storage| {
        row(
            "storage",
            &text::free(storage.available_bytes, storage.total_bytes),
        )
    }));
    let time = httpdate::fmt_http_date(status.clock.time());
    machine.push(row(
        "time",
        &if status.clock.trusted {
            time
        } else {
            format!("{time} (the clock was never set; this is when the image was built)")
        },
    ));

    let agent = &status.agent;
    let mut program = vec![
        row("version", &format!("{} ({})", agent.version, agent.tier)),
        row("up for", &text::duration(agent.uptime_s)),
    ];
    program.extend(
        agent
            .process
            .rss_bytes
            .map(|bytes| row("memory", &text::bytes(bytes))),
    );
    program.extend(
        status
            .uplink
            .as_ref()
            .map(|uplink| row("uplink", &text::uplink(uplink))),
    );

    let interfaces = host.interfaces.iter().map(|interface| {
        let state = if interface.up { "up" } else { "down" };
        let traffic = format!(
            "{state}, {} in, {} out",
            text::bytes(interface.rx_bytes),
            text::bytes(interface.tx_bytes)
        );
        let parts = std::iter::once(traffic).chain(interface.addresses.iter().cloned());
        (interface.name.clone(), parts.collect::<Vec<_>>().join(", "))
    });

    vec![
        ("Node", about),
        ("Machine", machine),
        ("Agent", program),
        ("Interfaces", interfaces.collect()),
    ]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::host::{Interface, Memory, Release, Storage};

    /// A status with everything set, and with text that must be escaped.
    pub(crate) fn sample() -> Status {
        Status {
            version: 1,
            node: Node {
                id: "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkena".into(),
                community: "Hill & valley".into(),
                domain: "hill.mesh".into(),
                site: "<script>alert('x')</script>".into(),
                zone: Some("north \"roof\"\\\n".into()),
                number: Some(17),
            },
            agent: Agent {
                version: "0.1.0",
                tier: "lite",
                uptime_s: 93_784,
                process: Process {
                    pid: 812,
                    rss_bytes: Some(1_572_864),
                    cpu_s: Some(0.25),
                },
            },
            image: Image {
                plan: "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef".into(),
                epoch: 1_764_000_000,
                device: "lab-mips".into(),
                clom: "0.1.0".into(),
            },
            clock: Clock::new(1_764_000_000).read(std::time::UNIX_EPOCH),
            host: Host {
                hostname: "hill-17".into(),
                kernel: "Linux 6.1.0".into(),
                machine: "mips".into(),
                model: Some("Malta".into()),
                release: Some(Release {
                    description: "OpenWrt 24.10".into(),
                    target: Some("malta/be".into()),
                }),
                uptime_s: Some(61.5),
                load: Some([0.5, 0.25, 1.0]),
                memory: Some(Memory {
                    total_bytes: 62_000_000,
                    available_bytes: 31_000_000,
                }),
                storage: Some(Storage {
                    mount: "/overlay",
                    total_bytes: 4_194_304,
                    available_bytes: 1_048_576,
                }),
                interfaces: vec![
                    Interface {
                        name: "br-lan".into(),
                        up: true,
                        addresses: vec!["10.7.17.1/24".into(), "fe80::1/64".into()],
                        rx_bytes: 123_456_789,
                        tx_bytes: 1000,
                    },
                    Interface {
                        name: "wlan0".into(),
                        up: false,
                        addresses: vec![],
                        rx_bytes: 0,
                        tx_bytes: u64::MAX,
                    },
                ],
            },
            uplink: Some(Uplink {
                ok: Some(true),
                latency_ms: Some(142),
                date_offset_s: Some(-3),
                error: None,
            }),
        }
    }

    /// A status with as little as there can be.
    pub(crate) fn bare() -> Status {
        let mut status = sample();
        status.uplink = None;
        status.node.zone = None;
        status.node.number = None;
        status.agent.process = Process {
            pid: 1,
            rss_bytes: None,
            cpu_s: None,
        };
        status.host = Host {
            hostname: "h".into(),
            kernel: "Linux".into(),
            machine: "mips".into(),
            model: None,
            release: None,
            uptime_s: None,
            load: None,
            memory: None,
            storage: None,
            interfaces: vec![],
        };
        status
    }

    #[test]
    fn json() {
        let mut all: serde_json::Value = serde_json::from_str(&sample().json().unwrap()).unwrap();
        // Another crate of the workspace may have serde_json keep the order of keys.
        all.sort_all_objects();
        insta::assert_snapshot!(serde_json::to_string_pretty(&all).unwrap());
        assert!(!bare().json().unwrap().contains("uplink"));
    }
}
