//! From a profile to images in the output folder.
//!
//! `Plan → Sources → root tree → squashfs → container → output`: each step is one function from values to a value. A source
//! and an agent are obtained once and serve all nodes of a run.

pub mod digest;
pub mod lay;
pub mod output;
pub mod overlay;
pub mod plan;
pub mod root;
pub mod services;
pub mod shadow;
pub mod software;
pub mod supply;
pub mod upper;

mod outcome;
mod reports;
mod shared;

use std::path::PathBuf;
use std::rc::Rc;

use openwrt_formats::uci::Value;
use serde_json::json;
use sha2::{Digest, Sha256};

pub use outcome::{Built, MANIFEST, Outcome};
pub use plan::Plan;

use crate::failure::{Class, Failure, OrFail};
use crate::obtain::Origins;
use crate::packages::catalogue::Catalogue;
use crate::packages::selection::Selection;
use crate::profile::library::Library;
use crate::profile::render::{Rendered, Secrets, render};
use crate::profile::resolve::{self, OpenWrt, PartsLayout, Profile, UciEdit};
use crate::profile::{self, Loaded};
use crate::source::packages::installed;
use crate::source::release;
use crate::ui::Ui;
use output::Staging;
use plan::AgentPlan;
use shared::Shared;
use software::Changed;
use upper::Upper;

/// What is to be built.
#[derive(Debug)]
pub struct Request {
    /// Where the profiles are.
    pub library: Library,
    /// The site.
    pub site: String,
    /// The device.
    pub device: String,
    /// The nodes, by name or number; empty for one image that suits any node.
    pub nodes: Vec<String>,
    /// An image to take instead of the profile's source.
    pub donor: Option<PathBuf>,
    /// An ImageBuilder to take instead of the profile's source.
    pub imagebuilder: Option<(PathBuf, PartsLayout)>,
    /// A kernel and a root file system to take instead of the profile's source.
    pub parts: Option<(PathBuf, PathBuf, PartsLayout)>,
    /// The output folder.
    pub out: PathBuf,
    /// The lock, which pins what may be fetched.
    pub lock: PathBuf,
    /// An offline mirror to take everything from: a folder, or an address.
    pub mirror: Option<String>,
    /// Use no network.
    pub offline: bool,
    /// Leave the source's packages as they are.
    pub allow_package_mismatch: bool,
    /// Build even when the output folder has the result of the same Plan.
    pub force: bool,
    /// Threads to compress with; 0 means one for each core. It decides no bytes.
    pub threads: usize,
}

impl Request {
    /// Where files come from.
    pub(crate) fn origins(&self, openwrt: Option<&OpenWrt>) -> Origins {
        Origins::of(self.mirror.as_deref(), openwrt)
    }

    /// What to do when the lock lacks something.
    pub(crate) fn update_hint(&self) -> String {
        let first = match &self.imagebuilder {
            Some((path, _)) => format!(
                "name it in the profile ([source] imagebuilder = \"{}\"); then ",
                path.display()
            ),
            None => String::new(),
        };
        format!(
            "{first}`clom update {} -d {}` looks up what the build needs and pins it in {}",
            self.site,
            self.device,
            self.lock.display()
        )
    }
}

/// One image on its way: its profile, what it renders to, and the Plan.
#[derive(Debug)]
pub struct Planned {
    /// The checked profile.
    pub profile: Profile,
    /// Its configuration files.
    pub rendered: Rendered,
    /// Everything that decides the bytes.
    pub plan: Plan,
    /// The layers it came from, for messages that point into files.
    pub loaded: Loaded,
    upper: Upper,
    /// The source's root tree with other packages, where they have to change.
    changed: Option<Rc<Changed>>,
}

/// Plans every image of the request. Sources and agents are obtained, since their hashes belong to the Plan; nothing is written.
///
/// # Errors
/// Whatever is wrong with the profiles or missing for them.
pub fn plan(request: &Request, ui: &Ui) -> Result<Vec<Planned>, Failure> {
    let mut shared = Shared::new();
    nodes(request)
        .iter()
        .map(|node| plan_one(request, node.as_deref(), &mut shared, ui))
        .collect()
}

