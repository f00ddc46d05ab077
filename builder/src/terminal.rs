//! Text from elsewhere on a terminal: what it would obey is made visible.

/// Text for one line: `\u{1b}` and its like stand there as they are written here.
pub fn clean(text: &str) -> String {
    escape(text, |_| false)
}

/// A name or comment of bytes, likewise.
pub fn clean_bytes(text: &[u8]) -> String {
    clean(&String::from_utf8_lossy(text))
}

/// Text of several lines, likewise.
pub fn clean_lines(text: &str) -> String {
    escape(text, |letter| letter == '\n')
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() && !keep(letter) {
            true => out.extend(letter.escape_default()),
            false => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_obeyed_by_a_terminal() {
        assert_eq!(clean("a\u{1b}[31m\u{9b}b\n"), "a\\u{1b}[31m\\u{9b}b\\n");
        assert_eq!(clean_bytes(b"\xff\x07"), "\u{fffd}\\u{7}");
        assert_eq!(clean_lines("å\r\n\tb"), "å\\r\n\\tb");
    }
}
