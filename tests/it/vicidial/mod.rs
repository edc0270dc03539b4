//! `platform = "vicidial"`: the simulated platform against recorded exchanges, and the daemon and the commands against it.

mod calls;
mod daemon;
mod effect;
mod exchanges;
mod pace;
mod people;
mod refused;
mod site;
