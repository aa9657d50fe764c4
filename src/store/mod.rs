//! Stores that need nothing but a disk: the SQLite journal and an encrypted evidence folder.

pub mod folder;
pub mod sqlite;
pub mod writer;
