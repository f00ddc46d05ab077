//! PID 1 after preinit: runs the inittab, keeps services alive, takes the machine down.
//!
//! One thread decides; two others only wait (for signals, for connections) and tell it. It speaks
//! records over a Unix socket where OpenWrt's procd speaks ubus; init scripts do not see the difference.

pub(crate) mod inittab;
mod lifecycle;
pub(crate) mod log;
pub(crate) mod record;
mod respawn;
pub(crate) mod services;
pub(crate) mod shutdown;
pub(crate) mod socket;
pub(crate) mod spawn;
pub(crate) mod spec;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals;

use self::services::{Hands, Services};
use self::shutdown::Goal;
use self::socket::Request;
use self::spec::Instance;

enum Event {
    Signal(i32),
    Request(Request),
}

/// The applet `procd`; returns only when it can't begin.
pub(crate) fn main() -> Result<()> {
    let (tell, events) = mpsc::channel();
    watch_signals(tell.clone())?;
    watch_socket(tell)?;
    let mut procd = Procd::new();
    procd.begin();
    loop {
        let wait = procd.until_next();
        match events.recv_timeout(wait) {
            Ok(Event::Signal(signal)) => procd.signal(signal),
            Ok(Event::Request(request)) => {
                let result = procd.request(&request.records);
                request.answer(&result);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(Duration::from_secs(1)),
        }
        procd.reap();
        procd.tick();
        procd.advance();
    }
}

fn watch_signals(tell: Sender<Event>) -> Result<()> {
    let mut signals = Signals::new([SIGCHLD, SIGTERM, SIGINT, SIGUSR1, SIGUSR2])
        .context("signals can't be watched")?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in &mut signals {
                if tell.send(Event::Signal(signal)).is_err() {
                    break;
                }
            }
        })
        .context("no thread for signals")?;
    Ok(())
}

fn watch_socket(tell: Sender<Event>) -> Result<()> {
    let listener = socket::listen().with_context(|| format!("{} can't be opened", socket::PATH))?;
    std::thread::Builder::new()
        .name("socket".into())
        .spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(request) = socket::read(stream)
                    && tell.send(Event::Request(request)).is_err()
                {
                    break;
                }
            }
        })
        .context("no thread for the socket")?;
    Ok(())
}

/// What a process that is no service's is for.
enum Job {
    /// The `sysinit` or `shutdown` line.
    Stage,
    /// A program on a terminal: the inittab entry's number.
    Console(usize),
    /// A trigger's command.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Up,
    /// The `K` scripts run.
    Stopping,
    /// Services are told to end; they get until this time.
    Draining(Duration),
}

struct Procd {
    start: Instant,
    services: Services,
    entries: Vec<inittab::Entry>,
    jobs: BTreeMap<u32, Job>,
    /// When a console that ended is started again.
    consoles: BTreeMap<usize, Duration>,
    phase: Phase,
    goal: Goal,
}

