//! A root for an agent, and the agent in it.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// When the images of these tests were "built".
pub(crate) const EPOCH: u64 = 1_764_000_000;

/// How long anything may take before a test fails; never how long it should take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder that stands for `/`, with a syslog that keeps what it is told.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
    syslog: UnixDatagram,
    /// The TCP port its configuration names.
    pub(crate) port: u16,
}

/// An agent that runs; killed when dropped.
pub(crate) struct Agent(pub(crate) Child);

impl Machine {
    /// A machine as `clom build` makes it, whose agent listens on loopback.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for path in ["etc/config", "etc/clommunity", "dev", "overlay"] {
            fs::create_dir_all(folder.path().join(path)).unwrap();
        }
        let syslog = UnixDatagram::bind(folder.path().join("dev/log")).unwrap();
        syslog.set_nonblocking(true).unwrap();
        // A free port, as far as anyone can know.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let machine = Self {
            folder,
            syslog,
            port,
        };
        machine.write(
            "etc/clommunity/community.json",
            r#"{"version":1,"name":"Hill network","domain":"hill.mesh"}"#,
        );
        let plan = "5f".repeat(32);
        machine.write(
            "etc/clommunity/image.json",
            &format!(
                r#"{{"version":1,"plan":"{plan}","epoch":{EPOCH},"community":"hill","site":"chapel","device":"lab-mips","node":17,"clom":"0.1.0"}}"#
            ),
        );
        machine.write(
            "etc/openwrt_release",
            "DISTRIB_DESCRIPTION='OpenWrt 24.10'\nDISTRIB_TARGET='malta/be'\n",
        );
        machine.configure("");
        machine
    }

    /// Writes UCI: the loopback addresses and these lines in the agent's section.
    pub(crate) fn configure(&self, more: &str) {
        let port = self.port;
        self.write(
            "etc/config/clommunity",
            &format!(
                "config agent 'agent'\n\tlist http_listen '127.0.0.1'\n\tlist http_listen '::1'\n\
                 \toption http_port '{port}'\n{more}"
            ),
        );
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("var/run/clomd/clomd.sock")
    }

    /// `clomd` with these arguments and `--root`.
    pub(crate) fn clomd(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clomd"));
        command.args(args).arg("--root").arg(self.folder.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts the agent and waits until it serves on the unix socket and both addresses.
    pub(crate) fn start(&self) -> Agent {
        let mut agent = Agent(self.clomd(&["run"]).spawn().unwrap());
        wait("the agent serves", || {
            if let Some(status) = agent.0.try_wait().unwrap() {
                let log = self.log();
                panic!("the agent ended at its start: {status}\n{log}");
            }
            let page = |url: &str| curl(&["--fail", url]).status.success();
            UnixPage(&self.socket()).works()
                && page(&self.url("127.0.0.1", "/healthz"))
                && page(&self.url("[::1]", "/healthz"))
        });
        agent
    }

    /// Runs the agent, which must refuse, and gives its exit code and what it logged.
    pub(crate) fn refused(&self) -> (i32, String) {
        let output = self.clomd(&["run"]).output().unwrap();
        assert_eq!(text(&output.stdout), "");
        (output.status.code().unwrap(), self.log())
    }

    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }

    /// A page from IPv4 loopback.
    pub(crate) fn get(&self, path: &str) -> String {
        let output = curl(&["--fail", &self.url("127.0.0.1", path)]);
        assert!(output.status.success(), "{path}: {output:?}");
        text(&output.stdout)
    }

    /// The status as JSON.
    pub(crate) fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.get("/api/v1/status")).unwrap()
    }

    /// What came to syslog since it was last asked, the folder shown as ROOT.
    pub(crate) fn log(&self) -> String {
        let mut out = String::new();
        let mut datagram = [0; 2048];
        while let Ok(length) = self.syslog.recv(&mut datagram) {
            out += std::str::from_utf8(&datagram[..length]).unwrap();
            out.push('\n');
        }
        out.replace(&self.folder.path().display().to_string(), "ROOT")
    }

    /// Waits until syslog has said this, and gives all it said until then.
    pub(crate) fn wait_for_log(&self, said: &str) -> String {
        let mut log = String::new();
        wait(said, || {
            log += &self.log();
            log.contains(said)
        });
        log
    }
}

impl Agent {
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.0.id()).unwrap()), signal).unwrap();
    }

    /// Waits for its end; the exit code and what it wrote to standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut status = None;
        wait("the agent ends", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        let mut said = String::new();
        self.0
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        (status.unwrap().code(), said)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct UnixPage<'a>(&'a Path);

impl UnixPage<'_> {
    fn works(&self) -> bool {
        let socket = self.0.display().to_string();
        curl(&["--fail", "--unix-socket", &socket, "http://clomd/healthz"])
            .status
            .success()
    }
}

/// Runs curl, quietly but for errors, with a limit on its time.
pub(crate) fn curl(args: &[&str]) -> Output {
    Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--max-time",
            "30",
        ])
        .args(args)
        .output()
        .expect("curl is installed (scripts/test does it)")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Waits until something holds.
pub(crate) fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
