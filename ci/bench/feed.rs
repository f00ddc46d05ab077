//! Feeds like OpenWrt's, made up: the same every time, as large as asked for.
//!
//! Proportions are those of a release's feeds: kernel modules bound to one kernel, libraries with ABI versions, programs, families of
//! variants of which one can be installed, LuCI's applications, and their translations.

use clom::packages::universe::{Description, Feed, Manager, Universe};
use openwrt_formats::{apk, opkg};

/// The version of the kernel package that all modules are made for.
pub(crate) const KERNEL: &str = "6.12.94~7fbc3f7169da86e001d08e31c3a4ecca-r1";
/// The architecture of all that are not for any.
pub(crate) const ARCHITECTURE: &str = "aarch64_cortex-a53";

/// What a package is, apart from the manager's notation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Made {
    /// The feed it is in.
    pub feed: &'static str,
    /// Its name, with the ABI version.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The ABI version, perhaps none.
    pub abi: String,
    /// Names it needs.
    pub depends: Vec<String>,
    /// Names it provides. With apk each with its version, so that only one of them can be there, but for its name without ABI version.
    pub provides: Vec<String>,
    /// apk's priority among providers.
    pub priority: u64,
    /// Bytes of its file.
    pub size: u64,
}

/// Numbers that look like chance and are not.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }

    /// Up to `most` of the names, early ones more often than late ones, as some libraries are used by all.
    fn some(&mut self, names: &[String], most: usize) -> Vec<String> {
        let mut found = Vec::new();
        for _ in 0..self.roll(most + 1) {
            let bound = self.roll(names.len()) + 1;
            if let Some(name) = names.get(self.roll(bound))
                && !found.contains(name)
            {
                found.push(name.clone());
            }
        }
        found
    }
}

const WORDS: [&str; 24] = [
    "mesh", "batman", "olsr", "wire", "guard", "dns", "crypt", "stat", "json", "curl", "ssl",
    "usb", "net", "filter", "sched", "core", "fast", "gps", "audio", "can", "modem", "sensor",
    "cloud", "vpn",
];

fn name(kind: &str, number: usize) -> String {
    let word = |at: usize| WORDS.get(at % WORDS.len()).copied().unwrap_or_default();
    format!(
        "{kind}{}-{}{}",
        word(number * 7),
        word(number / 24 + number),
        number
    )
}

/// About as many packages; all needs can be met, and the kernel and libc are among them.
pub(crate) fn made(count: usize) -> Vec<Made> {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut all = Vec::with_capacity(count);
    let mut add = |feed: &'static str, dice: &mut Dice, name: &str, depends: Vec<String>| {
        let version = format!(
            "{}.{}.{}-r{}",
            dice.roll(9),
            dice.roll(30),
            dice.roll(20),
            1 + dice.roll(9)
        );
        // Most packages are small, a few are megabytes.
        let size = 1_000 + (1 << (8 + dice.roll(12))) as u64 + dice.roll(3_000) as u64;
        all.push(Made {
            feed,
            name: name.to_owned(),
            version,
            depends,
            size,
            ..Made::default()
        });
        all.len() - 1
    };
    let libc = || vec!["libc".to_owned()];
    add("target", &mut dice, "libc", Vec::new());
    add("target", &mut dice, "kernel", Vec::new());
    let base_files = add("target", &mut dice, "base-files", libc());

    let mut kmods: Vec<String> = Vec::new();
    for number in 0..count / 6 {
        let name = name("kmod-", number);
        let mut depends = dice.some(&kmods, 1);
        depends.insert(0, "kernel".to_owned());
        add("kmods", &mut dice, &name, depends);
        kmods.push(name);
    }
    let mut libraries: Vec<String> = Vec::new();
    let mut abis = Vec::new();
    for number in 0..count / 6 {
        let base = name("lib", number);
        let abi = format!("{}", 20_200_101 + dice.roll(50_000));
        // As OpenWrt does when the name ends in a digit.
        let full = format!("{base}-{abi}");
        let mut depends = dice.some(&libraries, 1);
        depends.extend(libc());
        let at = add("base", &mut dice, &full, depends);
        abis.push((at, base, format!("-{abi}")));
        libraries.push(full);
    }
    let mut programs: Vec<String> = Vec::new();
    for number in 0..count * 3 / 10 {
        let name = name("", number);
        let mut depends = dice.some(&libraries, 3);
        if number % 4 == 0 {
            depends.extend(dice.some(&kmods, 2));
            depends.extend(dice.some(&programs, 1));
        }
        depends.extend(libc());
        add("packages", &mut dice, &name, depends);
        programs.push(name);
    }
    let mut families = Vec::new();
    let mut variants = Vec::new();
    for number in 0..count / 200 {
        let family = name("family-", number);
        for variant in ["-mini", "-basic", "-full"] {
            let name = format!("{family}{variant}");
            let mut depends = dice.some(&libraries, 4);
            depends.extend(libc());
            let at = add("base", &mut dice, &name, depends);
            variants.push((at, family.clone(), variant == "-basic"));
        }
        families.push(family);
    }
    let luci = add(
        "luci",
        &mut dice,
        "luci-base",
        programs.iter().take(4).cloned().collect(),
    );
    let languages = ["de", "es", "fr"];
    let mut number = 0;
    while luci + number * (1 + languages.len()) < count {
        let base = name("", number);
        let app = format!("luci-app-{base}");
        let mut depends = dice.some(&programs, 2);
        depends.extend(dice.some(&families, 1));
        depends.push("luci-base".to_owned());
        add("luci", &mut dice, &app, depends);
        for language in languages {
            add(
                "luci",
                &mut dice,
                &format!("luci-i18n-{base}-{language}"),
                vec![app.clone()],
            );
        }
        number += 1;
    }
    for (at, base, abi) in abis {
        if let Some(library) = all.get_mut(at) {
            library.provides = vec![base];
            library.abi = abi;
            library.priority = 10;
        }
    }
    for (at, family, preferred) in variants {
        if let Some(variant) = all.get_mut(at) {
            variant.provides = vec![family];
            variant.priority = if preferred { 100 } else { 0 };
        }
    }
    if let Some(kernel) = all.iter_mut().find(|package| package.name == "kernel") {
        kernel.version = KERNEL.to_owned();
    }
    // One of the cycles that there are: the base files need a program that needs them.
    if let Some(program) = all
        .iter_mut()
        .find(|package| programs.first() == Some(&package.name))
    {
        program.depends.push("base-files".to_owned());
    }
    if let Some(base) = all.get_mut(base_files) {
        base.depends.extend(programs.first().cloned());
    }
    all
}

