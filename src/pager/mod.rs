//! The way to people who do not look at Slack: a page by webhook.

pub mod webhook;
