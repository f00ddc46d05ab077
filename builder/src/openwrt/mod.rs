//! How OpenWrt publishes: where things lie on its download server, and the lists that it keeps there.
//!
//! ```text
//! releases/25.12.5/targets/ath79/generic/{profiles.json, sha256sums, sha256sums.sig, images...}
//!                                        packages/{packages.adb | Packages, Packages.gz, Packages.sig}, kmods/VERSION/...
//! releases/25.12.5/packages/ARCHITECTURE/{base, luci, packages, routing, telephony, ...}/...
//! snapshots/...                          the same, built every day
//! ```
//!
//! Sources: the layout of the server, OpenWrt's `include/feeds.mk`, `rules.mk` and `scripts/json_overview_image_info.py`.

pub mod feeds;
pub mod place;
pub mod profiles_json;
pub mod release;
pub mod sums;

pub use feeds::FeedLine;
pub use place::Place;
pub use release::Release;
