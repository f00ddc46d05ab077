//! The command line. Parsed with lexopt: it costs 10 KB on MIPS, clap costs 187 KB.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value};

use crate::root::Root;

/// What `clomd help` prints.
pub const HELP: &str = "\
clomd, the Clommunity cloud agent

Usage:
  clomd run [--foreground] [--config-dir DIR] [--root DIR]
      Be the agent. Reads UCI `clommunity`, /etc/clommunity/community.json and image.json.
      SIGHUP reads UCI again, SIGTERM and SIGINT stop.
  clomd status [--json] [--socket PATH] [--root DIR]
      What the running agent says of this node.
  clomd key show [--config-dir DIR] [--root DIR]
      This node's public id.
  clomd version
  clomd help

Options:
  --foreground      Log to standard error too (always so when it is a terminal)
  --config-dir DIR  Where the UCI files lie [default: /etc/config]
  --json            Print JSON, for programs
  --socket PATH     The agent's socket [default: /var/run/clomd/clomd.sock]
  --root DIR        Stands for / (for tests; /proc and /sys stay the kernel's)

Exit codes: 0 done, 1 failed (status: no agent answers), 2 wrong command line,
3 wrong configuration, 4 node key missing or damaged.
";

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `clomd run`.
    Run {
        /// Where things lie.
        places: Places,
        /// Whether to log to standard error though it is no terminal.
        foreground: bool,
    },
    /// `clomd status`.
    Status {
        /// The socket; `None` for the default one.
        socket: Option<PathBuf>,
        /// Whether to print JSON.
        json: bool,
        /// Where the default socket lies.
        root: Root,
    },
    /// `clomd key show`.
    KeyShow(Places),
    /// `clomd version`.
    Version,
    /// `clomd help`.
    Help,
}

/// Where things lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// What stands for `/`.
    pub root: Root,
    /// The folder of the UCI files, when not `/etc/config` under the root.
    pub config_dir: Option<PathBuf>,
}

impl Places {
    /// The UCI file `name`.
    pub fn uci(&self, name: &str) -> PathBuf {
        match &self.config_dir {
            Some(folder) => folder.join(name),
            None => self.root.at("/etc/config").join(name),
        }
    }
}

/// Options as they come, before it is known whether the command takes them.
#[derive(Default)]
struct Options {
    words: Vec<String>,
    given: Vec<&'static str>,
    root: Root,
    config_dir: Option<PathBuf>,
    socket: Option<PathBuf>,
}

/// Reads the command line; `args` starts with the program's name.
///
/// # Errors
/// One sentence that says what is wrong.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = lexopt::Parser::from_iter(args);
    let mut options = Options::default();
    while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
        let folder = |parser: &mut lexopt::Parser| match parser.value() {
            Ok(value) if value.is_empty() => Err("a path must not be empty".to_owned()),
            Ok(value) => Ok(PathBuf::from(value)),
            Err(error) => Err(error.to_string()),
        };
        match arg {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Long("foreground") => options.given.push("--foreground"),
            Long("json") => options.given.push("--json"),
            Long("root") => {
                options.root = Root::new(folder(&mut parser)?);
                options.given.push("--root");
            }
            Long("config-dir") => {
                options.config_dir = Some(folder(&mut parser)?);
                options.given.push("--config-dir");
            }
            Long("socket") => {
                options.socket = Some(folder(&mut parser)?);
                options.given.push("--socket");
            }
            Value(word) => options.words.push(word.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().to_string()),
        }
    }
    command(options)
}

fn command(options: Options) -> Result<Command, String> {
    let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
    let has = |option| options.given.contains(&option);
    let (foreground, json) = (has("--foreground"), has("--json"));
    let (allowed, command): (&[&str], _) = match words.as_slice() {
        ["run"] => (
            &["--foreground", "--root", "--config-dir"],
            Command::Run {
                places: Places {
                    root: options.root,
                    config_dir: options.config_dir,
                },
                foreground,
            },
        ),
        ["status"] => (
            &["--json", "--socket", "--root"],
            Command::Status {
                socket: options.socket,
                json,
                root: options.root,
            },
        ),
        ["key", "show"] => (
            &["--root", "--config-dir"],
            Command::KeyShow(Places {
                root: options.root,
                config_dir: options.config_dir,
            }),
        ),
        ["version"] => (&[], Command::Version),
        ["help"] => (&[], Command::Help),
        [] => return Err("no command given".to_owned()),
        ["key", ..] => return Err("`clomd key` knows only `clomd key show`".to_owned()),
        [known @ ("run" | "status" | "version" | "help"), extra, ..] => {
            return Err(format!("unexpected `{extra}` after `clomd {known}`"));
        }
        [other, ..] => return Err(format!("there is no command `{other}`")),
    };
    match options.given.iter().find(|given| !allowed.contains(given)) {
        Some(wrong) => Err(format!("`clomd {}` takes no {wrong}", words.join(" "))),
        None => Ok(command),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Command, String> {
        parse(
            std::iter::once("clomd")
                .chain(line.split_whitespace())
                .map(OsString::from),
        )
    }

    #[test]
    fn commands() {
        assert_eq!(
            read("run --config-dir /c --root=/r --foreground"),
            Ok(Command::Run {
                places: Places {
                    root: Root::new("/r"),
                    config_dir: Some("/c".into())
                },
                foreground: true
            })
        );
        assert_eq!(
            read("status --json --socket /s"),
            Ok(Command::Status {
                socket: Some("/s".into()),
                json: true,
                root: Root::default()
            })
        );
        assert_eq!(read("key show"), Ok(Command::KeyShow(Places::default())));
        assert_eq!(read("version"), Ok(Command::Version));
        assert_eq!(read("run --help"), Ok(Command::Help));
    }

    #[test]
    fn mistakes() {
        let mut said = String::new();
        for line in [
            "",
            "rum",
            "run fast",
            "key",
            "key make",
            "status --foreground",
            "run --json",
            "run --nope",
            "version --root /x",
            "run --root",
            "run --root=",
            "run --foreground=1",
        ] {
            said += &format!("clomd {line}\n    {}\n", read(line).unwrap_err());
        }
        insta::assert_snapshot!(said);
    }

    #[test]
    fn uci_files_lie_in_the_config_folder() {
        let mut places = Places {
            root: Root::new("/r"),
            config_dir: None,
        };
        assert_eq!(
            places.uci("clommunity"),
            PathBuf::from("/r/etc/config/clommunity")
        );
        places.config_dir = Some("/c".into());
        assert_eq!(places.uci("clommunity"), PathBuf::from("/c/clommunity"));
    }
}
