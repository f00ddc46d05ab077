//! Small universes in a short notation, and what comes of them.

mod apk_rules;
mod errors;
mod installed;
mod opkg_rules;
mod random;
