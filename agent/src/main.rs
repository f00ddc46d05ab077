//! `clomd`, the Clommunity cloud agent.

use std::process::ExitCode;

fn main() -> ExitCode {
    clomd::commands::main(std::env::args_os())
}
