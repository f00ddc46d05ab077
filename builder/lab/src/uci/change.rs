//! Uncommitted changes, in libuci's own text: one a line, such as `network.lan.ipaddr='10.1.0.1'`.
//!
//! The first character says what is done: `-` delete, `@` rename, `+` add an unnamed section, `|` add to a
//! list, `~` take from a list, `^` move to a position; none of them sets.

use openwrt_formats::uci::quote;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Set,
    Delete,
    Rename,
    Add,
    ListAdd,
    ListDelete,
    Reorder,
}

impl Verb {
    fn mark(self) -> &'static str {
        match self {
            Self::Set => "",
            Self::Delete => "-",
            Self::Rename => "@",
            Self::Add => "+",
            Self::ListAdd => "|",
            Self::ListDelete => "~",
            Self::Reorder => "^",
        }
    }
}

/// One change within a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) verb: Verb,
    /// The section's name or generated id.
    pub(super) section: String,
    pub(super) option: Option<String>,
    pub(super) value: Option<String>,
}

impl Change {
    /// The line, without its end.
    pub(super) fn line(&self, package: &str) -> String {
        let mut line = format!("{}{package}.{}", self.verb.mark(), self.section);
        if let Some(option) = &self.option {
            line.push('.');
            line.push_str(option);
        }
        if let Some(value) = &self.value {
            line.push('=');
            line.push_str(&quote(value));
        }
        line
    }

    /// Whether it touches the section (and the option, when one is given).
    pub(super) fn touches(&self, section: Option<&str>, option: Option<&str>) -> bool {
        section.is_none_or(|section| section == self.section)
            && (option.is_none() || option == self.option.as_deref())
    }
}

/// Reads a file of changes; `Err` has the line that can't be read.
pub(super) fn parse(text: &str) -> Result<Vec<Change>, String> {
    let mut changes = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (change, after) =
            one(rest).ok_or_else(|| rest.lines().next().unwrap_or_default().to_owned())?;
        changes.extend(change);
        rest = after;
    }
    Ok(changes)
}

/// The first change and what follows its line. A value's quotes may span lines.
fn one(text: &str) -> Option<(Option<Change>, &str)> {
    if let Some(after) = text.strip_prefix('\n') {
        return Some((None, after));
    }
    let (verb, text) = match text.chars().next()? {
        '-' => (Verb::Delete, text.get(1..)?),
        '@' => (Verb::Rename, text.get(1..)?),
        '+' => (Verb::Add, text.get(1..)?),
        '|' => (Verb::ListAdd, text.get(1..)?),
        '~' => (Verb::ListDelete, text.get(1..)?),
        '^' => (Verb::Reorder, text.get(1..)?),
        _ => (Verb::Set, text),
    };
    let end = text.find(['=', '\n']).unwrap_or(text.len());
    let (path, after) = text.split_at(end);
    let mut parts = path.split('.');
    let (_package, section, option) = (parts.next()?, parts.next()?, parts.next());
    if section.is_empty() || parts.next().is_some() {
        return None;
    }
    let (value, after) = match after.strip_prefix('=') {
        Some(quoted) => {
            let (value, after) = unquote(quoted)?;
            (Some(value), after)
        }
        None => (None, after),
    };
    let after = match after.strip_prefix('\n') {
        Some(after) => after,
        None if after.is_empty() => after,
        None => return None,
    };
    let change = Change {
        verb,
        section: section.to_owned(),
        option: option.map(str::to_owned),
        value,
    };
    Some((Some(change), after))
}

/// A value in single quotes (with `'\''` for a quote), or bare up to the line's end.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        match rest.chars().next() {
            None | Some('\n') => return Some((value, rest)),
            Some('\'') => {
                let (inside, after) = rest.get(1..)?.split_once('\'')?;
                value.push_str(inside);
                rest = after;
            }
            Some('\\') => {
                let escaped = rest.chars().nth(1)?;
                value.push(escaped);
                rest = rest.get(1 + escaped.len_utf8()..)?;
            }
            Some(plain) => {
                value.push(plain);
                rest = rest.get(plain.len_utf8()..)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(verb: Verb, option: Option<&str>, value: Option<&str>) -> Change {
        Change {
            verb,
            section: "lan".into(),
            option: option.map(str::to_owned),
            value: value.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let changes = vec![
            change(Verb::Set, Some("a"), Some("it's\ntwo 'lines'=x")),
            change(Verb::Set, None, Some("interface")),
            change(Verb::Add, None, Some("rule")),
            change(Verb::Delete, Some("a"), None),
            change(Verb::ListAdd, Some("l"), Some("")),
            change(Verb::ListDelete, Some("l"), Some("b")),
            change(Verb::Rename, None, Some("wan")),
            change(Verb::Reorder, None, Some("2")),
        ];
        let text: String = changes
            .iter()
            .map(|change| change.line("network") + "\n")
            .collect();
        assert!(text.starts_with("network.lan.a='it'\\''s\ntwo"));
        assert_eq!(parse(&text).unwrap(), changes);
    }

    #[test]
    fn names_the_line_it_cannot_read() {
        assert_eq!(
            parse("network.lan.a='1'\nnonsense\n").unwrap_err(),
            "nonsense"
        );
        assert!(parse("network.lan.a='open\n").is_err());
        assert!(parse("network.lan.a='x'y.z\n").is_ok());
    }
}
