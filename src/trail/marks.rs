//! Which callers and addresses each object names, so that pass two opens only those it needs.
//!
//! A mark is 16 bits of a hash, two bytes for each distinct caller or address of an object: one
//! object in a thousand is opened for nothing, and none that is needed is passed over. With the
//! marks is kept how each object was, so that pass two notices when it is another trail by then.

use crate::domain::unsettled::How;
use crate::ports::trail::Window;
use crate::trail::canon::Canon;
use crate::trail::glance::{Field, Glance};
use crate::trail::objects::Found;
use crate::trail::seen::ByItself;
use crate::trail::stamp::{ObjectState, Stamp};
use std::collections::HashMap;
use std::path::Path;

/// Objects marked, at some 200 bytes each; the others are opened again, and whether they changed is
/// not known.
const OBJECTS_MAX: usize = 500_000;
const MARKS: usize = 1 << 16;

/// 16 bits of a text's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark(u16);

impl Mark {
    pub(super) fn of(canon: &Canon, text: &str) -> Self {
        Self(canon.text(text) as u16)
    }
}

/// What one object names.
#[derive(Debug, Default)]
pub(super) struct Marks {
    sorted: Box<[Mark]>,
    /// Whether it holds a change to IAM, or a sign-in, which may be about anybody.
    pub(super) has_changes: bool,
}

impl Marks {
    /// Whether the object may name this.
    pub(super) fn hold(&self, canon: &Canon, text: &str) -> bool {
        self.sorted.binary_search(&Mark::of(canon, text)).is_ok()
    }
}

/// An object as pass one saw it.
#[derive(Debug)]
struct Known {
    stamp: Option<Stamp>,
    checksum: Option<u64>,
    marks: Marks,
}

/// The marks of the objects that one thread reads.
pub(super) struct Marking {
    objects: ObjectMarks,
    /// The number of the object that is open.
    number: u64,
    marks: Vec<Mark>,
    is_marked: Vec<bool>,
    has_changes: bool,
}

/// The marks of all objects as they were when they were read.
#[derive(Debug)]
pub(super) struct ObjectMarks {
    canon: Canon,
    /// By the hash of their path.
    by_path: HashMap<u64, Known, ByItself>,
}

impl Marking {
    pub(super) fn new(canon: Canon) -> Self {
        Self {
            objects: ObjectMarks { canon, by_path: HashMap::default() },
            number: 0,
            marks: Vec::new(),
            is_marked: vec![false; MARKS],
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
        if let Some(address) = record.get(Field::SourceIp) {
            self.mark(&[Mark::of(&self.objects.canon, address)]);
        }
        self.has_changes |= match record.get(Field::EventSource) {
            Some("signin.amazonaws.com") => true,
            Some("iam.amazonaws.com") => record.get(Field::ReadOnly) != Some("true"),
            _ => false,
        };
    }

    pub(super) fn mark(&mut self, marks: &[Mark]) {
        for mark in marks {
            if !std::mem::replace(&mut self.is_marked[usize::from(mark.0)], true) {
                self.marks.push(*mark);
            }
        }
    }

    pub(super) fn end(&mut self, object: &Path, state: ObjectState) {
        self.marks.sort_unstable();
        self.marks.iter().for_each(|mark| self.is_marked[usize::from(mark.0)] = false);
        let marks = Marks {
            sorted: self.marks.as_slice().into(),
            has_changes: std::mem::take(&mut self.has_changes),
        };
        self.marks.clear();
        if self.objects.by_path.len() < OBJECTS_MAX {
            let ObjectState { stamp, checksum, .. } = state;
            let path = self.objects.path(object);
            self.objects.by_path.insert(path, Known { stamp, checksum, marks });
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
    fn path(&self, object: &Path) -> u64 {
        self.canon.bytes(object.as_os_str().as_encoded_bytes())
    }
}

/// The marks of the newest pass one, and what it was about.
#[derive(Debug)]
pub(super) struct Marked {
    pub(super) window: Window,
    /// The objects that it found; pass two reads these, so that both are about one trail.
    pub(super) found: Found,
    pub(super) objects: ObjectMarks,
}

impl Marked {
    /// Whether the object has to be opened: it is not as it was, or its marks say so.
    pub(super) fn is_needed(
        &self,
        object: &Path,
        may_be_in: impl FnOnce(&Marks, &Canon) -> bool,
    ) -> bool {
        match self.objects.by_path.get(&self.objects.path(object)) {
            Some(Known { stamp: Some(then), marks, .. }) if Stamp::of(object) == Some(*then) => {
                may_be_in(marks, &self.objects.canon)
            }
            Some(_) | None => true,
        }
    }

    /// What became of an object that was opened again, where it is not what pass one read.
    pub(super) fn changed(&self, object: &Path, now: ObjectState) -> Option<How> {
        let then = self.objects.by_path.get(&self.objects.path(object))?;
        match (then.stamp, now.stamp) {
            // It could not be opened before either; what was listed and is gone went meanwhile.
            (None, None) => matches!(object.try_exists(), Ok(false)).then_some(How::Deleted),
            (Some(_), None) => Some(How::Deleted),
            // Whoever writes to it may have left it as it was for a moment, so that the same bytes
            // prove nothing; where it was only touched, the next reading finds it at rest.
            (then_stamp, now_stamp) => {
                let is_same = then_stamp == now_stamp && then.checksum == now.checksum;
                (!is_same).then_some(How::Rewritten)
            }
        }
    }

    /// Whether pass one did not find this object.
    pub(super) fn is_new(&self, object: &Path) -> bool {
        let name = object.as_os_str();
        let known = self.found.objects.binary_search_by(|known| known.as_os_str().cmp(name));
        known.is_err()
    }
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
        trail.cut_now(window, &subject).unwrap()
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
