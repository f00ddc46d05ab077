//! One section: its type, perhaps a name, and its options in order.

use super::error::EditError;
use super::name::NameKind;
use super::value::Value;

/// A section of a configuration. Its names are valid and none of its options is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub(super) kind: String,
    pub(super) name: Option<String>,
    pub(super) options: Vec<(String, Value)>,
}

impl Section {
    /// An unnamed section of type `kind`.
    ///
    /// # Errors
    /// [`EditError::BadName`].
    pub fn new(kind: impl Into<String>) -> Result<Self, EditError> {
        Ok(Self {
            kind: checked(NameKind::Type, kind.into())?,
            name: None,
            options: Vec::new(),
        })
    }

    /// A section of type `kind` called `name`.
    ///
    /// # Errors
    /// [`EditError::BadName`].
    pub fn named(kind: impl Into<String>, name: impl Into<String>) -> Result<Self, EditError> {
        let mut section = Self::new(kind)?;
        section.name = Some(checked(NameKind::Section, name.into())?);
        Ok(section)
    }

    /// The section with this option set: [`Section::set`] for chains of calls.
    ///
    /// # Errors
    /// As [`Section::set`].
    pub fn with(mut self, option: &str, value: impl Into<Value>) -> Result<Self, EditError> {
        self.set(option, value)?;
        Ok(self)
    }

    /// The section's type, such as `interface`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The section's name; `None` for an unnamed section.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The options with their values, in the order of the file.
    pub fn options(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.options
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// The value of `option`, if it is set.
    pub fn get(&self, option: &str) -> Option<&Value> {
        self.options
            .iter()
            .find(|(name, _)| name == option)
            .map(|(_, value)| value)
    }

    /// The text of a plain option, if it is set and no list.
    pub fn get_str(&self, option: &str) -> Option<&str> {
        self.get(option).and_then(Value::as_str)
    }

    /// The items of a list, or the text of a plain option as the only item; nothing when not set.
    pub fn get_list(&self, option: &str) -> impl Iterator<Item = &str> {
        self.get(option).into_iter().flat_map(Value::items)
    }

    /// Sets an option, in its old place if it was set before. An empty value removes it, as libuci does.
    ///
    /// # Errors
    /// [`EditError::BadName`], [`EditError::BadValue`].
    pub fn set(&mut self, option: &str, value: impl Into<Value>) -> Result<(), EditError> {
        let value = value.into();
        let name = checked(NameKind::Option, option.to_owned())?;
        for item in value.items() {
            check_text(option, item)?;
        }
        self.store(name, value);
        Ok(())
    }

    /// Adds an item to a list. A plain option becomes a list that starts with its text.
    ///
    /// # Errors
    /// [`EditError::BadName`], [`EditError::BadValue`].
    pub fn add_list(&mut self, option: &str, item: impl Into<String>) -> Result<(), EditError> {
        let item = item.into();
        let name = checked(NameKind::Option, option.to_owned())?;
        check_text(option, &item)?;
        self.store_item(name, item);
        Ok(())
    }

    /// Removes every item equal to `item` from a list and says how many there were. A list left
    /// without items goes; a plain option is left alone, as libuci does.
    pub fn del_list(&mut self, option: &str, item: &str) -> usize {
        let Some(Value::List(items)) = self.value_mut(option) else {
            return 0;
        };
        let before = items.len();
        items.retain(|held| held != item);
        let gone = before - items.len();
        if items.is_empty() {
            self.delete(option);
        }
        gone
    }

    /// Removes an option and gives its value back.
    pub fn delete(&mut self, option: &str) -> Option<Value> {
        let at = self.position(option)?;
        Some(self.options.remove(at).1)
    }

    /// Gives an option another name, in its old place.
    ///
    /// # Errors
    /// [`EditError::NoOption`], [`EditError::BadName`], [`EditError::OptionExists`].
    pub fn rename(&mut self, option: &str, to: &str) -> Result<(), EditError> {
        let at = self.position(option).ok_or_else(|| EditError::NoOption {
            section: self.title(),
            option: option.to_owned(),
        })?;
        let to = checked(NameKind::Option, to.to_owned())?;
        if to != option && self.position(&to).is_some() {
            return Err(EditError::OptionExists {
                section: self.title(),
                option: to,
            });
        }
        if let Some((name, _)) = self.options.get_mut(at) {
            *name = to;
        }
        Ok(())
    }

    /// Sets an option whose name was checked.
    pub(super) fn store(&mut self, option: String, value: Value) {
        if value.is_empty() {
            self.delete(&option);
        } else if let Some(held) = self.value_mut(&option) {
            *held = value;
        } else {
            self.options.push((option, value));
        }
    }

    /// Adds a list item to an option whose name was checked.
    pub(super) fn store_item(&mut self, option: String, item: String) {
        match self.value_mut(&option) {
            Some(Value::List(items)) => items.push(item),
            Some(held) => {
                let first = held.as_str().unwrap_or_default().to_owned();
                *held = Value::List(vec![first, item]);
            }
            None => self.options.push((option, Value::List(vec![item]))),
        }
    }

    /// How errors call this section.
    pub(super) fn title(&self) -> String {
        self.name
            .clone()
            .unwrap_or_else(|| format!("@{}", self.kind))
    }

    fn position(&self, option: &str) -> Option<usize> {
        self.options.iter().position(|(name, _)| name == option)
    }

    fn value_mut(&mut self, option: &str) -> Option<&mut Value> {
        self.options
            .iter_mut()
            .find(|(name, _)| name == option)
            .map(|(_, value)| value)
    }
}

/// The name, if it is a valid one.
pub(super) fn checked(kind: NameKind, name: String) -> Result<String, EditError> {
    if kind.accepts(&name) {
        Ok(name)
    } else {
        Err(EditError::BadName { kind, name })
    }
}

/// The rule of libuci's own command line: no control characters but tab, newline, carriage return.
fn check_text(option: &str, text: &str) -> Result<(), EditError> {
    match text
        .chars()
        .find(|c| *c < ' ' && !matches!(c, '\t' | '\n' | '\r'))
    {
        Some(character) => Err(EditError::BadValue {
            option: option.to_owned(),
            character,
        }),
        None => Ok(()),
    }
}
