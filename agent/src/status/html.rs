//! The status as a page that any phone shows, without anything from outside.

use std::fmt::Write;

use super::{Status, groups};

const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
<meta name=\"color-scheme\" content=\"light dark\">\n";

const STYLE: &str = "<style>\n\
body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:1rem}\n\
h1{font-size:1.5rem;margin:0}h2{font-size:1rem;margin:1.5rem 0 .25rem}\n\
table{border-collapse:collapse;width:100%}\n\
th{text-align:left;font-weight:normal;opacity:.7;white-space:nowrap}\n\
th,td{vertical-align:top;padding:.25rem .5rem .25rem 0;border-top:1px solid #8884}\n\
td{width:100%;overflow-wrap:anywhere}\n</style>\n";

/// The page.
pub fn page(status: &Status) -> String {
    let name = escape(&status.host.hostname);
    let community = escape(&status.node.community);
    let mut out = format!(
        "{HEAD}<title>{name} · {community}</title>\n{STYLE}</head>\n<body>\n\
         <h1>{name}</h1>\n<p>A node of {community}.</p>\n"
    );
    for (title, rows) in groups(status).iter().filter(|(_, rows)| !rows.is_empty()) {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "<h2>{title}</h2>\n<table>");
        for (key, value) in rows {
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
                escape(key),
                escape(value)
            );
        }
        out += "</table>\n";
    }
    out += "<p>For programs: <a href=\"/api/v1/status\">JSON</a>, <a href=\"/metrics\">metrics</a></p>\n\
            </body>\n</html>\n";
    out
}

/// Text as it may stand in an element or in quotes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bare, sample};
    use super::*;

    #[test]
    fn everything() {
        insta::assert_snapshot!(page(&sample()));
    }

    #[test]
    fn foreign_text_stays_text() {
        let mut status = bare();
        status.host.hostname = "</title><b onload=\"x\">&".into();
        let page = page(&status);
        assert!(!page.contains("<script"));
        assert!(page.contains("<title>&lt;/title&gt;&lt;b onload=&quot;x&quot;&gt;&amp;"));
        assert!(!page.contains("src=") && !page.contains("http://") && !page.contains("https://"));
    }
}
