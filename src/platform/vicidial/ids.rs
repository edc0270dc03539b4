//! What an id, a user and a password have to be made of: the platform deletes every other character before it looks at them.

use crate::domain::CampaignId;

/// Returns what is wrong with the ids of campaigns, each by itself and beside those before it.
#[must_use]
pub fn campaign_faults(ids: &[CampaignId]) -> Vec<(CampaignId, String)> {
    let mut faults = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for id in ids {
        let text = id.as_str();
        if !(2..=8).contains(&text.len()) || !is_plain(text) {
            let wrong = "is not a campaign id there: 2 to 8 letters, digits, dashes or underscores";
            faults.push((id.clone(), wrong.to_owned()));
        }
        let small = text.to_ascii_lowercase();
        if seen.contains(&small) {
            let wrong = "is the same campaign as another one: small and capital letters are alike";
            faults.push((id.clone(), wrong.to_owned()));
        }
        seen.push(small);
    }
    faults
}

/// Returns why a user or a password can never log in, without repeating it.
#[must_use]
pub fn credential_fault(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("is empty".to_owned());
    }
    (!is_plain(text)).then(|| {
        "has characters other than letters, digits, dashes and underscores, which the platform deletes before it compares: no log-in with it can succeed"
            .to_owned()
    })
}

fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_two_to_eight_plain_characters_and_is_named_once() {
        let faulty = |ids: &[&str]| {
            let ids: Vec<CampaignId> = ids.iter().map(|id| id.parse().unwrap()).collect();
            campaign_faults(&ids).len()
        };
        assert_eq!(faulty(&["OUTBA", "DASH-1", "a_b", "12", "12345678"]), 0);
        assert_eq!(faulty(&["A", "123456789", "OUT.A", "ÄÖ"]), 4);
        assert_eq!(faulty(&["OUTBA", "outba"]), 1);
    }

    #[test]
    fn a_password_that_can_never_log_in_is_told_without_it() {
        assert_eq!(credential_fault("Secret-pass_1"), None);
        for wrong in ["ab&c", "a b", "p%ss", "pä", "a.b", "a+b"] {
            let told = credential_fault(wrong).unwrap();
            assert!(!told.contains(wrong), "{told}");
        }
        assert!(credential_fault("").is_some());
    }
}
