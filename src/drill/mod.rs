//! The drill: the same bot in a simulated world, played by people on a page or by a script.

pub mod account;
pub mod bot;
mod builder;
pub mod expected;
pub mod fault_board;
pub mod faults;
pub mod findings;
mod furnish;
pub mod headless;
pub mod keeper;
pub mod moves;
pub mod page;
pub mod people;
pub mod players;
pub mod scenario;
pub mod score;
mod scorer;
pub mod stage;
pub mod world;
