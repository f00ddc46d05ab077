//! `uci`: reads and changes the configuration, with the command line, files and answers of OpenWrt's tool.

mod change;
mod package;
mod store;
mod words;

use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path as FilePath, PathBuf};

use openwrt_formats::uci::{self, EditError, Path, SectionRef, Value, quote};

use self::change::{Change, Verb};
use self::package::Package;
use self::store::Store;

/// Why a command did nothing.
#[derive(Debug, PartialEq, Eq)]
enum Error {
    NotFound,
    Invalid(String),
    Parse(String),
    Io(String),
    Usage,
}

impl Error {
    fn io(path: &FilePath, why: &std::io::Error) -> Self {
        Self::Io(format!("{}: {why}", path.display()))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound => f.write_str("Entry not found"),
            Self::Invalid(why) => write!(f, "Invalid argument: {why}"),
            Self::Parse(why) => write!(f, "Parse error: {why}"),
            Self::Io(why) => write!(f, "I/O error: {why}"),
            Self::Usage => f.write_str(USAGE),
        }
    }
}

impl From<EditError> for Error {
    fn from(error: EditError) -> Self {
        match error {
            EditError::NoSection(_) | EditError::NoOption { .. } => Self::NotFound,
            other => Self::Invalid(other.to_string()),
        }
    }
}

const USAGE: &str = "\
Usage: uci [options] command [arguments]

Commands:
  batch
  export     [config]
  import     [config]
  changes    [config]
  commit     [config]
  add        config section-type
  add_list   config.section.option=string
  del_list   config.section.option=string
  show       [config[.section[.option]]]
  get        config.section[.option]
  set        config.section[.option]=value
  delete     config[.section[.option]]
  rename     config.section[.option]=name
  revert     config[.section[.option]]
  reorder    config.section=position

Options:
  -c PATH   the folder of the configuration (/etc/config)
  -d STR    what stands between the values of a list in `show`
  -f FILE   read FILE instead of standard input
  -m        import: merge into the package that is there
  -p PATH   apply the changes that lie there too
  -P PATH   the same, and save changes there
  -t PATH   save changes there (/tmp/.uci)
  -q        say nothing when it fails
  -n -N -s -S  taken for compatibility: without effect
  -X        show unnamed sections by their generated names";

/// One call's settings.
struct Call {
    store: Store,
    delimiter: String,
    input: Option<PathBuf>,
    merge: bool,
    quiet: bool,
    generated: bool,
}

/// The applet. The number is its exit code.
pub(crate) fn main(arguments: &[String]) -> u8 {
    let mut call = Call {
        store: Store {
            config_dir: "/etc/config".into(),
            save_dir: "/tmp/.uci".into(),
            search: Vec::new(),
        },
        delimiter: " ".into(),
        input: None,
        merge: false,
        quiet: false,
        generated: false,
    };
    let rest = match call.options(arguments) {
        Ok(rest) => rest,
        Err(why) => {
            eprintln!("uci: {why}");
            return 1;
        }
    };
    match call.command(rest) {
        Ok(out) => {
            print!("{out}");
            0
        }
        Err(Error::Usage) => {
            eprintln!("{USAGE}");
            255
        }
        Err(why) => {
            if !call.quiet {
                eprintln!("uci: {why}");
            }
            1
        }
    }
}

