//! The region of a profile in the files that the vendor's other clients share.
//!
//! *Which profile:* `AWS_PROFILE`, or `default`. *Which files:* `~/.aws/config` with sections such as `[profile dialler]`, and `~/.aws/credentials` with
//! sections such as `[dialler]`, whose keys come before; `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` name others. A profile that has no region takes
//! that of its `source_profile`. Only this key is read here: credentials are the business of the vendor's chain.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::platform::dialect::{RegionFiles, Variables};

/// What the settings have to know of it.
pub(super) const REGION_FILES: RegionFiles = RegionFiles { paths, region };

/// The section of whoever names none.
const DEFAULT: &str = "default";

fn home(variables: &Variables<'_>, rest: &str) -> Option<PathBuf> {
    let home = variables("HOME").filter(|home| !home.is_empty())?;
    Some(PathBuf::from(home).join(rest))
}

/// The files in the order in which they are asked: keys of credentials come first.
fn paths(variables: &Variables<'_>) -> Vec<PathBuf> {
    let path = |variable: &str, usual: &str| match variables(variable) {
        Some(named) => match named.strip_prefix("~/") {
            Some(rest) => home(variables, rest),
            None => Some(PathBuf::from(named)),
        },
        None => home(variables, usual),
    };
    let credentials = path("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
    let config = path("AWS_CONFIG_FILE", ".aws/config");
    // Both keep their place, so that each text is read by its own rules.
    vec![credentials.unwrap_or_default(), config.unwrap_or_default()]
}

/// The region of the profile in force, with the number of the file that names it.
fn region(variables: &Variables<'_>, texts: &[String]) -> Option<(String, usize)> {
    let profile = variables("AWS_PROFILE").map(|name| name.trim().to_owned());
    let mut profile = profile
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| DEFAULT.to_owned());
    let mut seen = BTreeSet::new();
    loop {
        if let Some(found) = value(texts, &profile, "region") {
            return Some(found);
        }
        let (next, _) = value(texts, &profile, "source_profile")?;
        // A circle has no region anywhere.
        if !seen.insert(std::mem::replace(&mut profile, next)) {
            return None;
        }
    }
}

/// A key of a profile, with the number of the file that has it.
fn value(texts: &[String], profile: &str, key: &str) -> Option<(String, usize)> {
    let numbered = texts.iter().enumerate();
    let mut found = numbered.filter_map(|(number, text)| {
        // Only the first file is one of credentials, where every section is a profile.
        let value = if number == 0 {
            in_section(text, profile, key)
        } else {
            let named = in_section(text, &format!("profile {profile}"), key);
            let bare = || in_section(text, DEFAULT, key).filter(|_| profile == DEFAULT);
            named.or_else(bare)
        };
        Some((value?, number))
    });
    found.next()
}

/// A key in a section; the last one holds where it is there twice.
fn in_section(text: &str, section: &str, key: &str) -> Option<String> {
    let mut within = false;
    let mut found = None;
    for line in text.lines() {
        // What is indented belongs to the key before it.
        if line.starts_with([' ', '\t', '#', ';']) || line.trim().is_empty() {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            let name = name.split(']').next().unwrap_or_default();
            within = name.split_whitespace().eq(section.split_whitespace());
            continue;
        }
        let Some((name, value)) = line.split_once('=').filter(|_| within) else {
            continue;
        };
        if !name.trim().eq_ignore_ascii_case(key) {
            continue;
        }
        // A comment begins behind a space.
        let ends = [" #", " ;", "\t#", "\t;"].map(|mark| value.find(mark));
        let end = ends.into_iter().flatten().min().unwrap_or(value.len());
        let value = value.get(..end).unwrap_or(value).trim();
        found = (!value.is_empty()).then(|| value.to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(variables: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    fn found(profile: Option<&str>, credentials: &str, config: &str) -> Option<(String, usize)> {
        let variables: Vec<(&str, &str)> = profile
            .map(|name| ("AWS_PROFILE", name))
            .into_iter()
            .collect();
        region(
            &with(&variables),
            &[credentials.to_owned(), config.to_owned()],
        )
    }

    const CONFIG: &str = "# regions\n[default]\nregion = eu-west-1\n\n[profile dialler]\nREGION=eu-west-2 ; London\ns3 =\n  region = us-east-1\n\
        [profile  role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = dialler\n\
        [profile round]\nsource_profile = about\n[profile about]\nsource_profile = round\n\
        [sso-session corp]\nregion = us-west-1\n[profile bare]\noutput = json\n[dialler]\nregion = us-west-2\n";

    #[test]
    fn a_profile_has_its_own_region_or_that_of_its_source() {
        for (profile, expected) in [
            (None, Some("eu-west-1")),
            (Some(""), Some("eu-west-1")),
            (Some("default"), Some("eu-west-1")),
            (Some("dialler"), Some("eu-west-2")),
            (Some("role"), Some("eu-west-2")),
            (Some("round"), None),
            (Some("bare"), None),
            (Some("corp"), None),
            (Some("nobody"), None),
        ] {
            let region = found(profile, "", CONFIG);
            let expected = expected.map(|region| (region.to_owned(), 1));
            assert_eq!(region, expected, "{profile:?}");
        }
        assert_eq!(found(None, "", ""), None);
        assert_eq!(
            found(None, "", "region = eu-west-1\n[default\nregion"),
            None
        );
    }

    #[test]
    fn what_stands_beside_the_keys_comes_first() {
        let credentials = "[dialler]\naws_access_key_id = AKIA\nregion = ap-south-1\n[profile bare]\nregion = eu-south-1\n";
        let region = |profile| found(Some(profile), credentials, CONFIG);
        assert_eq!(region("dialler"), Some(("ap-south-1".to_owned(), 0)));
        // A prefix means nothing there.
        assert_eq!(region("bare"), None);
        let both = "[profile default]\nregion = eu-west-2\n[default]\nregion = eu-west-1\n";
        assert_eq!(found(None, "", both), Some(("eu-west-2".to_owned(), 1)));
    }

    #[test]
    fn files_are_at_home_or_where_a_variable_says() {
        let of = |variables: &[(&str, &str)]| paths(&with(variables));
        let home = ("HOME", "/home/ops");
        assert_eq!(
            of(&[home]),
            [
                PathBuf::from("/home/ops/.aws/credentials"),
                PathBuf::from("/home/ops/.aws/config")
            ]
        );
        let named = [
            home,
            ("AWS_CONFIG_FILE", "/etc/aws"),
            ("AWS_SHARED_CREDENTIALS_FILE", "~/keys"),
        ];
        assert_eq!(
            of(&named),
            [PathBuf::from("/home/ops/keys"), PathBuf::from("/etc/aws")]
        );
        assert_eq!(of(&[]), [PathBuf::new(), PathBuf::new()]);
    }
}
