//! Records on their way: held for the delay, then delivered as CloudTrail lays its objects out.

use crate::sql_judge::objects_below;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often due records are looked for; well below any delay a trial asks for.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What has happened and is not delivered yet.
#[derive(Debug)]
pub(super) struct Waiting {
    folder: PathBuf,
    delay: Duration,
    records: Vec<(Timestamp, Value)>,
    delivered: u64,
}

impl Waiting {
    pub(super) fn new(folder: &Path, delay: Duration) -> Self {
        Self { folder: folder.to_owned(), delay, records: Vec::new(), delivered: 0 }
    }

    pub(super) fn add(&mut self, at: Timestamp, record: Value) {
        self.records.push((at, record));
    }

    /// Delivers what happened at least the delay before `now`: one object per account and region.
    pub(super) fn deliver_until(&mut self, now: Timestamp) {
        let delay = self.delay;
        let is_due = |at: &Timestamp| at.checked_add(delay).is_ok_and(|due| due <= now);
        let (due, held): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.records).into_iter().partition(|(at, _)| is_due(at));
        self.records = held;
        let mut objects: BTreeMap<(String, String), Vec<(Timestamp, Value)>> = BTreeMap::new();
        for (at, record) in due {
            let of = |name: &str| record[name].as_str().unwrap_or("unknown").to_owned();
            let place = (of("recipientAccountId"), of("awsRegion"));
            objects.entry(place).or_default().push((at, record));
        }
        for ((account, region), records) in objects {
            self.deliver(&account, &region, records);
        }
    }

    fn deliver(&mut self, account: &str, region: &str, records: Vec<(Timestamp, Value)>) {
        self.delivered += 1;
        let at = records[0].0.to_zoned(TimeZone::UTC);
        let folder = self
            .folder
            .join("AWSLogs")
            .join(account)
            .join("CloudTrail")
            .join(region)
            .join(at.strftime("%Y/%m/%d").to_string());
        fs::create_dir_all(&folder).expect("the trail's folder can be written");
        let minute = at.strftime("%Y%m%dT%H%MZ");
        let unique = self.delivered;
        let name = format!("{account}_CloudTrail_{region}_{minute}_{unique:016}.json.gz");
        let records: Vec<Value> = records.into_iter().map(|(_, record)| record).collect();
        let mut object = GzEncoder::new(Vec::new(), Compression::fast());
        object.write_all(json!({ "Records": records }).to_string().as_bytes()).expect("memory");
        // A reader must never see half an object; S3 has no such thing either.
        let part = folder.join(format!("{name}.part"));
        fs::write(&part, object.finish().expect("memory")).expect("the object is written");
        fs::rename(part, folder.join(name)).expect("the object is delivered");
    }
}

/// Every record of every object below a folder.
pub(crate) fn delivered(folder: &Path) -> Vec<Value> {
    let read = |path: PathBuf| -> Vec<Value> {
        let object = fs::File::open(path).expect("the object opens");
        let object: Value = serde_json::from_reader(GzDecoder::new(object)).expect("JSON");
        object["Records"].as_array().expect("records").clone()
    };
    objects_below(folder).into_iter().flat_map(read).collect()
}
