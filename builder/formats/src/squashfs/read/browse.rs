//! Looking into an image without reading all of it.

use std::collections::HashMap;

use super::data::{self, Source};
use super::inode::FileRef;
use super::limits::Budget;
use super::{Info, Limits, Reader};
use crate::squashfs::error::Error;
use crate::tree::{Content, InodeId, Kind, Tree};

/// An image of which only the tables were read: names, modes, owners, sizes. The content of files comes when asked for.
///
/// An image of 16 MiB has tables of some 100 KiB, so this is some hundred times quicker than [`read()`](super::read()).
#[derive(Debug)]
pub struct Browser<'a> {
    info: Info,
    tree: Tree,
    source: Source<'a>,
    files: HashMap<InodeId, FileRef>,
    /// What contents may take, all together.
    budget: Budget,
}

impl<'a> Browser<'a> {
    /// Reads the tables of an image. Bytes behind its end are ignored.
    ///
    /// # Errors
    /// As [`read()`](super::read()), as far as the tables go.
    pub fn open(image: &'a [u8]) -> Result<Self, Error> {
        let limits = Limits::for_image(image.len());
        let mut reader = Reader::open(image, &limits)?;
        let mut tables = reader.tables(&limits)?;
        let source = reader.source()?;
        let inodes = reader.walk(&mut tables, limits.depth)?;
        let mut list = inodes.list;
        let mut files = HashMap::new();
        for (at, file) in inodes.files {
            if let Some(inode) = list.get_mut(at) {
                inode.kind = Kind::File(Content::hole(file.size));
                files.insert(InodeId(at as u32), file);
            }
        }
        Ok(Self {
            info: reader.info,
            tree: Tree::from_inodes(list),
            source,
            files,
            budget: tables.content,
        })
    }

    /// What the image says of itself.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// Its tree. Files have their true length, but are one hole each: ask [`Browser::contents`] for their bytes.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The content of these regular files, in their order; blocks they share are read once. Empty for what is no regular file.
    ///
    /// # Errors
    /// When a block is damaged, or all that was read takes more than [`Limits`] allow.
    pub fn contents(&mut self, ids: &[InodeId]) -> Result<Vec<Content>, Error> {
        let none = FileRef {
            start: 0,
            size: 0,
            blocks: Vec::new(),
            fragment: None,
        };
        let files: Vec<FileRef> = ids
            .iter()
            .map(|id| self.files.get(id).unwrap_or(&none).clone())
            .collect();
        data::read(&self.source, &files, &mut self.budget, None)
    }
}
