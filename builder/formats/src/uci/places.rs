//! Where in the text the parts of a configuration stand.

use super::lex::Place;

/// The lines on which the sections and options of a configuration stand. Positions are those of the
/// configuration as it was read; changes to it are not followed.
#[derive(Debug, Clone, Default)]
pub struct Places {
    sections: Vec<SectionPlaces>,
}

#[derive(Debug, Clone)]
struct SectionPlaces {
    line: usize,
    options: Vec<(String, usize)>,
}

impl Places {
    /// The line, from 1, of the `config` statement that first opened the section at `position`.
    pub fn section(&self, position: usize) -> Option<usize> {
        self.sections.get(position).map(|section| section.line)
    }

    /// The line, from 1, of the last statement that set `option` in the section at `position`.
    pub fn option(&self, position: usize, option: &str) -> Option<usize> {
        let section = self.sections.get(position)?;
        let mut latest = section.options.iter().rev();
        latest
            .find(|(name, _)| name == option)
            .map(|(_, line)| *line)
    }

    /// Notes a statement of the section at `position`: the `config` line itself when `option` is `None`.
    pub(super) fn note(&mut self, position: usize, option: Option<String>, place: Place) {
        let line = place.line;
        match (self.sections.get_mut(position), option) {
            (Some(section), Some(option)) => section.options.push((option, line)),
            (Some(_), None) => {}
            (None, _) => self.sections.push(SectionPlaces {
                line,
                options: Vec::new(),
            }),
        }
    }
}
