//! What a service asks for: instances with their commands and rules, and triggers.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::record::Record;
use super::respawn::Respawn;

/// One process of a service and how to keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    /// Program and arguments; never empty.
    pub(crate) command: Vec<OsString>,
    pub(crate) env: Vec<(OsString, OsString)>,
    /// Files whose change asks for a restart.
    pub(crate) files: Vec<PathBuf>,
    /// `None`: it is not started again when it ends.
    pub(crate) respawn: Option<Respawn>,
    /// Whether standard output and standard error go to the system log.
    pub(crate) stdout: bool,
    pub(crate) stderr: bool,
    pub(crate) user: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) nice: Option<i32>,
    /// Name (`nofile`) to `soft hard` or one value for both.
    pub(crate) limits: BTreeMap<String, String>,
    pub(crate) pidfile: Option<PathBuf>,
    /// How long it may take to end after SIGTERM.
    pub(crate) term_timeout: Duration,
    /// The signal (a number) to send instead of a restart when only its files changed.
    pub(crate) reload_signal: Option<i32>,
}

impl Default for Instance {
    fn default() -> Self {
        Self {
            command: Vec::new(),
            env: Vec::new(),
            files: Vec::new(),
            respawn: None,
            stdout: false,
            stderr: false,
            user: None,
            group: None,
            nice: None,
            limits: BTreeMap::new(),
            pidfile: None,
            term_timeout: Duration::from_secs(5),
            reload_signal: None,
        }
    }
}

/// What to run when something happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trigger {
    /// `config.change`, or another event's name.
    pub(crate) event: String,
    /// The UCI package (or interface) it is about; empty for any.
    pub(crate) about: String,
    pub(crate) command: Vec<OsString>,
}

/// A service as its init script describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Service {
    pub(crate) name: String,
    /// The init script that asked.
    pub(crate) script: PathBuf,
    pub(crate) instances: BTreeMap<String, Instance>,
    pub(crate) triggers: Vec<Trigger>,
}

