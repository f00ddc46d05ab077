//! Names that may have been meant.

/// How many are worth showing.
const MOST: usize = 3;
/// How alike two names must be, of 1.
const ALIKE: f64 = 0.8;

/// The names most like this one, the likest first.
pub(super) fn similar<'n>(name: &str, all: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut found: Vec<(f64, &str)> = all
        .filter(|other| *other != name)
        .map(|other| (strsim::jaro_winkler(name, other), other))
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    found.dedup_by_key(|(_, other)| *other);
    let best = found.into_iter().take(MOST);
    best.map(|(_, other)| other.to_owned()).collect()
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn either(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
