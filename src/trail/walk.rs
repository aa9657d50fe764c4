//! Walks over the objects under files and folders, folder by folder, so that no more of them are
//! listed in memory than one folder holds.

use crate::ports::coverage::{harmless, is_named_like_an_object};
use crate::trail::listed::Refusal;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

/// CloudTrail's own layout is ten folders deep.
const DEPTH_MAX: usize = 64;
/// A year of a large organisation; beyond it the answer belongs to Athena.
const OBJECTS_MAX: usize = 5_000_000;
const NOT_PLAIN: &str = "not a plain file";

/// What is left of a walk.
#[derive(Debug)]
pub struct Walk {
    /// Folders that are not listed yet, and how deep they lie; the next one is the last.
    folders: Vec<(PathBuf, usize)>,
    /// Of the folder that is being walked, or of what was named; the next one is the last.
    found: Vec<Result<PathBuf, Refusal>>,
    /// The files that were named, in order: these are taken whatever they are called.
    named: Vec<PathBuf>,
    count: usize,
}

impl Walk {
    /// Begins at these files and folders; what lies in two of them is met once. A place that is
    /// not there, or cannot be listed, is an error.
    pub fn new(paths: &[PathBuf]) -> io::Result<Self> {
        let mut places = Vec::new();
        for path in paths {
            let place = path.canonicalize().map_err(|error| named(path, &error))?;
            if place.is_dir() {
                fs::read_dir(&place).map_err(|error| named(path, &error))?;
            }
            places.push(place);
        }
        let (mut folders, mut files): (Vec<_>, Vec<_>) =
            places.into_iter().partition(|place| place.is_dir());
        folders.sort_unstable();
        folders.dedup_by(|folder, above| is_walked_from(above, folder));
        files.sort_unstable();
        files.dedup();
        Ok(Self {
            folders: folders.into_iter().rev().map(|folder| (folder, 0)).collect(),
            found: files.iter().rev().cloned().map(plain).collect(),
            named: files,
            count: 0,
        })
    }

    fn list(&mut self, folder: PathBuf, depth: usize) {
        let Ok(entries) = fs::read_dir(&folder) else {
            self.found.push(Err(Refusal { place: folder, reason: "folder cannot be read" }));
            return;
        };
        let mut below = Vec::new();
        for entry in entries.flatten() {
            let (place, Ok(kind)) = (entry.path(), entry.file_type()) else {
                continue;
            };
            if kind.is_dir() && depth < DEPTH_MAX {
                below.push((place, depth + 1));
            } else if self.named.binary_search(&place).is_ok() {
                // It was met at the beginning.
            } else if let Some(reason) = passed_over(&place, kind) {
                self.found.push(Err(Refusal { place, reason }));
            } else {
                self.found.push(Ok(place));
            }
        }
        // In a stable order. By bytes: comparing names part by part takes several times as long.
        below.sort_unstable_by(|(one, _), (other, _)| other.as_os_str().cmp(one.as_os_str()));
        self.folders.append(&mut below);
        self.found.sort_unstable_by(|one, other| place(other).cmp(place(one)));
    }
}

impl Iterator for Walk {
    type Item = Result<PathBuf, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.found.is_empty() {
            let (folder, depth) = self.folders.pop()?;
            self.list(folder, depth);
        }
        let found = self.found.pop()?;
        self.count += usize::from(found.is_ok());
        match found {
            Ok(place) if self.count > OBJECTS_MAX => {
                Some(Err(Refusal { place, reason: "more objects than one run reads" }))
            }
            found => Some(found),
        }
    }
}

/// Whether a folder is come by below another.
fn is_walked_from(above: &Path, folder: &Path) -> bool {
    folder.strip_prefix(above).is_ok_and(|below| below.components().count() <= DEPTH_MAX)
}

/// A file that was named; reading anything else might never end.
fn plain(place: PathBuf) -> Result<PathBuf, Refusal> {
    if place.is_file() { Ok(place) } else { Err(Refusal { place, reason: NOT_PLAIN }) }
}

fn place(found: &Result<PathBuf, Refusal>) -> &std::ffi::OsStr {
    let (Ok(place) | Err(Refusal { place, .. })) = found;
    place.as_os_str()
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn passed_over(place: &Path, kind: FileType) -> Option<&'static str> {
    let name = place.file_name().unwrap_or_default().as_encoded_bytes();
    if kind.is_dir() {
        Some("folder is nested too deep")
    } else if kind.is_symlink() && place.is_dir() {
        Some("link to a folder; give the folder itself")
    } else if !is_named_like_an_object(name) {
        Some(harmless::OTHER_FILE)
    } else if !kind.is_file() && !place.is_file() {
        Some(NOT_PLAIN)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_two_of_the_places_is_met_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("b/c")).unwrap();
        fs::create_dir_all(at("b-c")).unwrap();
        for name in [
            "z.json",
            "a.json",
            "b/named.log",
            "b/other.log",
            "b/2.json",
            "b/1.json",
            "b/c/3.json",
            "b-c/4.json",
        ] {
            fs::write(at(name), "").unwrap();
        }
        let places = ["b/c", "b/1.json", "", "b/named.log", "b", "b"].map(at);
        let met: Vec<String> = Walk::new(&places)
            .unwrap()
            .filter_map(Result::ok)
            .map(|one| {
                let root = folder.path().canonicalize().unwrap();
                one.strip_prefix(root).unwrap().display().to_string()
            })
            .collect();
        let named = ["b/1.json", "b/named.log"];
        let below = ["a.json", "z.json", "b/2.json", "b/c/3.json", "b-c/4.json"];
        assert_eq!(met, [named.as_slice(), &below].concat());
        // Negative control: what only begins alike is another place.
        let apart = Walk::new(&[at("b"), at("b-c")]).unwrap();
        assert_eq!(apart.filter(Result::is_ok).count(), 4);
    }

    #[test]
    #[cfg(unix)]
    fn a_name_that_is_no_text_is_read_and_what_is_no_file_is_refused_also_where_it_is_named() {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::net::UnixListener;
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"\xfe.json"));
        fs::write(&odd, "").unwrap();
        let socket = folder.path().join("socket.json");
        let _listening = UnixListener::bind(&socket).unwrap();
        for places in [vec![folder.path().to_owned()], vec![odd.clone(), socket.clone()]] {
            let met: Vec<_> = Walk::new(&places).unwrap().collect();
            let taken: Vec<_> =
                met.iter().flatten().filter_map(|place| place.file_name()).collect();
            assert_eq!(taken, [odd.file_name().unwrap()]);
            let refused: Vec<_> = met.iter().filter_map(|one| one.as_ref().err()).collect();
            assert_eq!(refused.iter().map(|one| one.reason).collect::<Vec<_>>(), [NOT_PLAIN]);
        }
    }

    #[test]
    fn a_folder_that_lies_deeper_than_is_walked_is_walked_where_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let deep = (0..DEPTH_MAX + 3).fold(folder.path().to_owned(), |path, _| path.join("d"));
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("1.json"), "").unwrap();
        let taken = |places: &[PathBuf]| Walk::new(places).unwrap().flatten().count();
        assert_eq!(taken(&[folder.path().to_owned(), deep]), 1);
        assert_eq!(taken(&[folder.path().to_owned()]), 0, "the control");
    }
}
