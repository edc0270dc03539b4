//! The dialect `amazon-connect`: the real daemon against the simulated instance over HTTP, whose signatures it checks by itself.

mod calls;
mod chain;
mod checked;
mod credentials;
mod daemon;
mod pace;
mod refused;
mod tenant;
mod unknown;
