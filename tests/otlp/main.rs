//! Traces reach a collector, and one that does not answer delays nothing. Built with the feature `otlp` only.
#![cfg(test)]

#[expect(dead_code, reason = "shared with the other integration tests")]
#[path = "../it/centre.rs"]
mod centre;
#[expect(dead_code, reason = "shared with the other integration tests")]
#[path = "../it/receiver.rs"]
mod receiver;

use std::collections::BTreeMap;

use campaign_autopilot::simulator::{Endpoint, Fault, FaultRule, FaultTiming};
use serde_json::Value;

use crate::centre::{CAMPAIGN, Centre, Invocation};
use crate::receiver::{Answering, Receiver};

/// A span as the collector was sent it.
#[derive(Clone, Debug)]
struct Span {
    id: String,
    parent: String,
    trace: String,
    name: String,
    fields: BTreeMap<String, String>,
}

impl Span {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// An attribute's value, whatever its type.
fn text(value: &Value) -> String {
    let inner = value.as_object().unwrap().values().next().unwrap();
    inner
        .as_str()
        .map_or_else(|| inner.to_string(), str::to_owned)
}

fn fields(attributes: &Value) -> BTreeMap<String, String> {
    let attributes = attributes.as_array().into_iter().flatten();
    attributes
        .map(|one| (one["key"].as_str().unwrap().to_owned(), text(&one["value"])))
        .collect()
}

fn spans(receiver: &Receiver) -> Vec<Span> {
    let mut found = Vec::new();
    for request in receiver.taken() {
        assert_eq!(request.path, "/v1/traces");
        assert_eq!(request.header("content-type"), "application/json");
        for resource in request.json()["resourceSpans"].as_array().unwrap() {
            let named = fields(&resource["resource"]["attributes"]);
            assert_eq!(named["service.name"], "campaign-autopilot");
            for scope in resource["scopeSpans"].as_array().unwrap() {
                for span in scope["spans"].as_array().unwrap() {
                    let text = |key: &str| span[key].as_str().unwrap_or_default().to_owned();
                    found.push(Span {
                        id: text("spanId"),
                        parent: text("parentSpanId"),
                        trace: text("traceId"),
                        name: text("name"),
                        fields: fields(&span["attributes"]),
                    });
                }
            }
        }
    }
    found
}

fn traced(centre: &Centre, to: &str) -> Invocation {
    let mut invocation = centre.daemon();
    invocation.args(&["--otlp-endpoint", to]);
    invocation
}

fn base(receiver: &Receiver) -> String {
    receiver.url().replace("/hooks/T0K3N", "")
}

#[test]
fn a_pause_is_one_trace_from_the_poll_to_the_committed_outcome() {
    let centre = Centre::new();
    let collector = Receiver::start(Answering::Status(200));
    let daemon = traced(&centre, &base(&collector)).start();
    daemon.wait_for_log("first poll complete");
    centre.platform.inject(FaultRule {
        fault: Fault::Status500,
        endpoint: Some(Endpoint::Agents),
        when: FaultTiming::Next(1),
    });
    centre.platform.set_available(3);
    let line = daemon.wait_for_log("paused");
    // The tick of the pause goes on behind it, and has to end in order as well.
    centre.wait_for_polls(2);
    // What waits is sent at the end.
    daemon.stop();

    let all = spans(&collector);
    let command = all.iter().find(|span| span.name == "command").unwrap();
    assert_eq!(command.field("campaign"), CAMPAIGN);
    assert_eq!(command.field("to"), "paused");
    assert_eq!(command.field("outcome"), "confirmed");
    assert_eq!(
        command.field("decision"),
        line["decision"].as_str().unwrap()
    );
    let within = |name: &str| -> Vec<&Span> {
        let named = all.iter().filter(|span| span.trace == command.trace);
        named.filter(|span| span.name == name).collect()
    };
    let [tick] = within("tick")[..] else {
        panic!("{all:#?}")
    };
    assert_eq!(tick.parent, "", "a tick begins a trace");
    assert_eq!(tick.field("decision"), command.field("decision"));
    let below = |parent: &Span, name: &str| {
        let found = within(name);
        assert!(
            found.iter().any(|span| span.parent == parent.id),
            "no {name} below {}: {found:#?}",
            parent.name
        );
    };
    for name in ["poll", "decide", "command", "journal.commit", "assignments"] {
        below(tick, name);
    }
    let poll = within("poll")[0].clone();
    // Everybody: those who are available stand first, so that nothing shows yet that asking for them alone is safe.
    assert_eq!(poll.field("rows"), "10");
    below(&poll, "page");
    below(command, "request");
    below(command, "journal.commit");
    let put = within("request")
        .into_iter()
        .find(|span| span.field("endpoint") == "campaign_put")
        .unwrap();
    assert_eq!(put.parent, command.id);
    assert_eq!(put.field("attempts"), "1");

    // The page that failed once says so, wherever its tick was.
    let pages = all.iter().filter(|span| span.name == "page");
    let tried: Vec<&str> = pages.map(|page| page.field("attempts")).collect();
    assert!(tried.contains(&"2"), "{tried:?}");
}

#[test]
fn a_collector_that_does_not_answer_delays_neither_pause_nor_end() {
    let centre = Centre::new();
    let collector = Receiver::start(Answering::Silent);
    let daemon = traced(&centre, &base(&collector)).start();
    centre.platform.set_available(3);
    daemon.wait_for_log("paused");
    collector.wait_for_requests(1);
    centre.wait_for_polls(20);
    centre.platform.set_available(10);
    daemon.wait_for_log("resumed");
    // Its farewell is bounded: an end that waited for the collector would not come.
    let daemon = daemon.tolerate(&["traces of the last moments were not exported"]);
    daemon.stop();
}

#[test]
fn a_collector_that_is_not_there_is_told_once() {
    let centre = Centre::new();
    let collector = Receiver::start(Answering::Status(500));
    let daemon = traced(&centre, &base(&collector)).start();
    let daemon = daemon.tolerate(&["traces not exported"]);
    daemon.wait_for_log("traces not exported");
    collector.answer(Answering::Status(200));
    daemon.wait_for_log("traces are exported again");
    daemon.stop();
}
