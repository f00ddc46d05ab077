//! What can be wrong in a text.

use thiserror::Error;

/// Why an index, a control file or a status file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// A line that is no field.
    #[error("line {line}: {why}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A field whose value makes no sense.
    #[error("package {package} (line {line}): {field}: {why}")]
    Field {
        /// The package, as far as it is known.
        package: String,
        /// Where its stanza begins, from 1.
        line: usize,
        /// The field.
        field: String,
        /// What is wrong with it.
        why: String,
    },
    /// A control file with none or several stanzas.
    #[error("a control file describes one package, and this one {found}")]
    Count {
        /// How many it describes.
        found: usize,
    },
}
