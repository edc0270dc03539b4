//! What a record has to be for `tune`, how a campaign dials that no record tells, and why nothing is recommended.

use crate::domain::aim::AbandonTarget;
use crate::domain::{Limit, Policy, Thresholds};
use crate::experiment::tune::History;
use crate::simulator::Mode;
use crate::store::StoreFault;

use super::exit::Exit;

/// Reads how a campaign dials.
pub(super) fn mode(text: &str) -> Result<Mode, String> {
    let wrong = || {
        format!(
            "`{text}`: expected progressive, power=1.8 (dials for each available agent) or predictive=3%"
        )
    };
    match text.split_once('=') {
        None if text == "progressive" => Ok(Mode::Progressive),
        Some(("power", dials)) => {
            let dials: f64 = dials.parse().map_err(|_| wrong())?;
            if (0.1..=20.0).contains(&dials) {
                Ok(Mode::Power {
                    dials_per_agent: dials,
                })
            } else {
                Err(format!(
                    "`{text}`: expected 0.1 to 20 dials for each available agent"
                ))
            }
        }
        Some(("predictive", target)) => {
            let target: AbandonTarget = target.parse().map_err(|_| wrong())?;
            Ok(Mode::Predictive {
                abandon_target: share(target),
            })
        }
        None | Some(_) => Err(wrong()),
    }
}

pub(super) fn policy((pause_below, resume_at): (u32, u32)) -> Policy {
    let limits = (Limit::Agents(pause_below), Limit::Agents(resume_at));
    Policy {
        // Recorded thresholds were in force, and so are no contradiction.
        thresholds: Thresholds::new(limits.0, limits.1).unwrap_or_default(),
        ..Policy::default()
    }
}

pub(super) fn share(target: AbandonTarget) -> f64 {
    f64::from(target.hundredths_of_percent()) / 10_000.0
}

/// For so much of the record the same thresholds have to be in force.
const SAME_THRESHOLDS: f64 = 0.98;

/// Why nothing is recommended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Store(#[from] StoreFault),
    #[error("{0}")]
    Record(String),
    #[error("{0}")]
    Model(String),
}

impl Refusal {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Store(_) => Exit::Io,
            Self::Record(_) => Exit::NotThere,
            Self::Model(_) => Exit::Broken,
        }
    }
}

/// The thresholds that were in force all the time, or why there are none.
pub(super) fn fixed_thresholds(history: &History) -> Result<(u32, u32), String> {
    match history.thresholds {
        Some(thresholds) if history.thresholds_share >= SAME_THRESHOLDS => Ok(thresholds),
        Some((pause_below, resume_at)) => Err(format!(
            "the thresholds were not the same all the time: {pause_below}/{resume_at} for {:.0}% of it; give a --since after the last change",
            history.thresholds_share * 100.0
        )),
        None => Err(
            "the campaign had no thresholds in whole agents in that time; a share of the staffed agents or an abandon_target leaves nothing to tune from"
                .to_owned(),
        ),
    }
}
