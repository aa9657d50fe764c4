//! Questions about other logs than CloudTrail's: whether they can be asked, and their answers.

use crate::domain::digest::sha256_hex;
use crate::domain::other_log::{Actor, OtherLog};
use crate::domain::question::Question;
use crate::domain::reading::LOOKED_AT;
use crate::domain::scan::{Forecast, Scan};
use crate::ports::other_logs::{LogQuestion, LogRows, OtherLogs};
use crate::ports::trail::{Answer, Cell, TrailError, Window};

/// What a question needs that is not here; nothing where it can be asked.
pub(super) fn lacks(question: &Question, logs: Option<&dyn OtherLogs>) -> Option<String> {
    let log = OtherLog::from_slug(&question.source)?;
    let has = logs.is_some_and(|logs| logs.has(log));
    (!has).then(|| format!("needs a table of the {} in Athena; set {}", log.title(), log.setting()))
}

/// Asks a log about the actor, from their first call on.
pub(super) async fn ask(
    logs: &dyn OtherLogs,
    log: OtherLog,
    question: &Question,
    actor: &Actor,
) -> Result<Answer, TrailError> {
    let Some(window) = window(actor) else {
        // Nobody to ask about, and every query costs.
        let place = "not asked, because the trail shows no call of the actor's".to_owned();
        return Ok(answer(question, log, actor, LogRows { place, ..LogRows::default() }));
    };
    let asked = LogQuestion { log, sql: &question.sql, columns: &question.columns };
    let found = logs.ask(asked, actor, window).await?;
    Ok(answer(question, log, actor, found))
}

/// What that would scan; none where nobody is asked about.
pub(super) async fn forecast(
    logs: &dyn OtherLogs,
    log: OtherLog,
    (question, actor): (&Question, &Actor),
    bytes_a_day: Option<u64>,
) -> Result<Option<Forecast>, TrailError> {
    let Some(window) = window(actor) else {
        return Ok(None);
    };
    let asked = LogQuestion { log, sql: &question.sql, columns: &question.columns };
    let forecast = logs.forecast(asked, window, bytes_a_day).await?;
    let scan = |scan| Scan { question: Some(question.id.clone()), ..scan };
    Ok(forecast.map(|forecast| Forecast { scan: scan(forecast.scan), ..forecast }))
}

fn window(actor: &Actor) -> Option<Window> {
    actor.first.map(|first| Window { from: Some(first), to: None })
}

fn answer(question: &Question, log: OtherLog, actor: &Actor, found: LogRows) -> Answer {
    let told = if found.rows.is_empty() { &question.none } else { &question.meaning };
    let some = if actor.truncated { " (the first of more)" } else { "" };
    let looked_at = format!(
        "{LOOKED_AT}the {} ({}), for {} addresses, {} keys and {} instances of the actor{some}.",
        log.title(),
        found.place,
        actor.addresses.len(),
        actor.keys.len(),
        actor.hosts.len(),
    );
    let cell = |text: Option<String>| text.map_or(Cell::Null, Cell::Text);
    Answer {
        question: question.id.clone(),
        columns: question.columns.clone(),
        more: 0,
        rows: found.rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect(),
        sentence: format!("{told} {looked_at}"),
        truncated: found.truncated || actor.truncated,
        sql_sha256: sha256_hex(found.sql.as_bytes()),
        attack: question.attack.iter().map(|technique| technique.id.to_owned()).collect(),
        lacking: Vec::new(),
        own_sql: None,
        addresses: Vec::new(),
        whole_cut: None,
        cost: found.cost,
    }
}

#[cfg(test)]
mod tests;
