//! One view of all downloads.

use std::cell::{Cell, OnceCell};
use std::time::{Duration, Instant};

use crate::ui::{Step, Ui};

/// How often machines are told.
const EVERY: Duration = Duration::from_millis(500);

/// All downloads of one call; shown from the first one on, so that a call that needs no network shows nothing.
pub(super) struct Progress<'ui> {
    ui: &'ui Ui,
    step: OnceCell<Step<'ui>>,
    files: usize,
    files_done: Cell<usize>,
    got: Cell<u64>,
    total: Cell<u64>,
    told: Cell<Instant>,
}

impl<'ui> Progress<'ui> {
    pub(super) fn new(ui: &'ui Ui, files: usize) -> Self {
        Self {
            ui,
            step: OnceCell::new(),
            files,
            files_done: Cell::new(0),
            got: Cell::new(0),
            total: Cell::new(0),
            told: Cell::new(Instant::now()),
        }
    }

    /// One file that has to be downloaded, of known size or not.
    pub(super) fn item(&self, size: Option<u64>) -> Item<'_, 'ui> {
        self.step.get_or_init(|| {
            let step = self.ui.step("fetch", "fetching");
            step.total_bytes(0);
            step
        });
        let item = Item {
            all: self,
            expected: Cell::new(0),
            at: Cell::new(0),
        };
        if let Some(size) = size {
            item.expect(size);
        }
        item
    }

    /// One more file is there, downloaded or not.
    pub(super) fn file_done(&self, what: &str) {
        self.files_done.set(self.files_done.get() + 1);
        if let Some(step) = self.step.get() {
            step.doing(&format!(
                "{} of {}, {what}",
                self.files_done.get(),
                self.files
            ));
        }
    }

    fn show(&self) {
        let Some(step) = self.step.get() else { return };
        step.total_bytes(self.total.get().max(self.got.get()));
        step.at(self.got.get());
        if self.told.get().elapsed() >= EVERY {
            self.told.set(Instant::now());
            step.tell(self.got.get(), self.total.get());
        }
    }

    /// Ends the view; `all_well` when every file is there.
    pub(super) fn end(mut self, all_well: bool) {
        let bytes = indicatif::HumanBytes(self.got.get());
        if let (Some(step), true) = (self.step.take(), all_well) {
            step.done(&format!("{bytes} in {} files", self.files_done.get()));
        }
    }
}

/// One download in the view.
pub(super) struct Item<'p, 'ui> {
    all: &'p Progress<'ui>,
    expected: Cell<u64>,
    at: Cell<u64>,
}

impl Item<'_, '_> {
    /// It will have this many bytes.
    pub(super) fn expect(&self, size: u64) {
        let before = self.expected.replace(size);
        let total = &self.all.total;
        total.set(total.get().saturating_sub(before).saturating_add(size));
        self.all.show();
    }

    /// It has this many bytes.
    pub(super) fn at(&self, len: u64) {
        let before = self.at.replace(len);
        let got = &self.all.got;
        got.set(got.get().saturating_sub(before).saturating_add(len));
        self.all.show();
    }
}
