//! CPU of reading and counting agents against receiving the same bytes and dropping them.

use std::sync::Arc;
use std::time::Duration;

use campaign_autopilot::control::ports::Clock;
use campaign_autopilot::platform::http::{
    Call, Client, Page, PageClaims, PagePlace, PageSize, PageWindow, RateShare, Sending, read_pages,
};
use campaign_autopilot::telemetry::Endpoint;

use crate::platform::{Simulated, client, read, reader};
use crate::stopwatch::{cpu_of_this_thread, median, ms, report};

const AGENTS: usize = 10_000;
const PAGE: usize = 100;
const AT_ONCE: usize = 16;
const RUNS: usize = 9;

/// Readings in one measurement: the kernel's counter is exact only where the thread is switched out.
const READINGS: u32 = 20;

pub(crate) fn run() {
    let platform = Simulated::with_agents(AGENTS);
    // Everything of the client on this one thread, so that its CPU is the client's and nobody else's.
    let thread = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (client, clock) = client(&platform.base_url);
    let reader = reader(&client, &clock, &platform.base_url, AT_ONCE);
    let cpu_of = |work: &dyn Fn()| {
        let before = settled_cpu();
        (0..READINGS).for_each(|_| work());
        settled_cpu().saturating_sub(before) / READINGS
    };
    let count = || {
        cpu_of(&|| {
            assert_eq!(thread.block_on(read(&reader, &*clock)), AGENTS);
        })
    };
    let drop =
        || cpu_of(&|| thread.block_on(receive_and_drop(&client, &clock, &platform.base_url)));
    // Once each for the connections and the platform's own caches, then in turn, so that both see the same machine.
    let (_, _) = (count(), drop());
    let pairs: Vec<(Duration, Duration)> = (0..RUNS).map(|_| (count(), drop())).collect();
    let middle = |pick: fn(&(Duration, Duration)) -> Duration| {
        let mut each = pairs.iter().map(pick);
        median(RUNS, || each.next().unwrap_or_default())
    };
    let (counting, dropping) = (middle(|pair| pair.0), middle(|pair| pair.1));
    report(format_args!(
        "counting: {AGENTS} agents in pages of {PAGE}, CPU of the client"
    ));
    report(format_args!("  receive and drop  {}", ms(dropping)));
    report(format_args!(
        "  read and count    {}, {:.2} times that (bar: 1.5)",
        ms(counting),
        counting.div_duration_f64(dropping)
    ));
}

/// The thread's CPU time after it was switched out, which brings the counter up to date.
#[expect(
    clippy::disallowed_methods,
    reason = "a sleep is what brings the counter up to date"
)]
fn settled_cpu() -> Duration {
    std::thread::sleep(Duration::from_millis(1));
    cpu_of_this_thread()
}

async fn receive_and_drop(client: &Arc<Client>, clock: &Arc<dyn Clock>, base_url: &str) {
    let window = PageWindow {
        at_once: AT_ONCE,
        expected_rows: Some(AGENTS),
    };
    let deadline = clock.now().plus(Duration::from_secs(60));
    let size = PageSize::asking(PAGE);
    let pages = read_pages(&size, window, async |PagePlace { offset, .. }| {
        let url = format!(
            "{base_url}/api/v2/interactions/agents?limit={PAGE}&offset={offset}&state=available",
        );
        let call = Call {
            endpoint: Endpoint::listing("agents"),
            share: RateShare::Readings,
            method: hyper::Method::GET,
            url: url.parse().expect("an address"),
            body: None,
            request_id: None,
            client_id: None,
            deadline,
            scope: "",
            sending: Sending::Repeatable,
        };
        let bytes = client
            .call(&call, |response| Ok(response.body.len()))
            .await
            .map_err(|failed| failed.fault)?;
        // The rows are not looked at; the pages are known to be full but for the last.
        let rows = if offset < AGENTS { PAGE } else { 0 };
        Ok(Page {
            rows,
            content: bytes,
            ends: None,
            claims: PageClaims::default(),
        })
    })
    .await;
    let Ok(pages) = pages else {
        panic!("the reading failed")
    };
    assert!(pages.iter().map(|page| page.content).sum::<usize>() > AGENTS * 20);
}
