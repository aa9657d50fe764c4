//! keyleak: a Slack ChatOps bot that contains leaked AWS access keys. Modules in reading order.

pub mod aws;
pub mod cli;
pub mod commands;
pub mod config;
pub mod domain;
pub mod drill;

pub mod flow;
pub mod http;
pub mod ports;
pub mod running;
pub mod sim;
pub mod slack;
pub mod store;
pub mod telemetry;
pub mod trail;
pub mod worker;
