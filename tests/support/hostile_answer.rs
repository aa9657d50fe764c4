//! An answer whose every text an actor chose, with what may stand around it.

use keyleak::domain::address::AddressNote;
use keyleak::domain::candidates::{Candidate, Extent};
use keyleak::domain::chart::Chart;
use keyleak::domain::offering::Offers;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::query_cost::QueryCost;
use keyleak::ports::chat::Margin;
use keyleak::ports::trail::{Answer, Cell};

/// What an actor may choose: names of sessions, agents, buckets.
const HOSTILE: [&str; 8] = [
    "<!channel> *all clear* <https://evil.example|here>",
    "\u{202e}\u{2066}abc\u{200b}",
    "a\nb\tc\0",
    "",
    " ",
    "@here <@U0ANA00001> :tada:",
    "{\"type\":\"mrkdwn\"}",
    "a very long name that differs at its end 1",
];

fn columns() -> Vec<String> {
    ["name", "calls", "reach", "source_ip"].map(str::to_owned).into()
}

/// An answer whose every text is hostile.
pub(crate) fn answer() -> Answer {
    let long = "x".repeat(10_000);
    let twins = ["a very long name that differs at its end 2", long.as_str(), "eu-west-1"];
    let names = HOSTILE.iter().copied().chain(twins);
    let row = |(number, name): (i64, &str)| {
        let text = |text: &str| Cell::Text(text.to_owned());
        vec![
            text(name),
            Cell::Integer(number),
            text(HOSTILE[usize::try_from(number % 3).unwrap_or_default()]),
            text(&format!("198.51.100.{number}")),
        ]
    };
    Answer {
        question: "Q12".to_owned(),
        columns: columns(),
        rows: (1..).zip(names).map(row).collect(),
        more: 0,
        sentence: HOSTILE.join(" "),
        truncated: false,
        sql_sha256: "ab".repeat(32),
        attack: Vec::new(),
        lacking: Vec::new(),
        own_sql: None,
        addresses: notes(),
        whole_cut: None,
        cost: QueryCost::default(),
    }
}

/// A database of addresses may come from anywhere.
fn notes() -> Vec<AddressNote> {
    let known = |said: &str| vec![said.to_owned(), "z".repeat(10_000)];
    let note = |(number, said): (u8, &&str)| AddressNote {
        address: [198, 51, 100, number].into(),
        known: known(said),
    };
    (1..).zip(&HOSTILE).map(note).collect()
}

/// A chart, three buttons, and lines about what has none.
pub(crate) fn margin(chart: &str) -> Margin {
    let one = |name: &str| Candidate {
        on: PrincipalName::role(name),
        arn: None,
        proposed: Extent::Nothing,
        now: Extent::Nothing,
        why: HOSTILE.join(" "),
        others: "x".repeat(10_000),
        is_own: false,
    };
    let names = ["deploy", "a=b,c@d.e-f", &"n".repeat(64)];
    let said = HOSTILE.iter().take(3).map(|said| (*said).to_owned());
    let said = said.chain(["y".repeat(10_000)]);
    let offers = Offers { offered: names.map(one).into(), said: said.collect() };
    Margin { chart: Chart::parse(chart, &columns()), offers }
}
