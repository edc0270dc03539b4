//! Which addresses are on this machine.

use std::net::IpAddr;

use reqwest::Url;

/// Returns whether an address is on this machine: what is sent there stays here.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']');
    match ip.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for (text, stays) in [
            ("http://127.0.0.1:8081", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:8081", true),
            ("http://LOCALHOST", true),
            ("https://platform.localhost:444/x", true),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
            ("https://api.example.com", false),
            ("http://[::2]", false),
        ] {
            assert_eq!(is_loopback(&text.parse().unwrap()), stays, "{text}");
        }
    }
}
