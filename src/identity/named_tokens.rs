//! The named tokens of a file: a line each, with name, role and the hash of the secret.
//!
//! ```text
//! # made by `campaign-autopilot token add`
//! anna     operate  sha256:ba7816bf…
//! grafana  view     sha256:2cf24dba…
//! ```

use ring::hmac;

use super::role::Role;
use super::token_secret::TokenHash;

/// The longest name, in characters: the audit keeps no longer author.
const LONGEST_NAME: usize = 100;

/// So many faults of a file are told.
const MOST_FAULTS: usize = 10;

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedToken {
    /// Whom it stands for.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The hash of its secret.
    pub hash: TokenHash,
}

/// The tokens of a file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedTokens(Vec<NamedToken>);

impl NamedTokens {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// Every fault with its line and what to do about it.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let mut tokens: Vec<NamedToken> = Vec::new();
        let mut faults = Vec::new();
        for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1_usize..) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match Self::token(line) {
                Ok(token) if tokens.iter().any(|known| known.name == token.name) => {
                    let name = token.name;
                    faults.push(format!(
                        "line {number}: `{name}` stands there twice; take one of both out"
                    ));
                }
                Ok(token) => tokens.push(token),
                Err(wrong) => faults.push(format!("line {number}: {wrong}")),
            }
        }
        if faults.is_empty() {
            return Ok(Self(tokens));
        }
        let more = faults.len().saturating_sub(MOST_FAULTS);
        faults.truncate(MOST_FAULTS);
        if more > 0 {
            faults.push(format!("and {more} more lines like these"));
        }
        Err(faults)
    }

    /// Reads one line. What stands in place of the hash is not repeated: it may be a secret.
    fn token(line: &str) -> Result<NamedToken, String> {
        let mut parts = line.split_whitespace();
        let (Some(name), Some(role), Some(hash), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(
                "is not a name, a role and a hash; `token add NAME --role ROLE` writes such lines"
                    .to_owned(),
            );
        };
        if let Some(wrong) = name_fault(name) {
            return Err(wrong);
        }
        let hash = TokenHash::parse(hash).ok_or_else(|| {
            format!("the hash of `{name}` is not sha256: with 64 hexadecimal digits; make the token anew with `token add`")
        })?;
        Ok(NamedToken {
            name: name.to_owned(),
            role: role.parse()?,
            hash,
        })
    }

    /// The token with this hash. Each is compared, so that the time that it takes does not tell which one fits.
    #[must_use]
    pub fn find(&self, key: &hmac::Key, given: &TokenHash) -> Option<&NamedToken> {
        let given = given.under(key);
        let mut found = None;
        for token in &self.0 {
            if given.is(key, &token.hash) {
                found = Some(token);
            }
        }
        found
    }

    /// The tokens, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &NamedToken> {
        self.0.iter()
    }

    /// The token of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&NamedToken> {
        self.0.iter().find(|token| token.name == name)
    }

    /// What these are beyond or without those of before, a few words each; a hash is never shown.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for token in &self.0 {
            let (name, role) = (&token.name, token.role);
            match before.named(name) {
                None => changes.push(format!("added {name} ({role})")),
                Some(known) if known == token => {}
                Some(known) if known.role == role => {
                    changes.push(format!("{name} has another secret"));
                }
                Some(known) => changes.push(format!("{name}: {} -> {role}", known.role)),
            }
        }
        let gone = before
            .0
            .iter()
            .filter(|known| self.named(&known.name).is_none());
        changes.extend(gone.map(|known| format!("removed {}", known.name)));
        changes
    }
}

/// Returns what is wrong with a name that no token can have.
#[must_use]
pub fn name_fault(name: &str) -> Option<String> {
    let allowed = |c: char| c.is_alphanumeric() || "._-@+".contains(c);
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        Some(format!("a name has 1 to {LONGEST_NAME} characters"))
    } else if !name.chars().all(allowed) {
        let shown = name.escape_debug();
        Some(format!(
            "`{shown}` is not a name of a token; write letters, digits and . _ - @ +, such as anna or anna@example.com"
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, role: &str) -> String {
        format!("{name}\t{role}  {}\r\n", TokenHash::of(name))
    }

    #[test]
    fn a_token_is_found_by_its_secret_and_no_other() {
        let text = format!(
            "\u{feff}# ours\n\n{}{}",
            line("anna", "operate"),
            line("wall@lobby", "view")
        );
        let tokens = NamedTokens::parse(&text).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        let found = |secret| {
            let found = tokens.find(&key, &TokenHash::of(secret));
            found.map(|token| (token.name.as_str(), token.role))
        };
        assert_eq!(found("anna"), Some(("anna", Role::Operate)));
        assert_eq!(found("wall@lobby"), Some(("wall@lobby", Role::View)));
        assert_eq!(found("otto"), None);
        let hash = TokenHash::of("anna").to_string();
        assert_eq!(found(&hash), None, "what is kept opens nothing");
    }

    #[test]
    fn every_fault_is_told_with_its_line_and_no_secret() {
        let text = format!(
            "{}{}otto\na b c d\nkarl root {}\nkurt view autopilot_secret\nan/na view sha256:0\n",
            line("anna", "view"),
            line("anna", "admin"),
            TokenHash::of("karl"),
        );
        let faults = NamedTokens::parse(&text).unwrap_err();
        let all = faults.join("\n");
        for says in [
            "line 2: `anna` stands there twice",
            "line 3: is not a name, a role and a hash",
            "line 4: is not",
            "line 5: `root` is not a role; write view, operate or admin",
            "line 6: the hash of `kurt`",
            "line 7: `an/na` is not a name",
        ] {
            assert!(all.contains(says), "{says} in\n{all}");
        }
        assert!(!all.contains("autopilot_secret"), "{all}");
        let many = "x\n".repeat(50);
        assert_eq!(NamedTokens::parse(&many).unwrap_err().len(), 11);
    }

    #[test]
    fn what_changed_is_told_by_name_and_role() {
        let of = |lines: &[String]| NamedTokens::parse(&lines.concat()).unwrap();
        let before = of(&[
            line("anna", "view"),
            line("otto", "admin"),
            line("kurt", "view"),
        ]);
        let another = format!("kurt view {}\n", TokenHash::of("another"));
        let after = of(&[line("anna", "operate"), another, line("ci", "view")]);
        assert_eq!(
            after.changes_since(&before),
            [
                "anna: view -> operate",
                "kurt has another secret",
                "added ci (view)",
                "removed otto",
            ]
        );
        assert_eq!(before.changes_since(&before), [""; 0]);
    }
}
