//! Profile libraries: folders of TOML files, searched in order.
//!
//! A library holds `communities/`, `sites/`, `devices/`, `nodes/` and `lab/`; a file's name without `.toml` is the
//! layer's name, folders in between are for order only. `lab/` is a library in the library; files that lie in it directly
//! are devices. A node is one of: `nodes/SITE/NAME.toml`; a table `[nodes.NAME]` in `nodes/SITE.toml`; `nodes/NAME.toml` with
//! `site = "SITE"` in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::layer::{Layer, Named};
use super::parse::parse;
use super::source::{Kind, LayerId, SourceFile, shown};
use super::suggest::closest;
use super::value::{Entry, Item, Table, Value};

/// Folders nest this deep at most: deeper is surely a loop of symbolic links.
const DEEPEST: usize = 6;

/// Where a layer is written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Spot {
    path: PathBuf,
    /// The key in `[nodes]`, for a node that shares a file with others.
    key: Option<String>,
}

/// Profile libraries laid one after the other: the first that has a name wins.
#[derive(Debug, Default)]
pub struct Library {
    roots: Vec<PathBuf>,
    /// Every layer; more than one spot if one library has the name twice.
    layers: BTreeMap<LayerId, Vec<Spot>>,
    /// What is wrong with the files that had to be read to find the nodes.
    problems: Diagnostics,
}

impl Library {
    /// The libraries in these folders, searched in this order.
    ///
    /// # Errors
    /// When one of them is no folder or cannot be listed.
    pub fn open(roots: impl IntoIterator<Item = PathBuf>) -> Result<Self, Diagnostics> {
        let mut library = Self::default();
        let mut problems = Diagnostics::new();
        for root in roots {
            let mut found = BTreeMap::new();
            match library.scan(&root, &mut found) {
                Ok(()) => {
                    for (id, spots) in found {
                        library.layers.entry(id).or_insert(spots);
                    }
                    library.roots.push(root);
                }
                Err(problem) => problems.push(problem),
            }
        }
        problems.or(library)
    }

    /// The folders, in the order searched.
    pub fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// The names of all layers of a kind, in alphabetical order; of nodes as `site/name`.
    pub fn names(&self, kind: Kind) -> impl Iterator<Item = &str> {
        let of_kind = self.layers.keys().filter(move |id| id.kind == kind);
        of_kind.map(|id| id.name.as_str())
    }

    /// The names (without the site) of the nodes of a site.
    pub fn nodes_of(&self, site: &str) -> impl Iterator<Item = &str> {
        let split = self
            .names(Kind::Node)
            .filter_map(|name| name.split_once('/'));
        split.filter_map(move |(of, name)| (of == site).then_some(name))
    }

    /// What is wrong with files in `nodes/`.
    pub fn problems(&self) -> &Diagnostics {
        &self.problems
    }

    /// The file that holds a layer.
    pub fn path(&self, id: &LayerId) -> Option<&Path> {
        let spots = self.layers.get(id)?;
        spots.first().map(|spot| spot.path.as_path())
    }

    /// Reads a layer. `asked` is where its name is written, if a file names it.
    ///
    /// # Errors
    /// When there is no such layer, its file cannot be read, is no TOML or has wrong engine keys.
    pub fn read(&self, id: &LayerId, asked: Option<&Named>) -> Result<Layer, Diagnostics> {
        let spots = self.layers.get(id).map_or(&[][..], Vec::as_slice);
        let [spot] = spots else {
            return Err(match spots {
                [] => self.unknown(id, asked),
                _ => ambiguous(id, spots),
            });
        };
        let text = read_text(&spot.path)?;
        let file = SourceFile::on_disk(id.clone(), &spot.path, text);
        let root = parse(&file)?;
        let body = match &spot.key {
            None => root,
            Some(key) => node_table(&root, key).cloned().unwrap_or_default(),
        };
        Layer::read(&file, body)
    }