/// Builds every image of the request into its output folder.
///
/// # Errors
/// The first that fails; results that were finished before it stay.
pub fn build(request: &Request, ui: &Ui) -> Result<Vec<Outcome>, Failure> {
    let mut shared = Shared::new();
    let outcomes = build_all(request, &mut shared, ui);
    shared.settle(ui);
    outcomes
}

/// What is known of an image's packages.
#[derive(Debug)]
pub struct Inquiry {
    /// What the source has and the profile wants.
    pub selection: Selection,
    /// The pinned feeds.
    pub catalogue: Catalogue,
    /// How many feeds are pinned.
    pub feeds: usize,
}

/// Looks at the packages of a request's first image: at all its pinned feeds, also where nothing has to change.
///
/// # Errors
/// When the source cannot be had, or its root file system has no list of packages.
pub fn inquire(request: &Request, ui: &Ui) -> Result<Inquiry, Failure> {
    let mut shared = Shared::new();
    let node = request.nodes.first().map(String::as_str);
    let loaded = profile::load(&request.library, &request.site, &request.device, node)?;
    let profile = resolve::check(&loaded, &request.library)?;
    shared.warn(&loaded.warnings, ui);
    let supply = shared.supply(&profile, request, ui)?;
    shared.inquire(&supply, &profile, &loaded.merged, request, ui)
}

