//! keyleak: a Slack ChatOps bot that contains leaked AWS access keys. Modules in reading order.

pub mod domain;

pub mod ports;

pub mod paper;

pub mod flow;

pub mod slack;

pub mod aws;

pub mod store;

pub mod trail;

pub mod sim;

pub mod pager;

pub mod worker;

pub mod http;

pub mod socket;

pub mod running;

pub mod telemetry;

pub mod config;

pub mod drill;

pub mod cli;

pub mod commands;
