//! What a running daemon runs with.

use crate::cli::exit::Exit;
use crate::cli::output;
use crate::serve::ConfigurationDocument;

use super::args::ServerArgs;
use super::client::{Client, ClientFault};

/// Reads the values in force of a running daemon; a fault is told.
pub(crate) async fn running_configuration(
    server: &ServerArgs,
) -> Result<ConfigurationDocument, Exit> {
    match read(server).await {
        Ok((document, _)) => Ok(document),
        Err(fault) => Err(told(&fault)),
    }
}

async fn read(server: &ServerArgs) -> Result<(ConfigurationDocument, String), ClientFault> {
    let client = Client::new(server)?;
    client.get(&["api", "v1", "config"], &[]).await
}

/// Tells a fault, and returns the exit code that says it.
pub(super) fn told(fault: &ClientFault) -> Exit {
    for line in fault.lines() {
        output::talk(format_args!("campaign-autopilot: {line}"));
    }
    fault.exit()
}
