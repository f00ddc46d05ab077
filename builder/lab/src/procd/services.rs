//! All services and what is asked of them. Times and contents come in; deeds go out through [`Hands`].

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::lifecycle::{Do, Life, Time};
use super::spec::{Instance, Service, Trigger};

/// What the services need done in the world.
pub(crate) trait Hands {
    /// Starts a process and gives its id.
    fn spawn(&mut self, service: &str, spec: &Instance) -> Result<u32, String>;
    /// Sends a signal.
    fn signal(&mut self, pid: u32, signal: i32);
    /// A mark of an instance's files' contents.
    fn mark(&mut self, spec: &Instance) -> u64;
    /// Says what someone should know.
    fn warn(&mut self, text: &str);
}

#[derive(Debug)]
struct Running {
    script: std::path::PathBuf,
    triggers: Vec<Trigger>,
    lives: BTreeMap<String, Life>,
    /// Forgotten as soon as its processes have ended.
    deleted: bool,
}

/// The services by name.
#[derive(Debug, Default)]
pub(crate) struct Services {
    all: BTreeMap<String, Running>,
}

impl Services {
    /// Takes a service's new description and acts on what differs from the old one.
    pub(crate) fn set(&mut self, service: Service, now: Time, hands: &mut impl Hands) {
        let running = self
            .all
            .entry(service.name.clone())
            .or_insert_with(|| Running {
                script: service.script.clone(),
                triggers: Vec::new(),
                lives: BTreeMap::new(),
                deleted: false,
            });
        running.script = service.script;
        running.triggers = service.triggers;
        running.deleted = false;
        for (name, life) in &mut running.lives {
            if !service.instances.contains_key(name) {
                let deed = life.stop(now);
                perform(&service.name, life, deed, now, hands);
            }
        }
        for (name, spec) in service.instances {
            let mark = hands.mark(&spec);
            match running.lives.get_mut(&name) {
                Some(life) => {
                    let deed = life.replace(spec, mark, now);
                    perform(&service.name, life, deed, now, hands);
                }
                None => {
                    running.lives.insert(name, Life::new(spec, mark, now));
                }
            }
        }
        self.tick(now, hands);
    }

    /// Ends a service (or one instance of it). False when there is none of this name.
    pub(crate) fn delete(
        &mut self,
        name: &str,
        instance: Option<&str>,
        now: Time,
        hands: &mut impl Hands,
    ) -> bool {
        let Some(running) = self.all.get_mut(name) else {
            return false;
        };
        running.deleted |= instance.is_none();
        let mut found = instance.is_none();
        for (key, life) in &mut running.lives {
            if instance.is_none_or(|wanted| wanted == key) {
                found = true;
                let deed = life.stop(now);
                perform(name, life, deed, now, hands);
            }
        }
        self.sweep();
        found
    }

    /// Ends them all.
    pub(crate) fn delete_all(&mut self, now: Time, hands: &mut impl Hands) {
        let names: Vec<String> = self.all.keys().cloned().collect();
        for name in names {
            self.delete(&name, None, now, hands);
        }
    }

    /// Sends a signal to a service's processes and gives how many there were.
    pub(crate) fn signal(
        &mut self,
        name: &str,
        instance: Option<&str>,
        signal: i32,
        hands: &mut impl Hands,
    ) -> usize {
        let lives = self.all.get(name).map(|running| &running.lives);
        let pids: Vec<u32> = lives
            .into_iter()
            .flatten()
            .filter(|(key, _)| instance.is_none_or(|wanted| wanted == *key))
            .filter_map(|(_, life)| life.pid())
            .collect();
        for pid in &pids {
            hands.signal(*pid, signal);
        }
        pids.len()
    }

