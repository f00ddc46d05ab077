//! The Prometheus text format, version 0.0.4.
//!
//! Names that the Prometheus node exporter and client libraries use for the same thing are used here
//! too, so that existing dashboards fit.

use std::fmt::{Display, Write};

use crate::host::Interface;
use crate::status::Status;

/// A number of an interface.
type Value = fn(&Interface) -> u64;

/// What the agent counted about its own server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Served {
    /// Requests answered, by class of status: 2xx, 4xx, 5xx.
    pub answered: [u64; 3],
    /// Connections turned away because there were too many.
    pub refused: u64,
    /// Connections open now.
    pub open: u32,
}

/// The page `/metrics`.
pub fn metrics(status: &Status, served: &Served) -> String {
    let mut out = Out(String::with_capacity(4096));
    let (node, host, agent) = (&status.node, &status.host, &status.agent);

    out.one(
        "clomd_build_info",
        "gauge",
        "The agent that runs here; always 1.",
        &[("version", agent.version), ("tier", agent.tier)],
        1,
    );
    let number = node.number.map(|number| number.to_string());
    out.one(
        "clomd_node_info",
        "gauge",
        "The node; always 1.",
        &[
            ("id", &node.id),
            ("hostname", &host.hostname),
            ("community", &node.community),
            ("site", &node.site),
            ("zone", node.zone.as_deref().unwrap_or_default()),
            ("number", number.as_deref().unwrap_or_default()),
            ("device", &status.image.device),
            ("plan", &status.image.plan),
        ],
        1,
    );
    out.gauge(
        "clomd_uptime_seconds",
        "Time since the agent started.",
        Some(agent.uptime_s),
    );
    out.gauge(
        "clomd_clock_trusted",
        "Whether the clock is not before the image's build time.",
        Some(u8::from(status.clock.trusted)),
    );
    out.gauge(
        "clomd_clock_seconds",
        "The node's time, since 1970.",
        Some(status.clock.now),
    );

    out.family("clomd_http_requests_total", "counter", "Requests answered.");
    for (class, count) in ["2xx", "4xx", "5xx"].into_iter().zip(served.answered) {
        out.sample("clomd_http_requests_total", &[("status", class)], count);
    }
    out.one(
        "clomd_http_refused_total",
        "counter",
        "Connections turned away because there were too many.",
        &[],
        served.refused,
    );
    out.gauge(
        "clomd_http_connections",
        "Connections open now.",
        Some(served.open),
    );

    if let Some(uplink) = &status.uplink {
        out.gauge(
            "clomd_uplink_up",
            "Whether the last uplink check succeeded.",
            uplink.ok.map(u8::from),
        );
        out.gauge(
            "clomd_uplink_latency_seconds",
            "How long the last uplink check took.",
            uplink
                .latency_ms
                .map(|milliseconds| milliseconds as f64 / 1000.0),
        );
        out.gauge(
            "clomd_uplink_date_offset_seconds",
            "The server's clock minus the node's.",
            uplink.date_offset_s,
        );
    }

    out.gauge(
        "process_resident_memory_bytes",
        "Resident memory of the agent.",
        agent.process.rss_bytes,
    );
    if let Some(seconds) = agent.process.cpu_s {
        out.one(
            "process_cpu_seconds_total",
            "counter",
            "CPU time used by the agent.",
            &[],
            seconds,
        );
    }

    out.gauge(
        "clomd_host_uptime_seconds",
        "Time since the kernel started.",
        host.uptime_s,
    );
    let load = |at: usize| host.load.and_then(|load| load.get(at).copied());
    out.gauge("node_load1", "Load average over 1 minute.", load(0));
    out.gauge("node_load5", "Load average over 5 minutes.", load(1));
    out.gauge("node_load15", "Load average over 15 minutes.", load(2));
    out.gauge(
        "node_memory_MemTotal_bytes",
        "Main memory.",
        host.memory.map(|memory| memory.total_bytes),
    );
    out.gauge(
        "node_memory_MemAvailable_bytes",
        "Memory that programs can still get.",
        host.memory.map(|memory| memory.available_bytes),
    );
    if let Some(storage) = &host.storage {
        let labels = [("mountpoint", storage.mount)];
        out.one(
            "node_filesystem_size_bytes",
            "gauge",
            "Size of the writable file system.",
            &labels,
            storage.total_bytes,
        );
        out.one(
            "node_filesystem_avail_bytes",
            "gauge",
            "Free space of the writable file system.",
            &labels,
            storage.available_bytes,
        );
    }
    out.interfaces(status);
    out.0
}

struct Out(String);

impl Out {
    /// The two lines before a metric's samples.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0 += name;
        for (at, (label, text)) in labels.iter().enumerate() {
            self.0 += if at == 0 { "{" } else { "," };
            let _ = write!(self.0, "{label}=\"{}\"", escape(text));
        }
        if !labels.is_empty() {
            self.0 += "}";
        }
        let _ = writeln!(self.0, " {value}");
    }

    fn one(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        labels: &[(&str, &str)],
        value: impl Display,
    ) {
        self.family(name, kind, help);
        self.sample(name, labels, value);
    }

    /// A gauge without labels, left out when there is no value.
    fn gauge(&mut self, name: &str, help: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.one(name, "gauge", help, &[], value);
        }
    }

    fn interfaces(&mut self, status: &Status) {
        let interfaces = &status.host.interfaces;
        let families: [(&str, &str, &str, Value); 3] = [
            (
                "node_network_up",
                "gauge",
                "Whether the interface is up and has a carrier.",
                |one| u64::from(one.up),
            ),
            (
                "node_network_receive_bytes_total",
                "counter",
                "Bytes received.",
                |one| one.rx_bytes,
            ),
            (
                "node_network_transmit_bytes_total",
                "counter",
                "Bytes sent.",
                |one| one.tx_bytes,
            ),
        ];
        for (name, kind, help, value) in families {
            if !interfaces.is_empty() {
                self.family(name, kind, help);
            }
            for interface in interfaces {
                self.sample(name, &[("device", &interface.name)], value(interface));
            }
        }
    }
}

/// A label's text: backslash, quote and newline escaped.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::tests::{bare, sample};

    #[test]
    fn everything() {
        let served = Served {
            answered: [10, 2, 1],
            refused: 3,
            open: 4,
        };
        insta::assert_snapshot!(metrics(&sample(), &served));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let text = metrics(&bare(), &Served::default());
        for absent in [
            "node_load1",
            "process_",
            "node_network",
            "node_filesystem",
            "uplink",
        ] {
            assert!(!text.contains(absent), "{absent}\n{text}");
        }
    }
}
