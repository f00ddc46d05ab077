//! Reading a configuration from its text.

use super::config::Config;
use super::error::{Expected, ParseError};
use super::lex::{Lexer, Place, Token};
use super::name::NameKind;
use super::places::Places;
use super::section::Section;
use super::value::Value;

/// How much of a foreign word an error repeats.
const SHOWN: usize = 40;

/// Reads the text of one file of `/etc/config`. `package` lines are checked and ignored, as libuci
/// ignores them when it loads a file by its name.
///
/// # Errors
/// [`ParseError`], with the place of the first thing that is wrong.
pub fn parse(text: &str) -> Result<Config, ParseError> {
    Ok(parse_with_places(text)?.0)
}

/// [`parse`], and where in the text each section and option stands, for errors about their meaning.
///
/// # Errors
/// As [`parse`].
pub fn parse_with_places(text: &str) -> Result<(Config, Places), ParseError> {
    let mut config = Config::new();
    let mut places = Places::default();
    let mut current = None;
    statements(text, |statement| {
        if !matches!(statement, Statement::Package(..)) {
            let place = statement.place();
            let option = match &statement {
                Statement::Item { option, .. } => Some(option.clone()),
                _ => None,
            };
            apply(&mut config, &mut current, statement)?;
            if let Some(section) = current {
                places.note(section, option, place);
            }
        }
        Ok(())
    })?;
    Ok((config, places))
}

/// [`parse`] of bytes that may not be UTF-8.
///
/// # Errors
/// As [`parse`], and [`Expected::Utf8`].
pub fn parse_bytes(bytes: &[u8]) -> Result<Config, ParseError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(text),
        Err(error) => {
            let good = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or(b""));
            let (before, last) = good.rsplit_once('\n').unwrap_or(("", &good));
            let line = if good.contains('\n') {
                before.matches('\n').count() + 2
            } else {
                1
            };
            Err(ParseError {
                line,
                column: last.chars().count() + 1,
                expected: Expected::Utf8,
            })
        }
    }
}

/// Reads the text of `uci export`: several configurations, each after its `package` line.
///
/// # Errors
/// As [`parse`]; sections before the first `package` line and packages that come twice are errors.
pub fn parse_packages(text: &str) -> Result<Vec<(String, Config)>, ParseError> {
    let mut packages: Vec<(String, Config)> = Vec::new();
    let mut current = None;
    statements(text, |statement| {
        if let Statement::Package(name, place) = statement {
            if packages.iter().any(|(other, _)| *other == name) {
                return Err(place.error(Expected::OnePackage(shown(&name))));
            }
            packages.push((name, Config::new()));
            current = None;
            return Ok(());
        }
        match packages.last_mut() {
            Some((_, config)) => apply(config, &mut current, statement),
            None => Err(statement.place().error(Expected::PackageLine)),
        }
    })?;
    Ok(packages)
}

/// One statement, its names checked.
enum Statement {
    Package(String, Place),
    Config {
        kind: String,
        name: Option<String>,
        place: Place,
    },
    Item {
        keyword: &'static str,
        option: String,
        value: String,
        place: Place,
    },
}

impl Statement {
    fn place(&self) -> Place {
        match self {
            Self::Package(_, place) | Self::Config { place, .. } | Self::Item { place, .. } => {
                *place
            }
        }
    }
}

