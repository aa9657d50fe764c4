//! What one would write without a journal, and what DynamoDB counts for a whole story.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ReturnConsumedCapacity, ScalarAttributeType,
};
use jiff::SignedDuration;
use keyleak::aws::journal::DynamoJournal;
use keyleak::aws::tables::TableNames;
use keyleak::domain::digest::canonical;
use keyleak::domain::record::Record;
use keyleak::drill::world::{World, WorldOptions, production_timing};
use keyleak::drill::{headless, scenario};
use keyleak::ports::clock::Clock;
use keyleak::store::folder::Folder;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The drill's pace: five minutes of read-back become three seconds.
const SPEED: u32 = 100;
/// What a thousand write units of an on-demand table cost in us-east-1 in 2026, in US dollars.
const DOLLARS_FOR_1000_UNITS: f64 = 0.000_625;

/// A file with one table and no journal around it.
pub(crate) struct Bare(rusqlite::Connection);

impl Bare {
    pub(crate) fn open(path: &Path) -> Self {
        let file = rusqlite::Connection::open(path).unwrap();
        file.pragma_update(None, "journal_mode", "WAL").unwrap();
        file.pragma_update(None, "synchronous", "FULL").unwrap();
        file.execute_batch("CREATE TABLE bare (seq INTEGER PRIMARY KEY, record TEXT)").unwrap();
        Self(file)
    }

    pub(crate) fn insert(&self, line: &[u8]) {
        let line = std::str::from_utf8(line).unwrap();
        self.0.execute("INSERT INTO bare (record) VALUES (?1)", [line]).unwrap();
    }
}

/// Tables on one emulator, each for one measurement.
pub(crate) struct Tables {
    config: SdkConfig,
    client: Client,
    evidence: Arc<Folder>,
}

impl Tables {
    pub(crate) async fn make(address: SocketAddr, folder: &Path) -> Self {
        let credentials = Credentials::new("bench", "bench", None, None, "bench");
        let config = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(format!("http://{address}"))
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .load()
            .await;
        let client = Client::new(&config);
        for table in ["plain", "stored", "ledger", "long", "story"] {
            make_table(&client, table).await;
        }
        let evidence = Folder::open(&folder.join("evidence")).unwrap();
        Self { config, client, evidence: Arc::new(evidence) }
    }

    pub(crate) fn journal(&self, table: &str) -> DynamoJournal {
        let names = TableNames { journal: table.to_owned(), work: "none".to_owned() };
        DynamoJournal::new(&self.config, &names, Arc::clone(&self.evidence) as _)
    }

    pub(crate) async fn plain_put(&self, record: &Record) {
        self.put("plain", record).await;
    }

    /// Puts an item of the journal's shape, and returns the write units that it took.
    async fn put(&self, table: &str, record: &Record) -> f64 {
        let text = |text: String| AttributeValue::S(text);
        let line = String::from_utf8(canonical(record)).unwrap();
        let event = serde_json::to_value(&record.event).unwrap();
        let answer = self
            .client
            .put_item()
            .table_name(table)
            .item("case", text(record.case.0.clone()))
            .item("seq", text(format!("{:012}", record.seq)))
            .item("record", text(line))
            .item("at", text(record.at.to_string()))
            .item("kind", text(event["kind"].as_str().unwrap().to_owned()))
            .item("hash", text(record.hash.clone()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .unwrap();
        answer.consumed_capacity().and_then(|used| used.capacity_units()).unwrap()
    }
}

/// Plays the drill's story, and counts what its journal takes on DynamoDB.
pub(crate) async fn story_in_write_units(tables: &Tables, folder: &Path) {
    let scenario = scenario::find("public-repository").unwrap();
    let options = WorldOptions {
        scenario: scenario.clone(),
        clock: Clock::accelerated(SPEED),
        folder: folder.to_owned(),
        seed: 7,
        lag: Duration::ZERO..=Duration::from_secs(4),
        timing: production_timing(),
        plans_expire_after: SignedDuration::from_hours(1),
    };
    let world = World::start(options).await.unwrap();
    headless::play(&world, &scenario).await.unwrap();
    let records = records_of(&world.journal);
    world.shut_down().await;
    let mut units = 0.0;
    for record in &records {
        units += tables.put("story", record).await;
    }
    let sizes: Vec<usize> = records.iter().map(|record| canonical(record).len()).collect();
    println!(
        "  the drill's story: {} records, {} bytes, the largest {} bytes: {units} write units, \
         {:.6} US dollars",
        records.len(),
        sizes.iter().sum::<usize>(),
        sizes.iter().max().unwrap_or(&0),
        units / 1_000.0 * DOLLARS_FOR_1000_UNITS
    );
}

fn records_of(journal: &Path) -> Vec<Record> {
    let file = rusqlite::Connection::open(journal).unwrap();
    let mut query = file.prepare("SELECT record FROM journal ORDER BY case_id, seq").unwrap();
    let lines = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

async fn make_table(client: &Client, table: &str) {
    let mut request = client.create_table().table_name(table);
    for (name, kind) in [("case", KeyType::Hash), ("seq", KeyType::Range)] {
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S);
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
        request = request
            .attribute_definitions(attribute.build().unwrap())
            .key_schema(key.build().unwrap());
    }
    request.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
}
