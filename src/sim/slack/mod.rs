//! A simulated Slack workspace: a strict Web API over loopback HTTP, and people who use the bot.

pub mod acts;
pub mod blocks;
pub mod channels;
pub mod config;
pub mod deliver;
pub mod delivered;
pub mod faults;
pub mod files;
pub mod methods;
pub mod pace;
pub mod people;
pub mod server;
pub mod signing;
pub mod socket;
pub mod state;
pub mod ui;
pub mod views;

mod api;
mod app;
mod arguments;
mod block_shapes;
mod call;
mod content;
mod elements;
mod form;
mod hearing;
mod history;
mod inputs;
mod inspect;
mod marks;
mod members;
mod messages;
mod pages;
mod payloads;
mod pointing;
mod presses;
mod reacting;
mod replies;
mod rich_blocks;
mod rich_text;
mod rules;
mod scopes;
mod seen;
mod shapes;
mod socket_line;
mod stage;
mod typing;
mod ui_acts;
mod validate;
mod view_fields;
mod writing;

#[cfg(test)]
mod tests;
