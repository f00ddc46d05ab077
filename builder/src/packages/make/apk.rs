//! A source as `.apk`.

use openwrt_formats::apk::package::Owners;
use openwrt_formats::apk::{
    Condition, Dependency, Package, PackageInfo, PrivateKey, Relation, Version, adb,
};
use openwrt_formats::opkg::{self, Operator};
use openwrt_formats::tree::{Kind, Meta, Tree};
use sha2::{Digest, Sha256};

use super::spec::Spec;
use super::{Made, Problems, Source, scripts};

/// Where OpenWrt keeps what apk has no field for.
const LISTS: &str = "lib/apk/packages";

/// Makes the package, signed by all these keys.
///
/// # Errors
/// When a version or dependency is none of apk's, or the files hold what packages cannot.
pub fn apk(source: &Source, keys: &[PrivateKey]) -> Result<Made, Problems> {
    let spec = &source.spec;
    let name = spec.full_name();
    let make = || -> Result<Made, String> {
        let files = with_lists(source)?;
        let package = Package::from_tree(info(spec)?, &files, &owners(spec));
        let mut package = package.map_err(|error| error.to_string())?;
        for file in package
            .folders
            .iter_mut()
            .flat_map(|folder| &mut folder.files)
        {
            file.mtime = source.epoch;
        }
        for (script, text) in scripts::of_apk(&name, &spec.scripts) {
            package.scripts.insert(script, text.into_bytes());
        }
        let bytes = package.write(keys, adb::Compression::Deflate);
        Ok(Made {
            name: format!("{name}-{}.apk", spec.version),
            bytes: bytes.map_err(|error| error.to_string())?,
        })
    };
    make().map_err(|error| Problems::one(&name, error))
}

fn info(spec: &Spec) -> Result<PackageInfo, String> {
    let version: Version = parse(&spec.version)?;
    let mut info = PackageInfo::new(spec.full_name(), version.clone());
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let words: Vec<_> = spec.description.split_whitespace().collect();
    info.description = words.join(" ");
    info.arch = match spec.architecture.as_str() {
        "all" => "noarch".to_owned(),
        other => other.to_owned(),
    };
    info.license = text(&spec.license);
    info.origin = text(&spec.source);
    info.url = text(&spec.url);
    info.maintainer = text(&spec.maintainer);
    info.provider_priority = spec.provider_priority.unwrap_or_default().into();
    for depends in &spec.depends {
        info.depends.push(dependency(depends)?);
    }
    for conflict in &spec.conflicts {
        let mut conflict = dependency(conflict)?;
        conflict.conflict = true;
        info.depends.push(conflict);
    }
    info.provides = provides(spec, &version);
    info.replaces = spec.replaces.iter().map(Dependency::any).collect();
    if let Some(abi) = &spec.abi_version {
        info.tags.push(format!("openwrt:abiversion={abi}"));
    }
    if let Some(cpe) = &spec.cpe_id {
        info.tags.push(format!("openwrt:cpe={cpe}"));
    }
    Ok(info)
}

/// Offers with a version exclude each other, those without stand beside each other. A library of one ABI and packages with
/// alternatives may be there beside others of their kind; all others may not.
fn provides(spec: &Spec, version: &Version) -> Vec<Dependency> {
    let versioned = |name: String| Dependency {
        condition: Condition::Version(Relation::Equal, version.clone()),
        ..Dependency::any(name)
    };
    let mut all = Vec::new();
    let abi = spec.abi_version.as_deref().unwrap_or_default();
    if !abi.is_empty() {
        all.push(Dependency::any(&spec.name));
    }
    for name in spec.provides.iter().filter(|name| **name != spec.name) {
        all.push(match name.strip_prefix('@') {
            Some(name) => Dependency::any(name),
            None if abi.is_empty() && !spec.alternatives.is_empty() => Dependency::any(name),
            None => versioned(format!("{name}{abi}")),
        });
    }
    let any = format!("{}-any", spec.name);
    if !all.iter().any(|offer| offer.name == any) {
        all.push(Dependency::any(any));
    }
    all
}

/// `foo (>= 1.2)` as `foo>=1.2`.
fn dependency(from: &opkg::Dependency) -> Result<Dependency, String> {
    let [relation] = &from.alternatives[..] else {
        let names: Vec<_> = from.alternatives.iter().map(|one| &one.name[..]).collect();
        return Err(format!(
            "apk has no `|`: depend on something that {} all provide",
            names.join(" and ")
        ));
    };
    let mut to = Dependency::any(&relation.name);
    if let Some((operator, version)) = &relation.version {
        let relation = match operator {
            Operator::Earlier => Relation::Less,
            Operator::EarlierEqual => Relation::LessOrEqual,
            Operator::Equal => Relation::Equal,
            Operator::LaterEqual => Relation::GreaterOrEqual,
            Operator::Later => Relation::Greater,
        };
        to.condition = Condition::Version(relation, parse(version.as_str())?);
    }
    Ok(to)
}

fn parse(version: &str) -> Result<Version, String> {
    version
        .parse()
        .map_err(|error: openwrt_formats::apk::Error| error.to_string())
}

/// Names for the numbers that files belong to.
fn owners(spec: &Spec) -> Owners {
    let (mut passwd, mut group) = (String::new(), String::new());
    for account in &spec.users {
        if let Some(uid) = account.uid {
            passwd += &format!("{}:x:{uid}:\n", account.user);
        }
        for (name, gid) in &account.groups {
            if let Some(gid) = gid {
                group += &format!("{name}:x:{gid}:\n");
            }
        }
    }
    Owners::from_files(&passwd, &group)
}

/// The files with the lists that OpenWrt's functions read on the router.
fn with_lists(source: &Source) -> Result<Tree, String> {
    let spec = &source.spec;
    let name = spec.full_name();
    let mut tree = source.kept().map_err(|error| error.to_string())?;
    let put = |tree: &mut Tree, ending: &str, text: String| match text.is_empty() {
        true => Ok(()),
        false => tree
            .put_file(format!("{LISTS}/{name}.{ending}"), text, Meta::file(0o644))
            .map(|_| ())
            .map_err(|error| error.to_string()),
    };
    let line = |words: Vec<String>| match words.is_empty() {
        true => String::new(),
        false => words.join(" ") + "\n",
    };
    let users = spec.users.iter().map(ToString::to_string).collect();
    put(&mut tree, "rusers", line(users))?;
    let alternatives = spec.alternatives.iter().map(ToString::to_string).collect();
    put(&mut tree, "alternatives", line(alternatives))?;

    let mut list: Vec<Vec<u8>> = tree
        .walk()
        .filter(|entry| matches!(entry.inode.kind, Kind::File(_) | Kind::Symlink(_)))
        .map(|entry| [b"/", &entry.path[..], b"\n"].concat())
        .collect();
    list.sort();
    let list =
        String::from_utf8(list.concat()).map_err(|_| "a file's name is not UTF-8".to_owned())?;
    put(&mut tree, "list", list)?;

    let conffiles: String = spec
        .conffiles
        .iter()
        .map(|path| format!("{path}\n"))
        .collect();
    put(&mut tree, "conffiles", conffiles)?;
    let mut sums = String::new();
    for path in &spec.conffiles {
        if let Some(content) = tree.read(path) {
            sums += &format!("{path} {}\n", hex::encode(Sha256::digest(content)));
        }
    }
    put(&mut tree, "conffiles_static", sums)?;
    Ok(tree)
}
