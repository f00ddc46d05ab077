//! The order in which opkg writes names: that of its hash tables.
//!
//! Source: opkg-lede's `libopkg/hash_table.c`: 1024 buckets by a hash of Daniel J. Bernstein's, in order of arrival within a bucket.

const BUCKETS: u64 = 1024;

fn bucket(name: &[u8]) -> u64 {
    let hash = name.iter().fold(5381u64, |hash, byte| {
        hash.wrapping_mul(33).wrapping_add(u64::from(*byte))
    });
    hash % BUCKETS
}

/// Sorts what has names as opkg would write it. What is in one bucket keeps its order.
pub(super) fn sort_by_bucket<T>(list: &mut [T], name: impl Fn(&T) -> Vec<u8>) {
    list.sort_by_cached_key(|item| bucket(&name(item)));
}
