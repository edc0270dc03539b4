//! A bar on standard error that shows how far long work has come.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar for so many of what is named.
pub(super) fn progress_bar(many: u64, named: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(many), ProgressDrawTarget::stderr());
    let template = format!("{{bar:40}} {{pos}} of {{len}} {named}, {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}
