//! The nesting of containers in an image, for people and machines.

use openwrt_formats::container::{Content, Slot};
use openwrt_formats::kernel::{self, Kernel};
use openwrt_formats::layer::{self, Fact};
use openwrt_formats::sniff;
use serde::Serialize;

/// A part of an image, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What its format calls it.
    pub name: String,
    /// Where it begins in the file; `None` for what had to be unpacked.
    pub at: Option<u64>,
    /// Its length in bytes.
    pub size: u64,
    /// A stable word: the format's name, `kernel`, `squashfs`, or what it looks like.
    pub kind: String,
    /// The same for people.
    pub text: String,
    /// Whether its format is known well enough to be put together again.
    pub known: bool,
    /// Its checksums.
    pub checks: Vec<Check>,
    /// What else it states.
    pub facts: Vec<Said>,
    /// Why it could not be opened further although it is of a known format.
    pub problem: Option<String>,
    /// Its parts.
    pub parts: Vec<Part>,
}

/// A checksum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it covers.
    pub what: String,
    /// Where it stands in the file, if the part lies there as it is.
    pub at: Option<u64>,
    /// The value in the image, hexadecimal.
    pub stored: String,
    /// The value it should have, hexadecimal.
    pub computed: String,
    /// Whether they agree.
    pub ok: bool,
}

/// Something a format states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// What it is.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Check {
    /// A format's checksum, of a part that begins at `base`.
    pub fn of(check: &layer::Check, base: Option<u64>) -> Self {
        Self {
            what: check.what.to_owned(),
            at: base.map(|base| base + check.at),
            stored: check.stored.clone(),
            computed: check.computed.clone(),
            ok: check.holds(),
        }
    }
}

impl From<&Fact> for Said {
    fn from(fact: &Fact) -> Self {
        Self {
            name: fact.name.to_owned(),
            value: fact.value.clone(),
        }
    }
}

impl Part {
    /// What `slot` is, with all in it.
    pub fn of(slot: &Slot) -> Self {
        let mut part = Self {
            name: slot.name.to_string(),
            at: slot.at,
            size: slot.bytes.len() as u64,
            kind: String::new(),
            text: String::new(),
            known: true,
            checks: Vec::new(),
            facts: Vec::new(),
            problem: slot.problem.as_ref().map(ToString::to_string),
            parts: slot.slots().iter().map(Self::of).collect(),
        };
        match &slot.content {
            Content::Rootfs(_) => part.name_it("squashfs", "squashfs"),
            Content::Kernel => {
                let kernel = kernel::describe(&slot.bytes);
                let wrapping = kernel.wrapping.join(" › ");
                let text = match wrapping.as_str() {
                    "" => "kernel of unknown kind",
                    text => text,
                };
                part.name_it("kernel", text);
                part.checks = kernel_checks(&kernel, slot.at);
            }
            Content::Layer(layer) => {
                let kind = layer.layout.kind();
                part.name_it(kind, kind);
                let check = |check| Check::of(check, slot.at);
                part.checks = layer.checks.iter().map(check).collect();
                part.facts = layer.facts.iter().map(Said::from).collect();
            }
            Content::Kept => {
                let guess = sniff::sniff(&slot.bytes);
                part.name_it(guess.kind, &guess.text);
                part.known = guess.is_known() && slot.problem.is_none();
                if ["uimage", "fit", "kernel"].contains(&guess.kind) {
                    part.checks = kernel_checks(&kernel::describe(&slot.bytes), slot.at);
                }
            }
        }
        part
    }

    fn name_it(&mut self, kind: &str, text: &str) {
        self.kind = kind.to_owned();
        self.text = text.to_owned();
    }

    /// It and all in it.
    pub fn walk(&self) -> Vec<&Self> {
        let mut all = vec![self];
        for part in &self.parts {
            all.extend(part.walk());
        }
        all
    }
}

/// A kernel's own checksums, which nothing that is put together depends on.
pub fn kernel_checks(kernel: &Kernel, base: Option<u64>) -> Vec<Check> {
    let of = |check| Check::of(check, base);
    kernel.checks.iter().map(of).collect()
}