impl Procd {
    fn new() -> Self {
        let text = fs::read_to_string("/etc/inittab").unwrap_or_else(|why| {
            log::warn(&format!("/etc/inittab: {why}"));
            String::new()
        });
        let (entries, wrong) = inittab::parse(&text);
        for line in wrong {
            log::warn(&line);
        }
        Self {
            start: Instant::now(),
            services: Services::default(),
            entries,
            jobs: BTreeMap::new(),
            consoles: BTreeMap::new(),
            phase: Phase::Starting,
            goal: Goal::Reboot,
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn begin(&mut self) {
        log::say("- init -");
        if !self.stage(inittab::Action::Sysinit) {
            self.advance();
        }
    }

    /// Starts the first entry of this action; false when there is none.
    fn stage(&mut self, action: inittab::Action) -> bool {
        let entry = self.entries.iter().find(|entry| entry.action == action);
        let command = entry.map(|entry| entry.command.clone());
        match command {
            Some(command) => self.run(&command, Job::Stage),
            None => false,
        }
    }

    fn run(&mut self, command: &[impl AsRef<std::ffi::OsStr>], job: Job) -> bool {
        let Some((program, arguments)) = command.split_first() else {
            return false;
        };
        let child = Command::new(program)
            .args(arguments)
            .current_dir("/")
            .env_clear()
            .env("PATH", spawn::PATH)
            .env("HOME", "/root")
            .stdin(Stdio::null())
            .spawn();
        match child {
            Ok(child) => {
                self.jobs.insert(child.id(), job);
                true
            }
            Err(why) => {
                log::warn(&format!("{}: {why}", program.as_ref().to_string_lossy()));
                false
            }
        }
    }

    fn until_next(&self) -> Duration {
        let mut next = self.services.deadline();
        let mut earlier = |at: Duration| next = Some(next.map_or(at, |next| next.min(at)));
        self.consoles.values().copied().for_each(&mut earlier);
        if let Phase::Draining(until) = self.phase {
            earlier(until);
        }
        // Woken now and then even with nothing due: a lost signal must not hang PID 1.
        next.map_or(Duration::from_secs(60), |at| at.saturating_sub(self.now()))
            .min(Duration::from_secs(60))
    }

    fn signal(&mut self, signal: i32) {
        match signal {
            SIGTERM | SIGINT => self.go_down(Goal::Reboot),
            SIGUSR1 => self.go_down(Goal::Halt),
            SIGUSR2 => self.go_down(Goal::PowerOff),
            _ => {}
        }
    }

    fn go_down(&mut self, goal: Goal) {
        if matches!(self.phase, Phase::Stopping | Phase::Draining(_)) {
            return;
        }
        log::say("- shutdown -");
        self.goal = goal;
        self.phase = Phase::Stopping;
        if !self.stage(inittab::Action::Shutdown) {
            self.drain();
        }
    }

    fn drain(&mut self) {
        let now = self.now();
        self.services.delete_all(now, &mut World);
        self.phase = Phase::Draining(now + Duration::from_secs(12));
    }

    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            let code = status
                .exit_status()
                .unwrap_or_else(|| 128 + status.terminating_signal().unwrap_or(0));
            let pid = pid.as_raw_nonzero().get().unsigned_abs();
            let now = self.now();
            if self.services.exited(pid, code, now, &mut World) {
                continue;
            }
            match self.jobs.remove(&pid) {
                Some(Job::Stage) if self.phase == Phase::Starting => {
                    self.phase = Phase::Up;
                    log::say("- init complete -");
                    self.open_consoles();
                }
                Some(Job::Stage) => self.drain(),
                Some(Job::Console(entry)) => {
                    self.consoles.insert(entry, now + Duration::from_secs(1));
                }
                Some(Job::Other) | None => {}
            }
        }
    }

    fn open_consoles(&mut self) {
        for entry in 0..self.entries.len() {
            self.consoles.insert(entry, self.now());
        }
    }

    fn open_console(&mut self, index: usize) {
        use inittab::Action::{Askconsole, Askfirst, Respawn};
        let Some(entry) = self.entries.get(index).cloned() else {
            return;
        };
        if !matches!(entry.action, Respawn | Askfirst | Askconsole) {
            return;
        }
        let tty = if entry.action == Askconsole && entry.tty.is_empty() {
            let cmdline = fs::read_to_string("/proc/cmdline").unwrap_or_default();
            inittab::kernel_console(&cmdline).map(str::to_owned)
        } else {
            Some(entry.tty.clone()).filter(|tty| !tty.is_empty())
        };
        let Some(tty) = tty else { return };
        let device = format!("/dev/{tty}");
        if !std::path::Path::new(&device).exists() {
            return;
        }
        let ask = if entry.action == Respawn { "0" } else { "1" };
        let mut command = vec!["/sbin/ctty".to_owned(), ask.to_owned(), device];
        command.extend(entry.command);
        if !self.run(&command, Job::Console(index)) {
            self.consoles
                .insert(index, self.now() + Duration::from_secs(10));
        }
    }

