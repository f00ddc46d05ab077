//! Huffman codes, chosen as gzip chooses among the many that are equally short.

/// A set of codes that is to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind<'a> {
    /// The longest code there may be, in bits.
    pub(super) max_len: usize,
    /// Extra bits behind the codes from `extra_from` on.
    pub(super) extra: &'a [u8],
    /// The first code with extra bits.
    pub(super) extra_from: usize,
    /// The lengths of the fixed codes, to compare with; empty when there are none.
    pub(super) fixed: &'a [u8],
}

/// The codes for symbols that occur so and so often.
#[derive(Debug)]
pub(super) struct Codes {
    /// Length of each symbol's code in bits; 0 for those that do not occur.
    pub(super) lens: Vec<u8>,
    /// The codes, ready to be written lowest bit first.
    pub(super) codes: Vec<u32>,
    /// The last symbol that has a code.
    pub(super) last: usize,
    /// Bits of the data with these codes.
    pub(super) bits: i64,
    /// Bits of the data with the fixed codes.
    pub(super) fixed_bits: i64,
}

/// A heap of nodes, the rarest on top; among equally rare ones that with the lower tree.
struct Heap<'a> {
    nodes: Vec<usize>,
    weight: &'a mut Vec<u32>,
    depth: &'a mut Vec<u8>,
}

impl Heap<'_> {
    fn before(&self, a: usize, b: usize) -> bool {
        (self.weight[a], self.depth[a]) <= (self.weight[b], self.depth[b])
    }

    /// Lets the node at place `at` sink to where it belongs.
    fn sink(&mut self, mut at: usize) {
        let node = self.nodes[at];
        loop {
            let mut child = 2 * at + 1;
            if child >= self.nodes.len() {
                break;
            }
            if child + 1 < self.nodes.len() && self.before(self.nodes[child + 1], self.nodes[child])
            {
                child += 1;
            }
            if self.before(node, self.nodes[child]) {
                break;
            }
            self.nodes[at] = self.nodes[child];
            at = child;
        }
        self.nodes[at] = node;
    }
}

impl Codes {
    /// Codes for symbols that occur `counts` times, at least two of them.
    pub(super) fn new(counts: &[u32], kind: Kind<'_>) -> Self {
        let symbols = counts.len();
        let mut weight = counts.to_vec();
        let mut nodes: Vec<usize> = (0..symbols).filter(|n| counts[*n] > 0).collect();
        let mut last = nodes.last().copied();
        let (mut bits, mut fixed_bits) = (0i64, 0i64);
        // A decoder wants two codes at least. Those that are added cost nothing, since they are not written.
        while nodes.len() < 2 {
            let node = match last {
                Some(last) if last >= 2 => 0,
                Some(last) => last + 1,
                None => 0,
            };
            last = last.max(Some(node));
            nodes.push(node);
            weight[node] = 1;
            bits -= 1;
            fixed_bits -= kind.fixed.get(node).copied().map_or(0, i64::from);
        }
        let last = last.unwrap_or(0);
        let mut depth = vec![0u8; symbols];
        let mut parent = vec![0usize; symbols];
        let mut heap = Heap {
            nodes,
            weight: &mut weight,
            depth: &mut depth,
        };
        for at in (0..heap.nodes.len() / 2).rev() {
            heap.sink(at);
        }
        // The nodes in the order in which they are joined, rarest first.
        let mut order = Vec::with_capacity(2 * symbols);
        while heap.nodes.len() > 1 {
            let rarest = heap.nodes.swap_remove(0);
            heap.sink(0);
            let second = heap.nodes[0];
            order.extend([rarest, second]);
            let node = heap.weight.len();
            let joined = heap.weight[rarest] + heap.weight[second];
            heap.weight.push(joined);
            let higher = heap.depth[rarest].max(heap.depth[second]) + 1;
            heap.depth.push(higher);
            parent[rarest] = node;
            parent[second] = node;
            parent.push(0);
            heap.nodes[0] = node;
            heap.sink(0);
        }
        order.push(heap.nodes[0]);
        order.reverse();
        let lens = limited_lens(&order, &parent, &weight, symbols, last, kind.max_len);
        for (symbol, len) in lens.iter().enumerate().filter(|(_, len)| **len > 0) {
            let extra = symbol.checked_sub(kind.extra_from);
            let extra = extra.and_then(|n| kind.extra.get(n)).copied().unwrap_or(0);
            let count = i64::from(weight[symbol]);
            bits += count * i64::from(len + extra);
            fixed_bits += count * i64::from(kind.fixed.get(symbol).copied().unwrap_or(0) + extra);
        }
        Self {
            codes: codes_of(&lens),
            lens,
            last,
            bits,
            fixed_bits,
        }
    }
}

/// The length of each symbol's code: its depth in the tree, none deeper than `max`. `order` has the root first.
fn limited_lens(
    order: &[usize],
    parent: &[usize],
    weight: &[u32],
    symbols: usize,
    last: usize,
    max: usize,
) -> Vec<u8> {
    let mut depth = vec![0usize; weight.len()];
    let mut at_depth = vec![0u32; max + 2];
    let mut too_deep = 0i32;
    for node in &order[1..] {
        let mut own = depth[parent[*node]] + 1;
        if own > max {
            own = max;
            too_deep += 1;
        }
        depth[*node] = own;
        if *node <= last {
            at_depth[own] += 1;
        }
    }
    if too_deep > 0 {
        while too_deep > 0 {
            // A leaf higher up makes room for two: itself and one of those that are too deep.
            let mut level = max - 1;
            while at_depth[level] == 0 {
                level -= 1;
            }
            at_depth[level] -= 1;
            at_depth[level + 1] += 2;
            at_depth[max] -= 1;
            too_deep -= 2;
        }
        // The rarest symbols get the longest codes.
        let mut leaves = order.iter().rev().filter(|node| **node <= last);
        for level in (1..=max).rev() {
            for node in leaves.by_ref().take(at_depth[level] as usize) {
                depth[*node] = level;
            }
        }
    }
    depth.truncate(symbols);
    depth.into_iter().map(|len| len as u8).collect()
}

/// The codes for these lengths (RFC 1951, 3.2.2), each turned round since it is written lowest bit first.
pub(super) fn codes_of(lens: &[u8]) -> Vec<u32> {
    let mut next = [0u32; 17];
    for len in lens.iter().filter(|len| **len > 0) {
        next[usize::from(*len) + 1] += 1;
    }
    for len in 1..17 {
        next[len] = (next[len] + next[len - 1]) << 1;
    }
    // `next[n + 1]` counted those of length n: the first code of a length stands behind all shorter ones.
    let mut codes = Vec::with_capacity(lens.len());
    for len in lens {
        let len = usize::from(*len);
        if len == 0 {
            codes.push(0);
            continue;
        }
        codes.push(next[len].reverse_bits() >> (32 - len));
        next[len] += 1;
    }
    codes
}
