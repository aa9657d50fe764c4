//! The brake on all changes: looked at, and each case told when it moves.
//!
//! Needs: a freeze must hold for every replica at once, and the journal must say why approved work
//! waited. Whether a step may begin is asked of the store each time, in `ports::ticket::begin`.
//! What is remembered on the desk only keeps the lanes from asking in vain, and writes each move
//! into the cases that are open: so the channel hears of it, and a replica that stalled before the
//! freeze finds that the case has moved on.

use crate::domain::brake::Brake;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::record::Entry;
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::ports::journal::StoreError;

/// Looks at the brake as it is now.
pub async fn look(desk: &Desk) -> Result<(), StoreError> {
    if let Some(brake) = desk.work.brake().await? {
        desk.brake.note(&brake);
    }
    Ok(())
}

/// Writes a move of the brake into a case that has not heard of it.
pub async fn tell(desk: &Desk, case: &Case, brake: Brake) -> Result<(), StepError> {
    desk.brake.note(&brake);
    let number = brake.number;
    let event = Event::Braked { brake: Box::new(brake) };
    let entry = Entry::own(desk.clock.now(), event);
    let outcome = desk.ledger.append(case.id(), |case| {
        let known = case.brake().map_or(0, |brake| brake.number);
        Ok::<_, StepError>((known < number).then(|| entry.clone()))
    });
    outcome.await?;
    Ok(())
}
