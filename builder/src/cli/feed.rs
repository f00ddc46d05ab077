//! `clom feed`: makes feeds of packages.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Map, json};

use super::image::{for_people, print};
use super::package::Format;
use crate::failure::Failure;
use crate::keys::Signer;
use crate::packages::feed;
use crate::packages::universe::Manager;
use crate::ui::Ui;

const EXAMPLES: &str = "\
A folder of .ipk files gets Packages, Packages.gz, Packages.sig, Packages.manifest and index.json; a folder of .apk files packages.adb and
index.json. Put on any web server, it is a feed. The packages kernel and libc are never listed for opkg, as in OpenWrt's own feeds.

Examples:
  clom keys new feed.sec; clom feed index packages --key feed.sec          for opkg
  clom keys new --apk feed.pem; clom feed index packages --key feed.pem    for apk

On routers, with the public key (clom keys show tells its number):
  opkg   /etc/opkg/keys/NUMBER        /etc/opkg/customfeeds.conf: src/gz NAME URL
  apk    /etc/apk/keys/NAME.pem       /etc/apk/repositories.d/customfeeds.list: URL/packages.adb";

/// Make feeds for opkg and apk from folders of packages
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write the index of the packages in a folder, signed
    Index {
        /// The folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// The secret key
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// The kind of packages, where the folder does not tell
        #[arg(short, long, value_enum)]
        format: Option<Format>,
        /// The package architecture for index.json, where the packages have several
        #[arg(long, value_name = "ARCHITECTURE")]
        arch: Option<String>,
    },
}

/// Runs `clom feed`.
///
/// # Errors
/// As [`feed::index`].
pub fn run(args: Args, ui: &Ui) -> Result<(), Failure> {
    let Action::Index {
        folder,
        key,
        format,
        arch,
    } = args.action;
    let key = key.map(|path| Signer::read(&path)).transpose()?;
    let manager = format.map(|format| match format {
        Format::Ipk => Manager::Opkg,
        Format::Apk => Manager::Apk,
    });
    let made = feed::index(&folder, manager, arch.as_deref(), key.as_ref())?;
    for remark in &made.remarks {
        ui.warn(remark);
    }
    if key.is_none() {
        ui.warn("the feed is not signed, so routers refuse it unless they are told to trust anybody: give a --key");
    }
    let fields = [
        ("manager", json!(made.manager.to_string())),
        ("packages", json!(made.packages)),
        ("files", json!(made.files)),
    ];
    let fields = fields.map(|(key, value)| (key.to_owned(), value));
    ui.result("feed", fields.into_iter().collect::<Map<_, _>>());
    match for_people(ui) {
        true => {
            let files: String = made
                .files
                .iter()
                .map(|file| format!("  {}\n", file.display()))
                .collect();
            print(&format!(
                "a feed of {} packages for {}\n{files}",
                made.packages, made.manager
            ))
        }
        false => Ok(()),
    }
}
