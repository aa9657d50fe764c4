//! How people are kept at a case: how often it is summed up.

use crate::config::reader::Reader;
use crate::domain::conduct::Conduct;
use crate::domain::severity::Severity;
use std::collections::BTreeMap;

/// As often as AWS's playbook wants it, unless it is set otherwise.
pub(super) fn conduct(r: &mut Reader) -> Conduct {
    let (p1, p2) = (r.span("updates.p1_every", "30m"), r.span("updates.p2_every", "2h"));
    Conduct { updates: BTreeMap::from([(Severity::P1, p1), (Severity::P2, p2)]) }
}
