//! The crash matrix: a bot is killed at each record of the story, and between it and its effect.

use crate::check::{end, problems, unlike};
use crate::labels::label;
use crate::orders::{Mishap, Moment, Sabotage};
use crate::story::{Told, Unfinished, all_told, play};
use futures_util::StreamExt;
use keyleak::domain::case::Case;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Stories that are played at once; each has two processes, and mostly waits.
const AT_ONCE: usize = 3;
/// A record that comes often (the trail is read again and again) dies at its first few.
const NTH_MAX: u32 = 2;
/// How many moments may not come, because a story went another way than the rehearsal.
const NOT_REACHED_MAX: usize = 6;

/// What each of the two deaths takes away.
const BEFORE: &str = "the record; its effect has happened";
const AFTER: &str = "all that follows from the record";

/// One cell of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cell {
    Ok(Duration),
    /// The story went another way and came to its end without this record.
    NotReached,
    Wrong(Vec<String>),
}

/// The matrix, its rows in the order of the story.
pub(crate) struct Matrix {
    rows: Vec<(Moment, Cell, Cell)>,
    took: Duration,
}

/// The story without a mishap: its moments in order, and how it ends.
pub(crate) struct Unbroken {
    pub(crate) moments: Vec<Moment>,
    pub(crate) end: BTreeSet<String>,
}

/// Plays the story once without a mishap.
pub(crate) async fn rehearse() -> Unbroken {
    let told =
        play(1, Mishap::Nothing, None).await.unwrap_or_else(|Unfinished(why)| panic!("{why}"));
    let wrong = problems(&told).await;
    assert!(wrong.is_empty(), "the story without a mishap: {wrong:#?}\n{}", told.town.log());
    let unbroken = Unbroken { moments: moments(&told.case), end: end(&told.case) };
    eprintln!("the story has {} records", told.case.seq());
    told.town.close().await;
    unbroken
}

/// Kills a bot at each of the moments, before and after.
pub(crate) async fn run(unbroken: &Unbroken) -> Matrix {
    let Unbroken { moments, end } = unbroken;
    let begun = Instant::now();
    let deaths = moments.iter().enumerate().flat_map(|(row, moment)| {
        let before = (row, 0, Mishap::DiesBefore(moment.clone()));
        [before, (row, 1, Mishap::DiesAfter(moment.clone()))]
    });
    let played =
        deaths.map(|(row, column, mishap)| async move { (row, column, cell(mishap, end).await) });
    let cells: Vec<(usize, usize, Cell)> =
        futures_util::stream::iter(played).buffer_unordered(AT_ONCE).collect().await;
    let mut rows: Vec<(Moment, Cell, Cell)> =
        moments.iter().map(|moment| (moment.clone(), Cell::NotReached, Cell::NotReached)).collect();
    for (row, column, cell) in cells {
        if column == 0 { rows[row].1 = cell } else { rows[row].2 = cell }
    }
    Matrix { rows, took: begun.elapsed() }
}

/// What is wrong after a story with this mishap; `None` when the mishap never came to pass.
pub(crate) async fn wrong_after(
    crew: usize,
    (mishap, sabotage): (Mishap, Option<Sabotage>),
    unbroken: Option<&BTreeSet<String>>,
) -> Option<Vec<String>> {
    let told: Told = match play(crew, mishap, sabotage).await {
        Ok(told) => told,
        Err(Unfinished(why)) => return Some(vec![why]),
    };
    let mut wrong = problems(&told).await;
    wrong.extend(unbroken.iter().flat_map(|unbroken| unlike(unbroken, &end(&told.case))));
    if !wrong.is_empty() {
        wrong.push(all_told(&told.case));
        wrong.push(told.town.log());
    }
    let happened = told.happened;
    told.town.close().await;
    (happened || !wrong.is_empty()).then_some(wrong)
}

async fn cell(mishap: Mishap, unbroken: &BTreeSet<String>) -> Cell {
    let begun = Instant::now();
    let name = format!("{mishap:?}");
    let cell = match wrong_after(1, (mishap, None), Some(unbroken)).await {
        None => Cell::NotReached,
        Some(wrong) if wrong.is_empty() => Cell::Ok(begun.elapsed()),
        Some(wrong) => Cell::Wrong(wrong),
    };
    // The table comes at the end, some minutes from now.
    eprintln!("{name}: {}", cell.words());
    cell
}

fn moments(case: &Case) -> Vec<Moment> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let mut moments = Vec::new();
    for record in case.records() {
        let label = label(&record.event);
        let nth = counts.entry(label.clone()).or_default();
        *nth += 1;
        if *nth <= NTH_MAX {
            moments.push(Moment { label, nth: *nth });
        }
    }
    moments
}

impl Matrix {
    /// The matrix as a table, with what is wrong below it.
    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "{:<30} | {:<19} | {:<35} | end\n",
            "killed with SIGKILL at record", "moment", "cut off"
        );
        for (moment, before, after) in &self.rows {
            let name = match moment.nth {
                1 => moment.label.clone(),
                nth => format!("{} ({nth})", moment.label),
            };
            for (when, cut, cell) in
                [("before it is stored", BEFORE, before), ("right after it", AFTER, after)]
            {
                let _ = writeln!(text, "{name:<30} | {when:<19} | {cut:<35} | {}", cell.words());
            }
        }
        let (ok, not_reached, wrong) = self.counts();
        let _ = writeln!(
            text,
            "{} records, {} kills: {ok} ended alike, {not_reached} moments did not come, {wrong} went wrong; \
             {} s",
            self.rows.len(),
            ok + wrong,
            self.took.as_secs()
        );
        for (moment, before, after) in &self.rows {
            for (when, cell) in [("before", before), ("after", after)] {
                if let Cell::Wrong(wrong) = cell {
                    let _ = writeln!(text, "\n{when} {moment:?}:\n  {}", wrong.join("\n  "));
                }
            }
        }
        text
    }

    /// Whether every death was survived, and nearly every one came to pass.
    pub(crate) fn is_well(&self) -> bool {
        let (ok, not_reached, wrong) = self.counts();
        wrong == 0 && ok > 0 && not_reached <= NOT_REACHED_MAX
    }

    fn counts(&self) -> (usize, usize, usize) {
        let cells = || self.rows.iter().flat_map(|(_, before, after)| [before, after]);
        let ok = cells().filter(|cell| matches!(cell, Cell::Ok(_))).count();
        let not_reached = cells().filter(|cell| **cell == Cell::NotReached).count();
        (ok, not_reached, cells().count() - ok - not_reached)
    }
}

impl Cell {
    fn words(&self) -> String {
        match self {
            Self::Ok(took) => format!("alike ({:.1} s)", took.as_secs_f64()),
            Self::NotReached => "did not come".to_owned(),
            Self::Wrong(wrong) => format!("WRONG ({})", wrong.len()),
        }
    }
}