/// Puts a statement into the configuration; `current` is where the open section stands.
fn apply(
    config: &mut Config,
    current: &mut Option<usize>,
    statement: Statement,
) -> Result<(), ParseError> {
    match statement {
        Statement::Package(..) => Ok(()),
        Statement::Config { kind, name, place } => {
            let held = config
                .sections
                .iter()
                .enumerate()
                .find(|(_, section)| name.is_some() && section.name == name);
            if let Some((at, section)) = held {
                if section.kind != kind {
                    return Err(place.error(Expected::SameType {
                        name: section.title(),
                        first: section.kind.clone(),
                        second: kind,
                    }));
                }
                *current = Some(at);
                return Ok(());
            }
            *current = Some(config.sections.len());
            config.sections.push(Section {
                kind,
                name,
                options: Vec::new(),
            });
            Ok(())
        }
        Statement::Item {
            keyword,
            option,
            value,
            place,
        } => {
            let section = current
                .and_then(|at| config.sections.get_mut(at))
                .ok_or_else(|| place.error(Expected::Section(keyword)))?;
            if keyword == "list" {
                section.store_item(option, value);
            } else if !value.is_empty() {
                // An empty one does nothing in a file, though `uci set` deletes with it.
                section.store(option, Value::Option(value));
            }
            Ok(())
        }
    }
}

/// Reads statement after statement and hands each on.
fn statements(
    text: &str,
    mut hand_on: impl FnMut(Statement) -> Result<(), ParseError>,
) -> Result<(), ParseError> {
    let mut lexer = Lexer::new(text);
    loop {
        let (word, place) = match lexer.token()? {
            Token::Eof => return Ok(()),
            Token::End => continue,
            Token::Word(word, place) => (word, place),
        };
        let mut line = Line {
            lexer: &mut lexer,
            ended: false,
        };
        let statement = match word.as_str() {
            "package" | "p" => {
                Statement::Package(line.required("package", NameKind::Package)?, place)
            }
            "config" | "c" => Statement::Config {
                kind: line.required("config", NameKind::Type)?,
                name: line.optional(NameKind::Section)?,
                place,
            },
            "option" | "o" => line.item("option", place)?,
            "list" | "l" => line.item("list", place)?,
            _ => return Err(place.error(Expected::Keyword(shown(&word)))),
        };
        line.end()?;
        hand_on(statement)?;
    }
}

/// The rest of a statement.
struct Line<'l, 'a> {
    lexer: &'l mut Lexer<'a>,
    ended: bool,
}

impl Line<'_, '_> {
    fn word(&mut self) -> Result<Option<(String, Place)>, ParseError> {
        if self.ended {
            return Ok(None);
        }
        match self.lexer.token()? {
            Token::Word(word, place) => Ok(Some((word, place))),
            Token::End | Token::Eof => {
                self.ended = true;
                Ok(None)
            }
        }
    }

    fn required(&mut self, keyword: &'static str, what: NameKind) -> Result<String, ParseError> {
        let place = self.lexer.place();
        let missing = place.error(Expected::Argument { keyword, what });
        self.optional(what)?.ok_or(missing)
    }

    /// A name that may be missing or, which is the same to libuci, empty.
    fn optional(&mut self, kind: NameKind) -> Result<Option<String>, ParseError> {
        match self.word()? {
            Some((name, _)) if name.is_empty() => Ok(None),
            Some((name, _)) if kind.accepts(&name) => Ok(Some(name)),
            Some((name, place)) => Err(place.error(Expected::Name {
                kind,
                name: shown(&name),
            })),
            None => Ok(None),
        }
    }

    fn item(&mut self, keyword: &'static str, place: Place) -> Result<Statement, ParseError> {
        Ok(Statement::Item {
            keyword,
            option: self.required(keyword, NameKind::Option)?,
            value: self.word()?.map(|(word, _)| word).unwrap_or_default(),
            place,
        })
    }

    fn end(&mut self) -> Result<(), ParseError> {
        match self.word()? {
            // To libuci, an empty word here is no word.
            Some((word, place)) if !word.is_empty() => {
                Err(place.error(Expected::EndOfLine(shown(&word))))
            }
            _ => Ok(()),
        }
    }
}

/// A foreign word as an error shows it: on one line, not too long.
fn shown(word: &str) -> String {
    let mut text: String = word
        .chars()
        .take(SHOWN)
        .flat_map(char::escape_debug)
        .collect();
    if word.chars().nth(SHOWN).is_some() {
        text.push('…');
    }
    text
}
