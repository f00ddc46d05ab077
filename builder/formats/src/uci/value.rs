//! What an option holds.

/// An option's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `option name 'value'`.
    Option(String),
    /// One `list name 'value'` line per item.
    List(Vec<String>),
}

impl Value {
    /// The text of a plain option; `None` for a list.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Option(text) => Some(text),
            Self::List(_) => None,
        }
    }

    /// The items of a list, or the one text of a plain option.
    pub fn items(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::Option(text) => std::slice::from_ref(text),
            Self::List(items) => items.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }

    /// Whether libuci would call this "not set": the empty text or a list without items.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Option(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Option(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Option(text)
    }
}

/// UCI's customary `1` and `0`.
impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Option(if flag { "1" } else { "0" }.to_owned())
    }
}

impl From<Vec<String>> for Value {
    fn from(items: Vec<String>) -> Self {
        Self::List(items)
    }
}

impl<T: Into<String>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}
