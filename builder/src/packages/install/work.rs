//! A change in progress: the tree, what is installed in it, and whose each file is.

use std::collections::{HashMap, HashSet};

use openwrt_formats::tree::{Inode, InodeId, Kind, Meta, Tree, TreeError};

use super::super::universe::Manager;
use super::apk::Apk;
use super::known::{Known, Verdict};
use super::opkg::Opkg;
use super::payload::{Item, Owner, Payload, Shape, join, split};
use super::{InstallError, Options, Report};

/// The database of one manager.
#[derive(Debug)]
pub(super) enum Database {
    Opkg(Opkg),
    Apk(Apk),
}

/// A change in progress.
pub(super) struct Work<'a> {
    pub(super) tree: Tree,
    pub(super) manager: Manager,
    pub(super) options: &'a Options<'a>,
    pub(super) database: Database,
    /// Installed packages; `None` where one was removed.
    pub(super) known: Vec<Option<Known>>,
    pub(super) by_name: HashMap<String, usize>,
    /// Whose each file is, by where it really lies.
    owners: HashMap<Vec<u8>, usize>,
    /// Who decides on a folder's mode and owners.
    folder_owners: HashMap<Vec<u8>, usize>,
    /// Where folders really lie.
    real_folders: HashMap<Vec<u8>, Vec<u8>>,
    /// Configuration files that somebody changed: the new ones go beside them.
    pub(super) kept: HashSet<Vec<u8>>,
    /// Files of replaced versions that the new ones bring too.
    pub(super) freed: HashSet<Vec<u8>>,
    /// The configuration files of packages that are being installed.
    pub(super) conffiles: HashMap<usize, HashSet<Vec<u8>>>,
    /// What belongs to somebody known by name only, with the package, until all users are there.
    pub(super) named: Vec<(InodeId, Vec<u8>, String, String, String)>,
    pub(super) report: Report,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        tree: Tree,
        manager: Manager,
        options: &'a Options<'a>,
    ) -> Result<Self, InstallError> {
        let (database, known) = match manager {
            Manager::Opkg => {
                let (opkg, known) = Opkg::read(&tree)?;
                (Database::Opkg(opkg), known)
            }
            Manager::Apk => {
                let (apk, known) = Apk::read(&tree)?;
                (Database::Apk(apk), known)
            }
        };
        let by_name = known
            .iter()
            .enumerate()
            .map(|(at, package)| (package.name.clone(), at));
        let mut work = Self {
            by_name: by_name.collect(),
            tree,
            manager,
            options,
            database,
            known: Vec::new(),
            owners: HashMap::new(),
            folder_owners: HashMap::new(),
            real_folders: HashMap::new(),
            kept: HashSet::new(),
            freed: HashSet::new(),
            conffiles: HashMap::new(),
            named: Vec::new(),
            report: Report::default(),
        };
        for (at, package) in known.into_iter().enumerate() {
            for file in &package.files {
                if let Ok(real) = work.real(file) {
                    work.owners.insert(real, at);
                }
            }
            let folders = package.folders.clone();
            work.known.push(Some(package));
            for folder in folders {
                work.own_folder(&folder, at);
            }
        }
        Ok(work)
    }

    /// An installed package.
    pub(super) fn package(&self, at: usize) -> Option<&Known> {
        self.known.get(at)?.as_ref()
    }

    pub(super) fn package_mut(&mut self, at: usize) -> Option<&mut Known> {
        self.known.get_mut(at)?.as_mut()
    }

    pub(super) fn name(&self, at: usize) -> String {
        self.package(at)
            .map(|package| package.name.clone())
            .unwrap_or_default()
    }

    /// All installed packages.
    pub(super) fn installed(&self) -> impl Iterator<Item = &Known> {
        self.known.iter().flatten()
    }

    /// Where a path really lies: links in the folders before it followed, the last part not.
    pub(super) fn real(&mut self, path: &[u8]) -> Result<Vec<u8>, TreeError> {
        let (folder, name) = split(path);
        Ok(join(&self.real_folder(folder)?, name))
    }

    fn real_folder(&mut self, folder: &[u8]) -> Result<Vec<u8>, TreeError> {
        if let Some(real) = self.real_folders.get(folder) {
            return Ok(real.clone());
        }
        let real = self.tree.resolve(folder)?;
        self.real_folders.insert(folder.to_vec(), real.clone());
        Ok(real)
    }

    /// Whose the file is that really lies there.
    pub(super) fn owner(&self, real: &[u8]) -> Option<usize> {
        self.owners.get(real).copied()
    }

    pub(super) fn release(&mut self, real: &[u8]) {
        self.owners.remove(real);
    }

    /// Whether a package that is installed has this folder.
    pub(super) fn folder_owner(&self, real: &[u8]) -> Option<usize> {
        self.folder_owners.get(real).copied()
    }

    /// Takes note of a folder; whether the package decides on its mode and owners.
    fn own_folder(&mut self, folder: &[u8], at: usize) -> bool {
        let Ok(real) = self.real_folder(folder) else {
            return false;
        };
        let before = self
            .folder_owners
            .get(&real)
            .and_then(|at| self.package(*at));
        let decides = match (before, self.package(at)) {
            (Some(before), Some(package)) => package.shapes_folder_of(before),
            _ => true,
        };
        if decides {
            self.folder_owners.insert(real, at);
        }
        decides
    }

    /// Forgets where folders really lie: something else may have made folders or links.
    pub(super) fn forget_folders(&mut self) {
        self.real_folders.clear();
    }

    /// After packages were removed: the folders of those that stay.
    pub(super) fn recount_folders(&mut self) {
        self.folder_owners.clear();
        let all: Vec<(usize, Vec<Vec<u8>>)> = (self.known.iter().enumerate())
            .filter_map(|(at, package)| Some((at, package.as_ref()?.folders.clone())))
            .collect();
        for (at, folders) in all {
            for folder in folders {
                self.own_folder(&folder, at);
            }
        }
    }

    fn trouble(&self, at: usize, path: &[u8], problem: impl Into<String>) -> InstallError {
        InstallError::Path {
            package: self.name(at),
            path: path.escape_ascii().to_string(),
            problem: problem.into(),
        }
    }

    /// Puts the folders and files of a package into the tree. Gives what of its files it did not get, since an earlier package
    /// keeps them.
    pub(super) fn place(
        &mut self,
        at: usize,
        payload: Payload,
    ) -> Result<HashSet<Vec<u8>>, InstallError> {
        let mut left = HashSet::new();
        for item in payload.folders {
            self.place_folder(at, &item)?;
        }
        for item in payload.files {
            if !self.place_file(at, &item)? {
                left.insert(item.path);
            }
        }
        Ok(left)
    }

    fn place_folder(&mut self, at: usize, item: &Item) -> Result<(), InstallError> {
        let epoch = self.options.epoch;
        let real = self.tree.resolve(&item.path).map_err(|error| {
            self.trouble(at, &item.path, format!("cannot be a folder: {error}"))
        })?;
        let there = self
            .tree
            .get(&real)
            .map(|inode| matches!(inode.kind, Kind::Dir(_)));
        if there == Some(false) {
            return Err(self.trouble(at, &item.path, "is a folder, and a file stands there"));
        }
        // Behind a link, such as /var, it is another folder, whose mode is not this package's to say.
        let itself = self.real(&item.path).is_ok_and(|path| path == real);
        let owned = self.folder_owners.contains_key(&real) || there.is_none();
        let decides = self.own_folder(&item.path, at);
        // apk leaves folders alone that no package has; opkg gives every folder what its package says.
        if decides
            && (owned || self.manager == Manager::Opkg)
            && (itself || there.is_none())
            && !real.is_empty()
        {
            let (parent, _) = split(&real);
            self.tree.make_dirs(parent, epoch)?;
            let kind = Kind::Dir(Default::default());
            let meta = item.meta(epoch);
            let id = self.tree.put(&real, Inode { meta, kind })?;
            self.remember_owner(at, id, item);
        }
        Ok(())
    }

    fn remember_owner(&mut self, at: usize, id: InodeId, item: &Item) {
        if let Owner::Names(user, group) = &item.owner {
            self.named.push((
                id,
                item.path.clone(),
                user.clone(),
                group.clone(),
                self.name(at),
            ));
        }
    }

    /// Puts one file; whether the package has it now.
    fn place_file(&mut self, at: usize, item: &Item) -> Result<bool, InstallError> {
        let epoch = self.options.epoch;
        let blocked = |work: &Self, error: TreeError| {
            work.trouble(at, &item.path, format!("cannot be put there: {error}"))
        };
        let mut real = self
            .real(&item.path)
            .map_err(|error| blocked(self, error))?;
        match self.owner(&real) {
            Some(owner) if owner == at => {
                return Err(self.trouble(
                    at,
                    &item.path,
                    "is another name of a file that the package brings too",
                ));
            }
            Some(owner) => match self.verdict(at, owner) {
                Verdict::Take => self.take_over(owner, &real),
                Verdict::Leave => return Ok(false),
                Verdict::Clash
                    if self.manager == Manager::Opkg && self.is_conffile(at, &item.path) =>
                {
                    // opkg keeps the file of the earlier package, and both have it.
                    self.kept.insert(real.clone());
                }
                Verdict::Clash => {
                    return Err(InstallError::Clash {
                        package: self.name(at),
                        owner: self.name(owner),
                        path: item.path.escape_ascii().to_string(),
                    });
                }
            },
            None if self.freed.remove(&real) => {}
            None => {
                if let Some(stays) = self.unowned(at, &real, item)? {
                    self.owners.insert(real.clone(), at);
                    if stays {
                        return Ok(true);
                    }
                }
            }
        }
        self.owners.insert(real.clone(), at);
        if self.kept.contains(&real) {
            if self.same(&real, item) {
                return Ok(true);
            }
            let suffix = match self.manager {
                Manager::Opkg => "-opkg",
                Manager::Apk => ".apk-new",
            };
            real.extend_from_slice(suffix.as_bytes());
            self.report.beside.push(real.escape_ascii().to_string());
        }
        let (parent, _) = split(&real);
        self.tree
            .make_dirs(parent, epoch)
            .map_err(|error| blocked(self, error))?;
        let id = match &item.shape {
            Shape::File(content) => self.tree.put(
                &real,
                Inode {
                    meta: item.meta(epoch),
                    kind: Kind::File(content.clone()),
                },
            ),
            Shape::Symlink(target) => self.tree.put(
                &real,
                Inode {
                    meta: Meta {
                        mode: 0o777,
                        ..item.meta(epoch)
                    },
                    kind: Kind::Symlink(target.clone()),
                },
            ),
            Shape::HardLink(first) => {
                let first = self.real(first).map_err(|error| blocked(self, error))?;
                self.tree.link(first, &real)
            }
            Shape::Folder => return Ok(true),
        };
        let id = id.map_err(|error| blocked(self, error))?;
        self.remember_owner(at, id, item);
        Ok(true)
    }

    fn verdict(&self, at: usize, owner: usize) -> Verdict {
        match (self.package(at), self.package(owner)) {
            (Some(package), Some(owner)) => package.verdict(owner),
            _ => Verdict::Take,
        }
    }

    /// Takes a file out of the list of the package that had it.
    fn take_over(&mut self, owner: usize, real: &[u8]) {
        let files = self
            .package(owner)
            .map(|package| package.files.clone())
            .unwrap_or_default();
        for file in files {
            if self.real(&file).is_ok_and(|found| found == real) {
                let name = self.name(owner);
                if let Database::Apk(apk) = &mut self.database {
                    apk.disown(&name, &file);
                }
                if let Some(package) = self.package_mut(owner) {
                    package.files.retain(|one| *one != file);
                    package.changed = true;
                }
                self.report
                    .taken
                    .push((name, file.escape_ascii().to_string()));
            }
        }
    }

    fn is_conffile(&self, at: usize, path: &[u8]) -> bool {
        self.conffiles
            .get(&at)
            .is_some_and(|files| files.contains(path))
    }

    fn same(&self, real: &[u8], item: &Item) -> bool {
        match (self.tree.get(real).map(|inode| &inode.kind), &item.shape) {
            (Some(Kind::File(old)), Shape::File(new)) => old == new,
            (Some(Kind::Symlink(old)), Shape::Symlink(new)) => old == new,
            _ => false,
        }
    }

    /// What to do where no package's file stands. `None`: nothing is there; `Some(true)`: what is there stays.
    fn unowned(
        &mut self,
        at: usize,
        real: &[u8],
        item: &Item,
    ) -> Result<Option<bool>, InstallError> {
        let Some(inode) = self.tree.get(real) else {
            return Ok(None);
        };
        match &inode.kind {
            Kind::Dir(_) => {
                if matches!(item.shape, Shape::Symlink(_)) && self.only_folders(real) {
                    // base-files makes /var a link, and a package before it may have brought /var/x: it is made again behind the link.
                    self.move_behind_link(at, real, item)?;
                    return Ok(Some(true));
                }
                Err(self.trouble(at, &item.path, "is a file, and a folder stands there"))
            }
            Kind::Symlink(_) if self.is_managed(&item.path) => Ok(Some(true)),
            _ if self.manager == Manager::Opkg => {
                if self.is_conffile(at, &item.path) {
                    self.kept.insert(real.to_vec());
                    return Ok(Some(false));
                }
                if self.same(real, item) {
                    return Ok(Some(false));
                }
                Err(InstallError::Unowned {
                    package: self.name(at),
                    path: item.path.escape_ascii().to_string(),
                })
            }
            _ => {
                // apk protects what is in /etc, but for init scripts and its own folder.
                let protected = real.starts_with(b"etc/")
                    && !real.starts_with(b"etc/init.d/")
                    && !real.starts_with(b"etc/apk/");
                if protected {
                    self.kept.insert(real.to_vec());
                }
                Ok(Some(false))
            }
        }
    }

    /// Whether a link there is given its target by priority.
    fn is_managed(&self, path: &[u8]) -> bool {
        self.installed().any(|package| {
            let mut all = package.alternatives.iter();
            all.any(|(_, at, _)| at.trim_start_matches('/').as_bytes() == path)
        })
    }

    fn only_folders(&self, real: &[u8]) -> bool {
        let mut todo: Vec<InodeId> = self.tree.lookup(real).into_iter().collect();
        while let Some(id) = todo.pop() {
            match &self.tree.inode(id).kind {
                Kind::Dir(entries) => todo.extend(entries.values()),
                _ => return false,
            }
        }
        true
    }

    fn move_behind_link(
        &mut self,
        at: usize,
        real: &[u8],
        item: &Item,
    ) -> Result<(), InstallError> {
        let Shape::Symlink(target) = &item.shape else {
            return Ok(());
        };
        let inside = self.tree.walk().filter(|entry| {
            entry.path.starts_with(real) && entry.path.get(real.len()) == Some(&b'/')
        });
        let inside: Vec<(Vec<u8>, Meta)> = inside
            .map(|entry| (entry.path, entry.inode.meta.clone()))
            .collect();
        self.tree.remove(real);
        self.tree.put_symlink(real, target, self.options.epoch)?;
        self.real_folders.clear();
        for (path, meta) in inside {
            let moved = self.tree.resolve(&path)?;
            let error = |work: &Self, error: TreeError| {
                work.trouble(
                    at,
                    &item.path,
                    format!("cannot take the place of the folder that stands there: {error}"),
                )
            };
            let id = self.tree.make_dirs(&moved, self.options.epoch);
            let id = id.map_err(|found| error(self, found))?;
            self.tree.inode_mut(id).meta = meta;
        }
        self.recount_folders();
        Ok(())
    }
}