impl Call {
    /// Takes the options and gives the command with its arguments.
    fn options<'a>(&mut self, arguments: &'a [String]) -> Result<&'a [String], Error> {
        let mut at = 0;
        while let Some(flags) = arguments
            .get(at)
            .and_then(|argument| argument.strip_prefix('-'))
            .filter(|flags| !flags.is_empty())
        {
            at += 1;
            for (place, flag) in flags.char_indices() {
                match flag {
                    'q' => self.quiet = true,
                    'm' => self.merge = true,
                    'X' => self.generated = true,
                    'n' | 'N' | 's' | 'S' => {}
                    'c' | 'd' | 'f' | 'p' | 'P' | 't' => {
                        let attached = flags.get(place + 1..).unwrap_or_default();
                        let value = if attached.is_empty() {
                            at += 1;
                            arguments.get(at - 1).ok_or(Error::Usage)?.as_str()
                        } else {
                            attached
                        };
                        self.valued(flag, value);
                        break;
                    }
                    _ => return Err(Error::Usage),
                }
            }
        }
        Ok(arguments.get(at..).unwrap_or_default())
    }

    fn valued(&mut self, flag: char, value: &str) {
        match flag {
            'c' => self.store.config_dir = value.into(),
            'd' => self.delimiter = value.to_owned(),
            'f' => self.input = Some(value.into()),
            'p' => self.store.search.push(value.into()),
            'P' => {
                let old = std::mem::replace(&mut self.store.save_dir, value.into());
                self.store.search.push(old);
            }
            _ => self.store.save_dir = value.into(),
        }
    }

    /// Runs one command and gives what it prints.
    fn command(&self, words: &[String]) -> Result<String, Error> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["get", path] => self.get(path),
            ["show"] => self.each(None, |call, name| call.show(name)),
            ["show", path] => self.show(path),
            ["set", assignment] => self.set(assignment),
            ["add", package, kind] => self.add(package, kind),
            ["add_list", assignment] => self.list(Verb::ListAdd, assignment),
            ["del_list", assignment] => self.list(Verb::ListDelete, assignment),
            ["delete" | "del", path] => self.delete(path),
            ["rename", assignment] => self.valued_change(Verb::Rename, assignment),
            ["reorder", assignment] => self.valued_change(Verb::Reorder, assignment),
            ["changes", package @ ..] if package.len() < 2 => {
                self.changes(package.first().copied())
            }
            ["commit"] => self
                .store
                .changed()
                .iter()
                .try_fold(String::new(), |out, name| {
                    self.store.commit(name)?;
                    Ok(out)
                }),
            ["commit", package] => self.store.commit(package).map(|()| String::new()),
            ["revert", path] => self.revert(path),
            ["export", package @ ..] if package.len() < 2 => self
                .each(package.first().copied(), |call, name| {
                    Ok(uci::export(name, &call.store.load(name)?.config) + "\n")
                }),
            ["import", package @ ..] if package.len() < 2 => self.import(package.first().copied()),
            ["batch"] => self.batch(),
            _ => Err(Error::Usage),
        }
    }

    fn each(
        &self,
        package: Option<&str>,
        run: impl Fn(&Self, &str) -> Result<String, Error>,
    ) -> Result<String, Error> {
        match package {
            Some(package) => run(self, package),
            None => self
                .store
                .packages()?
                .iter()
                .map(|name| run(self, name))
                .collect(),
        }
    }

    /// A path with its package loaded, and the position of its section if it names one.
    fn find(&self, path: &str) -> Result<(Path, Package, Option<usize>), Error> {
        let path: Path = path
            .parse()
            .map_err(|why: uci::PathError| Error::Invalid(why.to_string()))?;
        let package = self.store.load(&path.package)?;
        let at = path
            .section
            .as_ref()
            .and_then(|section| package.position(section));
        Ok((path, package, at))
    }

    fn get(&self, path: &str) -> Result<String, Error> {
        let (path, package, at) = self.find(path)?;
        let section = at
            .and_then(|at| package.config.sections().get(at))
            .ok_or(Error::NotFound)?;
        Ok(match path.option {
            None => section.kind().to_owned() + "\n",
            Some(option) => {
                let items: Vec<&str> = section
                    .get(&option)
                    .ok_or(Error::NotFound)?
                    .items()
                    .collect();
                items.join(&self.delimiter) + "\n"
            }
        })
    }

    fn show(&self, path: &str) -> Result<String, Error> {
        let (path, package, at) = self.find(path)?;
        if path.section.is_none() {
            return Ok((0..package.config.sections().len())
                .map(|at| self.show_section(&package, at, None))
                .collect());
        }
        let at = at.ok_or(Error::NotFound)?;
        let shown = self.show_section(&package, at, path.option.as_deref());
        if shown.is_empty() {
            return Err(Error::NotFound);
        }
        Ok(shown)
    }

    fn show_section(&self, package: &Package, at: usize, only: Option<&str>) -> String {
        let mut out = String::new();
        let Some(section) = package.config.sections().get(at) else {
            return out;
        };
        let reference = if self.generated {
            package.id(at).unwrap_or_default().to_owned()
        } else {
            package
                .config
                .reference_at(at)
                .map(|reference| reference.to_string())
                .unwrap_or_default()
        };
        let name = format!("{}.{reference}", package.name);
        if only.is_none() {
            let _ = writeln!(out, "{name}={}", section.kind());
        }
        for (option, value) in section.options() {
            if only.is_none_or(|only| only == option) {
                let items: Vec<String> = value.items().map(quote).collect();
                let _ = writeln!(out, "{name}.{option}={}", items.join(&self.delimiter));
            }
        }
        out
    }

    /// Tries the change on the package, then saves it.
    fn save(&self, mut package: Package, change: &Change) -> Result<String, Error> {
        package.apply(change)?;
        self.store.save(&package.name, change)?;
        Ok(String::new())
    }

    /// The name or id by which a change calls the section; the name itself when it does not exist yet.
    fn section_id(package: &Package, path: &Path, at: Option<usize>) -> Result<String, Error> {
        match (at.and_then(|at| package.id(at)), &path.section) {
            (Some(id), _) => Ok(id.to_owned()),
            (None, Some(SectionRef::Name(name))) => Ok(name.clone()),
            _ => Err(Error::NotFound),
        }
    }

    fn assignment(assignment: &str) -> Result<(&str, &str), Error> {
        assignment
            .split_once('=')
            .ok_or_else(|| Error::Invalid(format!("`{assignment}` has no `=`")))
    }

    fn set(&self, assignment: &str) -> Result<String, Error> {
        let (path, value) = Self::assignment(assignment)?;
        let (path, package, at) = self.find(path)?;
        let section = Self::section_id(&package, &path, at)?;
        if value.is_empty() {
            return match (at, &path.option) {
                (None, _) => Err(Error::NotFound),
                (Some(_), None) => Err(Error::Invalid("a section needs a type".into())),
                (Some(at), Some(option)) => match package
                    .config
                    .sections()
                    .get(at)
                    .and_then(|s| s.get(option))
                {
                    None => Ok(String::new()),
                    Some(_) => self.save(
                        package.clone(),
                        &Change {
                            verb: Verb::Delete,
                            section,
                            option: path.option.clone(),
                            value: None,
                        },
                    ),
                },
            };
        }
        let change = Change {
            verb: Verb::Set,
            section,
            option: path.option,
            value: Some(value.to_owned()),
        };
        self.save(package, &change)
    }

    fn add(&self, package: &str, kind: &str) -> Result<String, Error> {
        let package = self.store.load(package)?;
        let id = package.next_id(kind);
        let change = Change {
            verb: Verb::Add,
            section: id.clone(),
            option: None,
            value: Some(kind.to_owned()),
        };
        self.save(package, &change)?;
        Ok(id + "\n")
    }

    fn list(&self, verb: Verb, assignment: &str) -> Result<String, Error> {
        let (path, package, at) = self.find(Self::assignment(assignment)?.0)?;
        if path.option.is_none() {
            return Err(Error::Invalid("no option named".into()));
        }
        let held = at
            .zip(path.option.as_deref())
            .and_then(|(at, option)| package.config.sections().get(at)?.get(option));
        // libuci takes nothing from what is no list, and does not complain.
        if verb == Verb::ListDelete && !matches!(held, Some(Value::List(_))) {
            return at.map(|_| String::new()).ok_or(Error::NotFound);
        }
        self.valued_change(verb, assignment)
    }

    fn valued_change(&self, verb: Verb, assignment: &str) -> Result<String, Error> {
        let (path, value) = Self::assignment(assignment)?;
        let (path, package, at) = self.find(path)?;
        let section = Self::section_id(&package, &path, Some(at.ok_or(Error::NotFound)?))?;
        if verb == Verb::Reorder && value.parse::<u32>().is_err() {
            return Err(Error::Invalid(format!("`{value}` is no position")));
        }
        let change = Change {
            verb,
            section,
            option: path.option,
            value: Some(value.to_owned()),
        };
        self.save(package, &change)
    }

    fn delete(&self, path: &str) -> Result<String, Error> {
        let (path, package, at) = self.find(path)?;
        if path.section.is_none() {
            let mut package = package;
            let ids: Vec<String> = (0..package.config.sections().len())
                .filter_map(|at| package.id(at).map(str::to_owned))
                .collect();
            for section in ids {
                let change = Change {
                    verb: Verb::Delete,
                    section,
                    option: None,
                    value: None,
                };
                package.apply(&change)?;
                self.store.save(&package.name, &change)?;
            }
            return Ok(String::new());
        }
        let section = Self::section_id(&package, &path, Some(at.ok_or(Error::NotFound)?))?;
        let change = Change {
            verb: Verb::Delete,
            section,
            option: path.option,
            value: None,
        };
        self.save(package, &change)
    }

    fn changes(&self, package: Option<&str>) -> Result<String, Error> {
        let names = match package {
            Some(name) => vec![name.to_owned()],
            None => self.store.changed(),
        };
        let mut out = String::new();
        for name in names {
            for change in self.store.changes(&name)? {
                let line = match change.verb {
                    Verb::ListAdd => {
                        let line = Change {
                            verb: Verb::Set,
                            ..change
                        };
                        line.line(&name).replacen('=', "+=", 1)
                    }
                    Verb::ListDelete => {
                        let line = Change {
                            verb: Verb::Set,
                            ..change
                        };
                        line.line(&name).replacen('=', "-=", 1)
                    }
                    Verb::Add => {
                        let line = Change {
                            verb: Verb::Set,
                            ..change
                        };
                        line.line(&name)
                    }
                    _ => change.line(&name),
                };
                out.push_str(&line);
                out.push('\n');
            }
        }
        Ok(out)
    }

    fn revert(&self, path: &str) -> Result<String, Error> {
        let (path, package, at) = self.find(path)?;
        let section = match &path.section {
            None => None,
            // A section that the changes deleted has no position any more.
            Some(_) => Some(Self::section_id(&package, &path, at)?),
        };
        let mut changes = self.store.changes(&path.package)?;
        changes.retain(|change| !change.touches(section.as_deref(), path.option.as_deref()));
        self.store.replace(&path.package, &changes)?;
        Ok(String::new())
    }

    fn input(&self) -> Result<String, Error> {
        let mut text = String::new();
        match &self.input {
            Some(path) => {
                text = std::fs::read_to_string(path).map_err(|why| Error::io(path, &why))?
            }
            None => {
                std::io::stdin()
                    .read_to_string(&mut text)
                    .map_err(|why| Error::io(FilePath::new("standard input"), &why))?;
            }
        }
        Ok(text)
    }

    fn import(&self, package: Option<&str>) -> Result<String, Error> {
        let text = self.input()?;
        let parse = |why: uci::ParseError| Error::Parse(why.to_string());
        let packages = match package {
            Some(name) if uci::is_valid_package(name) => {
                vec![(name.to_owned(), uci::parse(&text).map_err(parse)?)]
            }
            Some(name) => return Err(Error::Invalid(format!("`{name}` is no package name"))),
            None => uci::parse_packages(&text).map_err(parse)?,
        };
        for (name, config) in packages {
            let config = match self.store.load(&name) {
                Ok(mut held) if self.merge => {
                    held.config.merge(config);
                    held.config
                }
                Ok(_) | Err(Error::NotFound) => config,
                Err(why) => return Err(why),
            };
            self.store.write(&name, &config)?;
            self.store.replace(&name, &[])?;
        }
        Ok(String::new())
    }

    /// Runs the lines of standard input; the first that fails stops it.
    fn batch(&self) -> Result<String, Error> {
        let mut out = String::new();
        for (at, line) in self.input()?.lines().enumerate() {
            let words = words::split(line)
                .ok_or_else(|| Error::Parse(format!("line {}: a quote is never closed", at + 1)))?;
            if words.is_empty() {
                continue;
            }
            if words.first().is_some_and(|word| word == "batch") {
                return Err(Error::Invalid(format!(
                    "line {}: batch within batch",
                    at + 1
                )));
            }
            match self.command(&words) {
                Ok(text) => out.push_str(&text),
                Err(why) => {
                    print!("{out}");
                    return Err(Error::Invalid(format!("line {}: {line}: {why}", at + 1)));
                }
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests;
