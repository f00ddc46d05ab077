//! Follows `inherit` from a layer to all that lies below it.

use std::collections::HashMap;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::layer::{Layer, Named};
use super::library::Library;
use super::source::{Kind, LayerId};

/// One step of `inherit`: who said it, and whom it names.
#[derive(Debug, Clone)]
struct Step {
    from: String,
    to: Named,
}

/// A layer and all it inherits, the lowest first.
///
/// # Errors
/// When a layer is reached twice: on a way that leads back to itself, or on two ways. Both would make it unclear which
/// value is meant to win.
pub(crate) fn chain(library: &Library, top: Layer) -> Result<Vec<Layer>, Diagnostics> {
    let mut walk = Walk {
        library,
        reached: HashMap::from([(top.id().name.clone(), Vec::new())]),
        route: Vec::new(),
        problems: Diagnostics::new(),
        layers: Vec::new(),
    };
    walk.visit(top);
    walk.problems.or(walk.layers)
}

struct Walk<'a> {
    library: &'a Library,
    /// Every layer met, and the way to it.
    reached: HashMap<String, Vec<Step>>,
    route: Vec<Step>,
    problems: Diagnostics,
    layers: Vec<Layer>,
}

impl Walk<'_> {
    fn visit(&mut self, layer: Layer) {
        for named in &layer.inherit {
            let id = self.resolve(&layer, named);
            self.route.push(Step {
                from: layer.id().name.clone(),
                to: Named {
                    name: id.name.clone(),
                    place: named.place.clone(),
                },
            });
            match self.reached.get(&id.name) {
                Some(earlier) => {
                    let problem = self.reached_again(&id, earlier);
                    self.problems.push(problem);
                }
                None => {
                    self.reached.insert(id.name.clone(), self.route.clone());
                    match self.library.read(&id, Some(named)) {
                        Ok(below) => self.visit(below),
                        Err(problems) => self.problems.extend(problems),
                    }
                }
            }
            self.route.pop();
        }
        self.layers.push(layer);
    }

    /// A node can name nodes of its own site without the site.
    fn resolve(&self, from: &Layer, named: &Named) -> LayerId {
        let kind = from.id().kind;
        let site = from.id().name.split_once('/').map(|(site, _)| site);
        match (kind, site) {
            (Kind::Node, Some(site)) if !named.name.contains('/') => {
                LayerId::new(kind, format!("{site}/{}", named.name))
            }
            _ => LayerId::new(kind, named.name.clone()),
        }
    }

    fn reached_again(&self, id: &LayerId, earlier: &[Step]) -> Diagnostic {
        let name = &id.name;
        let circle = self.route.iter().position(|step| step.from == *name);
        if let Some(start) = circle {
            let steps = self.route.get(start..).unwrap_or_default();
            let error = Diagnostic::error(format!("{id} inherits itself: {}", way(steps)));
            return pointed(error, steps).help("take one of these names out");
        }
        let mut error = Diagnostic::error(format!(
            "{id} is inherited on two ways: {} and {}",
            way(earlier),
            way(&self.route)
        ));
        error = pointed(error, &self.route);
        for step in earlier {
            error = error.and(&step.to.place, said(step));
        }
        error.help(format!(
            "inherit `{name}` once: take it out of one of them, or name it only in {}",
            self.route
                .first()
                .or(earlier.first())
                .map_or(name, |step| &step.from)
        ))
    }
}

/// `a → b → c`
fn way(steps: &[Step]) -> String {
    let start = steps.first().map(|step| step.from.as_str());
    let names = steps.iter().map(|step| step.to.name.as_str());
    let names: Vec<&str> = start.into_iter().chain(names).collect();
    names.join(" -> ")
}

fn said(step: &Step) -> String {
    format!("{} inherits {}", step.from, step.to.name)
}

/// Points at the last step, and shows those before it.
fn pointed(mut error: Diagnostic, steps: &[Step]) -> Diagnostic {
    if let Some((last, before)) = steps.split_last() {
        error = error.at(&last.to.place, said(last));
        for step in before {
            error = error.and(&step.to.place, said(step));
        }
    }
    error
}
