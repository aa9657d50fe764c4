//! The report as one page that needs nothing else: no script, no file, no request.

pub mod form;
pub mod page;

mod bars;
mod blocks;
mod text;
mod timescale;
mod tree;