fn build_all(request: &Request, shared: &mut Shared, ui: &Ui) -> Result<Vec<Outcome>, Failure> {
    let mut outcomes = Vec::new();
    for node in nodes(request) {
        let planned = plan_one(request, node.as_deref(), shared, ui)?;
        let outcome = build_one(request, &planned, shared, ui)?;
        ui.result("built", outcome.to_json());
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn nodes(request: &Request) -> Vec<Option<String>> {
    match request.nodes.as_slice() {
        [] => vec![None],
        nodes => nodes.iter().cloned().map(Some).collect(),
    }
}

fn plan_one(
    request: &Request,
    node: Option<&str>,
    shared: &mut Shared,
    ui: &Ui,
) -> Result<Planned, Failure> {
    let loaded = profile::load(&request.library, &request.site, &request.device, node)?;
    let profile = resolve::check(&loaded, &request.library)?;
    let resolver = |secret: &profile::SecretRef| secret.resolve();
    let rendered = render(&profile, &Secrets::Reveal(&resolver))
        .map_err(|error| error.diagnose(&loaded.merged))?;
    shared.warn(&loaded.warnings, ui);

    let supply = shared.supply(&profile, request, ui)?;
    let (source, defaults) = (supply.plan(), supply.squashfs(&profile.image)?);
    let epoch = supply.epoch(profile.image.epoch)?;
    let changed = shared.changed(&supply, &profile, &loaded.merged, epoch, request, ui)?;
    let agent = shared.agent(&profile, request, ui)?;
    let upper = Upper::gather(
        &profile,
        &rendered,
        agent.as_ref().map(|a| a.bytes.as_slice()),
        epoch,
    )?;

    let mut hidden = upper.hidden();
    if let profile::render::ShadowPassword::Hash(hash) = &rendered.root_password {
        hidden.extend(Sha256::digest(hash));
    }
    let sorted = |names: &mut dyn Iterator<Item = String>| {
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    };
    let plan = Plan {
        format: plan::FORMAT,
        clom: env!("CARGO_PKG_VERSION").to_owned(),
        community: loaded.community.clone(),
        site: loaded.site.clone(),
        device: loaded.device.clone(),
        node: loaded.node.clone().map(|name| plan::Node {
            name,
            number: profile.identity.number,
        }),
        hostname: profile.identity.hostname.to_string(),
        epoch,
        source,
        squashfs: defaults.plan(),
        agent: agent.as_ref().map(|agent| AgentPlan {
            cpu: agent.cpu.to_string(),
            tier: agent.tier.to_string(),
            sha256: agent.sha256.clone(),
            size: agent.bytes.len() as u64,
        }),
        packages_wanted: sorted(&mut profile.packages.install.iter().map(|p| p.name.clone())),
        packages_unwanted: sorted(&mut profile.packages.uninstall.iter().map(|p| p.name.clone())),
        packages: changed
            .as_ref()
            .map(|changed| changed.plan.clone())
            .unwrap_or_default(),
        services_enabled: sorted(
            &mut profile
                .services
                .enable
                .iter()
                .chain(&rendered.services)
                .cloned(),
        ),
        services_disabled: sorted(&mut profile.services.disable.iter().cloned()),
        root_password: !hidden.is_empty()
            && matches!(
                rendered.root_password,
                profile::render::ShadowPassword::Hash(_)
            ),
        files: upper.planned(),
        uci_merged: rendered
            .uci_edits
            .iter()
            .map(|(package, edits)| (package.clone(), edits.iter().map(describe).collect()))
            .collect(),
        size_limit: profile.image.size_limit,
        holds_secrets: upper.holds_secrets() || !hidden.is_empty(),
        hidden,
    };
    Ok(Planned {
        profile,
        rendered,
        plan,
        loaded,
        upper,
        changed,
    })
}

/// One line for each thing done to a section of the source's own UCI.
fn describe(edit: &UciEdit) -> String {
    let mut text = match (&edit.kind, edit.absent) {
        (_, true) => return format!("delete {}\n", edit.section),
        (Some(kind), _) => format!("set {}={kind}\n", edit.section),
        (None, _) => String::new(),
    };
    for (option, value) in &edit.set {
        let value = match value {
            Value::Option(value) => format!("{value:?}"),
            Value::List(values) => format!("{values:?}"),
        };
        text += &format!("set {}.{option}={value}\n", edit.section);
    }
    for option in &edit.unset {
        text += &format!("delete {}.{option}\n", edit.section);
    }
    text
}

fn build_one(
    request: &Request,
    planned: &Planned,
    shared: &mut Shared,
    ui: &Ui,
) -> Result<Outcome, Failure> {
    let Planned {
        profile,
        rendered,
        plan,
        loaded,
        upper,
        changed,
    } = planned;
    let name = plan.result_name();
    let hash = plan.hash();
    if !request.force
        && let Some(outcome) = Outcome::existing(&request.out.join(&name), &hash)
    {
        ui.note(&format!("{name} is up to date"));
        return Ok(outcome);
    }
    let supply = shared.supply(profile, request, ui)?;
    let step = ui.step("rootfs", &format!("{name}: root file system"));
    let facts = json!({
        "version": 1,
        "plan": hash,
        "epoch": plan.epoch,
        "community": plan.community,
        "site": plan.site,
        "device": plan.device,
        "node": profile.identity.number,
        "clom": plan.clom,
    });
    let facts = profile.agent.enabled.then(|| format!("{facts:#}\n"));
    let base = match changed {
        Some(changed) => changed.tree.clone(),
        None => supply.tree()?,
    };
    let installed = installed(&base);
    if let Some(line) = release::unsuited(&base, profile) {
        ui.warn(&line);
    }
    let tree = root::assemble(
        base,
        upper,
        profile,
        rendered,
        &loaded.merged,
        facts.as_deref(),
        plan.epoch,
    )?;
    let options = supply
        .squashfs(&profile.image)?
        .options(plan.epoch, request.threads);
    let progress = |done: usize, total: usize| {
        step.total(total as u64);
        step.at(done as u64);
    };
    let rootfs = supply.compress(&tree, &options, &shared.blocks, &progress)?;
    step.done(&format!("{} bytes", rootfs.len()));

    let images = supply.close(&rootfs, &tree, profile, plan)?;
    let mut staging = Staging::new(&request.out, &name).or_fail(Class::Output)?;
    let mut built = Vec::new();
    for image in images {
        staging
            .write(&image.name, &image.bytes, plan.holds_secrets)
            .or_fail(Class::Output)?;
        built.push(Built {
            kind: image.kind,
            sha256: hex::encode(Sha256::digest(&image.bytes)),
            size: image.bytes.len() as u64,
            name: image.name,
        });
    }
    let reports = reports::reports(plan, &hash, &tree, ui);
    let outcome = Outcome::new(&request.out.join(&name), plan, hash, built, installed);
    for (name, text) in &reports {
        staging
            .write(name, text.as_bytes(), false)
            .or_fail(Class::Output)?;
    }
    staging
        .write("plan.json", plan.to_json().as_bytes(), false)
        .or_fail(Class::Output)?;
    staging
        .write(MANIFEST, outcome.manifest().as_bytes(), false)
        .or_fail(Class::Output)?;
    staging.commit().or_fail(Class::Output)?;
    Ok(outcome)
}
