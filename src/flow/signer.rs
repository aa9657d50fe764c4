//! Whose key it is, as the trail tells, where IAM cannot say: taken over with what hangs on it.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::facts::{Fact, Finding};
use crate::domain::ids::KeyKind;
use crate::domain::record::Entry;
use crate::domain::signer::{Signer, SignerKind};
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::flow::validate;
use crate::ports::trail::{Survey, TrailError};

/// What a reading that does not name the key is worth.
const NOT_THERE: &str = "no record that was delivered so far was signed with it or shows it being \
    made; CloudTrail is read again until it is complete";

/// Takes over what a survey tells of the signer, where that is news; who owns the user behind it
/// is looked up first, so that nobody decides about their own key.
pub async fn settle(desk: &Desk, case: &Case, survey: &Survey) -> Result<Case, StepError> {
    let Some(found) = &survey.lineage.signer else {
        return missing(desk, case, NOT_THERE.to_owned()).await;
    };
    if !is_wanted(case, found) || case.facts().signer_known() == Some(found) {
        return Ok(case.clone());
    }
    let known = case.facts().signer_known().map(|known| &known.parent_arn);
    if known != Some(&found.parent_arn) {
        let lookup = desk.lookup(case).await?;
        validate::parent((desk, lookup.as_ref()), case, found).await?;
    }
    note(desk, case, Fact::Known(found.clone())).await
}

/// Writes down that the trail could not be read.
pub async fn unread(desk: &Desk, case: &Case, error: &TrailError) -> Result<Case, StepError> {
    missing(desk, case, format!("the trail could not be read: {error}")).await
}

/// Writes down why the trail does not tell, unless it told before or that was said.
pub async fn missing(desk: &Desk, case: &Case, why: String) -> Result<Case, StepError> {
    let said = case.facts().signer.as_ref() == Some(&Fact::Unknown(why.clone()));
    if !case.awaits_signer() || said || case.facts().signer_known().is_some() {
        return Ok(case.clone());
    }
    note(desk, case, Fact::Unknown(why)).await
}

/// IAM tells whose a long-term key of a user is; for every other key only the trail does.
fn is_wanted(case: &Case, found: &Signer) -> bool {
    let is_session = case.opening().key.kind() == KeyKind::Session;
    is_session || (case.facts().owner_known().is_none() && found.kind == SignerKind::Root)
}

async fn note(desk: &Desk, case: &Case, fact: Fact<Signer>) -> Result<Case, StepError> {
    let entry = Entry::own(desk.clock.now(), Event::Found { finding: Finding::Signer(fact) });
    desk.ledger.note(case.id(), entry).await.map_err(StepError::from)
}
