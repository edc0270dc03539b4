//! Holds what is served against its `OpenAPI` description: the parts of JSON Schema that the description uses, and no
//! others, so that nothing passes because it was not understood.

use std::collections::BTreeSet;

use serde_json::Value;

/// The description in the source.
pub(crate) fn description() -> Value {
    serde_json::from_str(include_str!("../../src/serve/openapi.json")).unwrap()
}

/// A description, and which of its operations were called.
pub(crate) struct Described {
    document: Value,
    called: BTreeSet<String>,
}

impl Described {
    pub(crate) fn new(document: Value) -> Self {
        Self {
            document,
            called: BTreeSet::new(),
        }
    }

    fn operation(&self, path: &str, method: &str) -> &Value {
        let found = &self.document["paths"][path][method.to_lowercase()];
        assert!(found.is_object(), "{method} {path} is not described");
        found
    }

    /// A request's body is as described.
    pub(crate) fn request(&self, path: &str, method: &str, body: &Value) {
        let schema =
            &self.operation(path, method)["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(schema.is_null(), body.is_null(), "{method} {path}: a body");
        if !schema.is_null() {
            self.check(schema, body, &format!("{method} {path}"));
        }
    }

    /// An answer's status and body are as described.
    pub(crate) fn answer(&mut self, path: &str, method: &str, status: u16, body: &Value) {
        self.check_answer(path, method, status, "application/json", Some(body));
    }

    /// A stream's first event is as described.
    pub(crate) fn event(&mut self, path: &str, method: &str, status: u16, data: &Value) {
        self.check_answer(path, method, status, "text/event-stream", None);
        let schema = serde_json::json!({"$ref": "#/components/schemas/Status"});
        self.check(&schema, data, path);
    }

    fn check_answer(
        &mut self,
        path: &str,
        method: &str,
        status: u16,
        kind: &str,
        body: Option<&Value>,
    ) {
        let place = format!("{method} {path} {status}");
        let answer = &self.operation(path, method)["responses"][status.to_string()];
        let schema = &answer["content"][kind]["schema"];
        assert!(schema.is_object(), "{place} is not described");
        if let Some(body) = body {
            self.check(schema, body, &place);
        }
        self.called.insert(format!("{method} {path}"));
    }

    /// Operations that no answer was checked of.
    pub(crate) fn not_called(&self) -> Vec<String> {
        let paths = self.document["paths"].as_object().unwrap().iter();
        paths
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().keys();
                methods.map(move |method| format!("{} {path}", method.to_uppercase()))
            })
            .filter(|operation| !self.called.contains(operation))
            .collect()
    }

    fn check(&self, schema: &Value, value: &Value, place: &str) {
        let schema = schema.as_object().unwrap();
        for (word, rule) in schema {
            match word.as_str() {
                "$ref" => {
                    let name = rule.as_str().unwrap().rsplit('/').next().unwrap();
                    let schema = &self.document["components"]["schemas"][name];
                    assert!(schema.is_object(), "{place}: {name} is not described");
                    self.check(schema, value, place);
                }
                "oneOf" => {
                    let null = value.is_null();
                    let fits = |one: &&Value| (one["type"] == "null") == null;
                    let one = rule.as_array().unwrap().iter().find(fits).unwrap();
                    self.check(one, value, place);
                }
                "type" => {
                    let several = rule.as_array().cloned();
                    let kinds = several.unwrap_or_else(|| vec![rule.clone()]);
                    let fits = kinds.iter().any(|kind| is_a(value, kind.as_str().unwrap()));
                    assert!(fits, "{place}: {value} is no {rule}");
                }
                "enum" => {
                    let words = rule.as_array().unwrap();
                    assert!(words.contains(value), "{place}: {value} is none of {rule}");
                }
                "items" => {
                    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(rule, item, &format!("{place}[{at}]"));
                    }
                }
                "required" => {
                    for name in rule.as_array().unwrap() {
                        let there = value.get(name.as_str().unwrap()).is_some();
                        assert!(there, "{place}: {name} is missing in {value}");
                    }
                }
                "properties" => {
                    for (name, schema) in rule.as_object().unwrap() {
                        if let Some(value) = value.get(name) {
                            self.check(schema, value, &format!("{place}.{name}"));
                        }
                    }
                }
                "additionalProperties" => {
                    let known = schema.get("properties").and_then(Value::as_object);
                    for name in value.as_object().into_iter().flat_map(|found| found.keys()) {
                        let known = known.is_some_and(|known| known.contains_key(name));
                        assert!(known || rule == true, "{place}: {name} is not described");
                    }
                }
                "description" => {}
                other => panic!("{place}: {other} is not understood"),
            }
        }
    }
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        other => panic!("{other} is not understood"),
    }
}
