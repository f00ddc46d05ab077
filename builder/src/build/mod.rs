//! From a profile to images in the output folder.

pub mod digest;
pub mod lay;
pub mod output;
pub mod overlay;
pub mod plan;
pub mod services;
pub mod shadow;
