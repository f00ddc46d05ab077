//! xz streams, by liblzma.

use liblzma::stream::{Action, Check, Error, Filters, LzmaOptions, Status, Stream};

use super::super::options::{Bcj, Effort, Xz};

/// More than any block of at most 1 MiB needs, whatever its filters.
const DECODER_MEMORY: u64 = 32 << 20;

/// The library that compresses. To be changed when its output does; a test watches over that.
pub(super) const VERSION: &str = "liblzma 5.8";

/// Dictionary size and filters; readers assume the block's size and none.
pub(super) fn options_block(xz: &Xz, block_size: u32) -> Option<Vec<u8>> {
    if xz.options_block.is_some() {
        return xz.options_block.clone();
    }
    let dict_size = xz.dict_size.unwrap_or(block_size);
    let filters = xz.bcj.iter().fold(0, |bits, bcj| bits | bcj.bit());
    if filters == 0 && dict_size == block_size {
        return None;
    }
    let mut out = dict_size.to_le_bytes().to_vec();
    out.extend(filters.to_le_bytes());
    Some(out)
}

/// Compresses without and with each filter; the first of the smallest wins.
pub(super) fn compress(
    xz: &Xz,
    dict_size: u32,
    bcj: &[Bcj],
    block: &[u8],
) -> Result<Option<Vec<u8>>, String> {
    let options = lzma_options(xz, dict_size)?;
    let mut best = encode(&options, None, block, block.len().saturating_sub(1))?;
    for filter in bcj.iter().filter(|filter| changes(**filter, block)) {
        let room = best
            .as_ref()
            .map_or(block.len(), Vec::len)
            .saturating_sub(1);
        if let Some(smaller) = encode(&options, Some(*filter), block, room)? {
            best = Some(smaller);
        }
    }
    Ok(best)
}

fn lzma_options(xz: &Xz, dict_size: u32) -> Result<LzmaOptions, String> {
    const EXTREME: u32 = 1 << 31;
    let preset = match xz.effort {
        Effort::Fast => 1,
        Effort::Standard => 6,
        Effort::Best => 9 | EXTREME,
    };
    let mut options = LzmaOptions::new_preset(preset).map_err(|error| error.to_string())?;
    options
        .dict_size(dict_size)
        .literal_context_bits(xz.lc)
        .literal_position_bits(xz.lp)
        .position_bits(xz.pb);
    if xz.effort == Effort::Standard {
        // In blocks of at most 1 MiB, long searches find next to nothing more: see ci/bench/squashfs.
        options.nice_len(40).depth(20);
    }
    Ok(options)
}

/// Whether the filter can change anything in the block; if not, its result would not be smaller than that without it.
fn changes(filter: Bcj, block: &[u8]) -> bool {
    match filter {
        // It changes BL instructions only, which end in 0xEB.
        Bcj::Arm => block.chunks_exact(4).any(|word| word.last() == Some(&0xEB)),
        _ => true,
    }
}

/// One xz stream of at most `room` bytes; `None` when it would be longer.
fn encode(
    options: &LzmaOptions,
    filter: Option<Bcj>,
    block: &[u8],
    room: usize,
) -> Result<Option<Vec<u8>>, String> {
    let mut filters = Filters::new();
    match filter {
        None => &mut filters,
        Some(Bcj::X86) => filters.x86(),
        Some(Bcj::PowerPc) => filters.powerpc(),
        Some(Bcj::Ia64) => filters.ia64(),
        Some(Bcj::Arm) => filters.arm(),
        Some(Bcj::ArmThumb) => filters.arm_thumb(),
        Some(Bcj::Sparc) => filters.sparc(),
    }
    .lzma2(options);
    let mut stream =
        Stream::new_stream_encoder(&filters, Check::Crc32).map_err(|error| error.to_string())?;
    let mut out = vec![0; room];
    match stream.process(block, &mut out, Action::Finish) {
        Ok(Status::StreamEnd) => {
            out.truncate(usize::try_from(stream.total_out()).unwrap_or(room));
            Ok(Some(out))
        }
        Ok(_) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

pub(super) fn decompress(block: &[u8], out: &mut [u8]) -> Result<usize, String> {
    let mut stream =
        Stream::new_stream_decoder(DECODER_MEMORY, 0).map_err(|error| error.to_string())?;
    loop {
        let (read, written) = (stream.total_in() as usize, stream.total_out() as usize);
        let input = block.get(read..).unwrap_or_default();
        let room = out.get_mut(written..).unwrap_or_default();
        match stream.process(input, room, Action::Finish) {
            Ok(Status::StreamEnd) => return Ok(stream.total_out() as usize),
            Ok(_)
                if (stream.total_in() as usize, stream.total_out() as usize) != (read, written) => {
            }
            Ok(_) => return Err(stuck(stream.total_out() as usize == out.len())),
            Err(Error::Options) => return Err("it uses an unknown filter".into()),
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn stuck(full: bool) -> String {
    if full {
        "it is longer than it should be".into()
    } else {
        "it ends too early".into()
    }
}
