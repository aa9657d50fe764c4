//! The messages of a case for its export: which was posted where, and what it says.

use crate::domain::announce::{What, announcements};
use crate::domain::case::Case;
use crate::domain::event::{Event, PostKey};
use crate::domain::owner_asked;
use crate::domain::policy::Policy;
use crate::domain::record::Record;
use crate::domain::rounds;
use crate::domain::stakeholders::digests;
use crate::flow::tell::beside;
use crate::ports::chat::{Kept, Margin, Scene, View};
use crate::ports::evidence::Evidence;
use crate::ports::trail::Answer;
use crate::slack::cards::draw;
use crate::slack::sketch::Means;
use crate::trail::catalogue::Catalogue;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One line for each message, in the order of the journal. What it says is drawn again from the
/// records: the card and the plans as the records leave them, everything else as it was sent.
pub(super) async fn messages(case: &Case, evidence: Option<&dyn Evidence>) -> Vec<String> {
    let owed: BTreeMap<PostKey, What> = announcements(case)
        .into_iter()
        .chain(rounds::told(case))
        .map(|owed| (owed.key, owed.what))
        .collect();
    let built_in = Catalogue::built_in().unwrap_or_default();
    let mut lines = Vec::new();
    for record in case.records() {
        let Event::Posted { post, channel, message, .. } = &record.event else {
            continue;
        };
        let mut line = json!({
            "record": record.seq, "at": record.at, "post": post, "channel": channel, "ts": message,
        });
        let said = match owed.get(post) {
            Some(what) => said(case, record, what, (evidence, &built_in)).await,
            None => said_elsewhere(case, (record.as_ref(), post)),
        };
        if let Some((text, blocks)) = said {
            line["text"] = json!(text);
            line["blocks"] = json!(blocks);
        }
        lines.push(line.to_string());
    }
    lines
}

/// What went to people outside the case's channel: the news, and the question to the key's owner
/// as it was asked.
fn said_elsewhere(
    case: &Case,
    (posted, post): (&Record, &PostKey),
) -> Option<(String, Vec<Value>)> {
    let policy = Policy::default();
    let then = case.as_of(posted.seq).ok()?;
    let scene = Scene { case: &then, policy: &policy, now: posted.at };
    let news = digests(case).into_iter().find(|digest| digest.key() == *post);
    let view = match news {
        Some(digest) => View::Digest(Scene { case, ..scene }, digest),
        None if *post == owner_asked::key() => View::Owner(scene),
        None => return None,
    };
    let drawn = draw(&view, Means::Full);
    Some((drawn.text, drawn.blocks))
}

/// The text and the blocks of a message; nothing where what it showed cannot be read any more.
async fn said(
    case: &Case,
    posted: &Record,
    what: &What,
    (evidence, built_in): (Option<&dyn Evidence>, &Catalogue),
) -> Option<(String, Vec<Value>)> {
    // Whom a message rings is no part of what it says.
    let policy = Policy::default();
    let scene = Scene { case, policy: &policy, now: posted.at };
    let answer;
    let margin;
    let view = match View::of(scene, what) {
        Ok(view) => view,
        Err(Kept::Progress(asked)) => View::Progress(scene, asked, Vec::new()),
        Err(Kept::Rows(_)) if !posted_with_file(case, posted) => {
            return Some(("The rows, which Slack took no file of.".to_owned(), Vec::new()));
        }
        Err(Kept::Rows(seq)) => {
            answer = stored(case, seq, evidence?).await?;
            View::Reply(scene, beside::rows((case, seq), &answer, None))
        }
        Err(Kept::Report(_)) => return Some(("The report, as a file.".to_owned(), Vec::new())),
        Err(Kept::Answer(seq)) => {
            answer = stored(case, seq, evidence?).await?;
            margin = around(&answer, built_in);
            View::Answer(scene, &answer, &margin)
        }
    };
    let drawn = draw(&view, Means::Full);
    Some((drawn.text, drawn.blocks))
}

/// The chart of one of our own questions. What else was offered beside an answer stands in no
/// record; what came of it does.
fn around(answer: &Answer, built_in: &Catalogue) -> Margin {
    let question = built_in.find(&answer.question).filter(|_| answer.own_sql.is_none());
    Margin { chart: question.and_then(|question| question.chart.clone()), ..Margin::default() }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "one kind of record posts")]
fn posted_with_file(case: &Case, posted: &Record) -> bool {
    match &posted.event {
        Event::Posted { post, .. } => case.room().uploads_tried.contains_key(post),
        _ => false,
    }
}

async fn stored(case: &Case, seq: u64, evidence: &dyn Evidence) -> Option<Answer> {
    let (_, note) = case.answers().iter().find(|(at, _)| *at == seq)?;
    serde_json::from_slice(&evidence.get(&note.answer_sha256).await.ok()?).ok()
}
