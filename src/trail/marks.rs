//! Which callers and addresses each object names, so that pass two opens only those it needs.
//!
//! With the marks is kept how each object was, so that pass two notices when it is another trail by
//! then.

use crate::ports::trail::Window;
use crate::trail::canon::Canon;
use crate::trail::glance::{Field, Glance};
use crate::trail::kept::Keeping;
use crate::trail::known::{Known, Mark, Marks};
use crate::trail::stamp::ObjectState;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use tempfile::SpooledTempFile;

/// The marks of the objects that one thread reads.
pub(super) struct Marking {
    canon: Canon,
    kept: Keeping,
    /// What other threads kept.
    others: Vec<Keeping>,
    paths: Vec<u64>,
    /// The number of the object that is open.
    number: u64,
    marks: Vec<Mark>,
    has_changes: bool,
}

impl Marking {
    pub(super) fn new(canon: Canon) -> Self {
        Self {
            canon,
            kept: Keeping::default(),
            others: Vec::new(),
            paths: Vec::new(),
            number: 0,
            marks: Vec::new(),
            has_changes: false,
        }
    }

    pub(super) fn begin(&mut self) {
        self.number += 1;
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Notes whatever pass two could want this record for, but for its caller.
    pub(super) fn note(&mut self, record: &Glance<'_>) {
        if let Some(hash) = record.source_ip_hash(&self.canon) {
            self.mark([Mark::of_hash(hash)]);
        }
        self.has_changes |= match record.get(Field::EventSource) {
            Some("signin.amazonaws.com") => true,
            Some("iam.amazonaws.com") => record.get(Field::ReadOnly) != Some("true"),
            _ => false,
        };
    }

    pub(super) fn mark(&mut self, marks: impl IntoIterator<Item = Mark>) {
        self.marks.extend(marks);
    }

    pub(super) fn end(&mut self, object: &Path, state: ObjectState) {
        self.marks.sort_unstable();
        self.marks.dedup();
        let ObjectState { stamp, checksum, .. } = state;
        let has_changes = std::mem::take(&mut self.has_changes);
        let all = std::mem::take(&mut self.marks);
        let known = Known { stamp, checksum, marks: Marks { all, has_changes } };
        self.kept.keep(object, &known);
        self.paths.push(path_hash(&self.canon, object));
        // Its room is used for the next object.
        self.marks = known.marks.all;
        self.marks.clear();
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.others.push(other.kept);
        self.others.extend(other.others);
        self.paths.extend(other.paths);
    }

    /// All objects as they were when they were read.
    pub(super) fn finish(mut self, window: Window) -> io::Result<Marked> {
        self.paths.sort_unstable();
        let kept = std::iter::once(self.kept).chain(self.others);
        let files: io::Result<Vec<_>> = kept.map(Keeping::finish).collect();
        Ok(Marked { window, canon: self.canon, paths: self.paths, files: Mutex::new(files?) })
    }
}

/// The objects of the newest pass one, and what it was about.
#[derive(Debug)]
pub(super) struct Marked {
    pub(super) window: Window,
    canon: Canon,
    /// The hashes of their paths, in order.
    paths: Vec<u64>,
    /// The objects; pass two reads these, so that both are about one trail.
    pub(super) files: Mutex<Vec<SpooledTempFile>>,
}

impl Marked {
    /// Whether pass one did not find this object.
    pub(super) fn is_new(&self, object: &Path) -> bool {
        self.paths.binary_search(&path_hash(&self.canon, object)).is_err()
    }
}

fn path_hash(canon: &Canon, object: &Path) -> u64 {
    canon.bytes(object.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
mod tests {
    use crate::domain::lineage::Subject;
    use crate::domain::unsettled::{Changed, How};
    use crate::ports::trail::{Cut, Window};
    use crate::trail::local::LocalTrail;
    use serde_json::{Value, json};
    use std::fs::{self, File};
    use std::io::Write;
    use std::path::{Path, PathBuf};
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
        fs::write(path, json!({ "Records": records }).to_string()).unwrap();
    }

    fn cut(trail: &LocalTrail, window: Window) -> Cut {
        let subject = Subject { key_id: KEY.to_owned(), ..Subject::default() };
        trail.cut_now(window, &subject).unwrap().held().unwrap()
    }

    fn names(cut: &Cut) -> Vec<&str> {
        cut.rows.iter().filter_map(|row| row.event_name.as_deref()).collect()
    }

    fn one(folder: &TempDir) -> PathBuf {
        folder.path().join("1.json").canonicalize().unwrap()
    }

    fn two(folder: &TempDir) -> PathBuf {
        folder.path().canonicalize().unwrap().join("2.json")
    }

    fn told(cut: &Cut) -> Vec<(How, String)> {
        cut.unsettled.changed.iter().map(|Changed { how, object }| (*how, object.clone())).collect()
    }

    /// A trail of which pass one was done, with the key in its first object alone.
    fn marked(folder: &TempDir) -> LocalTrail {
        write(&folder.path().join("1.json"), &[record(KEY, "GetObject"), record(OTHER, "Put")]);
        write(&folder.path().join("2.json"), &[record(OTHER, "ListBuckets")]);
        let trail = LocalTrail::new(vec![folder.path().to_owned()]);
        trail.sightings_now(Window::default()).unwrap();
        trail
    }

    #[test]
    fn an_object_that_names_nobody_of_the_case_is_not_opened_for_the_cut() {
        let folder = tempfile::tempdir().unwrap();
        let trail = marked(&folder);
        let found = cut(&trail, Window::default());
        assert_eq!(names(&found), ["GetObject"]);
        assert_eq!(found.cost.bytes_scanned, one(&folder).metadata().unwrap().len());
        let all = cut(&LocalTrail::new(vec![folder.path().to_owned()]), Window::default());
        assert!(all.cost.bytes_scanned > found.cost.bytes_scanned, "the control: without marks");
        assert_eq!(names(&all), ["GetObject"]);
    }

    #[test]
    fn marks_of_another_window_count_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let trail = marked(&folder);
        write(&two(&folder), &[record(KEY, "ListBuckets")]);
        let window = Window { from: Some("2026-10-01T00:00:00Z".parse().unwrap()), to: None };
        let found = cut(&trail, window);
        assert_eq!(names(&found), ["GetObject", "ListBuckets"]);
        assert!(told(&found).is_empty(), "there was no pass one to hold it to");
    }

    #[test]
    fn an_object_that_was_rewritten_since_pass_one_is_told_however_it_looks() {
        let folder = tempfile::tempdir().unwrap();
        let trail = marked(&folder);
        // Another text of the same length, with the old time of modification.
        let modified = fs::metadata(two(&folder)).unwrap().modified().unwrap();
        let text = fs::read_to_string(two(&folder)).unwrap().replace(OTHER, KEY);
        let mut file = File::create(two(&folder)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.set_modified(modified).unwrap();
        let found = cut(&trail, Window::default());
        assert_eq!(told(&found), [(How::Rewritten, two(&folder).display().to_string())]);
        assert!(found.unsettled.mixes());
    }

    #[test]
    fn an_object_that_was_written_again_is_told_though_it_says_the_same_until_it_is_at_rest() {
        let folder = tempfile::tempdir().unwrap();
        let trail = marked(&folder);
        let text = fs::read(two(&folder)).unwrap();
        fs::remove_file(two(&folder)).unwrap();
        fs::write(two(&folder), text).unwrap();
        let found = cut(&trail, Window::default());
        assert_eq!(told(&found), [(How::Rewritten, two(&folder).display().to_string())]);
        trail.sightings_now(Window::default()).unwrap();
        let again = cut(&trail, Window::default());
        assert_eq!((told(&again), names(&again)), (vec![], vec!["GetObject"]));
    }

    #[test]
    fn an_object_that_is_gone_and_one_that_is_new_are_told_and_the_new_one_is_not_in_the_cut() {
        let folder = tempfile::tempdir().unwrap();
        let trail = marked(&folder);
        fs::remove_file(two(&folder)).unwrap();
        let three = two(&folder).with_file_name("3.json");
        write(&three, &[record(KEY, "PutObject")]);
        let found = cut(&trail, Window::default());
        let gone = (How::Deleted, two(&folder).display().to_string());
        assert_eq!(told(&found), [gone, (How::Added, three.display().to_string())]);
        assert_eq!(names(&found), ["GetObject"]);
        trail.sightings_now(Window::default()).unwrap();
        let again = cut(&trail, Window::default());
        assert_eq!((told(&again), names(&again)), (vec![], vec!["GetObject", "PutObject"]));
    }

    #[test]
    fn a_folder_that_is_gone_is_told_object_by_object() {
        let folder = tempfile::tempdir().unwrap();
        let trail = marked(&folder);
        let objects = [one(&folder), two(&folder)];
        fs::remove_dir_all(folder.path()).unwrap();
        let gone = objects.map(|object| (How::Deleted, object.display().to_string()));
        assert_eq!(told(&cut(&trail, Window::default())), gone);
    }
}
