//! Whether a script does anything while an image is made, when `IPKG_INSTROOT` is set.
//!
//! Most own texts do not: they are empty, or test the variable first. Only forms that are surely understood count as doing
//! nothing; everything else runs.
//!
//! ```text
//! exit 0                                               ends
//! [ -n "${IPKG_INSTROOT}" ] && exit 0                  ends; also `[ -z … ] || exit 0`
//! [ -n "${IPKG_INSTROOT}" ] || …, [ -z … ] && …        skipped, also with `{` … `}` over several lines
//! if [ -z "${IPKG_INSTROOT}" ]; then … else … fi       the else branch is read; with -n, the then branch
//! if … && [ -f /etc/config/x ]; then … fi              the same: the host's /etc/config is not to be seen by scripts
//! name() { … }                                         skipped: what calls it counts
//! ```

/// Whether the script has to run.
pub fn does_something(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let lines = logical_lines(&text);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    read(&lines).is_none()
}

/// How a piece of script that does nothing ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The script ends here.
    Exit,
    /// It goes on behind the piece.
    GoOn,
}

/// Lines without comments, blank ones and continuations.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut before = String::new();
    for line in text.lines() {
        if let Some(part) = line.strip_suffix('\\') {
            before.push_str(part);
            continue;
        }
        let line = std::mem::take(&mut before) + line;
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            lines.push(line.to_owned());
        }
    }
    if !before.trim().is_empty() {
        lines.push(before.trim().to_owned());
    }
    lines
}

/// Reads a piece; `None` when it does something, or may.
fn read(lines: &[&str]) -> Option<End> {
    let mut rest = lines;
    while let Some((line, behind)) = rest.split_first() {
        let line = line.trim_end_matches(';').trim_end();
        rest = behind;
        if is_exit(line) {
            return Some(End::Exit);
        }
        if matches!(line, ":" | "true") {
            continue;
        }
        if let Some(name) = line.strip_suffix('{')
            && is_function(name.trim_end())
        {
            rest = behind_braces(behind)?;
            continue;
        }
        if let Some(condition) = line.strip_prefix("if ") {
            let (condition, then) = match condition.trim_end().strip_suffix("then") {
                Some(condition) => (condition, behind),
                None if behind.first() == Some(&"then") => (condition, behind.get(1..)?),
                None => return None,
            };
            let holds = all_hold(condition.trim_end().trim_end_matches(';').trim_end())?;
            let (yes, no, after) = branches(then)?;
            rest = after;
            if read(if holds { yes } else { no })? == End::Exit {
                return Some(End::Exit);
            }
            continue;
        }
        let (condition, holds_goes_on, action) = split_list(line)?;
        if installing(condition)? == holds_goes_on {
            // The action runs.
            match action {
                action if is_exit(action) => return Some(End::Exit),
                _ => return None,
            }
        }
        // It is skipped, and with it all that hangs on it: `a && b || c` is not read.
        let block = action
            .strip_prefix('{')
            .filter(|first| !first.contains('}') && plain(first));
        if block.is_some_and(|first| first.is_empty() || first.starts_with([' ', '\t'])) {
            rest = behind_braces(behind)?;
        } else if action.contains("||")
            || action.contains("&&") && !holds_goes_on
            || !is_closed(action)
        {
            return None;
        }
    }
    Some(End::GoOn)
}

fn is_exit(line: &str) -> bool {
    matches!(
        line,
        "exit" | "exit 0" | "return 0" | "{ exit 0; }" | "return"
    )
}

