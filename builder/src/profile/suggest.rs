//! "Did you mean".

/// The known word most like this one, if any is like it.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let likeness = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let near = strsim::jaro_winkler(&lower, &candidate);
        let typing = strsim::damerau_levenshtein(&lower, &candidate);
        // One slip in a short word, two in a longer one, or much the same beginning.
        let slips = if lower.chars().count() <= 4 { 1 } else { 2 };
        (typing <= slips || near > 0.85).then_some(near - typing as f64 / 100.0)
    };
    known
        .into_iter()
        .filter_map(|candidate| Some((likeness(candidate)?, candidate)))
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}

/// `did you mean `x`?`, or an empty text.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    closest(word, known).map_or_else(String::new, |best| format!("did you mean `{best}`?"))
}

/// `` `a`, `b` or `c` ``; `nothing` for none.
pub(crate) fn any_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_and_leaves_strangers() {
        let known = ["hostname", "timezone", "keys", "channel"];
        assert_eq!(closest("hotsname", known), Some("hostname"));
        assert_eq!(closest("Timezone", known), Some("timezone"));
        assert_eq!(closest("kyes", known), Some("keys"));
        assert_eq!(closest("chanel", known), Some("channel"));
        assert_eq!(closest("bananas", known), None);
        assert_eq!(closest("x", []), None);
    }

    #[test]
    fn lists_words() {
        assert_eq!(any_of([]), "nothing");
        assert_eq!(any_of(["a"]), "`a`");
        assert_eq!(any_of(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
