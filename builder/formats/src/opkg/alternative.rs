//! Links that several packages can own.

/// A link that the package of the highest priority gives its target: `200:/bin/ping:/usr/bin/iputils-ping`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// The higher one wins.
    pub priority: i32,
    /// Where the link is; absolute.
    pub path: String,
    /// What it points at.
    pub target: String,
}

impl Alternative {
    /// Reads a field `Alternatives`: commas between them.
    pub(super) fn list(text: &str) -> Result<Vec<Self>, String> {
        let items = text.split(',').map(str::trim_ascii);
        let items = items.filter(|item| !item.is_empty());
        items
            .map(|item| {
                let wrong = |why: &str| format!("`{item}` {why}");
                let mut parts = item.splitn(3, ':');
                let mut next = || parts.next().unwrap_or_default();
                let (priority, path, target) = (next(), next(), next());
                let priority = priority
                    .parse()
                    .map_err(|_| wrong("does not begin with a priority"))?;
                if !path.starts_with('/') || path.split('/').any(|part| part == "..") {
                    return Err(wrong("does not name an absolute path"));
                }
                if target.is_empty() || target.contains(':') {
                    return Err(wrong("is not PRIORITY:PATH:TARGET"));
                }
                Ok(Self {
                    priority,
                    path: path.to_owned(),
                    target: target.to_owned(),
                })
            })
            .collect()
    }
}
