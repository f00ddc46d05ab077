//! The command line of `clom`.

use std::process::ExitCode;

fn main() -> ExitCode {
    clom::cli::main()
}
