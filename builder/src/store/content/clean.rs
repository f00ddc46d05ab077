//! What the content store holds, for cleaning.

use std::io;

use super::{ContentStore, PARTIAL, TEMPORARY};
use crate::store::clean::{Entry, Shelf, Worth, list, measure};

impl ContentStore {
    /// All entries, unfinished downloads and leftovers.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for shard in list(&self.dir)? {
            let unfinished = shard.ends_with(PARTIAL);
            for path in list(&shard)? {
                // What vanishes meanwhile was removed by another process.
                let Some((bytes, used)) = measure(&path) else {
                    continue;
                };
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let left = name.starts_with(TEMPORARY)
                    || (name.ends_with(".origin") && !path.with_extension("").exists());
                entries.push(Entry {
                    shelf: match unfinished {
                        true => Shelf::Unfinished,
                        false => Shelf::Downloads,
                    },
                    worth: match left {
                        true => Worth::Nothing,
                        false => Worth::Time,
                    },
                    // Who downloads holds the file itself.
                    lock: unfinished.then(|| path.clone()),
                    path,
                    bytes,
                    used,
                });
            }
        }
        Ok(entries)
    }
}