    fn unknown(&self, id: &LayerId, asked: Option<&Named>) -> Diagnostics {
        let LayerId { kind, name } = id;
        let mut error = match (kind, name.split_once('/')) {
            (Kind::Node, Some((site, node))) => {
                Diagnostic::error(format!("site `{site}` has no node `{node}`"))
            }
            _ => Diagnostic::error(format!("there is no {kind} `{name}`")),
        };
        if let Some(asked) = asked {
            error = error.at(&asked.place, "");
        }
        let names: Vec<&str> = match (kind, name.split_once('/')) {
            (Kind::Node, Some((site, _))) => self.nodes_of(site).collect(),
            _ => self.names(*kind).collect(),
        };
        let word = name.rsplit('/').next().unwrap_or(name);
        if let Some(best) = closest(word, names.iter().copied()) {
            error = error.help(format!("did you mean `{best}`?"));
        }
        let of = |other: &&Kind| *other != kind && self.names(**other).any(|n| n == name);
        if let Some(other) = Kind::FILES.iter().find(of) {
            error = error.help(format!("`{name}` is a {other}"));
        }
        error = error.help(match names.as_slice() {
            [] => format!(
                "there are no {} yet; make one: clom profile new {kind} {word}",
                kind.folder()
            ),
            _ => format!("{}: {}", kind.folder(), names.join(", ")),
        });
        let roots: Vec<String> = self
            .roots
            .iter()
            .map(|root| shown(root).display().to_string())
            .collect();
        let mut problems = self.problems.clone();
        problems.push(match roots.as_slice() {
            [] => error.help("no profile library was found: run clom in a folder that has profiles/, or pass --profiles DIR"),
            _ => error.help(format!("looked in {}", roots.join(", "))),
        });
        problems
    }

    /// Finds the layers below one root.
    fn scan(
        &mut self,
        root: &Path,
        found: &mut BTreeMap<LayerId, Vec<Spot>>,
    ) -> Result<(), Diagnostic> {
        // Says so if the root itself is not there.
        for path in list(root)?.into_iter().filter(|path| path.is_dir()) {
            self.odd_folder(&path);
        }
        self.scan_kinds(root, found)?;
        let lab = root.join("lab");
        if lab.is_dir() {
            self.scan_kinds(&lab, found)?;
            for path in list(&lab)?.into_iter().filter(|path| is_toml(path)) {
                add(found, LayerId::new(Kind::Device, stem(&path)), path, None);
            }
        }
        Ok(())
    }

    /// A folder that was surely meant to be another.
    fn odd_folder(&mut self, path: &Path) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let folders = || Kind::FILES.iter().map(|kind| kind.folder()).chain(["lab"]);
        if folders().any(|folder| folder == name) {
            return;
        }
        if let Some(best) = closest(&name, folders()) {
            let shown = shown(path).display();
            let warning = format!("the folder {shown} is not looked into");
            self.problems
                .push(Diagnostic::warning(warning).help(format!("did you mean `{best}`?")));
        }
    }

    fn scan_kinds(
        &mut self,
        root: &Path,
        found: &mut BTreeMap<LayerId, Vec<Spot>>,
    ) -> Result<(), Diagnostic> {
        for kind in [Kind::Community, Kind::Site, Kind::Device] {
            let folder = root.join(kind.folder());
            if folder.is_dir() {
                for path in tomls(&folder, 0)? {
                    add(found, LayerId::new(kind, stem(&path)), path, None);
                }
            }
        }
        let nodes = root.join(Kind::Node.folder());
        if nodes.is_dir() {
            for path in list(&nodes)? {
                if path.is_dir() {
                    let site = stem(&path);
                    for file in tomls(&path, 1)? {
                        let name = format!("{site}/{}", stem(&file));
                        add(found, LayerId::new(Kind::Node, name), file, None);
                    }
                } else if is_toml(&path) {
                    self.scan_nodes(&path, found);
                }
            }
        }
        Ok(())
    }

    /// A file directly in `nodes/`: several nodes of one site, or one node that says its site.
    fn scan_nodes(&mut self, path: &Path, found: &mut BTreeMap<LayerId, Vec<Spot>>) {
        let id = LayerId::new(Kind::Node, stem(path));
        let read = read_text(path).and_then(|text| {
            let file = SourceFile::on_disk(id.clone(), path, text);
            Ok((parse(&file)?, file))
        });
        let (root, file) = match read {
            Ok(read) => read,
            Err(problems) => return self.problems.extend(problems),
        };
        if let Some(entry) = root.get("nodes") {
            if let Err(problem) = only_nodes(&root, entry) {
                return self.problems.push(problem);
            }
            if let Value::Table(nodes) = &entry.item.value {
                for name in nodes.keys() {
                    let id = LayerId::new(Kind::Node, format!("{}/{name}", id.name));
                    add(found, id, path.to_owned(), Some(name.clone()));
                }
            }
            return;
        }
        match Layer::read(&file, root) {
            Err(problems) => self.problems.extend(problems),
            Ok(Layer {
                site: Some(site), ..
            }) => {
                let id = LayerId::new(Kind::Node, format!("{}/{}", site.name, id.name));
                add(found, id, path.to_owned(), None);
            }
            Ok(_) => {
                let place = super::source::Place::new(&file, 0..0);
                let name = &id.name;
                self.problems.push(
                    Diagnostic::error(format!("nodes/{name}.toml does not say where the node is"))
                        .at(&place, "")
                        .help(format!("write `site = \"SITE\"` at its top, or move it to nodes/SITE/{name}.toml"))
                        .help(format!("for several nodes of a site `{name}` in one file, write tables `[nodes.NAME]`")),
                );
            }
        }
    }
}

