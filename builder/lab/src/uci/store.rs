//! The files behind `uci`: `/etc/config`, and the uncommitted changes in `/tmp/.uci`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use openwrt_formats::uci::{self, Config};

use super::Error;
use super::change::{self, Change};
use super::package::Package;

/// Where the files lie.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) config_dir: PathBuf,
    pub(super) save_dir: PathBuf,
    /// More folders whose changes are applied, before those of `save_dir`.
    pub(super) search: Vec<PathBuf>,
}

impl Store {
    /// The packages there are, by name.
    pub(super) fn packages(&self) -> Result<Vec<String>, Error> {
        let mut names: Vec<String> = fs::read_dir(&self.config_dir)
            .map_err(|why| Error::io(&self.config_dir, &why))?
            .flatten()
            .filter(|entry| entry.path().is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| uci::is_valid_package(name))
            .collect();
        names.sort();
        Ok(names)
    }

    /// The packages that have uncommitted changes.
    pub(super) fn changed(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.save_dir)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.metadata().is_ok_and(|meta| meta.len() > 0))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| uci::is_valid_package(name))
            .collect();
        names.sort();
        names
    }

    /// The package as it will be once its changes are committed.
    pub(super) fn load(&self, name: &str) -> Result<Package, Error> {
        let mut package = Package::new(name, self.read(name)?);
        let dirs = self.search.iter().chain([&self.save_dir]);
        for change in dirs
            .map(|dir| self.changes_in(dir, name))
            .collect::<Result<Vec<_>, _>>()?
            .concat()
        {
            // A change whose section is gone meanwhile is dropped, as libuci does.
            let _ = package.apply(&change);
        }
        Ok(package)
    }

    fn read(&self, name: &str) -> Result<Config, Error> {
        let path = self.config_dir.join(name);
        let bytes = fs::read(&path).map_err(|why| match why.kind() {
            io::ErrorKind::NotFound => Error::NotFound,
            _ => Error::io(&path, &why),
        })?;
        uci::parse_bytes(&bytes).map_err(|why| Error::Parse(format!("{}: {why}", path.display())))
    }

    /// The uncommitted changes of a package.
    pub(super) fn changes(&self, name: &str) -> Result<Vec<Change>, Error> {
        self.changes_in(&self.save_dir, name)
    }

    fn changes_in(&self, dir: &Path, name: &str) -> Result<Vec<Change>, Error> {
        let path = dir.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => change::parse(&text)
                .map_err(|line| Error::Parse(format!("{}: not a change: {line}", path.display()))),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(why) => Err(Error::io(&path, &why)),
        }
    }

    /// Adds a change to the uncommitted ones.
    pub(super) fn save(&self, name: &str, change: &Change) -> Result<(), Error> {
        let _lock = self.lock()?;
        let path = self.save_dir.join(name);
        File::options()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all((change.line(name) + "\n").as_bytes()))
            .map_err(|why| Error::io(&path, &why))
    }

    /// Replaces the uncommitted changes.
    pub(super) fn replace(&self, name: &str, changes: &[Change]) -> Result<(), Error> {
        let _lock = self.lock()?;
        let path = self.save_dir.join(name);
        let text: String = changes
            .iter()
            .map(|change| change.line(name) + "\n")
            .collect();
        let done = if text.is_empty() {
            match fs::remove_file(&path) {
                Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
                _ => Ok(()),
            }
        } else {
            write_whole(&path, text.as_bytes(), 0o600)
        };
        done.map_err(|why| Error::io(&path, &why))
    }

    /// Writes a package with its changes to `/etc/config` and forgets the changes.
    pub(super) fn commit(&self, name: &str) -> Result<(), Error> {
        let package = self.load(name)?;
        self.write(name, &package.config)?;
        self.replace(name, &[])
    }

    /// Writes a package's file, whole or not at all.
    pub(super) fn write(&self, name: &str, config: &Config) -> Result<(), Error> {
        let path = self.config_dir.join(name);
        let mode = fs::metadata(&path).map_or(0o600, |meta| meta.mode() & 0o7777);
        write_whole(&path, config.to_string().as_bytes(), mode)
            .map_err(|why| Error::io(&path, &why))
    }

    /// Keeps two calls from mixing their changes.
    fn lock(&self) -> Result<File, Error> {
        let path = self.save_dir.join(".lock");
        let open = || -> io::Result<File> {
            fs::create_dir_all(&self.save_dir)?;
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .mode(0o600)
                .open(&path)?;
            file.lock()?;
            Ok(file)
        };
        open().map_err(|why| Error::io(&path, &why))
    }
}

fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let write = || -> io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}
