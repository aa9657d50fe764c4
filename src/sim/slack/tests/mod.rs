//! The simulated workspace held to Slack's rules, over real HTTP.

mod acting;
mod block_rules;
mod calls;
mod channel_rules;
mod events;
mod faults;
mod files;
mod message_rules;
mod modals;
mod page;
mod page_acts;
mod pointing;
mod stage;
