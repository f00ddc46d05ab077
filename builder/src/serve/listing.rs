//! The page that shows what is in a folder.

use std::fmt::Write;
use std::io;
use std::path::Path;

use super::site::{Site, encode};

/// A page with links to all that is served of a folder: folders first, then files with their sizes.
///
/// # Errors
/// When the folder cannot be read.
pub(super) fn page(folder: &Path, path: &str, site: &Site) -> io::Result<String> {
    let mut rows: Vec<(bool, String, u64)> = std::fs::read_dir(folder)?
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let meta = site.real(&entry.path())?.metadata().ok()?;
            (meta.is_dir() || meta.is_file()).then(|| (!meta.is_dir(), name, meta.len()))
        })
        .collect();
    rows.sort();
    let title = escape(&percent_encoding::percent_decode_str(path).decode_utf8_lossy());
    let mut page = format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<h1>{title}</h1>\n<table>\n"
    );
    if path != "/" {
        page += "<tr><td><a href=\"../\">../</a><td>\n";
    }
    for (is_file, name, size) in rows {
        let slash = if is_file { "" } else { "/" };
        let size = if is_file {
            size.to_string()
        } else {
            String::new()
        };
        // `./`: a name with a colon in it is no URL.
        let _ = writeln!(
            page,
            "<tr><td><a href=\"./{}{slash}\">{}{slash}</a><td align=\"right\">{size}",
            encode(&name),
            escape(&name),
        );
    }
    page += "</table>\n";
    Ok(page)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn names_cannot_write_html_and_what_is_not_served_is_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("<b>&\"'.txt"), "12345").unwrap();
        fs::create_dir(dir.path().join("z:dir")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("out")).unwrap();
        let site = Site::new(dir.path()).unwrap();
        let page = page(site.root(), "/%3Cx%3E/", &site).unwrap();
        assert!(page.contains("<h1>/&lt;x&gt;/</h1>"), "{page}");
        assert!(
            page.contains(
                "\"./%3Cb%3E%26%22%27.txt\">&lt;b&gt;&amp;&quot;&#39;.txt</a><td align=\"right\">5"
            ),
            "{page}"
        );
        assert!(page.find("z%3Adir/").unwrap() < page.find("%3Cb").unwrap());
        assert!(!page.contains("out"), "{page}");
    }
}
