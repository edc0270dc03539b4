//! The forms in which messages are posted besides the signed one: for Slack, Microsoft Teams and PagerDuty.
//!
//! A form is made from what is stored, when a message is posted: the body of every form says the same. None of the three was ever tried on
//! a live account; what their vendors document is held by the tests of each file.

mod form;
mod pagerduty;
mod slack;
mod teams;
mod words;

pub use form::{Form, FormName};
pub use pagerduty::{PAGERDUTY_ENQUEUE, alerting, usually_alerting, with_ends};
