//! What is remembered of objects that were read before, so that a watch reads only what is new.
//!
//! CloudTrail writes an object once. Of each are kept the changes to IAM and those that can take a
//! change of ours to a resource back, which are few; a file that grows, as a shipper's does, is
//! read again.

use crate::domain::resource_change::REVERTING;
use crate::domain::trail_row::TrailRow;
use crate::ports::trail::Window;
use crate::trail::canon::Canon;
use crate::trail::flatten;
use crate::trail::glance::{Field, Glance};
use crate::trail::listed::Object;
use crate::trail::scan::{Duplicates, Pass, Scanned, scan};
use crate::trail::stamp::Stamp;
use crate::trail::walk::Walk;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Objects remembered, at some 200 bytes each; the others are read every time.
const OBJECTS_MAX: usize = 500_000;
/// Changes remembered, at about half a kilobyte each.
const CHANGES_MAX: usize = 200_000;
const IAM: &str = "iam.amazonaws.com";

/// The changes in one object that are kept, and that succeeded.
type Changes = Arc<Vec<TrailRow>>;

/// The changes in the objects of one trail.
#[derive(Debug, Default)]
pub(super) struct Memo {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    objects: HashMap<PathBuf, (Stamp, Changes)>,
    changes: usize,
}

impl Memo {
    /// The changes in each of these objects; those that are new or have grown are read.
    pub(super) fn changes(&self, walk: Walk, canon: &Canon) -> io::Result<Vec<Changes>> {
        let mut all = Vec::new();
        let mut unread = HashMap::new();
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            for path in walk.filter_map(Result::ok) {
                let stamp = Stamp::of(&path);
                match known.objects.get(&path) {
                    Some((then, changes)) if Some(*then) == stamp => all.push(Arc::clone(changes)),
                    Some(_) | None => {
                        unread.insert(path, stamp);
                    }
                }
            }
        }
        if !unread.is_empty() {
            all.extend(self.read(&unread, canon)?);
        }
        Ok(all)
    }

    /// Reads these objects, which were as their stamps say before.
    fn read(
        &self,
        unread: &HashMap<PathBuf, Option<Stamp>>,
        canon: &Canon,
    ) -> io::Result<Vec<Changes>> {
        let objects = Mutex::new(unread.keys().cloned().map(Ok));
        let Scanned { passes, .. } =
            scan((&objects, Window::default()), (canon, Duplicates::AtOnce), &ChangePass::default)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = Vec::new();
        for (path, changes) in passes.into_iter().flat_map(|pass| pass.objects) {
            let changes = Arc::new(changes);
            if let Some(stamp) = unread.get(&path).copied().flatten() {
                known.keep(path, (stamp, Arc::clone(&changes)));
            }
            all.push(changes);
        }
        Ok(all)
    }
}

impl Known {
    fn keep(&mut self, path: PathBuf, (stamp, changes): (Stamp, Changes)) {
        if let Some((_, before)) = self.objects.remove(&path) {
            self.changes -= before.len();
        }
        let sum = self.changes + changes.len();
        if sum <= CHANGES_MAX && self.objects.len() < OBJECTS_MAX {
            self.changes = sum;
            self.objects.insert(path, (stamp, changes));
        }
    }
}

/// The changes of each object that one thread reads.
#[derive(Default)]
struct ChangePass {
    objects: Vec<(PathBuf, Vec<TrailRow>)>,
}

impl Pass for ChangePass {
    fn begin(&mut self, object: &Object) -> bool {
        self.objects.push((object.path.clone(), Vec::new()));
        true
    }

    fn wants(&mut self, record: &Glance<'_>, _time: &str) -> bool {
        let reads = record.get(Field::ReadOnly) == Some("true");
        let failed = record.get(Field::ErrorCode).is_some();
        let of_iam = record.get(Field::EventSource) == Some(IAM);
        let of_resource =
            || record.get(Field::EventName).is_some_and(|call| REVERTING.contains(&call));
        !reads && !failed && (of_iam || of_resource())
    }

    fn take(&mut self, record: &Glance<'_>, time: &str) -> Result<u32, &'static str> {
        if let Some((_, rows)) = self.objects.last_mut() {
            rows.push(flatten::row(&record.whole()?, time, "deed"));
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::io::Write;
    use tempfile::TempDir;

    fn record(id: &str, name: &str) -> Value {
        let time = format!("2026-11-01T00:00:0{id}Z");
        json!({ "eventID": id, "eventTime": time, "eventName": name, "eventSource": IAM })
    }

    fn write(folder: &TempDir, file: &str, records: &[Value]) {
        let text = json!({ "Records": records }).to_string();
        std::fs::write(folder.path().join(file), text).unwrap();
    }

    fn told(memo: &Memo, folder: &TempDir) -> Vec<String> {
        let walk = Walk::new(&[folder.path().to_owned()]).unwrap();
        let all = memo.changes(walk, &Canon::default()).unwrap();
        let rows = all.iter().flat_map(|changes| changes.iter());
        let mut names: Vec<_> = rows.filter_map(|row| row.event_name.clone()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_read_is_not_read_again_and_what_is_new_or_grew_is() {
        let folder = tempfile::tempdir().unwrap();
        let memo = Memo::default();
        let first = record("1", "DetachUserPolicy");
        write(&folder, "one.json", std::slice::from_ref(&first));
        assert_eq!(told(&memo, &folder), ["DetachUserPolicy"]);

        // Nothing is opened again: what is remembered is told, even where it is forged.
        for (_, changes) in memo.known.lock().unwrap().objects.values_mut() {
            let mut rows = changes.to_vec();
            rows[0].event_name = Some("AttachUserPolicy".to_owned());
            *changes = Arc::new(rows);
        }
        assert_eq!(told(&memo, &folder), ["AttachUserPolicy"]);

        // Another text is read, also where it has the old length and time of modification.
        let path = folder.path().join("one.json");
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        let text = std::fs::read_to_string(&path).unwrap().replace("Detach", "Delete");
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.set_modified(modified).unwrap();
        assert_eq!(told(&memo, &folder), ["DeleteUserPolicy"]);

        write(&folder, "two.json", &[record("2", "UpdateAccessKey")]);
        assert_eq!(told(&memo, &folder), ["DeleteUserPolicy", "UpdateAccessKey"]);

        write(&folder, "one.json", &[first, record("3", "DeleteUserPolicy")]);
        let all = ["DeleteUserPolicy", "DetachUserPolicy", "UpdateAccessKey"];
        assert_eq!(told(&memo, &folder), all);
        assert_eq!(memo.known.lock().unwrap().changes, all.len());
    }

    #[test]
    fn of_other_services_what_can_open_a_resource_again_is_kept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let of_s3 = |id: &str, name: &str| {
            let mut record = record(id, name);
            record["eventSource"] = json!("s3.amazonaws.com");
            record
        };
        let records = [of_s3("1", "PutBucketPolicy"), of_s3("2", "PutBucketTagging")];
        write(&folder, "one.json", &records);
        assert_eq!(told(&Memo::default(), &folder), ["PutBucketPolicy"]);
    }

    #[test]
    fn reads_and_what_was_refused_are_no_changes() {
        let folder = tempfile::tempdir().unwrap();
        let mut read = record("1", "GetUser");
        read["readOnly"] = json!(true);
        let mut refused = record("2", "DetachUserPolicy");
        refused["errorCode"] = json!("AccessDenied");
        write(&folder, "one.json", &[read, refused]);
        assert_eq!(told(&Memo::default(), &folder), Vec::<String>::new());
    }
}
