//! keyleak: a Slack ChatOps bot that contains leaked AWS access keys. Modules in reading order.

pub mod domain;
pub mod ports;
pub mod flow;
pub mod worker;
pub mod http;
pub mod slack;
pub mod aws;
pub mod store;
pub mod trail;
pub mod sim;
pub mod config;
pub mod telemetry;