    /// A process has ended; false when it is none of a service.
    pub(crate) fn exited(
        &mut self,
        pid: u32,
        code: i32,
        now: Time,
        hands: &mut impl Hands,
    ) -> bool {
        let mut known = false;
        for (name, running) in &mut self.all {
            for (key, life) in &mut running.lives {
                if life.pid() != Some(pid) {
                    continue;
                }
                known = true;
                if life.exited(code, now) {
                    hands.warn(&format!(
                        "{name}::{key} is in a crash loop (last exit {code}); `service {name} start` tries again"
                    ));
                }
            }
        }
        self.sweep();
        known
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Time, hands: &mut impl Hands) {
        for (name, running) in &mut self.all {
            for life in running.lives.values_mut() {
                let deed = life.tick(now);
                perform(name, life, deed, now, hands);
            }
        }
    }

    /// When something is due next.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.all
            .values()
            .flat_map(|running| running.lives.values())
            .filter_map(Life::deadline)
            .min()
    }

    /// Whether any process of a service still runs.
    pub(crate) fn any_running(&self) -> bool {
        self.all
            .values()
            .flat_map(|running| running.lives.values())
            .any(|life| life.pid().is_some())
    }

    /// Whether a service (or one instance) has a process.
    pub(crate) fn running(&self, name: &str, instance: Option<&str>) -> bool {
        self.all.get(name).is_some_and(|running| {
            running.lives.iter().any(|(key, life)| {
                instance.is_none_or(|wanted| wanted == key) && life.pid().is_some()
            })
        })
    }

    /// What is to be run because of an event.
    pub(crate) fn triggered(&self, event: &str, about: &str) -> Vec<Trigger> {
        self.all
            .values()
            .filter(|running| !running.deleted)
            .flat_map(|running| &running.triggers)
            .filter(|trigger| trigger.event == event)
            .filter(|trigger| trigger.about.is_empty() || trigger.about == about)
            .cloned()
            .collect()
    }

    /// All services (or the one of this name), in the shape of `ubus call service list`.
    pub(crate) fn list(&self, only: Option<&str>) -> Value {
        let mut out = serde_json::Map::new();
        for (name, running) in &self.all {
            if only.is_some_and(|only| only != name) {
                continue;
            }
            let instances: serde_json::Map<String, Value> = running
                .lives
                .iter()
                .map(|(key, life)| (key.clone(), instance(life)))
                .collect();
            out.insert(
                name.clone(),
                json!({ "script": running.script.display().to_string(), "instances": instances }),
            );
        }
        Value::Object(out)
    }

    fn sweep(&mut self) {
        for running in self.all.values_mut() {
            running.lives.retain(|_, life| !life.gone());
        }
        self.all
            .retain(|_, running| !(running.deleted && running.lives.is_empty()));
    }
}

fn instance(life: &Life) -> Value {
    let spec = life.spec();
    let command: Vec<String> = spec
        .command
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let mut out = json!({
        "running": life.pid().is_some(),
        "command": command,
        "term_timeout": spec.term_timeout.as_secs(),
        "starts": life.starts(),
    });
    if let Value::Object(out) = &mut out {
        if let Some(pid) = life.pid() {
            out.insert("pid".into(), json!(pid));
        }
        if let Some(code) = life.exit_code() {
            out.insert("exit_code".into(), json!(code));
        }
        if life.looping() {
            out.insert("crash_loop".into(), json!(true));
        }
        if let Some(respawn) = spec.respawn {
            out.insert(
                "respawn".into(),
                json!({
                    "threshold": respawn.threshold.as_secs(),
                    "timeout": respawn.timeout.as_secs(),
                    "retry": respawn.retry,
                }),
            );
        }
    }
    out
}