fn is_function(name: &str) -> bool {
    let Some(name) = name.strip_suffix("()").map(str::trim_end) else {
        return false;
    };
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether tests with `&&` between them all hold. One that surely fails is enough, if those before it do nothing but test.
fn all_hold(condition: &str) -> Option<bool> {
    let mut all = Some(true);
    for test in condition.split("&&").map(str::trim) {
        match installing(test) {
            Some(true) => {}
            Some(false) => return Some(false),
            None if test.starts_with('[')
                && test.ends_with(']')
                && plain(test)
                && !test.contains(['`', '(', ';', '|']) =>
            {
                all = None
            }
            None => return None,
        }
    }
    all
}

/// Whether a test holds while an image is made; `None` when that is not sure.
fn installing(test: &str) -> Option<bool> {
    let inside = test
        .strip_prefix('[')
        .and_then(|test| test.strip_suffix(']'));
    let inside = inside.or_else(|| test.strip_prefix("test "))?;
    let words: Vec<&str> = inside.split_ascii_whitespace().collect();
    let (negated, words) = match words.split_first() {
        Some((&"!", rest)) => (true, rest),
        _ => (false, &words[..]),
    };
    let variable = |word: &str| {
        let word = word.trim_matches('"');
        matches!(
            word,
            "$IPKG_INSTROOT" | "${IPKG_INSTROOT}" | "${IPKG_INSTROOT:-}"
        )
    };
    // Without quotes, `[ -n ]` and `[ -z ]` would be taken otherwise only if the variable were empty.
    let holds = match words {
        ["-n", word] if variable(word) => true,
        ["-z", word] if variable(word) => false,
        // Whatever the rest says.
        ["-z", word, "-a", ..] if variable(word) && !words.contains(&"-o") => false,
        // What the host has there is not to be seen by scripts.
        ["-e" | "-f" | "-s" | "-x", path] if is_config(path) => false,
        _ => return None,
    };
    Some(holds != negated)
}

/// Whether it is a file in `/etc/config` of the host, rather than of the tree.
fn is_config(path: &str) -> bool {
    let name = path.trim_matches('"').strip_prefix("/etc/config/");
    name.is_some_and(|name| {
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    })
}

/// `test && action` or `test || action`: the test, whether the action runs when it holds, the action.
fn split_list(line: &str) -> Option<(&str, bool, &str)> {
    let (and, or) = (line.find("&&"), line.find("||"));
    let (at, is_and) = match (and, or) {
        (Some(and), Some(or)) if or < and => (or, false),
        (Some(and), _) => (and, true),
        (None, Some(or)) => (or, false),
        (None, None) => return None,
    };
    Some((line.get(..at)?.trim(), is_and, line.get(at + 2..)?.trim()))
}

/// Whether an action that is skipped ends with its line.
fn is_closed(action: &str) -> bool {
    plain(action)
        && !action.contains(';')
        && !action.ends_with(['|', '&', '{', '('])
        && !["if ", "for ", "while ", "until ", "case ", "("]
            .iter()
            .any(|start| action.starts_with(start))
        || action.starts_with("{ ")
            && action.ends_with("; }")
            && plain(action)
            && action.matches(['{', '}']).count() == 2
}

/// Whether quotes close on the line, and no text for a command follows.
fn plain(line: &str) -> bool {
    let even = |quote| line.matches::<char>(quote).count().is_multiple_of(2);
    even('"')
        && even('\'')
        && !line.contains("<<")
        && even('`')
        && line.matches("$(").count() <= line.matches(')').count()
}

/// The lines behind the `}` that closes a block.
fn behind_braces<'a, 'b>(lines: &'a [&'b str]) -> Option<&'a [&'b str]> {
    let mut depth = 1;
    for (at, line) in lines.iter().enumerate() {
        if !plain(line) {
            return None;
        }
        let count = |brace| line.matches(brace).count();
        if matches!(*line, "}" | "};") {
            depth -= 1;
            if depth == 0 {
                return lines.get(at + 1..);
            }
        } else if line.ends_with('{') && count('{') == count('}') + 1 {
            depth += 1;
        } else if count('{') != count('}') || line.starts_with('}') {
            return None;
        }
    }
    None
}

type Lines<'a, 'b> = &'a [&'b str];

/// What is between `then` and `else`, between `else` and `fi`, and behind `fi`.
fn branches<'a, 'b>(lines: Lines<'a, 'b>) -> Option<(Lines<'a, 'b>, Lines<'a, 'b>, Lines<'a, 'b>)> {
    let mut depth = 1;
    let mut other = None;
    for (at, line) in lines.iter().enumerate() {
        if !plain(line) {
            return None;
        }
        let ends_here = line.ends_with("fi") && line.contains("; fi");
        if line.starts_with("if ") && !ends_here {
            depth += 1;
        } else if ["; if ", "&& if ", "|| if "]
            .iter()
            .any(|other| line.contains(other))
            || (depth == 1 && line.starts_with("elif"))
        {
            return None;
        } else if depth == 1 && *line == "else" {
            other = Some(at);
        } else if depth == 1 && line.starts_with("else") {
            return None;
        } else if line.starts_with("fi")
            && !line.starts_with(|c: char| c.is_alphanumeric() && c != 'f')
        {
            let alone = matches!(*line, "fi" | "fi;");
            match (line.as_bytes().get(2), alone) {
                // `find …`, `file=…`.
                (Some(next), false) if next.is_ascii_alphanumeric() || *next == b'_' => {}
                (_, true) => {
                    depth -= 1;
                    if depth == 0 {
                        let yes = lines.get(..other.unwrap_or(at))?;
                        let no =
                            other.map_or(Some(&lines[..0]), |other| lines.get(other + 1..at))?;
                        return Some((yes, no, lines.get(at + 1..)?));
                    }
                }
                _ => return None,
            }
        } else if ends_here && !line.starts_with("if ") {
            return None;
        }
    }
    None
}
