//! How `clomd` ends, as scripts see it.

use std::process::ExitCode;

/// An error and the exit code it ends with.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: Code,
    /// What went wrong; may span lines.
    pub message: String,
}

/// The exit codes of `clomd`; 0 is success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Anything not named below; for `clomd status`: no agent answers.
    Other = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The configuration or a baked file is missing or wrong.
    Config = 3,
    /// The node key is missing, damaged or cannot be made.
    Key = 4,
}

impl Failure {
    /// A failure with this code.
    pub fn new(code: Code, message: impl ToString) -> Self {
        Self {
            code,
            message: message.to_string(),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Code::Other, format!("{error:#}"))
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}
