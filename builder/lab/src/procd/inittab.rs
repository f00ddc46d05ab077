//! `/etc/inittab`, in the form OpenWrt has it: `id::action:command`.

/// What an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Run once, before anything else.
    Sysinit,
    /// Run when the machine goes down.
    Shutdown,
    /// A program on a terminal that is started again whenever it ends.
    Respawn,
    /// The same, after Enter was pressed.
    Askfirst,
    /// The same as `Askfirst`, on the kernel's console.
    Askconsole,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The terminal's name under `/dev`; empty for none.
    pub(crate) tty: String,
    pub(crate) action: Action,
    /// The program and its arguments, split at blanks.
    pub(crate) command: Vec<String>,
}

/// The entries, and for every line that is none what is wrong with it.
pub(crate) fn parse(text: &str) -> (Vec<Entry>, Vec<String>) {
    let mut entries = Vec::new();
    let mut wrong = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match entry(line) {
            Ok(entry) => entries.push(entry),
            Err(why) => wrong.push(format!("/etc/inittab:{}: {why}: {line}", at + 1)),
        }
    }
    (entries, wrong)
}

fn entry(line: &str) -> Result<Entry, String> {
    let mut fields = line.splitn(4, ':');
    let mut field = || fields.next().ok_or("expected id:runlevels:action:command");
    let tty = field()?.to_owned();
    let _runlevels = field()?;
    let action = match field()? {
        "sysinit" => Action::Sysinit,
        "shutdown" => Action::Shutdown,
        "respawn" | "respawnlate" => Action::Respawn,
        "askfirst" => Action::Askfirst,
        "askconsole" | "askconsolelate" => Action::Askconsole,
        other => return Err(format!("unknown action `{other}`")),
    };
    let command: Vec<String> = field()?.split_whitespace().map(str::to_owned).collect();
    if command.is_empty() {
        return Err("no command".into());
    }
    Ok(Entry {
        tty,
        action,
        command,
    })
}

/// The terminal of the kernel's console: the last `console=` of its command line, without the settings.
pub(crate) fn kernel_console(cmdline: &str) -> Option<&str> {
    cmdline
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("console="))
        .next_back()
        .and_then(|console| console.split(',').next())
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_openwrt_ships() {
        let (entries, wrong) = parse(
            "::sysinit:/etc/init.d/rcS S boot\n::shutdown:/etc/init.d/rcS K shutdown\n\
             ttyS0::askfirst:/usr/libexec/login.sh\n# no\n\n::askconsole:/usr/libexec/login.sh\n",
        );
        assert!(wrong.is_empty());
        assert_eq!(entries.len(), 4);
        assert_eq!(entries[0].command, ["/etc/init.d/rcS", "S", "boot"]);
        assert_eq!(entries[2].tty, "ttyS0");
        assert_eq!(entries[3].action, Action::Askconsole);
    }

    #[test]
    fn says_which_line_is_wrong() {
        let (entries, wrong) =
            parse("::sysinit:/bin/true\ntty1::once:/bin/true\nnonsense\n::respawn: \n");
        assert_eq!(entries.len(), 1);
        assert_eq!(wrong.len(), 3);
        assert!(wrong[0].starts_with("/etc/inittab:2: unknown action `once`"));
    }

    #[test]
    fn the_last_console_counts() {
        assert_eq!(
            kernel_console("a console=tty0 console=ttyS0,115200 b"),
            Some("ttyS0")
        );
        assert_eq!(kernel_console("quiet"), None);
    }
}
