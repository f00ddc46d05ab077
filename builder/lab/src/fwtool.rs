//! `fwtool`: the metadata behind a firmware image, with the part of OpenWrt's command line that sysupgrade uses, and
//! `fwtool check IMAGE BOARD`, which does what sysupgrade does with it.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use openwrt_formats::fwtool::{self, Chunk, Metadata};

const USAGE: &str = "\
usage: fwtool check IMAGE BOARD     refuse an image that is damaged or not for this board
       fwtool [-q] [-t] -i FILE IMAGE
  -i FILE   write the metadata to FILE (`-`: standard output)
  -t        take what was read off the image
  -q        say nothing when there is none";

/// The applet. The number is its exit code.
pub(crate) fn main(arguments: &[OsString]) -> Result<u8> {
    if let [verb, image, board] = arguments
        && verb == "check"
    {
        let bytes = fs::read(image).with_context(|| image.to_string_lossy().into_owned())?;
        check(&bytes, &board.to_string_lossy())
            .with_context(|| image.to_string_lossy().into_owned())?;
        return Ok(0);
    }
    let mut out = None;
    let (mut quiet, mut truncate, mut image) = (false, false, None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.to_str() {
            Some("-q") => quiet = true,
            Some("-t") => truncate = true,
            Some("-i") => out = Some(PathBuf::from(rest.next().ok_or_else(|| anyhow!(USAGE))?)),
            Some(flag) if flag.starts_with('-') => bail!("{USAGE}"),
            _ if image.is_none() => image = Some(PathBuf::from(argument)),
            _ => bail!("{USAGE}"),
        }
    }
    let (Some(out), Some(image)) = (out, image) else {
        bail!("{USAGE}");
    };
    match extract(&image, &out, truncate) {
        Ok(()) => Ok(0),
        Err(_) if quiet => Ok(1),
        Err(why) => Err(why),
    }
}

fn extract(image: &Path, out: &Path, truncate: bool) -> Result<()> {
    let bytes = fs::read(image).with_context(|| image.display().to_string())?;
    let split = fwtool::split(&bytes).with_context(|| image.display().to_string())?;
    let text = metadata(&split).with_context(|| image.display().to_string())?;
    if out == Path::new("-") {
        std::io::stdout().write_all(text.as_bytes())?;
    } else {
        fs::write(out, text).with_context(|| out.display().to_string())?;
    }
    if truncate {
        let length = split.image.len() as u64;
        fs::OpenOptions::new()
            .write(true)
            .open(image)
            .and_then(|file| file.set_len(length))
            .with_context(|| image.display().to_string())?;
    }
    Ok(())
}

fn metadata<'a>(split: &'a fwtool::Split<'_>) -> Result<&'a str> {
    split
        .chunks
        .iter()
        .find_map(|chunk| match chunk {
            Chunk::Metadata { text, .. } => Some(text.as_str()),
            Chunk::Signature(_) => None,
        })
        .ok_or_else(|| anyhow!("the image has no metadata: it does not say which boards it is for"))
}

/// Whether the image is whole and for this board.
fn check(bytes: &[u8], board: &str) -> Result<()> {
    let split = fwtool::split(bytes)?;
    let metadata = Metadata::parse(metadata(&split)?)?;
    let devices = metadata.device_ids();
    if devices.iter().any(|device| device == board) {
        return Ok(());
    }
    bail!(
        "the image is for {}, and this board is {board}",
        match devices {
            [] => "no board at all".to_owned(),
            devices => devices.join(", "),
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(devices: &str) -> Vec<u8> {
        let mut bytes = b"an image".to_vec();
        let text = format!(
            "{{ \"metadata_version\": \"1.0\", \"supported_devices\":[{devices}], \"version\": {{ \"dist\": \"OpenWrt\", \
             \"version\": \"x\", \"revision\": \"r\", \"target\": \"lab\", \"board\": \"lab\" }} }}\n"
        );
        fwtool::append(&mut bytes, &Chunk::metadata(text)).unwrap();
        bytes
    }

    #[test]
    fn takes_its_own_board_and_no_other() {
        let bytes = image("\"lab-mips\", \"lab-b\"");
        check(&bytes, "lab-mips").unwrap();
        let error = check(&bytes, "lab-arm").unwrap_err().to_string();
        assert_eq!(
            error,
            "the image is for lab-mips, lab-b, and this board is lab-arm"
        );
        assert!(check(&image(""), "lab-mips").is_err());
    }

    #[test]
    fn refuses_damage_and_images_without_metadata() {
        let mut bytes = image("\"lab-mips\"");
        bytes[3] ^= 1;
        assert!(
            check(&bytes, "lab-mips")
                .unwrap_err()
                .to_string()
                .contains("damaged")
        );
        assert!(
            check(b"plain", "lab-mips")
                .unwrap_err()
                .to_string()
                .contains("no metadata")
        );
    }

    #[test]
    fn extracts_and_truncates() {
        let dir = std::env::temp_dir().join(format!("clom-lab-fwtool-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let (file, out) = (dir.join("image"), dir.join("meta"));
        fs::write(&file, image("\"a\"")).unwrap();
        extract(&file, &out, true).unwrap();
        assert!(
            fs::read_to_string(&out)
                .unwrap()
                .contains("supported_devices")
        );
        assert_eq!(fs::read(&file).unwrap(), b"an image");
        assert!(extract(&file, &out, false).is_err());
        fs::remove_dir_all(&dir).unwrap();
    }
}
