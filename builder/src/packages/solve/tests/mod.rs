//! Small universes in a short notation, and what comes of them.

mod notation;
mod opkg_rules;
