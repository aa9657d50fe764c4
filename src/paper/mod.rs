//! The report as one page that needs nothing else: no script, no file, no request; and its chart
//! as a picture.

pub mod form;
pub mod image;
pub mod page;

mod bars;
mod blocks;
mod font;
mod text;
mod timescale;
mod tree;
