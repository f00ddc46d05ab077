//! Locks between `clom` processes.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use anyhow::Context;

use crate::failure::{Class, Failure, OrFail};
use crate::ui::Ui;

/// A file lock, held until dropped. The kernel frees it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of this file, which is made when missing; waits for another process that holds it
    /// and says so: `what` is what both want to do.
    pub(super) fn take(path: &Path, what: &str, ui: &Ui) -> Result<Self, Failure> {
        Self::wait(path, what, ui)
            .with_context(|| format!("cannot lock {}", path.display()))
            .or_fail(Class::Host)
    }

    fn wait(path: &Path, what: &str, ui: &Ui) -> anyhow::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                ui.note(&format!("waiting for another clom: {what}"));
                file.lock()?;
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        Ok(Self { _file: file })
    }
}
