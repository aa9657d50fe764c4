//! Which callers and addresses each object names, so that pass two opens only those it needs.
//!
//! A mark is 16 bits of a hash, two bytes for each distinct caller or address of an object: one
//! object in a thousand is opened for nothing, and none that is needed is passed over.

use crate::ports::trail::Window;
use crate::trail::memo::Stamp;
use crate::trail::record::Record;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

/// Objects marked, at some 200 bytes each; the others are opened again.
const OBJECTS_MAX: usize = 500_000;
const MARKS: usize = 1 << 16;

/// What one object names.
#[derive(Debug, Default)]
pub(super) struct Marks {
    sorted: Box<[u16]>,
    /// Whether it holds a change to IAM, or a sign-in, which may be about anybody.
    pub(super) has_changes: bool,
}

impl Marks {
    /// Whether the object may name this.
    pub(super) fn hold(&self, hasher: &RandomState, text: &str) -> bool {
        self.sorted.binary_search(&mark(hasher, text)).is_ok()
    }
}

fn mark(hasher: &RandomState, text: &str) -> u16 {
    (hasher.hash_one(text) % MARKS as u64) as u16
}

/// The marks of the objects that one thread reads.
pub(super) struct Marking {
    objects: ObjectMarks,
    open: Option<(u64, Stamp)>,
    marks: Vec<u16>,
    is_marked: Vec<bool>,
    has_changes: bool,
}

/// The marks of all objects as they were when they were read.
#[derive(Debug)]
pub(super) struct ObjectMarks {
    hasher: RandomState,
    /// By the hash of their path.
    by_path: HashMap<u64, (Stamp, Marks)>,
}

impl Marking {
    pub(super) fn new(hasher: RandomState) -> Self {
        Self {
            objects: ObjectMarks { hasher, by_path: HashMap::new() },
            open: None,
            marks: Vec::new(),
            is_marked: vec![false; MARKS],
            has_changes: false,
        }
    }

    pub(super) fn begin(&mut self, object: &Path) {
        let path = self.objects.hasher.hash_one(object);
        self.open = Stamp::of(object).map(|stamp| (path, stamp));
    }

    /// Notes whatever pass two could want this record for.
    pub(super) fn note(&mut self, record: &Record<'_>) {
        let identity = &record.user_identity;
        let issuer = &identity.session_context.session_issuer;
        let named = [
            &identity.access_key_id,
            &identity.arn,
            &identity.principal_id,
            &issuer.arn,
            &issuer.principal_id,
            &record.source_ip,
        ];
        for text in named.into_iter().filter_map(|text| text.get()) {
            let mark = mark(&self.objects.hasher, text);
            if !std::mem::replace(&mut self.is_marked[usize::from(mark)], true) {
                self.marks.push(mark);
            }
        }
        self.has_changes |= match record.event_source.get() {
            Some("signin.amazonaws.com") => true,
            Some("iam.amazonaws.com") => record.read_only.flag() != Some(1),
            _ => false,
        };
    }

    pub(super) fn end(&mut self) {
        self.marks.sort_unstable();
        self.marks.iter().for_each(|mark| self.is_marked[usize::from(*mark)] = false);
        let marks = Marks {
            sorted: self.marks.as_slice().into(),
            has_changes: std::mem::take(&mut self.has_changes),
        };
        self.marks.clear();
        if let Some((path, stamp)) = self.open.take()
            && self.objects.by_path.len() < OBJECTS_MAX
        {
            self.objects.by_path.insert(path, (stamp, marks));
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.objects.by_path.extend(other.objects.by_path);
    }

    pub(super) fn finish(self) -> ObjectMarks {
        self.objects
    }
}

impl ObjectMarks {
    /// Whether the object has to be opened: it is new or has changed, or its marks say so.
    pub(super) fn is_needed(
        &self,
        object: &Path,
        may_be_in: impl FnOnce(&Marks, &RandomState) -> bool,
    ) -> bool {
        match self.by_path.get(&self.hasher.hash_one(object)) {
            Some((stamp, marks)) if Stamp::of(object) == Some(*stamp) => {
                may_be_in(marks, &self.hasher)
            }
            Some(_) | None => true,
        }
    }
}

/// The marks of the newest pass one, and its window.
#[derive(Debug)]
pub(super) struct Marked {
    pub(super) window: Window,
    pub(super) objects: ObjectMarks,
}

#[cfg(test)]
mod tests {
    use crate::domain::lineage::Subject;
    use crate::ports::trail::Window;
    use crate::trail::local::LocalTrail;
    use serde_json::{Value, json};
    use std::fs::File;
    use std::io::Write;
    use std::path::Path;
    use tempfile::TempDir;

    const KEY: &str = "AKIAZZZZLEAKEDKEY234";
    const OTHER: &str = "AKIAZZZZOTHERSKEY234";

    fn record(key: &str, name: &str) -> Value {
        json!({
            "eventTime": "2026-11-01T00:00:00Z", "eventName": name, "readOnly": true,
            "eventSource": "s3.amazonaws.com", "eventID": format!("{key}{name}"),
            "userIdentity": { "accessKeyId": key }, "sourceIPAddress": "203.0.113.9",
        })
    }

    fn write(path: &Path, records: &[Value]) {
        std::fs::write(path, json!({ "Records": records }).to_string()).unwrap();
    }

    fn seen(trail: &LocalTrail, window: Window) -> Vec<String> {
        let subject = Subject { key_id: KEY.to_owned(), ..Subject::default() };
        let rows = trail.cut_now(window, &subject).unwrap().rows;
        rows.into_iter().filter_map(|row| row.event_name).collect()
    }

    /// A trail of which pass one was done, with the key in its first object alone.
    fn marked(folder: &TempDir) -> LocalTrail {
        write(&folder.path().join("1.json"), &[record(KEY, "GetObject"), record(OTHER, "Put")]);
        write(&folder.path().join("2.json"), &[record(OTHER, "ListBuckets")]);
        let trail = LocalTrail::new(vec![folder.path().to_owned()]);
        trail.sightings_now(Window::default()).unwrap();
        trail
    }

    /// Puts the key into the second object, which looks as it did.
    fn slip_in(folder: &TempDir) {
        let path = folder.path().join("2.json");
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        let text = std::fs::read_to_string(&path).unwrap().replace(OTHER, KEY);
        let mut file = File::create(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.set_modified(modified).unwrap();
    }

    #[test]
    fn an_object_that_names_nobody_of_the_case_is_not_opened_for_the_cut() {
        let folder = tempfile::tempdir().unwrap();
        let trail = marked(&folder);
        slip_in(&folder);
        assert_eq!(seen(&trail, Window::default()), ["GetObject"]);
        let all = seen(&LocalTrail::new(vec![folder.path().to_owned()]), Window::default());
        assert_eq!(all, ["GetObject", "ListBuckets"], "the control: without marks it is opened");
    }

    #[test]
    fn marks_of_another_window_count_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let trail = marked(&folder);
        slip_in(&folder);
        let window = Window { from: Some("2026-10-01T00:00:00Z".parse().unwrap()), to: None };
        assert_eq!(seen(&trail, window), ["GetObject", "ListBuckets"]);
    }

    #[test]
    fn what_is_new_or_has_grown_since_pass_one_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let trail = marked(&folder);
        let grown = [record(OTHER, "ListBuckets"), record(KEY, "HeadBucket")];
        write(&folder.path().join("2.json"), &grown);
        write(&folder.path().join("3.json"), &[record(KEY, "PutObject")]);
        assert_eq!(seen(&trail, Window::default()), ["GetObject", "HeadBucket", "PutObject"]);
    }
}
