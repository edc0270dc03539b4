//! Flags of `demo`.

use std::time::Duration;

use clap::builder::PossibleValuesParser;

use crate::cli::form::FormArgs;
use crate::simulator::Dialect as SimDialect;

/// How long the demonstration takes where nothing is said.
const USUALLY_LASTS: Duration = Duration::from_secs(40);

const TEACHES: &str = "\
The daemon is the real one: every 30 s of the simulated day it polls a simulated platform over HTTP, pauses a \
campaign below 5 available agents, and resumes its own pause at 8. The same day without it is simulated beside it. \
The clock goes on only while the daemon waits for it, so that the same --seed always gives the same day.

Examples:
  campaign-autopilot demo                    a day with a lunch dip, in 40 s;
                                             on a terminal, its page stays
  campaign-autopilot demo --verbose          every pause with its decisions
  campaign-autopilot demo --scenario understaffed-day
  campaign-autopilot demo --seed 8           another draw of the same day
  campaign-autopilot demo --for 10m --port 8642
                                             slow enough to take a hand in,
                                             at http://127.0.0.1:8642/
  campaign-autopilot demo -o json            everything as data";

/// Flags of `demo`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = TEACHES)]
pub(crate) struct DemoArgs {
    /// The contact centre and its day: calm-day, lunch-dip, inbound-surge, understaffed-day, two-campaigns, blended-40, small-10, large-300,
    /// or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "lunch-dip")]
    pub(super) scenario: String,
    /// The platform that is simulated, and that the daemon is configured for
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(SimDialect::NAMES), default_value = SimDialect::NAMES[0])]
    pub(super) platform: String,
    /// How long the demonstration takes, in real time, and no longer: without it the page stays on a terminal until Ctrl-C
    /// [default: 40s]
    #[arg(long = "for", value_name = "DURATION", value_parser = lasts)]
    lasts: Option<Duration>,
    /// How much faster than real time [default: the whole day within --for]
    #[arg(long, value_name = "X", value_parser = speed)]
    pub(super) speed: Option<f64>,
    /// Seed of everything random: the same one gives the same day
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub(super) seed: u64,
    /// Print every pause with its decisions as it happens, and a plot of the day
    #[arg(short, long)]
    pub(super) verbose: bool,
    #[command(flatten)]
    pub(super) form: FormArgs,
    /// Port on this machine for the page and the admin API; 0 chooses a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(super) port: u16,
    /// Keep serving the page of the day when it is over, until Ctrl-C, also where this is no terminal or --for is given
    #[arg(long)]
    pub(super) keep_serving: bool,
}

impl DemoArgs {
    /// How long it takes, in real time.
    pub(super) fn lasts(&self) -> Duration {
        self.lasts.unwrap_or(USUALLY_LASTS)
    }

    /// Whether the page stays when the day is over, given whether somebody sits at a terminal.
    pub(super) fn page_stays(&self, at_terminal: bool) -> bool {
        self.keep_serving || (at_terminal && self.lasts.is_none() && !self.form.is_json())
    }
}

/// Reads how long the demonstration may take.
fn lasts(text: &str) -> Result<Duration, String> {
    let parsed = humantime::parse_duration(text).map_err(|wrong| wrong.to_string())?;
    let allowed = Duration::from_secs(1)..=Duration::from_secs(24 * 3600);
    if allowed.contains(&parsed) {
        Ok(parsed)
    } else {
        Err("give 1s to 24h".to_owned())
    }
}

/// Reads a speed.
pub(crate) fn speed(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|speed: &f64| (0.01..=100_000.0).contains(speed))
        .ok_or_else(|| format!("`{text}` is not a factor from 0.01 to 100000, such as 600"))
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    fn args(given: &[&str]) -> DemoArgs {
        let command = DemoArgs::augment_args(Command::new("demo").no_binary_name(true));
        DemoArgs::from_arg_matches(&command.try_get_matches_from(given).unwrap()).unwrap()
    }

    #[test]
    fn the_page_stays_for_whoever_sits_at_a_terminal() {
        assert!(args(&[]).page_stays(true));
        assert!(!args(&[]).page_stays(false), "a pipe");
        assert!(!args(&["--for", "40s"]).page_stays(true));
        assert!(!args(&["-o", "json"]).page_stays(true));
        assert!(args(&["--for", "40s", "--keep-serving"]).page_stays(false));
        assert_eq!(args(&[]).lasts(), args(&["--for", "40s"]).lasts());
    }
}