/// A service from the records of `procd.sh`, and remarks on parameters this procd does not act on.
pub(crate) fn parse(records: &[Record]) -> Result<(Service, Vec<String>), String> {
    let mut service = Service::default();
    let mut remarks = Vec::new();
    let mut current: Option<(String, Instance)> = None;
    for record in records {
        let word = |at: usize| -> String {
            record
                .get(at)
                .map(|field| field.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        match word(0).as_str() {
            "service" => {
                service.name = word(1);
                service.script = word(2).into();
            }
            "instance" => {
                finish(&mut service, current.take())?;
                let name = match word(1) {
                    name if name.is_empty() => format!("instance{}", service.instances.len() + 1),
                    name => name,
                };
                current = Some((name, Instance::default()));
            }
            verb @ ("param" | "append") => {
                let (name, instance) = current
                    .as_mut()
                    .ok_or("a parameter stands outside procd_open_instance")?;
                let values = record.get(2..).unwrap_or_default();
                param(instance, &word(1), values, verb == "append", &mut remarks)
                    .map_err(|why| format!("instance {name}: {}: {why}", word(1)))?;
            }
            "trigger" => service.triggers.push(Trigger {
                event: word(1),
                about: word(2),
                command: record.get(3..).unwrap_or_default().to_vec(),
            }),
            other => return Err(format!("unknown record `{other}`")),
        }
    }
    finish(&mut service, current)?;
    if service.name.is_empty() {
        return Err("the service has no name".into());
    }
    Ok((service, remarks))
}

fn finish(service: &mut Service, current: Option<(String, Instance)>) -> Result<(), String> {
    let Some((name, instance)) = current else {
        return Ok(());
    };
    if instance.command.is_empty() {
        return Err(format!("instance {name}: no command"));
    }
    service.instances.insert(name, instance);
    Ok(())
}

fn param(
    instance: &mut Instance,
    name: &str,
    values: &[OsString],
    append: bool,
    remarks: &mut Vec<String>,
) -> Result<(), String> {
    let text = |at: usize| values.get(at).map(|v| v.to_string_lossy().into_owned());
    let first = || text(0).unwrap_or_default();
    match name {
        "command" => {
            if !append {
                instance.command.clear();
            }
            instance.command.extend_from_slice(values);
        }
        "env" => {
            if !append {
                instance.env.clear();
            }
            for value in values {
                instance.env.push(assignment(value)?);
            }
        }
        "file" => {
            if !append {
                instance.files.clear();
            }
            instance.files.extend(values.iter().map(PathBuf::from));
        }
        "respawn" => {
            let mut respawn = Respawn::default();
            let number = |at: usize| -> Result<Option<u64>, String> {
                text(at)
                    .filter(|text| !text.is_empty())
                    .map(|text| {
                        text.parse()
                            .map_err(|_| format!("`{text}` is no number of seconds or tries"))
                    })
                    .transpose()
            };
            if let Some(seconds) = number(0)? {
                respawn.threshold = Duration::from_secs(seconds);
            }
            if let Some(seconds) = number(1)? {
                respawn.timeout = Duration::from_secs(seconds);
            }
            if let Some(tries) = number(2)? {
                respawn.retry = u32::try_from(tries).unwrap_or(u32::MAX);
            }
            instance.respawn = Some(respawn);
        }
        "limits" => {
            for value in values {
                let (key, value) = assignment(value)?;
                instance.limits.insert(
                    key.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                );
            }
        }
        "stdout" => instance.stdout = truth(&first()),
        "stderr" => instance.stderr = truth(&first()),
        "user" => instance.user = Some(first()).filter(|user| !user.is_empty()),
        "group" => instance.group = Some(first()).filter(|group| !group.is_empty()),
        "nice" => instance.nice = Some(parse_number(&first())?),
        "pidfile" => instance.pidfile = Some(first().into()),
        "term_timeout" => {
            let seconds: u32 = parse_number(&first())?;
            instance.term_timeout = Duration::from_secs(seconds.into());
        }
        "reload_signal" => instance.reload_signal = Some(signal(&first())?),
        _ => remarks.push(format!(
            "parameter `{name}` is not acted on by the lab's procd"
        )),
    }
    Ok(())
}

fn parse_number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

fn truth(text: &str) -> bool {
    matches!(text, "1" | "true" | "yes" | "on" | "enabled")
}

fn assignment(value: &OsString) -> Result<(OsString, OsString), String> {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let bytes = value.as_bytes();
    let cut = bytes
        .iter()
        .position(|byte| *byte == b'=')
        .ok_or_else(|| format!("`{}` is not NAME=VALUE", value.to_string_lossy()))?;
    let (key, rest) = bytes.split_at(cut);
    let value = rest.get(1..).unwrap_or_default();
    Ok((
        OsString::from_vec(key.to_vec()),
        OsString::from_vec(value.to_vec()),
    ))
}

/// A signal by number, `HUP` or `SIGHUP`.
pub(crate) fn signal(text: &str) -> Result<i32, String> {
    use rustix::process::Signal;
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let upper = text.to_ascii_uppercase();
    let signal = match upper.strip_prefix("SIG").unwrap_or(&upper) {
        "HUP" => Signal::HUP,
        "INT" => Signal::INT,
        "QUIT" => Signal::QUIT,
        "KILL" => Signal::KILL,
        "USR1" => Signal::USR1,
        "USR2" => Signal::USR2,
        "ALRM" => Signal::ALARM,
        "TERM" => Signal::TERM,
        "STOP" => Signal::STOP,
        "CONT" => Signal::CONT,
        _ => return Err(format!("unknown signal `{text}`")),
    };
    Ok(signal.as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(lines: &[&[&str]]) -> Vec<Record> {
        lines
            .iter()
            .map(|line| line.iter().map(OsString::from).collect())
            .collect()
    }

    #[test]
    fn reads_a_whole_service() {
        let (service, remarks) = parse(&records(&[
            &["service", "clomd", "/etc/init.d/clomd"],
            &["instance", ""],
            &["param", "command", "/usr/sbin/clomd", "run"],
            &["append", "command", "--x", "a b"],
            &["param", "respawn", "60", "1", "0"],
            &["param", "env", "A=1", "B=x=y"],
            &["param", "stderr", "1"],
            &["param", "limits", "core=unlimited"],
            &["param", "reload_signal", "SIGHUP"],
            &["param", "jail", "x"],
            &[
                "trigger",
                "config.change",
                "clommunity",
                "/etc/init.d/clomd",
                "reload",
            ],
        ]))
        .unwrap();
        assert_eq!(remarks.len(), 1);
        let instance = &service.instances["instance1"];
        assert_eq!(instance.command, ["/usr/sbin/clomd", "run", "--x", "a b"]);
        assert_eq!(instance.env[1], ("B".into(), "x=y".into()));
        assert!(instance.stderr && !instance.stdout);
        assert_eq!(instance.respawn.unwrap().retry, 0);
        assert_eq!(instance.reload_signal, Some(Signal::HUP.as_raw()));
        assert_eq!(service.triggers[0].about, "clommunity");
    }
    use rustix::process::Signal;

    #[test]
    fn says_what_is_wrong() {
        for (lines, why) in [
            (&[&["instance", "a"][..]][..], "no command"),
            (&[&["param", "command", "x"]], "outside"),
            (&[&["what"]], "unknown record"),
            (&[], "no name"),
            (
                &[&["instance", "a"], &["param", "respawn", "soon"]],
                "no number",
            ),
            (
                &[&["instance", "a"], &["param", "env", "soon"]],
                "not NAME=VALUE",
            ),
        ] {
            let error = parse(&records(lines)).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
