//! Laying one configuration over another.

use super::config::Config;

impl Config {
    /// Lays `other` over this configuration, as `uci import -m` does: a named section that exists
    /// here takes `other`'s type and options (each option replaced whole, lists too) and keeps its place and
    /// its other options; every other section is added at the end. Unnamed sections are always added.
    pub fn merge(&mut self, other: Self) {
        for section in other.sections {
            let held = section.name().and_then(|name| self.named_mut(name));
            match held {
                Some(held) => {
                    held.kind = section.kind;
                    for (option, value) in section.options {
                        held.store(option, value);
                    }
                }
                None => self.sections.push(section),
            }
        }
    }
}
