//! The regions of the platform, each with a host for the API and one for log-ins.

use reqwest::Url;

use crate::platform::dialect::RegionHosts;

/// Regions that the vendor publishes. The addresses of another one can be given by themselves.
const REGIONS: [&str; 18] = [
    "mypurecloud.com",
    "mypurecloud.ie",
    "mypurecloud.de",
    "mypurecloud.jp",
    "mypurecloud.com.au",
    "usw2.pure.cloud",
    "cac1.pure.cloud",
    "sae1.pure.cloud",
    "mxc1.pure.cloud",
    "euw2.pure.cloud",
    "euc2.pure.cloud",
    "aps1.pure.cloud",
    "apne2.pure.cloud",
    "apne3.pure.cloud",
    "apse1.pure.cloud",
    "mec1.pure.cloud",
    "use2.us-gov-pure.cloud",
    "edee1.eusc-pure.cloud",
];

/// Returns the hosts of a region.
///
/// # Errors
/// When the text is not the name of a region.
pub fn hosts(region: &str) -> Result<RegionHosts, String> {
    let region = region.trim().to_ascii_lowercase();
    if !REGIONS.contains(&region.as_str()) {
        return Err(format!(
            "`{region}` is not a region that is known (known: {}); for another one give base_url and token_url instead",
            REGIONS.join(", ")
        ));
    }
    let url = |text: String| text.parse::<Url>().map_err(|wrong| wrong.to_string());
    Ok(RegionHosts {
        api: url(format!("https://api.{region}/"))?,
        token_url: url(format!("https://login.{region}/oauth/token"))?,
        metrics: None,
        name: region,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_gives_both_hosts() {
        for region in REGIONS {
            let hosts = hosts(region).unwrap();
            assert_eq!(hosts.api.as_str(), format!("https://api.{region}/"));
            let log_in = format!("https://login.{region}/oauth/token");
            assert_eq!(hosts.token_url.as_str(), log_in);
        }
        assert!(hosts(" MyPureCloud.de ").is_ok());
        for wrong in [
            "",
            "de",
            "api.mypurecloud.de",
            "mypurecloud.de/x",
            "pure.cloud",
        ] {
            let told = hosts(wrong).unwrap_err();
            assert!(told.contains("mypurecloud.ie"), "{told}");
        }
    }
}
