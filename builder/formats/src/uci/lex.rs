//! Splitting the text into words and ends of statements.

use std::iter::Peekable;
use std::str::Chars;

use super::error::{Expected, ParseError};

/// A place in the text, both from 1, the column in characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Place {
    /// The error at this place.
    pub(super) fn error(self, expected: Expected) -> ParseError {
        ParseError {
            line: self.line,
            column: self.column,
            expected,
        }
    }
}

/// What the next piece of the text is.
pub(super) enum Token {
    /// A word, with quotes and escapes taken away.
    Word(String, Place),
    /// The end of a statement: a newline or `;`.
    End,
    /// The end of the text.
    Eof,
}

/// Reads a text piece by piece.
pub(super) struct Lexer<'a> {
    rest: Peekable<Chars<'a>>,
    place: Place,
}

impl<'a> Lexer<'a> {
    /// A lexer at the start of `text`.
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text.chars().peekable(),
            place: Place { line: 1, column: 1 },
        }
    }

    /// The place of the next character.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// The next word or end.
    pub(super) fn token(&mut self) -> Result<Token, ParseError> {
        loop {
            let place = self.place;
            match self.rest.peek() {
                None => return Ok(Token::Eof),
                Some('\n' | ';') => {
                    self.bump()?;
                    return Ok(Token::End);
                }
                Some('#') => self.comment()?,
                Some('\\') => {
                    if let Some(escaped) = self.escape()? {
                        return Ok(Token::Word(self.word(Some(escaped))?, place));
                    }
                }
                Some(c) if is_space(*c) => {
                    self.bump()?;
                }
                Some(_) => return Ok(Token::Word(self.word(None)?, place)),
            }
        }
    }

    /// Reads to the end of a word. A word goes on through quoted parts: `a'b c'"d"` is one.
    fn word(&mut self, first: Option<char>) -> Result<String, ParseError> {
        let mut word = String::from_iter(first);
        while let Some(c) = self.rest.peek().copied() {
            match c {
                '\'' | '"' => self.quoted(c, &mut word)?,
                '\\' => word.extend(self.escape()?),
                '\n' | ';' | '#' => break,
                c if is_space(c) => break,
                c => {
                    self.bump()?;
                    word.push(c);
                }
            }
        }
        Ok(word)
    }

    /// Reads a quoted part, which may span lines. Only double quotes know the backslash.
    fn quoted(&mut self, quote: char, word: &mut String) -> Result<(), ParseError> {
        let open = self.place;
        self.bump()?;
        loop {
            match self.rest.peek().copied() {
                None => return Err(open.error(Expected::ClosingQuote(quote))),
                Some('\\') if quote == '"' => word.extend(self.escape()?),
                Some(c) => {
                    self.bump()?;
                    if c == quote {
                        return Ok(());
                    }
                    word.push(c);
                }
            }
        }
    }

    /// Reads a backslash and what it escapes: the next character as it is, or a line's end, which vanishes.
    fn escape(&mut self) -> Result<Option<char>, ParseError> {
        self.bump()?;
        if self.rest.peek() == Some(&'\r') {
            let mut ahead = self.rest.clone();
            ahead.next();
            if ahead.next() == Some('\n') {
                self.bump()?;
            }
        }
        Ok(self.bump()?.filter(|c| *c != '\n'))
    }

    fn comment(&mut self) -> Result<(), ParseError> {
        while self.rest.peek().is_some_and(|c| *c != '\n') {
            self.bump()?;
        }
        Ok(())
    }

    fn bump(&mut self) -> Result<Option<char>, ParseError> {
        let next = self.rest.next();
        match next {
            Some('\0') => return Err(self.place.error(Expected::NoNul)),
            Some('\n') => {
                self.place.line += 1;
                self.place.column = 1;
            }
            Some(_) => self.place.column += 1,
            None => {}
        }
        Ok(next)
    }
}

/// What C's `isspace` calls space, but for the newline.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\x0b' | '\x0c')
}
