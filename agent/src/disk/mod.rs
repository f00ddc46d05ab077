//! The edge to the disk: files that survive a power cut, the node key, the lock of the running agent.

mod atomic;
mod key_file;
mod lock;
mod read;

pub use atomic::create;
pub use key_file::{Found, KeyFileError, load, load_or_make};
pub use lock::{Lock, lock};
pub use read::bounded;
