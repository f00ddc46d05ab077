//! Boots a built machine and looks whether it is as asked, over a power cut and over an upgrade.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use super::disks::Disks;
use super::expected;
use super::guest::Guest;
use super::http;
use super::image::Image;
use super::network::{self, Forward, Network};
use super::qemu::{Boot, Console};
use super::report::{Check, Report};
use crate::failure::Failure;
use crate::ui::{Step, Ui};

/// An emulated router on a busy machine is slow; these are limits for what hangs, not expectations.
const BOOT: Duration = Duration::from_secs(300);
const AGENT: Duration = Duration::from_secs(240);
const COMMAND: Duration = Duration::from_secs(120);
const UPGRADE: Duration = Duration::from_secs(600);

/// What the agent may have in memory, idle. Bytes.
const AGENT_MEMORY: u64 = 4 << 20;

/// A file that the test leaves on the overlay.
const MARKER: &str = "/etc/clom-vm-test";

/// How a machine is tested.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Memory in MiB.
    pub memory: u32,
    /// Whether to try `sysupgrade` too.
    pub upgrade: bool,
}

/// Tests a built result in the machine folder `dir`. What is not as asked stands in the report.
///
/// # Errors
/// Only when the test can't be done at all: QEMU is missing, the folder is in use.
pub fn run(image: &Image, dir: &Path, settings: Settings, ui: &Ui) -> Result<Report, Failure> {
    let disks = Disks::take(dir)?;
    disks.clear_log()?;
    disks.insert(&image.rootfs, true)?;
    let text = format!("boot and check {}", image.plan.device);
    let step = ui.step("vm-test", &text);
    let forward = Forward {
        host: network::free_port()?,
        guest: image.agent_port(),
    };
    let network = Network::new(&image.addresses(), &[forward], image.machine as u8)
        .map_err(|why| Failure::new(crate::failure::Class::Profile, why))?;
    let mut test = Test {
        image,
        disks: &disks,
        network: &network,
        port: forward.host,
        settings,
        step: &step,
        checks: Vec::new(),
        tail: String::new(),
    };
    let finished = test.all()?;
    let report = Report {
        device: image.plan.device.clone(),
        checks: test.checks,
        log: disks.log.clone(),
        tail: test.tail,
    };
    if report.passed() && finished {
        step.done(&format!("{} checks passed", report.checks.len()));
    }
    Ok(report)
}

struct Test<'a> {
    image: &'a Image,
    disks: &'a Disks,
    network: &'a Network,
    port: u16,
    settings: Settings,
    step: &'a Step<'a>,
    checks: Vec<Check>,
    tail: String,
}

