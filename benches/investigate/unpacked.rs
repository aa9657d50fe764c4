//! What nothing can be faster than: every object is read and unpacked by libdeflate, on as many
//! threads as there are cores, and thrown away.

use libdeflater::Decompressor;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Unpacks all objects below a folder, and says how many bytes they are then.
pub(crate) fn bytes(folder: &Path) -> usize {
    let mut objects = Vec::new();
    list(folder, &mut objects);
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let unpack = || {
        let (mut inflater, mut room, mut sum) = (Decompressor::new(), Vec::new(), 0);
        while let Some(object) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
            let packed = fs::read(object).expect("an object");
            let length = packed.last_chunk().expect("a member ends with its length");
            let length = u32::from_le_bytes(*length) as usize;
            room.resize(room.len().max(length), 0);
            sum += inflater.gzip_decompress(&packed, &mut room).expect("a whole member");
        }
        sum
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(unpack)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).sum()
    })
}

fn list(folder: &Path, objects: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        match entry.file_type().expect("a type").is_dir() {
            true => list(&entry.path(), objects),
            false => objects.push(entry.path()),
        }
    }
}
