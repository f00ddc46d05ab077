//! Closing a TRX.

use super::format::{
    Behind, CRC_AT, FLAGS_AT, FOOTER_LEN, Footer, LENGTH_AT, Layout, OFFSETS_AT, PAGE, Start, WORD,
    crc,
};
use crate::layer::{Error, put};

impl Layout {
    /// The TRX of these partitions, with what stands behind it.
    ///
    /// # Errors
    /// [`Error::TooLong`] when what stands before a partition reaches behind its fixed offset, or the whole is longer
    /// than 4 GiB.
    pub(super) fn put_together(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = vec![0; Self::header_len(self.version)];
        let mut offsets = Vec::new();
        for (part, start) in parts.iter().zip(&self.starts) {
            begin(&mut image, *start)?;
            offsets.push(image.len());
            image.extend_from_slice(part);
            align(&mut image, WORD);
        }
        if let Some(marks) = &self.marks {
            align(&mut image, marks.align);
            image.extend_from_slice(&marks.bytes);
            align(&mut image, WORD);
        }
        align(&mut image, self.end);
        align(&mut image, PAGE);
        if let Some(footer) = &self.footer {
            sign(&mut image, footer);
        }
        let len = u32::try_from(image.len())
            .map_err(|_| Error::too_long("the TRX", image.len(), u64::from(u32::MAX)))?;
        put(&mut image, 0, &self.magic);
        put(&mut image, LENGTH_AT, &len.to_le_bytes());
        put(&mut image, FLAGS_AT, &self.flags.to_le_bytes());
        put(&mut image, FLAGS_AT + 2, &self.version.to_le_bytes());
        for (at, offset) in offsets.iter().enumerate() {
            // None is above the length, which fits.
            put(
                &mut image,
                OFFSETS_AT + 4 * at,
                &(*offset as u32).to_le_bytes(),
            );
        }
        let crc = crc(&image, offsets.get(3).copied());
        put(&mut image, CRC_AT, &crc.to_le_bytes());
        match &self.behind {
            Behind::Padding(tail) => tail.append(&mut image)?,
            Behind::Text(text) => image.extend_from_slice(text),
        }
        Ok(image)
    }
}

fn begin(image: &mut Vec<u8>, start: Start) -> Result<(), Error> {
    match start {
        Start::Align(block) => align(image, block),
        Start::At(offset) if image.len() <= offset => image.resize(offset, 0),
        Start::At(offset) => {
            let what = "what stands before the last partition of the TRX";
            return Err(Error::too_long(what, image.len(), offset as u64));
        }
    }
    Ok(())
}

fn align(image: &mut Vec<u8>, block: usize) {
    image.resize(image.len().next_multiple_of(block.max(1)), 0);
}

/// Writes Asus' footer over the last bytes, which are padding: markers end at least 64 bytes before the end of a page.
fn sign(image: &mut [u8], footer: &Footer) {
    if let Some(at) = image.len().checked_sub(FOOTER_LEN) {
        put(image, at, &footer.version);
        put(image, at + footer.version.len(), &footer.product);
    }
}
