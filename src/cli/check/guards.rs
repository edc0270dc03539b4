//! Guards: what each allows, and where its data come from.

use crate::cli::output;
use crate::settings::Settings;

/// Tells of each guard what it allows and on whose word.
pub(super) fn tell_guards(settings: &Settings) {
    for guard in &settings.guards {
        let (name, allows) = (&guard.name, guard.in_words());
        output::result(format_args!("guard {name}: {allows}"));
        if let Some(preset) = guard.preset {
            let (known, source) = (preset.name(), preset.in_words());
            output::result(format_args!("guard {name}: preset {known}, {source}"));
        }
    }
    if !settings.guards.is_empty() {
        output::result("guards inform and pause nothing; none claims that a law is kept");
    }
}
