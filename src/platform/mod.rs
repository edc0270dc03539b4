//! Adapters for the platforms: they speak HTTP so that the loop does not have to.
//!
//! [`http`] is what every dialect shares; each dialect has a folder of its own, and its wire types never leave it.

pub mod cxone_v2;
mod dialect;
pub mod http;

pub use dialect::Dialect;