fn perform(service: &str, life: &mut Life, deed: Do, now: Time, hands: &mut impl Hands) {
    let signal = match deed {
        Do::Nothing => return,
        Do::Spawn => {
            match hands.spawn(service, life.spec()) {
                Ok(pid) => life.started(pid, now),
                Err(why) => {
                    let command = life.spec().command.first();
                    let command = command.map(|c| c.to_string_lossy()).unwrap_or_default();
                    hands.warn(&format!("{service}: {command}: {why}"));
                    life.failed(now);
                }
            }
            return;
        }
        Do::Terminate => rustix::process::Signal::TERM.as_raw(),
        Do::Kill => rustix::process::Signal::KILL.as_raw(),
        Do::Signal(signal) => signal,
    };
    if let Some(pid) = life.pid() {
        hands.signal(pid, signal);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::respawn::Respawn;
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[derive(Default)]
    struct Fake {
        next: u32,
        broken: bool,
        log: Vec<String>,
    }

    impl Hands for Fake {
        fn spawn(&mut self, service: &str, spec: &Instance) -> Result<u32, String> {
            if self.broken {
                return Err("no such file".into());
            }
            self.next += 1;
            self.log.push(format!("spawn {service} {:?}", spec.command));
            Ok(self.next)
        }
        fn signal(&mut self, pid: u32, signal: i32) {
            self.log.push(format!("kill -{signal} {pid}"));
        }
        fn mark(&mut self, _: &Instance) -> u64 {
            0
        }
        fn warn(&mut self, text: &str) {
            self.log.push(text.to_owned());
        }
    }

    fn service(instances: &[(&str, &str)]) -> Service {
        Service {
            name: "s".into(),
            script: "/etc/init.d/s".into(),
            instances: instances
                .iter()
                .map(|(name, command)| {
                    let spec = Instance {
                        command: vec![command.into()],
                        respawn: Some(Respawn::default()),
                        ..Instance::default()
                    };
                    ((*name).to_owned(), spec)
                })
                .collect(),
            triggers: vec![Trigger {
                event: "config.change".into(),
                about: "net".into(),
                command: vec!["x".into()],
            }],
        }
    }

    #[test]
    fn set_starts_changes_and_ends_instances() {
        let mut services = Services::default();
        let mut hands = Fake::default();
        services.set(service(&[("a", "one"), ("b", "two")]), S, &mut hands);
        assert_eq!(hands.log, ["spawn s [\"one\"]", "spawn s [\"two\"]"]);
        hands.log.clear();
        services.set(service(&[("a", "one"), ("c", "three")]), S, &mut hands);
        assert_eq!(hands.log, ["kill -15 2", "spawn s [\"three\"]"]);
        assert!(services.exited(2, 143, S, &mut hands));
        assert!(!services.exited(99, 0, S, &mut hands));
        let list = services.list(None);
        assert_eq!(list["s"]["instances"]["a"]["pid"], 1);
        assert!(list["s"]["instances"].get("b").is_none());
        assert_eq!(services.triggered("config.change", "net").len(), 1);
        assert!(services.triggered("config.change", "dhcp").is_empty());
    }

    #[test]
    fn stop_then_start_runs_one_process_at_a_time() {
        let mut services = Services::default();
        let mut hands = Fake::default();
        services.set(service(&[("a", "one")]), S, &mut hands);
        assert!(services.delete("s", None, S, &mut hands));
        services.set(service(&[("a", "one")]), S, &mut hands);
        assert_eq!(hands.log, ["spawn s [\"one\"]", "kill -15 1"]);
        services.exited(1, 0, S, &mut hands);
        services.tick(S, &mut hands);
        assert_eq!(hands.log.last().unwrap(), "spawn s [\"one\"]");
        assert!(services.running("s", Some("a")));
    }

    #[test]
    fn a_deleted_service_is_forgotten_when_its_last_process_ended() {
        let mut services = Services::default();
        let mut hands = Fake::default();
        services.set(service(&[("a", "one")]), S, &mut hands);
        services.delete_all(S, &mut hands);
        assert!(services.any_running());
        services.exited(1, 0, S, &mut hands);
        assert_eq!(services.list(None), json!({}));
        assert!(!services.delete("s", None, S, &mut hands));
    }

    #[test]
    fn one_that_cannot_start_says_why_and_tries_again() {
        let mut services = Services::default();
        let mut hands = Fake {
            broken: true,
            ..Fake::default()
        };
        services.set(service(&[("a", "/no/such")]), S, &mut hands);
        assert_eq!(hands.log, ["s: /no/such: no such file"]);
        assert_eq!(services.deadline(), Some(6 * S));
    }
}
