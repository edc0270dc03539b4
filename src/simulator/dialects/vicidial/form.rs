//! The fields of a request, and the characters that are deleted from their values.

use super::super::super::encoding::form_decode;

/// The fields in the order in which they were sent: those of the address, then those of the body.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    fields: Vec<(String, String)>,
    /// The value of the last field of the body, which the log keeps.
    last: String,
}

impl Form {
    pub(super) fn read(query: &str, body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body);
        let (mut fields, in_body) = (pairs(query), pairs(&body));
        let last = in_body.last().map(|(_, value)| value.clone());
        fields.extend(in_body);
        Self {
            fields,
            last: last.unwrap_or_default(),
        }
    }

    /// The value of a field as it was sent; the last one where there are several, and empty where there is none.
    pub(super) fn raw(&self, name: &str) -> &str {
        let found = self.fields.iter().rfind(|(field, _)| field == name);
        found.map_or("", |(_, value)| value)
    }

    pub(super) fn last(&self) -> &str {
        &self.last
    }

    pub(super) fn function(&self) -> &str {
        self.raw("function")
    }

    /// A user, a password or an id: letters, digits, dashes and underscores.
    pub(super) fn name(&self, field: &str) -> String {
        kept(self.raw(field), |c| {
            c.is_ascii_alphanumeric() || c == '-' || c == '_'
        })
    }

    pub(super) fn source(&self) -> String {
        kept(self.raw("source"), |c| c.is_ascii_alphanumeric())
    }

    /// `Y` or `N`: small letters are deleted.
    pub(super) fn flag(&self, field: &str) -> String {
        kept(self.raw(field), |c| c.is_ascii_uppercase())
    }

    /// A number: commas and signs are deleted.
    pub(super) fn number(&self, field: &str) -> String {
        kept(self.raw(field), |c| c.is_ascii_digit() || c == '.')
    }

    /// A word in capitals.
    pub(super) fn word(&self, field: &str) -> String {
        kept(self.raw(field), |c| {
            c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'
        })
    }

    /// What stands between fields of an answer.
    pub(super) fn separator(&self) -> &'static str {
        match self.raw("stage") {
            "tab" => "\t",
            "csv" => ",",
            _ => "|",
        }
    }

    pub(super) fn wants_header(&self) -> bool {
        self.raw("header") == "YES"
    }
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (form_decode(name), form_decode(value))
        })
        .collect()
}

fn kept(text: &str, keeps: impl Fn(char) -> bool) -> String {
    text.chars().filter(|c| keeps(*c)).collect()
}
