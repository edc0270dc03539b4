//! Adapters for the platforms: they speak HTTP so that the loop does not have to.
//!
//! [`http`] is what every dialect shares; each dialect has a folder of its own, and its wire types never leave it.

#[expect(
    dead_code,
    reason = "the dialect's parts are complete, and what joins them comes with the ports"
)]
mod cxone_acd;
pub mod cxone_v2;
pub mod http;
