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

use crate::centre::{CAMPAIGN, Centre, Invocation, wait_until};
use crate::receiver::{Answering, Receiver};

/// The farewell has two seconds, which a machine that stands still uses up.
const LAST_MOMENTS: &str = "traces of the last moments were not exported";

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
    let of_start = daemon.wait_for_log("started");
    // The tick of the pause goes on behind it.
    let trace = line["trace_id"].as_str().unwrap();
    wait_until("its trace was sent", || {
        let all = spans(&collector);
        let whole = all
            .iter()
            .any(|one| one.trace == trace && one.name == "tick");
        let tried = |one: &Span| one.name == "page" && one.field("attempts") == "2";
        whole && all.iter().any(tried)
    });
    // What waits is sent at the end.
    daemon.tolerate(&[LAST_MOMENTS]).stop();

    let all = spans(&collector);
    let command = all.iter().find(|span| span.name == "command").unwrap();
    assert_eq!(command.field("campaign"), CAMPAIGN);
    assert_eq!(command.field("to"), "paused");
    assert_eq!(command.field("outcome"), "confirmed");
    assert_eq!(
        command.field("decision"),
        line["decision"].as_str().unwrap()
    );
    // A line leads to its trace, and one outside of all traces names none.
    assert_eq!(line["trace_id"].as_str(), Some(command.trace.as_str()));
    let of_line = line["span_id"].as_str().unwrap();
    assert!(all.iter().any(|span| span.id == of_line), "{line}");
    assert_eq!(of_start["trace_id"], Value::Null);
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
    let daemon = daemon.tolerate(&["traces not exported", LAST_MOMENTS]);
    daemon.stop();
}

#[test]
fn a_collector_that_is_not_there_is_told_once() {
    let centre = Centre::new();
    let collector = Receiver::start(Answering::Status(500));
    let daemon = traced(&centre, &base(&collector)).start();
    let daemon = daemon.tolerate(&["traces not exported", LAST_MOMENTS]);
    daemon.wait_for_log("traces not exported");
    collector.answer(Answering::Status(200));
    daemon.wait_for_log("traces are exported again");
    daemon.stop();
}

/// The fields of a message of protocol buffers that hold bytes, by number: texts, ids and further messages.
fn held(mut message: &[u8]) -> Vec<(u64, &[u8])> {
    fn number(from: &mut &[u8]) -> u64 {
        let mut value = 0;
        for place in 0.. {
            let (first, rest) = from.split_first().unwrap();
            *from = rest;
            value |= u64::from(first & 127) << (7 * place);
            if first & 128 == 0 {
                break;
            }
        }
        value
    }
    let mut found = Vec::new();
    while !message.is_empty() {
        let tag = number(&mut message);
        let length = match tag & 7 {
            0 => {
                number(&mut message);
                0
            }
            1 => 8,
            2 => usize::try_from(number(&mut message)).unwrap(),
            5 => 4,
            other => panic!("no field begins with {other}"),
        };
        let (inner, rest) = message.split_at(length);
        message = rest;
        if tag & 7 == 2 {
            found.push((tag >> 3, inner));
        }
    }
    found
}

#[test]
fn protocol_buffers_carry_the_same_spans() {
    let centre = Centre::new();
    let collector = Receiver::start(Answering::Status(200));
    let mut invocation = traced(&centre, &base(&collector));
    let daemon = invocation
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .start();
    centre.platform.set_available(3);
    let line = daemon.wait_for_log("paused");
    let sent = |name: &str| {
        let requests = collector.taken();
        let mut bodies = requests.iter().map(|request| request.bytes.as_slice());
        bodies.any(|body| body.windows(name.len()).any(|part| part == name.as_bytes()))
    };
    wait_until("a command and a tick were sent", || {
        sent("command") && sent("tick")
    });
    daemon.tolerate(&[LAST_MOMENTS]).stop();
    let below = |messages: Vec<Vec<u8>>, field: u64| -> Vec<Vec<u8>> {
        let inner = messages.iter().flat_map(|message| held(message));
        inner
            .filter(|(number, _)| *number == field)
            .map(|(_, inner)| inner.to_vec())
            .collect()
    };
    let requests: Vec<_> = collector
        .taken()
        .into_iter()
        .map(|request| {
            assert_eq!(request.path, "/v1/traces");
            assert_eq!(request.header("content-type"), "application/x-protobuf");
            request.bytes
        })
        .collect();
    // resource_spans, scope_spans, spans; of a span the id of the trace and the name (opentelemetry/proto/trace/v1/trace.proto).
    let spans = below(below(below(requests, 1), 2), 2);
    let named = |name: &str| {
        let is_so = |span: &&Vec<u8>| held(span).contains(&(5, name.as_bytes()));
        let span = spans
            .iter()
            .find(is_so)
            .unwrap_or_else(|| panic!("no {name}"));
        let trace = held(span)
            .into_iter()
            .find(|(number, _)| *number == 1)
            .unwrap()
            .1;
        let digits: Vec<String> = trace.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.concat()
    };
    assert_eq!(named("command"), line["trace_id"].as_str().unwrap());
    for name in [
        "tick",
        "poll",
        "page",
        "decide",
        "request",
        "journal.commit",
    ] {
        assert_eq!(named(name).len(), 32, "{name}");
    }
}

#[test]
fn grpc_is_refused_with_what_to_give_instead() {
    let centre = Centre::new();
    let refused = traced(&centre, "http://127.0.0.1:4317")
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        .output();
    assert_eq!(refused.code(), 78, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("OTEL_EXPORTER_OTLP_PROTOCOL")
            && refused.stderr.contains("http/protobuf"),
        "{}",
        refused.stderr
    );
}
