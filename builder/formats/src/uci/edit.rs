//! Changing a configuration, with the meaning the `uci` tool gives each command.

use super::config::Config;
use super::error::EditError;
use super::name::NameKind;
use super::path::SectionRef;
use super::section::{Section, checked};
use super::value::Value;

impl Config {
    /// Adds a section at the end.
    ///
    /// # Errors
    /// [`EditError::SectionExists`].
    pub fn push(&mut self, section: Section) -> Result<(), EditError> {
        if let Some(name) = section.name()
            && self.named(name).is_some()
        {
            return Err(EditError::SectionExists(name.to_owned()));
        }
        self.sections.push(section);
        Ok(())
    }

    /// `uci add package kind`: adds an unnamed section at the end and says where it stands.
    ///
    /// # Errors
    /// [`EditError::BadName`].
    pub fn add(&mut self, kind: &str) -> Result<usize, EditError> {
        self.sections.push(Section::new(kind)?);
        Ok(self.sections.len() - 1)
    }

    /// `uci set package.section=kind`: adds the named section, or changes the type of the one there is.
    ///
    /// # Errors
    /// [`EditError::BadName`]; [`EditError::NoSection`] for an `@type[n]` that does not exist.
    pub fn set_section(&mut self, section: &SectionRef, kind: &str) -> Result<(), EditError> {
        let kind = checked(NameKind::Type, kind.to_owned())?;
        match (self.section_mut(section), section) {
            (Ok(section), _) => section.kind = kind,
            (Err(_), SectionRef::Name(name)) => {
                self.sections.push(Section::named(kind, name.as_str())?);
            }
            (Err(error), SectionRef::Nth { .. }) => return Err(error),
        }
        Ok(())
    }

    /// `uci set package.section.option=value`; an empty value deletes the option.
    ///
    /// # Errors
    /// [`EditError::NoSection`] and those of [`Section::set`].
    pub fn set(
        &mut self,
        section: &SectionRef,
        option: &str,
        value: impl Into<Value>,
    ) -> Result<(), EditError> {
        self.section_mut(section)?.set(option, value)
    }

    /// `uci add_list package.section.option=item`.
    ///
    /// # Errors
    /// [`EditError::NoSection`] and those of [`Section::add_list`].
    pub fn add_list(
        &mut self,
        section: &SectionRef,
        option: &str,
        item: impl Into<String>,
    ) -> Result<(), EditError> {
        self.section_mut(section)?.add_list(option, item)
    }

    /// `uci del_list package.section.option=item`: how many items went.
    ///
    /// # Errors
    /// [`EditError::NoSection`].
    pub fn del_list(
        &mut self,
        section: &SectionRef,
        option: &str,
        item: &str,
    ) -> Result<usize, EditError> {
        Ok(self.section_mut(section)?.del_list(option, item))
    }

    /// `uci delete package.section`: removes the section and gives it back.
    ///
    /// # Errors
    /// [`EditError::NoSection`].
    pub fn delete_section(&mut self, section: &SectionRef) -> Result<Section, EditError> {
        let at = self.position(section)?;
        Ok(self.sections.remove(at))
    }

    /// `uci delete package.section.option`: removes the option and gives its value back.
    ///
    /// # Errors
    /// [`EditError::NoSection`], [`EditError::NoOption`].
    pub fn delete_option(
        &mut self,
        section: &SectionRef,
        option: &str,
    ) -> Result<Value, EditError> {
        self.section_mut(section)?
            .delete(option)
            .ok_or_else(|| EditError::NoOption {
                section: section.to_string(),
                option: option.to_owned(),
            })
    }

    /// `uci rename package.section=name`: names a section, also one that had no name.
    ///
    /// # Errors
    /// [`EditError::NoSection`], [`EditError::BadName`], [`EditError::SectionExists`].
    pub fn rename_section(&mut self, section: &SectionRef, to: &str) -> Result<(), EditError> {
        let at = self.position(section)?;
        let to = checked(NameKind::Section, to.to_owned())?;
        let taken = self.sections.iter().enumerate();
        if taken
            .filter(|(other, _)| *other != at)
            .any(|(_, other)| other.name() == Some(&to))
        {
            return Err(EditError::SectionExists(to));
        }
        if let Some(section) = self.sections.get_mut(at) {
            section.name = Some(to);
        }
        Ok(())
    }

    /// `uci rename package.section.option=name`.
    ///
    /// # Errors
    /// [`EditError::NoSection`] and those of [`Section::rename`].
    pub fn rename_option(
        &mut self,
        section: &SectionRef,
        option: &str,
        to: &str,
    ) -> Result<(), EditError> {
        self.section_mut(section)?.rename(option, to)
    }

    /// `uci reorder package.section=position`: moves the section there, to the end when `position` is past it.
    ///
    /// # Errors
    /// [`EditError::NoSection`].
    pub fn reorder(&mut self, section: &SectionRef, position: usize) -> Result<(), EditError> {
        let at = self.position(section)?;
        let moved = self.sections.remove(at);
        self.sections
            .insert(position.min(self.sections.len()), moved);
        Ok(())
    }

    fn position(&self, section: &SectionRef) -> Result<usize, EditError> {
        self.find(section)
            .ok_or_else(|| EditError::NoSection(section.to_string()))
    }
}
