//! `clom profile new`.

use std::io::ErrorKind;

use clap::Subcommand;
use serde_json::json;

use super::{LibraryArgs, fields, print};
use crate::failure::{Class, Failure};
use crate::profile::source::shown;
use crate::profile::starter::{self, Starter};
use crate::profile::{Diagnostic, Diagnostics, Kind, LayerId, Library, discover, load};
use crate::ui::{Mode, Ui};

/// What to make.
#[derive(Debug, Subcommand)]
pub(super) enum New {
    /// A community.
    Community {
        /// Its name
        name: String,
    },
    /// A site of a community.
    Site {
        /// Its name
        name: String,
        /// Its community; can be left out when there is only one
        #[arg(short, long)]
        community: Option<String>,
    },
    /// A device.
    Device {
        /// Its name; best OpenWrt's, such as tplink_archer-c7-v2
        name: String,
    },
    /// A node of a site.
    Node {
        /// Its name
        name: String,
        /// Its site
        #[arg(short, long)]
        site: String,
        /// Its device
        #[arg(short, long)]
        device: Option<String>,
        /// Its number; the next free one when left out
        #[arg(long)]
        number: Option<u32>,
    },
}

/// Writes a starting file.
pub(super) fn make(library: &LibraryArgs, new: New, ui: &Ui) -> Result<(), Failure> {
    let (name, starter) = match new {
        New::Community { name } => (name, Starter::Community),
        New::Device { name } => (name, Starter::Device),
        New::Site { name, community } => {
            let community = match community {
                Some(community) => community,
                None => only_community(&library.open()?)?,
            };
            (name, Starter::Site { community })
        }
        New::Node {
            name,
            site,
            device,
            number,
        } => {
            let library = library.open()?;
            library.read(&LayerId::new(Kind::Site, site.as_str()), None)?;
            if let Some(device) = &device {
                library.read(&LayerId::new(Kind::Device, device.as_str()), None)?;
            }
            let number = match number {
                Some(number) => number,
                None => load::free_number(&library, &site)?,
            };
            (
                name,
                Starter::Node {
                    site,
                    device,
                    number,
                },
            )
        }
    };
    if !starter::name_fits(&name) {
        let error = Diagnostic::error(format!("`{name}` cannot be the name of a {}", starter.kind()))
            .help("use lower-case letters, digits, `-` and `_`, beginning with a letter or digit, at most 63");
        return Err(Diagnostics::from(error).into());
    }
    let path = discover::writable(&library.named()).join(starter.path(&name));
    starter::write_new(&path, &starter.text(&name)).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let there = Diagnostic::error(format!("{} is there already", shown(&path).display()))
                .help("take another name, or edit the file");
            Failure::from(Diagnostics::from(there))
        }
        _ => {
            let message = format!("cannot write {}: {error}", shown(&path).display());
            Failure::new(Class::Output, anyhow::anyhow!(message))
        }
    })?;
    let event = [
        ("kind", json!(starter.kind().word())),
        ("name", json!(name)),
        ("file", json!(path)),
    ];
    ui.result("created", fields(event));
    if ui.mode() != Mode::Json {
        print(&format!("{}\n", shown(&path).display()))?;
    }
    Ok(())
}

fn only_community(library: &Library) -> Result<String, Failure> {
    let names: Vec<&str> = library.names(Kind::Community).collect();
    match names.as_slice() {
        [only] => Ok((*only).to_owned()),
        _ => {
            let error = Diagnostic::error("a site needs a community");
            let error = match names.as_slice() {
                [] => error.help("make one first: clom profile new community NAME"),
                names => error.help(format!("pass --community with one of {}", names.join(", "))),
            };
            Err(Diagnostics::from(error).into())
        }
    }
}
