//! How much this thread has written: what a sort of SQL puts into temporary files shows there.

use std::fs::File;
use std::io::Read;

/// Where Linux keeps account of a thread's reads and writes.
const ACCOUNT: &str = "/proc/thread-self/io";
/// The line of what was handed to the system for writing, be it on the disk yet or not.
const WRITTEN: &str = "wchar:";
/// Seven short lines.
const ACCOUNT_BYTES_MAX: u64 = 1_024;

/// The bytes that this thread has written in its life; `None` where the system does not tell.
pub(super) fn written() -> Option<u64> {
    let mut account = String::new();
    let file = File::open(ACCOUNT).ok()?;
    file.take(ACCOUNT_BYTES_MAX).read_to_string(&mut account).ok()?;
    account.lines().find_map(|line| line.strip_prefix(WRITTEN)?.trim().parse().ok())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_this_thread_writes_is_counted_and_what_another_writes_is_not() {
        let before = written().unwrap();
        tempfile::tempfile().unwrap().write_all(&[0; 4_096]).unwrap();
        assert_eq!(written().unwrap() - before, 4_096);
        let other = || tempfile::tempfile().unwrap().write_all(&[0; 4_096]).unwrap();
        std::thread::scope(|scope| scope.spawn(other).join().unwrap());
        assert_eq!(written().unwrap() - before, 4_096);
    }
}