fn add(found: &mut BTreeMap<LayerId, Vec<Spot>>, id: LayerId, path: PathBuf, key: Option<String>) {
    found.entry(id).or_default().push(Spot { path, key });
}

/// A file of several nodes holds nothing else.
fn only_nodes(root: &Table, nodes: &Entry) -> Result<(), Diagnostic> {
    if let Some((key, entry)) = root.iter().find(|(key, _)| *key != "nodes") {
        let error = format!("`{key}` cannot stand beside `[nodes]`");
        return Err(Diagnostic::error(error)
            .at(&entry.key, "")
            .help("what all nodes of a site share belongs in the site's own file"));
    }
    let tables = match &nodes.item.value {
        Value::Table(tables) => tables,
        other => {
            let error = format!("`nodes` must be a table, but it is {}", other.type_name());
            return Err(Diagnostic::error(error)
                .at(&nodes.item.place, "")
                .help("write each node as `[nodes.NAME]`"));
        }
    };
    let no_table = |entry: &&Entry| !matches!(entry.item.value, Value::Table(_));
    match tables.values().find(no_table) {
        None => Ok(()),
        Some(entry) => {
            let found = entry.item.value.type_name();
            let error = format!("a node must be a table, but this is {found}");
            Err(Diagnostic::error(error)
                .at(&entry.item.place, "")
                .help("write each node as `[nodes.NAME]`"))
        }
    }
}

fn node_table<'a>(root: &'a Table, key: &str) -> Option<&'a Table> {
    let Item {
        value: Value::Table(nodes),
        ..
    } = &root.get("nodes")?.item
    else {
        return None;
    };
    match &nodes.get(key)?.item.value {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

fn ambiguous(id: &LayerId, spots: &[Spot]) -> Diagnostics {
    let files: Vec<String> = spots
        .iter()
        .map(|spot| shown(&spot.path).display().to_string())
        .collect();
    Diagnostic::error(format!("there is more than one {} `{}`", id.kind, id.name))
        .help(format!("rename all but one of {}", files.join(", ")))
        .into()
}

fn read_text(path: &Path) -> Result<Arc<str>, Diagnostics> {
    let bytes = fs::read(path).map_err(|error| {
        Diagnostic::error(format!("cannot read {}: {error}", shown(path).display()))
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let line = good.matches('\n').count() + 1;
        Diagnostic::error(format!(
            "{}:{line} is not UTF-8 text",
            shown(path).display()
        ))
        .help("TOML files are UTF-8: save it so in your editor")
    })?;
    Ok(text.into())
}

/// The entries of a folder in alphabetical order, hidden ones left out.
fn list(folder: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let cannot = |error: std::io::Error| {
        Diagnostic::error(format!(
            "cannot read the profile folder {}: {error}",
            shown(folder).display()
        ))
        .help("--profiles and $CLOM_PROFILES must name folders that hold communities/, sites/, devices/ or nodes/")
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// The TOML files of a folder and the folders in it.
fn tomls(folder: &Path, depth: usize) -> Result<Vec<PathBuf>, Diagnostic> {
    let mut found = Vec::new();
    for path in list(folder)? {
        if path.is_dir() && depth < DEEPEST {
            found.extend(tomls(&path, depth + 1)?);
        } else if is_toml(&path) {
            found.push(path);
        }
    }
    Ok(found)
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "toml") && path.is_file()
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}
