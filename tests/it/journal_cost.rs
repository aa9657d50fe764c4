//! What a case costs on DynamoDB is at most what docs/journal.md says.

use keyleak::domain::record::Record;
use keyleak::drill::world::World;
use keyleak::ports::journal::{Journal, Work};
use keyleak::store::sqlite::Sqlite;

const DOCUMENT: &str = include_str!("../../docs/journal.md");
/// DynamoDB charges a write unit for each KiB of an item that was begun.
const UNIT_BYTES: usize = 1024;
/// How long the sort key is, and what the names of all attributes take together.
const SEQ_BYTES: usize = 12;
const NAMES_BYTES: usize = "caseseqrecordatkindhash".len();

/// The size of a record's item as DynamoDB counts it: names and values, in UTF-8.
fn item_bytes(line: &str) -> usize {
    let record: Record = serde_json::from_str(line).unwrap();
    let event = serde_json::to_value(&record.event).unwrap();
    let kind = event["kind"].as_str().unwrap().len();
    let fields = record.case.0.len() + record.at.to_string().len() + record.hash.len() + kind;
    NAMES_BYTES + SEQ_BYTES + fields + line.len()
}

/// Held to the sentence "at most N records and M write units" of the document.
fn within_the_document(lines: &[String]) -> Result<(), String> {
    let said = DOCUMENT.split_once("at most ").expect("the document names a bound").1;
    let mut said = said.split(|character: char| !character.is_ascii_digit());
    let mut bound = || said.find_map(|word| word.parse::<usize>().ok()).expect("a number");
    let (records, units) = (bound(), bound());
    let used: usize = lines.iter().map(|line| item_bytes(line).div_ceil(UNIT_BYTES)).sum();
    if lines.len() > records || used > units {
        return Err(format!("{} records, {used} write units", lines.len()));
    }
    Ok(())
}

/// Holds the one case of a world to the document; a story that costs more turns this red.
pub(crate) async fn is_as_documented(world: &World) {
    let store = Sqlite::open(&world.journal).unwrap();
    let case = store.all_cases().await.unwrap().remove(0);
    let mut lines = store.read(&case, 0).await.unwrap();
    within_the_document(&lines).unwrap();
    let chatty = lines[0].clone();
    lines.extend(std::iter::repeat_n(chatty, 400));
    within_the_document(&lines).expect_err("sabotage: a record for every look");
}
