//! One instance's life as a state machine: what happened goes in, what to do comes out. No clock, no processes.

use std::time::Duration;

use super::spec::Instance;

/// Time since boot.
pub(crate) type Time = Duration;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Do {
    Nothing,
    /// Start the process; report [`Life::started`] or [`Life::failed`].
    Spawn,
    /// Send it SIGTERM.
    Terminate,
    /// Send it SIGKILL.
    Kill,
    /// Send it this signal.
    Signal(i32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Ended, and not to be started again by itself.
    Ended,
    /// To be started at this time.
    Waiting(Time),
    Running {
        pid: u32,
        since: Time,
        /// Told to end; SIGKILL at this time.
        kill_at: Option<Time>,
    },
}

/// What follows when a process that was told to end has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Then {
    Respawn,
    Restart,
    Stay,
}

/// An instance and where it is in its life.
#[derive(Debug)]
pub(crate) struct Life {
    spec: Instance,
    state: State,
    then: Then,
    failures: u32,
    /// The last exit code, or 128 + signal.
    exit: Option<i32>,
    starts: u32,
    /// A mark of its files' contents when it was last started or reloaded.
    mark: u64,
    looping: bool,
}

impl Life {
    /// One that waits to be started now.
    pub(crate) fn new(spec: Instance, mark: u64, now: Time) -> Self {
        Self {
            spec,
            state: State::Waiting(now),
            then: Then::Respawn,
            failures: 0,
            exit: None,
            starts: 0,
            mark,
            looping: false,
        }
    }

    pub(crate) fn spec(&self) -> &Instance {
        &self.spec
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        match self.state {
            State::Running { pid, .. } => Some(pid),
            _ => None,
        }
    }

    pub(crate) fn exit_code(&self) -> Option<i32> {
        self.exit
    }

    /// How many times it was started.
    pub(crate) fn starts(&self) -> u32 {
        self.starts
    }

    /// Whether it ended too often too soon and was given up.
    pub(crate) fn looping(&self) -> bool {
        self.looping
    }

    /// Whether it has ended and is meant to be gone.
    pub(crate) fn gone(&self) -> bool {
        self.then == Then::Stay && self.pid().is_none()
    }