impl Made {
    /// As opkg's index has it.
    ///
    /// # Errors
    /// None for what [`made`] makes.
    pub(crate) fn opkg(&self) -> Result<opkg::Package, opkg::Error> {
        let list = |names: &mut dyn Iterator<Item = String>| names.collect::<Vec<_>>().join(", ");
        let depends = list(&mut self.depends.iter().map(|name| match name.as_str() {
            "kernel" => format!("kernel (= {KERNEL})"),
            other => other.to_owned(),
        }));
        let mut text = format!(
            "Package: {}\nVersion: {}\nArchitecture: {ARCHITECTURE}\nFilename: {0}_{1}_{ARCHITECTURE}.ipk\nSize: {}\nInstalled-Size: {}\n",
            self.name,
            self.version,
            self.size,
            self.size * 3
        );
        let provides = list(&mut self.provides.iter().cloned());
        for (field, value) in [
            ("Depends", &depends),
            ("Provides", &provides),
            ("ABIVersion", &self.abi),
        ] {
            if !value.is_empty() {
                text.push_str(&format!("{field}: {value}\n"));
            }
        }
        if let Some(family) = self.family() {
            let others = ["-mini", "-basic", "-full"].map(|variant| format!("{family}{variant}"));
            let others = list(&mut others.into_iter().filter(|other| *other != self.name));
            text.push_str(&format!("Conflicts: {others}\n"));
        }
        text.push_str(&format!("Description:  Does what {} does.\n", self.name));
        opkg::Package::from_control(text.as_bytes())
    }

    /// As apk's index has it.
    ///
    /// # Errors
    /// None for what [`made`] makes.
    pub(crate) fn apk(&self) -> Result<apk::PackageInfo, apk::Error> {
        let mut package = apk::PackageInfo::new(&self.name, self.version.parse()?);
        package.arch = ARCHITECTURE.to_owned();
        package.description = format!("Does what {} does.", self.name);
        package.file_size = self.size;
        package.installed_size = self.size * 3;
        package.provider_priority = self.priority;
        for name in &self.depends {
            package.depends.push(match name.as_str() {
                "kernel" => format!("kernel={KERNEL}").parse()?,
                other => other.parse()?,
            });
        }
        for name in &self.provides {
            package.provides.push(match self.family() {
                Some(_) => format!("{name}={}", self.version).parse()?,
                None => name.parse()?,
            });
        }
        package.provides.push(format!("{}-any", self.name).parse()?);
        if !self.abi.is_empty() {
            package.tags.push(format!(
                "openwrt:abiversion={}",
                self.abi.trim_start_matches('-')
            ));
        }
        Ok(package)
    }

    /// The family that it is a variant of.
    fn family(&self) -> Option<&str> {
        let first = self.provides.first()?;
        first.starts_with("family-").then_some(first)
    }
}

/// The packages as feeds.
///
/// # Errors
/// None for what [`made`] makes.
pub(crate) fn universe(manager: Manager, all: &[Made]) -> anyhow::Result<Universe> {
    let mut feeds: Vec<Feed> = Vec::new();
    for package in all {
        let description = match manager {
            Manager::Opkg => Description::Opkg(Box::new(package.opkg()?)),
            Manager::Apk => Description::Apk(Box::new(package.apk()?)),
        };
        match feeds.iter_mut().find(|feed| feed.name == package.feed) {
            Some(feed) => feed.packages.push(description),
            None => feeds.push(Feed {
                name: package.feed.to_owned(),
                packages: vec![description],
            }),
        }
    }
    Ok(Universe { manager, feeds })
}

/// As many names to want, spread over all kinds. No two of one family.
pub(crate) fn wants(all: &[Made], count: usize) -> Vec<String> {
    let usual: Vec<&Made> = all
        .iter()
        .filter(|package| !package.name.starts_with("luci-i18n") && package.family().is_none())
        .collect();
    let step = (usual.len() / count.max(1)).max(1);
    let chosen = usual.iter().skip(step / 2).step_by(step).take(count);
    chosen.map(|package| package.name.clone()).collect()
}
