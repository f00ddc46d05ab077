//! What is read out of a source's root file system, and what its image may weigh.

pub mod budget;
pub mod imagebuilder;
pub mod packages;
pub mod partition;
pub mod release;
