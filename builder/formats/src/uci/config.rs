//! One configuration file: sections in order.

use super::error::EditError;
use super::name::generated_id;
use super::path::SectionRef;
use super::section::Section;
use super::value::Value;

/// The content of one file of `/etc/config`. No two sections have the same name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    pub(super) sections: Vec<Section>,
}

impl Config {
    /// A configuration without sections.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there are no sections.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// The sections, in the order of the file.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The sections, for changing their options. (Their names change through [`Config::rename_section`].)
    pub fn sections_mut(&mut self) -> impl Iterator<Item = &mut Section> {
        self.sections.iter_mut()
    }

    /// The sections of one type, in order.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Section> {
        self.sections
            .iter()
            .filter(move |section| section.kind == kind)
    }

    /// The section called `name`.
    pub fn named(&self, name: &str) -> Option<&Section> {
        self.sections
            .iter()
            .find(|section| section.name() == Some(name))
    }

    /// The section called `name`, for changing its options.
    pub fn named_mut(&mut self, name: &str) -> Option<&mut Section> {
        self.sections
            .iter_mut()
            .find(|section| section.name() == Some(name))
    }

    /// Where the section that `section` means stands, from 0.
    pub fn find(&self, section: &SectionRef) -> Option<usize> {
        match section {
            SectionRef::Name(name) => self
                .sections
                .iter()
                .position(|section| section.name() == Some(name))
                .or_else(|| {
                    let mut all = self.sections.iter().enumerate();
                    all.find(|(at, section)| {
                        section.name.is_none() && generated_id(*at, &section.kind) == *name
                    })
                    .map(|(at, _)| at)
                }),
            SectionRef::Nth { kind, index } => {
                let matching = || {
                    self.sections
                        .iter()
                        .enumerate()
                        .filter(|(_, section)| kind.as_ref().is_none_or(|k| *k == section.kind))
                        .map(|(at, _)| at)
                };
                let index = match usize::try_from(*index) {
                    Ok(index) => index,
                    Err(_) => matching()
                        .count()
                        .checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
                };
                matching().nth(index)
            }
        }
    }

    /// The section that `section` means.
    pub fn section(&self, section: &SectionRef) -> Option<&Section> {
        self.sections.get(self.find(section)?)
    }

    /// The section that `section` means, for changing its options.
    ///
    /// # Errors
    /// [`EditError::NoSection`].
    pub fn section_mut(&mut self, section: &SectionRef) -> Result<&mut Section, EditError> {
        let missing = || EditError::NoSection(section.to_string());
        let at = self.find(section).ok_or_else(missing)?;
        self.sections.get_mut(at).ok_or_else(missing)
    }

    /// The value of an option.
    pub fn get(&self, section: &SectionRef, option: &str) -> Option<&Value> {
        self.section(section)?.get(option)
    }

    /// The name that libuci uses for the section at `position`: its own, or a generated one such as `cfg01411c`.
    pub fn id_at(&self, position: usize) -> Option<String> {
        let section = self.sections.get(position)?;
        Some(match section.name() {
            Some(name) => name.to_owned(),
            None => generated_id(position, &section.kind),
        })
    }

    /// The reference `uci show` prints for the section at `position`: its name, or `@type[n]`.
    pub fn reference_at(&self, position: usize) -> Option<SectionRef> {
        let section = self.sections.get(position)?;
        if let Some(name) = section.name() {
            return Some(SectionRef::Name(name.to_owned()));
        }
        let before = self
            .sections
            .iter()
            .take(position)
            .filter(|other| other.kind == section.kind)
            .count();
        Some(SectionRef::Nth {
            kind: Some(section.kind.clone()),
            index: i32::try_from(before).ok()?,
        })
    }
}
