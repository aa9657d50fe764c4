//! Stores that need nothing but a disk: the SQLite journal and an encrypted evidence folder.

mod brakes;
pub mod folder;
pub mod sqlite;
pub mod writer;
