//! x
use super::*;
#[test]
fn first() {
    let text = Scenario::text("blended-40").unwrap();
    let scenario = Scenario::parse(text, "blended-40").unwrap();
    let mut sums = [0.0; 4];
    let days = 50;
    let t = std::time::Instant::now();
    let mut ev = 0;
    for seed in 0..days {
        let mut c = Centre::new(&scenario, seed);
        c.advance(scenario.end());
        ev += c.events();
        let f = c.figures();
        let k = &f.campaigns[0];
        sums[0] += k.connected as f64 / 8.0;
        sums[1] += k.abandoned_share();
        sums[2] += f.agent_hours[6];
        sums[3] += f.agent_hours[1];
    }
    println!(
        "{:?} {:?} events {}",
        sums.map(|s| s / days as f64),
        t.elapsed(),
        ev / days
    );
}
