//! By what an object that changed is told from the one that was read.

use std::fs::Metadata;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// Size, times and place on the disk of a file, as one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(pub(super) u64);

/// An object as it was when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ObjectState {
    /// None where it could not be opened.
    pub stamp: Option<Stamp>,
    /// Of its bytes; none where it was streamed.
    pub checksum: Option<u64>,
    pub bytes: u64,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> Option<Self> {
        Some(Self::from(&std::fs::metadata(path).ok()?))
    }
}

impl From<&Metadata> for Stamp {
    fn from(meta: &Metadata) -> Self {
        let mut hasher = DefaultHasher::new();
        meta.len().hash(&mut hasher);
        meta.modified().ok().hash(&mut hasher);
        // A time of change cannot be set back as a time of modification can.
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let changed = (meta.ctime(), meta.ctime_nsec());
            (meta.dev(), meta.ino(), changed).hash(&mut hasher);
        }
        Self(hasher.finish())
    }
}
