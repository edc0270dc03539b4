//! The `campaign-autopilot` program.

fn main() -> std::process::ExitCode {
    campaign_autopilot::cli::main()
}
