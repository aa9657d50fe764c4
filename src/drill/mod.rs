//! The drill: the same bot in a simulated world, played by people on a page or by a script.

pub mod account;
pub mod colleague;
pub mod furnish;
pub mod headless;
pub mod page;
pub mod people;
pub mod players;
pub mod rules;
pub mod scenario;
pub mod stage;
pub mod trouble;
pub mod world;
