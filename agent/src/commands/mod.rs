//! The commands of `clomd`.

mod key;
mod status;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::cli::{self, Command};
use crate::exit::{Code, Failure};
use crate::run;

/// Does what the command line asks for; `args` starts with the program's name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let done = match cli::parse(args) {
        Err(mistake) => Err(Failure::new(
            Code::Usage,
            format!("{mistake}; `clomd help` lists what there is"),
        )),
        Ok(Command::Run { places, foreground }) => {
            // It logs its own errors, to syslog and to who is watching.
            return match run::run(&places, foreground) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => failure.code.into(),
            };
        }
        Ok(Command::Status { socket, json, root }) => status::show(socket, json, &root),
        Ok(Command::KeyShow(places)) => key::show(&places),
        Ok(Command::Version) => print(&format!("clomd {} ({})\n", crate::VERSION, crate::TIER)),
        Ok(Command::Help) => print(cli::HELP),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // When standard error is gone, the exit code still tells.
            let _ = writeln!(io::stderr(), "clomd: {}", failure.message);
            failure.code.into()
        }
    }
}

/// Prints to standard output. A reader that has seen enough is no error.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let said = format!("cannot write to standard output: {error}");
            Err(Failure::new(Code::Other, said))
        }
        _ => Ok(()),
    }
}
