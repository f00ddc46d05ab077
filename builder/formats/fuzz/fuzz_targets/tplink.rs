//! Opening an image with a TP-Link header.
#![no_main]

openwrt_formats_fuzz::format!(openwrt_formats::tplink::Layout);
