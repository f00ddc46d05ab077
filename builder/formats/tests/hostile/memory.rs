//! How much memory a call takes at most.

use std::sync::{Mutex, MutexGuard, PoisonError};

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Taken by every test here for as long as it runs.
static ALONE: Mutex<()> = Mutex::new(());

/// Keeps other tests from running meanwhile: measurements see the whole process.
pub(super) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `call`, and gives with its result how many bytes there were at most above what there was before.
///
/// What C libraries take is not seen; liblzma's decoder has a limit of its own.
pub(super) fn measure<T>(call: impl FnOnce() -> T) -> (T, usize) {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let result = call();
    (result, ALLOCATOR.peak_usage().saturating_sub(before))
}
