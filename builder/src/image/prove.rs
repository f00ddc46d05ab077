//! Proving that an image can be put together again bit for bit.

use openwrt_formats::container::{self, Error, Opened};
use serde::Serialize;

use super::Image;

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// The file.
    pub file: String,
    /// Whether it came out bit for bit the same.
    pub identical: bool,
    /// What kind of image it is, when that is known.
    pub container: Option<String>,
    /// The first offset at which what we make differs.
    pub offset: Option<u64>,
    /// The part of the image there.
    pub part: Option<String>,
    /// Why it is not identical, as the end of a sentence.
    pub problem: Option<String>,
}

/// Opens an image and closes it again.
pub fn prove(image: &Image) -> Proof {
    let mut proof = Proof {
        file: image.name.clone(),
        identical: false,
        container: None,
        offset: None,
        part: None,
        problem: None,
    };
    match container::prove(image.bytes.clone()) {
        Ok(opened) => {
            proof.identical = true;
            proof.container = Some(kind(&opened));
        }
        Err(error) => {
            proof.problem = Some(error.to_string());
            if let Error::NotReproduced { offset, part, .. } = error {
                proof.offset = Some(offset as u64);
                proof.part = Some(part.to_string());
            }
        }
    }
    proof
}

/// One line about the rule by which an image is put together.
pub fn kind(opened: &Opened) -> String {
    let text = opened.container.to_string();
    match text.as_str() {
        "" => opened.container.kind().to_owned(),
        _ => text,
    }
}
