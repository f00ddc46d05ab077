//! `clom serve`: a folder over HTTP, for routers in a workshop.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Map, json};

use super::image::{for_people, print};
use crate::failure::{Class, Failure, OrFail};
use crate::serve::{Server, find_feeds};
use crate::ui::Ui;

const EXAMPLES: &str = "\
Only this machine can ask, unless --listen says otherwise. Files are served as they are, and nothing that lies outside DIR.
Routers trust a feed by its signature, not by this server: opkg and apk check the index with the keys that the image holds.

Examples:
  clom serve mirror/                               http://127.0.0.1:8080/, with a page for each folder
  clom serve mirror/ --listen 0.0.0.0:8080         for everyone who can reach this machine
  clom serve mirror/ --listen 127.0.0.1:0          on any free port, which is printed";

/// Serve a folder over HTTP: a mirror, feeds for routers, images
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// The folder
    dir: PathBuf,
    /// Address and port to listen at
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

/// Runs `clom serve` until it is interrupted.
///
/// # Errors
/// When the folder cannot be read, or the address cannot be had.
pub fn run(args: Args, ui: &Ui) -> Result<(), Failure> {
    let feeds = find_feeds(&args.dir)
        .with_context(|| format!("cannot serve {}", args.dir.display()))
        .or_fail(Class::Source)?;
    let server = Server::bind(&args.dir, args.listen)
        .with_context(|| format!("cannot serve {} at {}", args.dir.display(), args.listen));
    let server = server.map_err(|error| {
        Failure::new(Class::Host, error).help("--listen takes another address and port")
    })?;
    let urls = server.urls().or_fail(Class::Host)?;

    // The first is the one that others can reach best.
    let base = urls.first().map(String::as_str).unwrap_or_default();
    let opkg: Vec<_> = feeds
        .iter()
        .filter_map(|feed| feed.opkg_line(base))
        .collect();
    let apk: Vec<_> = feeds
        .iter()
        .filter_map(|feed| feed.apk_line(base))
        .collect();
    let mut fields = Map::new();
    fields.insert("urls".into(), json!(urls));
    fields.insert("opkg".into(), json!(opkg));
    fields.insert("apk".into(), json!(apk));
    ui.result("serving", fields);
    if for_people(ui) {
        let mut text = format!("serving {}\n", args.dir.display());
        for url in &urls {
            text += &format!("  {url}/\n");
        }
        for (file, lines) in [
            ("/etc/opkg/customfeeds.conf", opkg),
            ("/etc/apk/repositories.d/customfeeds.list", apk),
        ] {
            if !lines.is_empty() {
                text += &format!("for {file} on routers:\n  {}\n", lines.join("\n  "));
            }
        }
        print(&text)?;
    }

    server
        .run(interrupted(), |line| ui.note(line))
        .or_fail(Class::Host)?;
    ui.note("stopped");
    Ok(())
}

/// Ready on Ctrl-C or SIGTERM. Without signals, the process can only be killed, which does no harm.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    match (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        _ => std::future::pending().await,
    }
}
