//! The canonical text: what `uci commit` and `uci export` write.

use std::borrow::Cow;
use std::fmt;

use super::config::Config;
use super::value::Value;

/// The text that `uci commit` writes to `/etc/config`, byte for byte: an empty line before each
/// section, one at the end, options indented by a tab and always in single quotes.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for section in &self.sections {
            write!(f, "\nconfig {}", bare(&section.kind))?;
            if let Some(name) = section.name() {
                write!(f, " '{name}'")?;
            }
            f.write_str("\n")?;
            for (option, value) in section.options() {
                match value {
                    Value::Option(text) => writeln!(f, "\toption {option} {}", quote(text))?,
                    Value::List(items) => {
                        for item in items {
                            writeln!(f, "\tlist {option} {}", quote(item))?;
                        }
                    }
                }
            }
        }
        f.write_str("\n")
    }
}

/// The text of `uci export package`: the configuration with its `package` line.
pub fn export(package: &str, config: &Config) -> String {
    format!("package {package}\n{config}")
}

/// A value in single quotes, with single quotes inside written as `'\''`.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A section type as libuci writes it, without quotes, unless it holds characters that would be read as syntax.
/// (libuci itself writes those types as they are and cannot read them again.)
fn bare(kind: &str) -> Cow<'_, str> {
    if kind.contains(['\'', '"', '\\', '#', ';']) {
        Cow::Owned(quote(kind))
    } else {
        Cow::Borrowed(kind)
    }
}
