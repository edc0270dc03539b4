//! Settings of a queue: written whole, with everything that nobody asked to change as it was.

use serde_json::{Value, json};

use super::tenant::{asked, centre, quick};

const QUEUE: &str = "queue-outbound";

#[test]
fn a_queue_is_shown_and_changed_and_everything_else_of_it_stays() {
    let centre = centre(quick());
    assert!(
        centre
            .platform
            .person_sets_cloud_queue(QUEUE, "odd", json!({"kept": [1.5, null]}))
    );
    let before = centre.platform.cloud_queue(QUEUE).unwrap();
    let shown = asked(&centre, &["queue", "show", QUEUE]);
    assert_eq!(shown.code(), 0, "{}{}", shown.stdout, shown.stderr);
    let change = ["queue", "apply", QUEUE, "--set", "wrap_up=\"45s\""];
    let applied = asked(&centre, &change);
    assert_eq!(applied.code(), 0, "{}{}", applied.stdout, applied.stderr);
    let mut after = centre.platform.cloud_queue(QUEUE).unwrap();
    assert_eq!(after["acwSettings"]["timeoutMs"], 45_000);
    assert_eq!(after["modifiedBy"], "autopilot");
    for member in ["dateModified", "modifiedBy"] {
        after[member] = before[member].clone();
    }
    after["acwSettings"]["timeoutMs"] = before["acwSettings"]["timeoutMs"].clone();
    let without_count = |mut queue: Value| {
        queue.as_object_mut().unwrap().remove("memberCount");
        queue
    };
    assert_eq!(without_count(after), without_count(before));
}

#[test]
fn what_a_queue_of_this_platform_does_not_have_is_refused_with_the_reason() {
    let centre = centre(quick());
    let refused = asked(
        &centre,
        &["queue", "apply", QUEUE, "--set", "max_waiters=3"],
    );
    assert_ne!(refused.code(), 0);
    let told = format!("{}{}", refused.stdout, refused.stderr);
    assert!(told.contains("max_waiters"), "{told}");
    assert_eq!(
        centre.platform.cloud_queue(QUEUE).unwrap()["modifiedBy"],
        "user-ana"
    );
}
