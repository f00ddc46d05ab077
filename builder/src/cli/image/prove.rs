//! `clom image prove`.

use std::path::PathBuf;

use anyhow::anyhow;

use crate::failure::{Class, Failure};
use crate::image::{Image, prove};
use crate::terminal::clean;
use crate::ui::{Mode, Ui};

/// Open images and close them again; exit code 0 only if all come out the same, bit for bit.
///
/// Says of every other one at which offset and in which part it differs, or why it cannot be opened; exit code 4.
/// What proves can be a donor of `clom build`, and can be repacked.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The images, or - for standard input
    #[arg(required = true)]
    file: Vec<PathBuf>,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let mut failed = 0;
    for path in &args.file {
        let outcome = Image::read(path).map(|image| prove::prove(&image));
        let (name, problem) = match outcome {
            Ok(proof) => {
                super::event(ui, "proof", &proof);
                let kind = proof.container.unwrap_or_default();
                if super::for_people(ui) && proof.identical {
                    super::print(&format!(
                        "{}: identical ({})\n",
                        clean(&proof.file),
                        clean(&kind)
                    ))?;
                }
                (proof.file, proof.problem)
            }
            // The files behind it can be proven all the same.
            Err(failure) if args.file.len() > 1 => {
                let text = failure.to_string();
                let text = text.lines().next().unwrap_or_default();
                (
                    path.display().to_string(),
                    Some(text.trim_start_matches("error: ").to_owned()),
                )
            }
            Err(failure) => return Err(failure),
        };
        if let Some(problem) = problem {
            failed += 1;
            let text = format!("{}: {}", clean(&name), clean(&problem));
            if args.file.len() == 1 {
                return Err(Failure::new(Class::Source, anyhow!(text))
                    .help("`clom image inspect` shows what is in it"));
            }
            if ui.mode() != Mode::Json {
                eprintln!("{text}");
            }
        }
    }
    if failed > 0 {
        let error = anyhow!("{failed} of {} images do not prove", args.file.len());
        return Err(
            Failure::new(Class::Source, error).help("`clom image inspect` shows what is in them")
        );
    }
    Ok(())
}
