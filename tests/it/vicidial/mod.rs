//! `platform = "vicidial"`: the simulated platform against recorded exchanges, and the daemon and the commands against it.

mod active;
mod calls;
mod daemon;
mod effect;
mod exchanges;
mod pace;
mod people;
mod read_back;
mod refused;
mod site;
mod whole;
