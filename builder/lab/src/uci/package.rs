//! One package as `uci` sees it: the file's content with the uncommitted changes applied.

use openwrt_formats::uci::{Config, EditError, SectionRef, generated_id};

use super::change::{Change, Verb};

/// A configuration whose unnamed sections keep the id they had when it was loaded, whatever is deleted
/// or moved before them.
#[derive(Debug, Clone)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) config: Config,
    ids: Vec<String>,
    /// How many sections there ever were; the next id counts from here.
    counter: usize,
}

impl Package {
    pub(super) fn new(name: &str, config: Config) -> Self {
        let count = config.sections().len();
        Self {
            name: name.to_owned(),
            ids: (0..count).filter_map(|at| config.id_at(at)).collect(),
            counter: count,
            config,
        }
    }

    /// Where a section stands.
    pub(super) fn position(&self, section: &SectionRef) -> Option<usize> {
        match section {
            SectionRef::Name(name) => self.ids.iter().position(|id| id == name),
            SectionRef::Nth { .. } => self.config.find(section),
        }
    }

    /// A section's name or generated id.
    pub(super) fn id(&self, position: usize) -> Option<&str> {
        self.ids.get(position).map(String::as_str)
    }

    /// The id that the next unnamed section of this type gets.
    pub(super) fn next_id(&self, kind: &str) -> String {
        generated_id(self.counter, kind)
    }

    /// Applies one change.
    pub(super) fn apply(&mut self, change: &Change) -> Result<(), EditError> {
        let named = SectionRef::Name(change.section.clone());
        let missing = || EditError::NoSection(change.section.clone());
        let value = change.value.clone().unwrap_or_default();
        let position = self.position(&named);
        let here = || -> Result<(usize, SectionRef), EditError> {
            let at = position.ok_or_else(missing)?;
            let index = i32::try_from(at).map_err(|_| missing())?;
            Ok((at, SectionRef::Nth { kind: None, index }))
        };
        match (change.verb, &change.option) {
            (Verb::Add, _) => {
                self.config.add(&value)?;
                self.ids.push(change.section.clone());
                self.counter += 1;
            }
            (Verb::Set, None) => match position {
                Some(_) => self.config.set_section(&here()?.1, &value)?,
                None => {
                    self.config.set_section(&named, &value)?;
                    self.ids.push(change.section.clone());
                    self.counter += 1;
                }
            },
            (Verb::Set, Some(option)) => self.config.set(&here()?.1, option, value)?,
            (Verb::Delete, None) => {
                let (at, section) = here()?;
                self.config.delete_section(&section)?;
                self.ids.remove(at);
            }
            (Verb::Delete, Some(option)) => {
                self.config.delete_option(&here()?.1, option)?;
            }
            (Verb::Rename, None) => {
                let (at, section) = here()?;
                self.config.rename_section(&section, &value)?;
                if let Some(id) = self.ids.get_mut(at) {
                    *id = value;
                }
            }
            (Verb::Rename, Some(option)) => {
                self.config.rename_option(&here()?.1, option, &value)?
            }
            (Verb::ListAdd, Some(option)) => self.config.add_list(&here()?.1, option, value)?,
            (Verb::ListDelete, Some(option)) => {
                self.config.del_list(&here()?.1, option, &value)?;
            }
            (Verb::Reorder, _) => {
                let (at, section) = here()?;
                let to = value.parse().unwrap_or(usize::MAX);
                self.config.reorder(&section, to)?;
                let id = self.ids.remove(at);
                self.ids.insert(to.min(self.ids.len()), id);
            }
            (Verb::ListAdd | Verb::ListDelete, None) => return Err(missing()),
        }
        Ok(())
    }
}
