//! QEMU machines that boot what `clom build` made: for people at a console, and for tests.

pub mod console;
pub mod disks;
pub mod expected;
pub mod guest;
pub mod http;
pub mod image;
pub mod network;
pub mod qemu;
pub mod report;
pub mod test;
