//! The dialect `genesys-cloud`: the real daemon against the simulated organisation over HTTP.

mod calls;
mod checked;
mod daemon;
mod lists;
mod notifications;
mod ownership;
mod pace;
mod queues;
mod refused;
mod tenant;
