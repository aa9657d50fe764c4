//! Stores that need nothing but a disk: the SQLite journal and an encrypted evidence folder.

pub mod anchor_folder;
mod brakes;
mod codes;
pub mod folder;
mod inbox;
pub mod sqlite;
pub mod writer;
