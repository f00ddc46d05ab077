//! Being the agent: starting, serving, reloading, stopping; one thread.

mod node;
mod server;
mod start;

use std::path::PathBuf;
use std::rc::Rc;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

use crate::cli::Places;
use crate::config;
use crate::disk::Lock;
use crate::exit::{Code, Failure};
use crate::logging;
use crate::net;
use node::Node;
use server::Server;

/// Runs until SIGTERM or SIGINT, or until the node is disabled.
///
/// # Errors
/// Why the agent could not start. It has been logged.
pub fn run(places: &Places, foreground: bool) -> Result<(), Failure> {
    logging::start(&places.root, foreground);
    let outcome = start::start(places).and_then(|ready| match ready {
        Some(ready) => ready.run(),
        None => Ok(()),
    });
    if let Err(failure) = &outcome {
        for line in failure.message.lines() {
            log::error!("{line}");
        }
    }
    outcome
}

/// Everything an agent needs that cannot change while it runs.
struct Ready {
    node: Rc<Node>,
    uci: PathBuf,
    socket: PathBuf,
    _lock: Lock,
}

impl Ready {
    fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // Only name look-ups of the full tier leave the thread.
            .max_blocking_threads(1)
            .build()
            .context("cannot start the event loop")?;
        LocalSet::new().block_on(&runtime, self.serve())
    }

    async fn serve(&self) -> Result<(), Failure> {
        let failed = "cannot listen for signals";
        let mut hang_up = signal(SignalKind::hangup()).context(failed)?;
        let mut terminate = signal(SignalKind::terminate()).context(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).context(failed)?;

        let (listener, _file) = net::unix(&self.socket)
            .with_context(|| format!("{}: cannot make the socket", self.socket.display()))?;
        let mut server = Server::new(Rc::clone(&self.node));
        server.unix(listener);
        server.follow(&self.node.settings());
        log::info!("{}", self.node.greeting());

        loop {
            tokio::select! {
                _ = hang_up.recv() => {
                    if !self.reload(&mut server) {
                        break;
                    }
                }
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
            }
        }
        log::info!("stops");
        Ok(())
    }

    /// Reads UCI again. False when the node was disabled.
    fn reload(&self, server: &mut Server) -> bool {
        match start::settings(&self.uci) {
            Ok(settings) if !settings.enabled => {
                log::info!("the node was disabled in UCI");
                return false;
            }
            Ok(settings) => {
                let old = self.node.replace_settings(settings.clone());
                for (option, changed) in [
                    ("socket", old.socket != settings.socket),
                    ("statedir", old.statedir != settings.statedir),
                ] {
                    if changed {
                        log::warn!("`agent.{option}` changed; it counts from the next start");
                    }
                }
                logging::set_level(settings.level);
                server.follow(&settings);
                log::info!("read the configuration again");
            }
            Err(problems) => {
                for problem in problems.0 {
                    log::error!("{problem}");
                }
                log::error!("keeps the configuration it had");
            }
        }
        true
    }
}

/// Where the node key lies by these files.
///
/// # Errors
/// What is wrong with UCI.
pub fn key_path(places: &Places) -> Result<PathBuf, Failure> {
    let (read, _) = start::read(&places.uci(config::UCI)).map_err(|problems| refused(&problems))?;
    Ok(start::key(&places.root, &read))
}

/// What the configuration's problems make of a start.
fn refused(problems: &config::Problems) -> Failure {
    Failure::new(Code::Config, problems)
}
