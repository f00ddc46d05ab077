//! Starting an instance's process.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::log;
use super::spec::Instance;

/// The search path of everything procd starts.
pub(crate) const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Starts it and gives its process id.
pub(crate) fn spawn(service: &str, spec: &Instance) -> io::Result<u32> {
    let (program, arguments) = spec
        .command
        .split_first()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no command"))?;
    let mut command = match spec.nice {
        // The shell's own tool: the standard library has no way to set it between fork and exec.
        Some(nice) => {
            let mut command = Command::new("/bin/busybox");
            command.args(["nice", "-n", &nice.to_string()]).arg(program);
            command
        }
        None => Command::new(program),
    };
    command
        .args(arguments)
        .current_dir("/")
        .env_clear()
        .env("PATH", PATH)
        .envs(spec.env.iter().map(|(key, value)| (key, value)))
        .stdin(Stdio::null())
        .stdout(output(spec.stdout))
        .stderr(output(spec.stderr))
        .process_group(0);
    if let Some(user) = &spec.user {
        let (uid, gid) = lookup_user(user)?;
        command.uid(uid).gid(gid);
    }
    if let Some(group) = &spec.group {
        command.gid(lookup_id("/etc/group", group)?);
    }
    let mut child = command.spawn()?;
    let pid = child.id();
    if let Some(out) = child.stdout.take() {
        log::forward(out, service.to_owned(), pid, false);
    }
    if let Some(err) = child.stderr.take() {
        log::forward(err, service.to_owned(), pid, true);
    }
    for (name, value) in &spec.limits {
        if let Err(why) = limit(pid, name, value) {
            log::warn(&format!("{service}: limit {name}={value}: {why}"));
        }
    }
    if let Some(pidfile) = &spec.pidfile
        && let Err(why) = fs::write(pidfile, format!("{pid}\n"))
    {
        log::warn(&format!("{service}: {}: {why}", pidfile.display()));
    }
    Ok(pid)
}

fn output(wanted: bool) -> Stdio {
    if wanted {
        Stdio::piped()
    } else {
        Stdio::null()
    }
}

/// A mark of the files' contents; it changes when one of them does.
pub(crate) fn mark(files: &[impl AsRef<Path>]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(file).ok().hash(&mut hasher);
    }
    hasher.finish()
}

fn lookup_user(name: &str) -> io::Result<(u32, u32)> {
    let uid = lookup_id("/etc/passwd", name)?;
    let passwd = fs::read_to_string("/etc/passwd")?;
    let gid = field(&passwd, name, 3).unwrap_or(uid);
    Ok((uid, gid))
}

fn lookup_id(file: &str, name: &str) -> io::Result<u32> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    field(&fs::read_to_string(file)?, name, 2).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            format!("`{name}` does not stand in {file}"),
        )
    })
}

/// A numeric field of the line that begins with `name:`.
fn field(table: &str, name: &str, at: usize) -> Option<u32> {
    table
        .lines()
        .map(|line| line.split(':'))
        .find(|fields| fields.clone().next() == Some(name))
        .and_then(|mut fields| fields.nth(at))
        .and_then(|text| text.parse().ok())
}

fn limit(pid: u32, name: &str, value: &str) -> Result<(), String> {
    let resource = match name {
        "as" => Resource::As,
        "core" => Resource::Core,
        "cpu" => Resource::Cpu,
        "data" => Resource::Data,
        "fsize" => Resource::Fsize,
        "memlock" => Resource::Memlock,
        "nofile" => Resource::Nofile,
        "nproc" => Resource::Nproc,
        "rss" => Resource::Rss,
        "stack" => Resource::Stack,
        _ => return Err("unknown limit".into()),
    };
    let one = |text: &str| match text {
        "unlimited" => Ok(None),
        number => number.parse().map(Some).map_err(|_| "no number".to_owned()),
    };
    let mut parts = value.split_whitespace();
    let current = one(parts.next().unwrap_or_default())?;
    let maximum = parts.next().map_or(Ok(current), one)?;
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    prlimit(pid, resource, Rlimit { current, maximum })
        .map(|_| ())
        .map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_ids_in_passwd() {
        let table = "root:x:0:0:root:/root:/bin/ash\nnobody:*:65534:65533::/var:/bin/false\n";
        assert_eq!(field(table, "nobody", 2), Some(65534));
        assert_eq!(field(table, "nobody", 3), Some(65533));
        assert_eq!(field(table, "nob", 2), None);
    }

    #[test]
    fn the_mark_follows_the_content() {
        let file = std::env::temp_dir().join(format!("clom-lab-mark-{}", std::process::id()));
        let missing = mark(&[&file]);
        fs::write(&file, "a").unwrap();
        let a = mark(&[&file]);
        fs::write(&file, "b").unwrap();
        let b = mark(&[&file]);
        fs::remove_file(&file).unwrap();
        assert!(missing != a && a != b);
        assert_eq!(mark(&[&file]), missing);
    }
}