    /// When [`Life::tick`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Time> {
        match self.state {
            State::Waiting(at) => Some(at),
            State::Running { kill_at, .. } => kill_at,
            State::Ended => None,
        }
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Time) -> Do {
        match &mut self.state {
            State::Waiting(at) if *at <= now => Do::Spawn,
            State::Running { kill_at, .. } if kill_at.is_some_and(|at| at <= now) => {
                // Once more should the kernel need long (a process in disk wait).
                *kill_at = Some(now + Duration::from_secs(5));
                Do::Kill
            }
            _ => Do::Nothing,
        }
    }

    /// It runs.
    pub(crate) fn started(&mut self, pid: u32, now: Time) {
        self.state = State::Running {
            pid,
            since: now,
            kill_at: None,
        };
        self.starts = self.starts.saturating_add(1);
        self.then = Then::Respawn;
    }

    /// It could not be started at all.
    pub(crate) fn failed(&mut self, now: Time) {
        self.ended_by_itself(Duration::ZERO, now);
    }

    /// The process has ended. True when it was given up as a crash loop just now.
    pub(crate) fn exited(&mut self, code: i32, now: Time) -> bool {
        let State::Running { since, .. } = self.state else {
            return false;
        };
        self.exit = Some(code);
        match self.then {
            Then::Stay => self.state = State::Ended,
            Then::Restart => self.state = State::Waiting(now),
            Then::Respawn => {
                self.ended_by_itself(now.saturating_sub(since), now);
                return self.looping;
            }
        }
        false
    }

    /// It is to end and stay so.
    pub(crate) fn stop(&mut self, now: Time) -> Do {
        self.then = Then::Stay;
        self.terminate(now)
    }

    /// A new description: a changed one restarts it, a same one leaves it alone, an ended one is started again.
    pub(crate) fn replace(&mut self, spec: Instance, mark: u64, now: Time) -> Do {
        let same = self.spec == spec;
        let files_changed = self.mark != mark;
        let stopping = self.then == Then::Stay;
        self.spec = spec;
        self.mark = mark;
        self.failures = 0;
        self.looping = false;
        match self.state {
            State::Running { .. } if same && !stopping => match self.spec.reload_signal {
                _ if !files_changed => Do::Nothing,
                Some(signal) => Do::Signal(signal),
                None => {
                    self.then = Then::Restart;
                    self.terminate(now)
                }
            },
            State::Running { kill_at, .. } => {
                self.then = Then::Restart;
                match kill_at {
                    Some(_) => Do::Nothing,
                    None => self.terminate(now),
                }
            }
            State::Waiting(_) | State::Ended => {
                self.then = Then::Respawn;
                self.state = State::Waiting(now);
                Do::Nothing
            }
        }
    }

    fn terminate(&mut self, now: Time) -> Do {
        match &mut self.state {
            State::Running { kill_at, .. } => {
                kill_at.get_or_insert(now + self.spec.term_timeout);
                Do::Terminate
            }
            state => {
                *state = State::Ended;
                Do::Nothing
            }
        }
    }

    fn ended_by_itself(&mut self, ran: Duration, now: Time) {
        let wait = self
            .spec
            .respawn
            .map(|respawn| respawn.after(ran, &mut self.failures));
        self.looping = wait == Some(None);
        self.state = match wait.flatten() {
            Some(wait) => State::Waiting(now + wait),
            None => State::Ended,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::respawn::Respawn;
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn spec() -> Instance {
        Instance {
            command: vec!["x".into()],
            respawn: Some(Respawn {
                threshold: 60 * S,
                timeout: 2 * S,
                retry: 2,
            }),
            ..Instance::default()
        }
    }

    fn running() -> Life {
        let mut life = Life::new(spec(), 1, S);
        assert_eq!(life.tick(S), Do::Spawn);
        life.started(10, S);
        life
    }

    #[test]
    fn a_killed_one_comes_back_after_the_timeout() {
        let mut life = running();
        assert!(!life.exited(137, 3 * S));
        assert_eq!(life.deadline(), Some(5 * S));
        assert_eq!(life.tick(4 * S), Do::Nothing);
        assert_eq!(life.tick(5 * S), Do::Spawn);
    }

    #[test]
    fn a_crash_loop_ends() {
        let mut life = running();
        assert!(!life.exited(1, 2 * S));
        life.started(11, 4 * S);
        assert!(!life.exited(1, 4 * S));
        life.started(12, 6 * S);
        assert!(life.exited(1, 6 * S));
        assert_eq!(life.deadline(), None);
        assert_eq!(life.replace(spec(), 1, 9 * S), Do::Nothing);
        assert_eq!(life.tick(9 * S), Do::Spawn, "start by hand tries again");
    }

    #[test]
    fn one_that_cannot_start_counts_as_failed() {
        let mut life = Life::new(spec(), 1, S);
        for at in 1..=2u32 {
            life.failed(at * S);
            assert!(life.deadline().is_some());
        }
        life.failed(9 * S);
        assert!(life.looping());
    }

    #[test]
    fn stop_terminates_then_kills() {
        let mut life = running();
        assert_eq!(life.stop(10 * S), Do::Terminate);
        assert_eq!(life.tick(14 * S), Do::Nothing);
        assert_eq!(life.tick(15 * S), Do::Kill);
        assert!(!life.gone());
        life.exited(137, 15 * S);
        assert!(life.gone());
        assert_eq!(life.deadline(), None);
    }

    #[test]
    fn restart_waits_for_the_old_one() {
        let mut life = running();
        assert_eq!(life.stop(10 * S), Do::Terminate);
        assert_eq!(life.replace(spec(), 1, 10 * S), Do::Nothing);
        life.exited(0, 11 * S);
        assert!(!life.gone());
        assert_eq!(life.tick(11 * S), Do::Spawn);
    }

    #[test]
    fn a_same_description_leaves_it_alone_and_a_new_one_restarts() {
        let mut life = running();
        assert_eq!(life.replace(spec(), 1, 3 * S), Do::Nothing);
        assert_eq!(life.pid(), Some(10));
        let mut other = spec();
        other.command.push("--more".into());
        assert_eq!(life.replace(other, 1, 3 * S), Do::Terminate);
        life.exited(0, 4 * S);
        assert_eq!(life.tick(4 * S), Do::Spawn);
    }

    #[test]
    fn changed_files_restart_or_signal() {
        let mut life = running();
        assert_eq!(life.replace(spec(), 2, 3 * S), Do::Terminate);
        let with_signal = Instance {
            reload_signal: Some(1),
            ..spec()
        };
        let mut life = Life::new(with_signal.clone(), 1, S);
        life.started(10, S);
        assert_eq!(life.replace(with_signal, 2, 3 * S), Do::Signal(1));
    }
}