impl Test<'_> {
    /// All of it; false when it had to stop early.
    fn all(&mut self) -> Result<bool, Failure> {
        let mut guest = self.power_on()?;
        if !self.look("boot", &mut guest, |_, guest| booted(guest)) {
            return Ok(false);
        }
        self.look("root", &mut guest, |_, guest| mounts(guest));
        self.look("host name", &mut guest, Self::hostname);
        self.look("files", &mut guest, Self::files);
        self.look("first boot", &mut guest, Self::first_boot);
        self.look("uci", &mut guest, Self::uci);
        self.look("services", &mut guest, Self::services);
        let mut node = String::new();
        if self.image.plan.agent.is_some() {
            let mut seen = None;
            if self.look("agent", &mut guest, |test, guest| {
                let status = test.status(guest)?;
                let said = test.describe(&status)?;
                seen = Some(status);
                Ok(said)
            }) {
                node = seen.as_ref().map(node_id).unwrap_or_default();
            }
            self.look("respawn", &mut guest, Self::respawn);
            self.look("memory", &mut guest, Self::memory);
        }
        self.look("reload", &mut guest, |_, guest| reload(guest));
        self.look("marker", &mut guest, |_, guest| leave_marker(guest));
        guest.kill();
        let mut guest = self.power_on()?;
        if !self.look("power cut", &mut guest, |test, guest| {
            booted(guest)?;
            marker(guest)?;
            test.same_node(guest, &node)
        }) {
            return Ok(false);
        }
        if self.settings.upgrade {
            self.look("upgrade", &mut guest, |test, guest| {
                test.upgrade(guest, &node)
            });
        }
        Ok(true)
    }

    fn power_on(&self) -> Result<Guest, Failure> {
        let boot = Boot {
            machine: self.image.machine,
            kernel: &self.image.kernel,
            initramfs: self.image.initramfs.as_deref(),
            root: &self.disks.root,
            overlay: &self.disks.overlay,
            network: self.network,
            memory: self.settings.memory,
            console: Console::Program,
        };
        Guest::start(&boot, &self.disks.log)
    }

    /// Does one check and notes how it went.
    fn look(
        &mut self,
        name: &str,
        guest: &mut Guest,
        check: impl FnOnce(&Self, &mut Guest) -> Result<String>,
    ) -> bool {
        self.step.doing(name);
        let start = Instant::now();
        let result = check(self, guest);
        let ok = result.is_ok();
        if !ok && self.tail.is_empty() {
            self.tail = guest.console.tail(25);
        }
        self.checks.push(Check {
            name: name.to_owned(),
            ok,
            detail: result.unwrap_or_else(|why| format!("{why:#}")),
            took: start.elapsed(),
        });
        ok
    }

    fn hostname(&self, guest: &mut Guest) -> Result<String> {
        let mac = self.network.cards.first().map(|card| card.mac.as_str());
        let expected = expected::hostname(&self.image.plan, mac.unwrap_or_default());
        let kernel = ask(guest, "cat /proc/sys/kernel/hostname")?;
        let uci = ask(guest, "uci get system.@system[0].hostname")?;
        if kernel != expected || uci != expected {
            bail!("the kernel says `{kernel}` and UCI says `{uci}`, asked was `{expected}`");
        }
        Ok(expected)
    }

    /// Every planned file: as it is in the squashfs, and as it is now.
    fn files(&self, guest: &mut Guest) -> Result<String> {
        let planned: Vec<(&str, _)> = self
            .image
            .plan
            .files
            .iter()
            .map(|(path, file)| (path.trim_start_matches('/'), file))
            .collect();
        let mut wrong = Vec::new();
        for root in ["/rom", ""] {
            for some in planned.chunks(15) {
                let paths: Vec<&str> = some.iter().map(|(path, _)| *path).collect();
                let output = guest
                    .console
                    .run(&expected::find_command(root, &paths), COMMAND)?;
                let found = expected::parse_found(root, &output.text);
                for (path, file) in some {
                    if root.is_empty() && (expected::first_boot(path) || expected::may_change(path))
                    {
                        continue;
                    }
                    let differences = expected::differences(path, file, found.get(*path));
                    wrong.extend(differences.into_iter().map(|line| format!("{root}/{line}")));
                }
            }
        }
        if !wrong.is_empty() {
            bail!("{}", wrong.join("\n"));
        }
        Ok(format!(
            "{} files as planned, in /rom and in /",
            planned.len()
        ))
    }

    fn first_boot(&self, guest: &mut Guest) -> Result<String> {
        let left = ask(guest, "ls -1 /etc/uci-defaults")?;
        if !left.is_empty() {
            bail!("these scripts failed and stay: {}", left.replace('\n', " "));
        }
        let scripts = self
            .image
            .plan
            .files
            .iter()
            .filter(|(path, file)| expected::first_boot(path) && file.kind == "file");
        Ok(format!("{} scripts ran once", scripts.count()))
    }

    fn uci(&self, guest: &mut Guest) -> Result<String> {
        let packages = ask(guest, "ls -1 /rom/etc/config")?;
        let scripts = guest
            .console
            .run("cat /rom/etc/uci-defaults/* 2>/dev/null", COMMAND)?;
        let (mut wrong, mut values) = (Vec::new(), 0);
        for package in packages.lines() {
            let Some(baked) = self.image.uci(package) else {
                wrong.push(format!("{package}: the image's file can't be read as UCI"));
                continue;
            };
            let text = guest
                .console
                .run(&format!("uci export {package}"), COMMAND)?;
            let running = openwrt_formats::uci::parse(&text.text)
                .with_context(|| format!("uci export {package}"))?;
            values += baked
                .sections()
                .iter()
                .map(|section| section.options().len())
                .sum::<usize>();
            wrong.extend(expected::uci_differences(
                package,
                &baked,
                &running,
                &scripts.text,
            ));
        }
        if !wrong.is_empty() {
            bail!("{}", wrong.join("\n"));
        }
        Ok(format!("{values} values as rendered"))
    }

    /// The agent's resident memory, which the design bounds.
    fn memory(&self, guest: &mut Guest) -> Result<String> {
        let status = self.status(guest)?;
        let rss = status.pointer("/agent/rss_bytes").and_then(Value::as_u64);
        let rss = rss.context("the status says nothing of the agent's memory")?;
        if rss > AGENT_MEMORY {
            bail!(
                "the agent has {} KiB in memory, it may have {}",
                rss >> 10,
                AGENT_MEMORY >> 10
            );
        }
        Ok(format!("the agent has {} KiB in memory", rss >> 10))
    }

    fn services(&self, guest: &mut Guest) -> Result<String> {
        let plan = &self.image.plan;
        let mut wrong = Vec::new();
        for (names, wanted) in [(&plan.services_enabled, 0), (&plan.services_disabled, 1)] {
            for name in names {
                let output = guest
                    .console
                    .run(&format!("/etc/init.d/{name} enabled"), COMMAND)?;
                if (output.status == 0) != (wanted == 0) {
                    wrong.push(format!(
                        "{name} is {}enabled",
                        if wanted == 0 { "not " } else { "" }
                    ));
                }
            }
        }
        if !wrong.is_empty() {
            bail!("{}", wrong.join("; "));
        }
        Ok(format!(
            "{} enabled, {} disabled",
            plan.services_enabled.len(),
            plan.services_disabled.len()
        ))
    }

    /// The agent's status through the forwarded port.
    fn status(&self, guest: &mut Guest) -> Result<Value> {
        let deadline = Instant::now() + AGENT;
        loop {
            match http::get(self.port, "/api/v1/status") {
                Ok(body) => {
                    return serde_json::from_slice(&body).context("the agent's status is not JSON");
                }
                Err(why) if Instant::now() >= deadline => {
                    let inside = guest
                        .console
                        .run("procctl list clomd; ip addr; logread | tail -n 20", COMMAND)?;
                    return Err(why.context(format!(
                        "no status on the forwarded port in {} s; the machine says:\n{}",
                        AGENT.as_secs(),
                        inside.text
                    )));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(500)),
            }
        }
    }

    /// Whether the agent says that it runs what was planned.
    fn describe(&self, status: &Value) -> Result<String> {
        let image = self.image;
        let facts = [
            ("/node/community", image.baked("community", "/name")),
            ("/image/device", Some(image.plan.device.clone())),
            ("/image/plan", image.hash.clone()),
        ];
        for (at, expected) in facts {
            let found = status.pointer(at).and_then(Value::as_str);
            if expected.is_some() && found != expected.as_deref() {
                bail!("the status says {found:?} at {at}, planned is {expected:?}");
            }
        }
        let id = node_id(status);
        if id.is_empty() {
            bail!("the status has no node id");
        }
        Ok(format!(
            "node {}... runs this Plan",
            id.get(..12).unwrap_or(&id)
        ))
    }

    /// Kills the agent; procd must start another.
    fn respawn(&self, guest: &mut Guest) -> Result<String> {
        let pid = |guest: &mut Guest| {
            ask(
                guest,
                "procctl list clomd | sed -n 's/.*\"pid\": \\([0-9]*\\).*/\\1/p'",
            )
        };
        let first = pid(guest)?;
        if first.is_empty() {
            bail!("procd does not run the agent");
        }
        ask(guest, &format!("kill -9 {first}"))?;
        let deadline = Instant::now() + AGENT;
        loop {
            let now = pid(guest)?;
            if !now.is_empty() && now != first {
                self.status(guest)?;
                return Ok(format!("killed as {first}, back as {now}"));
            }
            if Instant::now() >= deadline {
                bail!(
                    "killed with SIGKILL, and not started again in {} s",
                    AGENT.as_secs()
                );
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    fn same_node(&self, guest: &mut Guest, before: &str) -> Result<String> {
        if self.image.plan.agent.is_none() {
            return Ok("marker and setting survived".into());
        }
        let now = node_id(&self.status(guest)?);
        if before.is_empty() || now != before {
            bail!("the node is {now} now and was {before} before");
        }
        Ok("the same node; marker and setting survived".into())
    }

    /// Upgrades to the image's own sysupgrade file, keeping the configuration.
    fn upgrade(&self, guest: &mut Guest, node: &str) -> Result<String> {
        let server = http::Server::start(&self.image.sysupgrade)?;
        let host = self
            .network
            .host()
            .ok_or_else(|| anyhow!("no network card"))?;
        let fetch = format!(
            "wget -q -O /tmp/image.bin http://{host}:{}/file",
            server.port
        );
        ask(guest, &fetch)?;
        let wrong = "cp /tmp/image.bin /tmp/wrong.bin && printf X | dd of=/tmp/wrong.bin bs=1 seek=4000 conv=notrunc 2>/dev/null; \
                     sysupgrade -T /tmp/wrong.bin";
        if guest.console.run(wrong, COMMAND)?.status == 0 {
            bail!("sysupgrade takes a damaged image");
        }
        ask(guest, "rm -f /tmp/wrong.bin; sysupgrade -T /tmp/image.bin")?;
        ask(guest, "echo stays > /etc/clom-not-kept; sync")?;
        guest
            .console
            .send("sysupgrade /tmp/image.bin || echo CLOM''REFUSED\n")?;
        let words = ["Commencing upgrade", "CLOMREFUSED"];
        if guest.console.wait_for(&words, COMMAND)? == 1 {
            bail!("sysupgrade refuses the image that it took with -T");
        }
        guest.console.open_shell(UPGRADE)?;
        let gone = guest.console.run("test -e /etc/clom-not-kept", COMMAND)?;
        if gone.status == 0 {
            bail!("a file that no list names is still there: the overlay was not renewed");
        }
        setting(guest)?;
        self.hostname(guest)?;
        let said = if self.image.plan.agent.is_some() {
            let now = node_id(&self.status(guest)?);
            if now != node {
                bail!("the node is {now} after the upgrade and was {node} before");
            }
            "; the same node"
        } else {
            ""
        };
        Ok(format!("configuration kept, the rest renewed{said}"))
    }
}

fn node_id(status: &Value) -> String {
    status
        .pointer("/node/id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// Runs a command that must succeed and gives what it printed.
fn ask(guest: &mut Guest, command: &str) -> Result<String> {
    let output = guest.console.run(command, COMMAND)?;
    if output.status != 0 {
        bail!(
            "`{command}` ended with {}: {}",
            output.status,
            output.text.trim()
        );
    }
    Ok(output.text.trim().to_owned())
}

fn booted(guest: &mut Guest) -> Result<String> {
    guest.console.open_shell(BOOT)?;
    ask(guest, "uname -srm")
}

/// The root must be an overlay of the squashfs and the second disk.
fn mounts(guest: &mut Guest) -> Result<String> {
    let mounts = ask(guest, "cat /proc/mounts")?;
    let kind = |at: &str| {
        mounts
            .lines()
            .map(|line| line.split(' ').collect::<Vec<_>>())
            .filter(|fields| fields.get(1) == Some(&at))
            .filter_map(|fields| fields.get(2).map(|kind| (*kind).to_owned()))
            .next_back()
            .unwrap_or_else(|| "nothing".to_owned())
    };
    let found = (kind("/"), kind("/rom"), kind("/overlay"));
    if found != ("overlay".into(), "squashfs".into(), "ext4".into()) {
        bail!("on /, /rom and /overlay are {found:?}, expected are overlay, squashfs and ext4");
    }
    Ok("overlay on squashfs".into())
}

/// A changed setting must take effect by `reload_config`, through the service's trigger; and back.
fn reload(guest: &mut Guest) -> Result<String> {
    let before = ask(guest, "cat /proc/sys/kernel/hostname")?;
    for name in ["vm-test-reload", before.as_str()] {
        ask(
            guest,
            &format!(
                "uci set system.@system[0].hostname={name} && uci commit system && reload_config"
            ),
        )?;
        let deadline = Instant::now() + COMMAND;
        while ask(guest, "cat /proc/sys/kernel/hostname")? != name {
            if Instant::now() >= deadline {
                bail!(
                    "the host name was set to {name} and reload_config called, but {} s later it is not in effect",
                    COMMAND.as_secs()
                );
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }
    Ok("a changed host name took effect, and back".into())
}

fn leave_marker(guest: &mut Guest) -> Result<String> {
    ask(guest, &format!("echo survives > {MARKER}"))?;
    ask(
        guest,
        "touch /etc/config/vmtest && uci set vmtest.mark=test && uci set vmtest.mark.kept=yes && uci commit vmtest && sync",
    )?;
    Ok("a file and a setting written".into())
}

fn marker(guest: &mut Guest) -> Result<()> {
    let text = ask(guest, &format!("cat {MARKER}"))?;
    if text != "survives" {
        bail!("{MARKER} holds `{text}`");
    }
    setting(guest)
}

fn setting(guest: &mut Guest) -> Result<()> {
    let value = ask(guest, "uci get vmtest.mark.kept")?;
    if value != "yes" {
        bail!("vmtest.mark.kept is `{value}`");
    }
    Ok(())
}