    fn tick(&mut self) {
        let now = self.now();
        self.services.tick(now, &mut World);
        if self.phase == Phase::Up {
            let due: Vec<usize> = self
                .consoles
                .iter()
                .filter(|(_, at)| **at <= now)
                .map(|(index, _)| *index)
                .collect();
            for index in due {
                self.consoles.remove(&index);
                self.open_console(index);
            }
        } else {
            self.consoles.clear();
        }
    }

    /// Goes on to the next phase when this one is over.
    fn advance(&mut self) {
        match self.phase {
            Phase::Starting if self.jobs.is_empty() => {
                self.phase = Phase::Up;
                self.open_consoles();
            }
            Phase::Draining(until) if !self.services.any_running() || self.now() >= until => {
                shutdown::finish(&self.goal);
            }
            _ => {}
        }
    }

    fn request(&mut self, records: &[record::Record]) -> Result<String, String> {
        let (verb, body) = records.split_first().ok_or("an empty request")?;
        let text = |at: usize| {
            verb.get(at)
                .map(|field| field.to_string_lossy().into_owned())
                .filter(|field| !field.is_empty())
        };
        let name = || text(1).ok_or_else(|| "no service named".to_owned());
        let now = self.now();
        match text(0).unwrap_or_default().as_str() {
            "set" => {
                if matches!(self.phase, Phase::Stopping | Phase::Draining(_)) {
                    return Err("the machine is going down".into());
                }
                let (service, remarks) = spec::parse(body)?;
                for remark in remarks {
                    log::say(&format!("{}: {remark}", service.name));
                }
                self.services.set(service, now, &mut World);
                Ok(String::new())
            }
            "delete" => {
                self.services
                    .delete(&name()?, text(2).as_deref(), now, &mut World);
                Ok(String::new())
            }
            "signal" => {
                let signal = spec::signal(&text(2).unwrap_or_else(|| "HUP".into()))?;
                match self
                    .services
                    .signal(&name()?, text(3).as_deref(), signal, &mut World)
                {
                    0 => Err(format!("{}: no process runs", name()?)),
                    _ => Ok(String::new()),
                }
            }
            "running" => match self.services.running(&name()?, text(2).as_deref()) {
                true => Ok("running\n".into()),
                false => Err("inactive".into()),
            },
            "list" => serde_json::to_string_pretty(&self.services.list(text(1).as_deref()))
                .map(|text| text + "\n")
                .map_err(|why| why.to_string()),
            "event" => {
                let event = text(1).ok_or("no event named")?;
                let triggers = self
                    .services
                    .triggered(&event, &text(2).unwrap_or_default());
                for trigger in &triggers {
                    self.run(&trigger.command, Job::Other);
                }
                Ok(format!("{}\n", triggers.len()))
            }
            "reboot" => {
                self.go_down(Goal::Reboot);
                Ok(String::new())
            }
            "upgrade" => {
                let image = text(1).ok_or("no image named")?;
                let keep = text(2);
                self.go_down(Goal::Upgrade { image, keep });
                Ok(String::new())
            }
            other => Err(format!("unknown request `{other}`")),
        }
    }
}

/// The real world.
struct World;

impl Hands for World {
    fn spawn(&mut self, service: &str, spec: &Instance) -> Result<u32, String> {
        spawn::spawn(service, spec).map_err(|why| why.to_string())
    }

    fn signal(&mut self, pid: u32, signal: i32) {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        if let (Some(pid), Some(signal)) = (pid, Signal::from_named_raw(signal)) {
            // It may have ended already; the reaper will see that.
            let _ = kill_process(pid, signal);
        }
    }

    fn mark(&mut self, spec: &Instance) -> u64 {
        spawn::mark(&spec.files)
    }

    fn warn(&mut self, text: &str) {
        log::warn(text);
    }
}
