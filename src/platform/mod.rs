//! Adapters for the platforms: they speak HTTP so that the loop does not have to.
//!
//! [`port`] is what the loop asks of a platform; [`http`] is what the dialects share; [`dialect`] says which there are
//! and puts the parts of one together. Each has a folder of its own, and its wire types never leave it.

pub mod amazon_connect;
pub mod cxone_acd;
pub mod cxone_v2;
pub mod dialect;
pub mod genesys_cloud;
pub mod http;
pub mod port;
pub mod vicidial;
