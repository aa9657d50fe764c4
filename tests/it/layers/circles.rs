//! Import circles: files that cannot be understood, or moved, one without the other.

use crate::layers::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// Names what each file's code uses, by module.
pub(crate) type Uses = BTreeMap<String, BTreeSet<String>>;

/// A circle that is borne for now: all files below a module, and why; the list may only shrink.
#[derive(Debug)]
pub(crate) struct BorneCircle {
    pub(crate) below: &'static str,
    pub(crate) files_max: usize,
    pub(crate) reason: &'static str,
}

/// Which module uses which; a module and what is below it are one piece.
pub(crate) fn uses(sources: &[Source]) -> Uses {
    let modules: BTreeSet<String> =
        sources.iter().map(Source::module).filter(|module| !module.is_empty()).collect();
    let mut uses = Uses::new();
    for source in sources.iter().filter(|source| !source.module().is_empty()) {
        let from = source.module();
        let to = source.paths().into_iter().filter_map(|path| target(&path, &modules));
        let other = to.filter(|to| !is_below(to, &from) && !is_below(&from, to));
        uses.insert(from.clone(), other.collect());
    }
    uses
}

/// Every circle that is not borne, and every borne one that is gone or grew.
pub(crate) fn circles(uses: &Uses, borne: &[BorneCircle]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut largest: BTreeMap<&str, usize> = BTreeMap::new();
    for circle in strongly_connected(uses) {
        let known = borne.iter().find(|b| circle.iter().all(|module| is_below(module, b.below)));
        if let Some(known) = known {
            let size = largest.entry(known.below).or_default();
            *size = circle.len().max(*size);
            continue;
        }
        complaints.push(format!(
            "import circle: {}; move what they share into a file of its own below them",
            circle.join(" → ")
        ));
    }
    for circle in borne {
        let now = largest.get(circle.below).copied().unwrap_or_default();
        if now != circle.files_max {
            complaints.push(format!(
                "the circle below {} has {now} files, not {} ({}); untie what is new, and write \
                 the lower number into tests/it/layers.rs",
                circle.below, circle.files_max, circle.reason
            ));
        }
    }
    complaints
}

/// The module that a path leads into.
fn target(path: &[String], modules: &BTreeSet<String>) -> Option<String> {
    let (first, inside) = path.split_first()?;
    if first != "crate" {
        return None;
    }
    let names = (1..=inside.len()).rev().map(|length| inside[..length].join("::"));
    names.into_iter().find(|name| modules.contains(name))
}

fn is_below(module: &str, above: &str) -> bool {
    module == above || module.strip_prefix(above).is_some_and(|rest| rest.starts_with("::"))
}

/// Groups of more than one that all reach one another.
fn strongly_connected(uses: &Uses) -> Vec<Vec<&str>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        uses.keys().map(|module| (module.as_str(), reached(uses, module))).collect();
    let mut seen = BTreeSet::new();
    let mut groups = Vec::new();
    for (module, reached) in &reach {
        let back = |other: &&&str| reach.get(**other).is_some_and(|r| r.contains(module));
        let group: Vec<&str> = reached.iter().filter(back).copied().collect();
        if group.len() > 1 && seen.insert(group.clone()) {
            groups.push(group);
        }
    }
    groups
}

fn reached<'a>(uses: &'a Uses, from: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(module) = waiting.pop() {
        for next in uses.get(module).into_iter().flatten() {
            if found.insert(next.as_str()) {
                waiting.push(next);
            }
        }
    }
    found
}
