//! Runs the demonstration on a thread of its own.

use std::sync::Arc;

use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::scenario;

use super::args::DemoArgs;
use super::lock_step::IdleWatch;
use super::show::Show;

/// Runs the demonstration.
pub(crate) async fn demo(args: &DemoArgs) -> Exit {
    let scenario = match scenario::load(&args.scenario) {
        Ok(scenario) => scenario,
        Err(exit) => return exit,
    };
    let state_dir =
        std::env::temp_dir().join(format!("campaign-autopilot-demo-{}", std::process::id()));
    let (own, place) = (args.clone(), state_dir.clone());
    let show = move |watch| async move {
        match Show::start(scenario, &own, &place, watch).await {
            Ok((show, started)) => show.run(started).await,
            Err((why, exit)) => {
                output::talk(format_args!("campaign-autopilot: {why}"));
                exit
            }
        }
    };
    let ended = tokio::task::spawn_blocking(move || in_lock_step(show)).await;
    let exit = ended.unwrap_or_else(|wrong| {
        output::talk(format_args!("campaign-autopilot: {wrong}"));
        Exit::Internal
    });
    if let Err(wrong) = std::fs::remove_dir_all(&state_dir)
        && wrong.kind() != std::io::ErrorKind::NotFound
    {
        output::talk(format_args!(
            "could not remove {}: {wrong}",
            state_dir.display()
        ));
    }
    exit
}

/// Runs everything on this thread alone, whose idleness the watch then knows.
fn in_lock_step<F>(show: impl FnOnce(Arc<IdleWatch>) -> F) -> Exit
where
    F: Future<Output = Exit> + Send + 'static,
{
    let watch = Arc::new(IdleWatch::default());
    let parking = Arc::clone(&watch);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || parking.parking())
        .build();
    let ended = runtime.map(|runtime| {
        // A task: the runtime may park its thread while that which it was asked to wait for is ready.
        let show = show(watch);
        runtime.block_on(async { tokio::spawn(show).await })
    });
    match ended {
        Ok(Ok(exit)) => exit,
        Ok(Err(wrong)) => {
            output::talk(format_args!("campaign-autopilot: {wrong}"));
            Exit::Internal
        }
        Err(wrong) => {
            output::talk(format_args!("campaign-autopilot: no runtime: {wrong}"));
            Exit::Internal
        }
    }
}
