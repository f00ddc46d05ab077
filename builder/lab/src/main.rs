//! The tools of the lab machines' OpenWrt-shaped userland that are better in Rust than in shell, in one binary.
//!
//! It acts by the name it is called by (`/sbin/uci` is a symlink to it); `clom-lab uci ...` works too.

mod ctty;
mod fwtool;
mod init;
mod procctl;
mod procd;
mod uci;
mod upgraded;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// The names it is called by.
const APPLETS: &str = "ctty fwtool init procctl procd uci upgraded";

fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let name = |argument: Option<&OsString>| {
        argument
            .and_then(|argument| Path::new(argument).file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let mut applet = name(arguments.first());
    if applet == "clom-lab" && arguments.len() > 1 {
        arguments.remove(0);
        applet = name(arguments.first());
    }
    let rest = arguments.get(1..).unwrap_or_default();
    let result = match applet.as_str() {
        "init" => init::main().map(|()| 0),
        "procd" => procd::main().map(|()| 0),
        "procctl" => procctl::main(rest),
        "ctty" => ctty::main(rest).map(|()| 0),
        "fwtool" => fwtool::main(rest),
        "upgraded" => upgraded::main(rest).map(|()| 0),
        "uci" => {
            let words: Vec<String> = rest
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            Ok(uci::main(&words))
        }
        _ => Err(anyhow::anyhow!(
            "usage: clom-lab APPLET ...; applets: {APPLETS}"
        )),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(why) => {
            eprintln!("{applet}: {why:#}");
            ExitCode::FAILURE
        }
    }
}
