//! A contact centre as it works: agents, callers, dials. Pure and seeded.
//!
//! *Terms.* A **scenario** is the centre and its day as data. An **entity** is a caller, a dialled record or an agent;
//! everything that is left to chance belongs to one of them ([`Stream`](chance)), so two policies meet the same people.
//! **Truth** is what happens here; what the platform shows of it, late or wrong, is made elsewhere.
//!
//! *The way in* is [`Scenario::parse`] and [`Centre::new`]; [`Centre::advance`] lets time pass, [`Centre::allow`] pauses
//! and resumes a campaign, [`Centre::limit_pace`] and [`Centre::keep_idle`] slow it down. *The way out* is [`Centre::available`] and [`Centre::figures`].
//!
//! *What reacts.* A running campaign uses up the available agents and a paused one lets them fill up again: the count
//! that an autopilot reads is moved by its own commands. A pause stops new dials only; what rings goes on ringing.
//!
//! *Levers.* A **limit** caps the dials in flight for each idle agent, whatever the mode would dial; at one, power and
//! predictive campaigns dial as progressive ones do. An **idle reserve** of r agents lets a dial begin only while more than r
//! agents are idle. It is looked at for each dial and not at each poll, which is what makes it better than a pause. Where r is
//! not whole, each record has a reserve of its own, one of the two whole numbers next to r, drawn such that its mean is r; it is
//! drawn once, so that a record that has to wait is not drawn again until it may be dialled.
//!
//! *Never here:* clocks, I/O, threads, unordered maps. Events of the same moment happen in the order in which they were
//! planned.

#[cfg(test)]
mod behaviour_tests;
mod chance;
mod dialler;
mod distribution;
mod engine;
mod events;
mod figures;
mod inbound;
#[cfg(test)]
mod oracle_tests;
mod outbound;
mod pacing;
mod presence;
mod scenario;
mod scenario_check;
mod staff;
mod tenths;

pub use distribution::Distribution;
pub use engine::Centre;
pub use figures::{Activity, CampaignFigures, CentreFigures, QueueFigures};
pub use scenario::{
    Event, InboundQueue, Mode, Outage, OutboundCampaign, PersonSets, PlannedBreak, RandomBreaks,
    Scenario, ScenarioFaults, SentOnBreak, Shift, Surge, Swing, Team, Telemetry,
};
pub use staff::{ActivityChange, CrewCount};
pub use tenths::TenthsOfAgents;
