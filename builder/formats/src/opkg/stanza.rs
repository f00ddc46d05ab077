//! Stanzas of fields, kept byte for byte.

use std::borrow::Cow;

use super::Error;

/// A text of stanzas. It is written as it was read, blank lines and all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stanzas {
    /// What is before the first stanza: blank lines.
    before: Vec<u8>,
    /// The stanzas.
    pub stanzas: Vec<Stanza>,
}

/// The fields of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stanza {
    /// In their order.
    pub fields: Vec<Field>,
    /// The line it begins at, from 1; 0 when it was not read.
    pub line: usize,
    /// What is behind the last field's text: its newline and blank lines.
    behind: Vec<u8>,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name before the colon.
    pub name: String,
    /// What is after the colon, the space before it and further lines included, the last newline not. Not always UTF-8.
    pub raw: Vec<u8>,
}

impl Field {
    /// A field of one line.
    pub fn new(name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            raw: format!(" {value}").into_bytes(),
        }
    }

    /// The value without white space around it; bytes that are not UTF-8 are replaced.
    pub fn value(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.raw.trim_ascii())
    }

    /// The lines below the first, without white space around them.
    pub fn lines(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let lines = self.raw.split(|byte| *byte == b'\n').skip(1);
        lines.map(|line| String::from_utf8_lossy(line.trim_ascii()))
    }
}

impl Stanza {
    /// A stanza that a blank line follows.
    pub fn new(fields: Vec<Field>) -> Self {
        Self {
            fields,
            line: 0,
            behind: b"\n\n".to_vec(),
        }
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field's value without white space around it; `None` when it is empty, too.
    pub fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        self.field(name)
            .map(Field::value)
            .filter(|value| !value.is_empty())
    }

    /// Sets a field, in its place or at the end.
    pub fn set(&mut self, name: &str, value: &str) {
        let new = Field::new(name, value);
        match self.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => *field = new,
            None => self.fields.push(new),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        for (number, field) in self.fields.iter().enumerate() {
            if number > 0 {
                out.push(b'\n');
            }
            out.extend_from_slice(field.name.as_bytes());
            out.push(b':');
            out.extend_from_slice(&field.raw);
        }
        out.extend_from_slice(&self.behind);
    }
}

impl Stanzas {
    /// A text of these stanzas.
    pub fn of(stanzas: Vec<Stanza>) -> Self {
        Self {
            before: Vec::new(),
            stanzas,
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// When a line is neither a field nor belongs to one, or a field is there twice.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let mut all = Self::default();
        // Whether the next field begins a new stanza.
        let mut apart = true;
        for (number, line) in (1..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
            let bare = line.strip_suffix(b"\n").unwrap_or(line);
            let ending = line.get(bare.len()..).unwrap_or_default();
            let wrong = |why: &str| Error::Line {
                line: number,
                why: why.to_owned(),
            };
            let indented = matches!(bare.first(), Some(b' ' | b'\t'));
            match all.stanzas.last_mut() {
                // What is behind a field, its newline so far, turns out to be inside it.
                Some(stanza) if indented && !apart => {
                    if let Some(field) = stanza.fields.last_mut() {
                        field.raw.append(&mut stanza.behind);
                        field.raw.extend_from_slice(bare);
                    }
                    stanza.behind = ending.to_vec();
                }
                _ if bare.trim_ascii().is_empty() => {
                    let gap = match all.stanzas.last_mut() {
                        Some(stanza) => &mut stanza.behind,
                        None => &mut all.before,
                    };
                    gap.extend_from_slice(line);
                    apart = true;
                }
                _ if indented => return Err(wrong("it is indented, but belongs to no field")),
                _ => {
                    let field = field(bare).ok_or_else(|| {
                        wrong("it is no field: a name of letters, digits and dashes, a colon and a value")
                    })?;
                    if std::mem::take(&mut apart) {
                        all.stanzas.push(Stanza {
                            line: number,
                            ..Stanza::default()
                        });
                    }
                    if let Some(stanza) = all.stanzas.last_mut() {
                        if stanza.field(&field.name).is_some() {
                            return Err(wrong(&format!("the field {} is there twice", field.name)));
                        }
                        stanza.fields.push(field);
                        stanza.behind = ending.to_vec();
                    }
                }
            }
        }
        Ok(all)
    }

    /// The text.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.before.clone();
        let last = self.stanzas.len().saturating_sub(1);
        for (number, stanza) in self.stanzas.iter().enumerate() {
            stanza.write(&mut out);
            // A text that ended without a blank line, and was added to.
            while number < last && !out.ends_with(b"\n\n") && !ends_with_blank_line(&stanza.behind)
            {
                out.push(b'\n');
            }
        }
        out
    }
}

/// Whether this, behind a field, has a blank line, perhaps with white space in it.
fn ends_with_blank_line(behind: &[u8]) -> bool {
    behind.iter().filter(|byte| **byte == b'\n').count() >= 2
}

fn field(line: &[u8]) -> Option<Field> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, rest) = line.split_at_checked(colon)?;
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.is_empty() || !name.iter().all(fits) {
        return None;
    }
    Some(Field {
        name: String::from_utf8_lossy(name).into_owned(),
        raw: rest.get(1..).unwrap_or_default().to_vec(),
    })
}
