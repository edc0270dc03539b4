//! The regions of the platform, each with a host for campaigns and one for counts.

use reqwest::Url;

use crate::platform::dialect::RegionHosts;

/// Variables by which the vendor's own tools are told a region.
pub const VARIABLES: &[&str] = &["AWS_REGION", "AWS_DEFAULT_REGION"];

/// Returns the hosts of a region. Which regions there are is not listed here, since new ones come: only the form is checked.
///
/// # Errors
/// When the text does not have the form of a region's name.
pub fn hosts(region: &str) -> Result<RegionHosts, String> {
    let region = region.trim().to_ascii_lowercase();
    if !is_region(&region) {
        return Err(format!(
            "`{region}` is not the name of a region, such as eu-west-2"
        ));
    }
    let end = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    let url = |service: &str| {
        let text = format!("https://{service}.{region}.{end}/");
        text.parse::<Url>().map_err(|wrong| wrong.to_string())
    };
    let campaigns = url("connect-campaigns")?;
    Ok(RegionHosts {
        token_url: campaigns.clone(),
        api: campaigns,
        metrics: Some(url("connect")?),
        name: region.clone(),
    })
}

/// Whether a text looks like `eu-west-2` or `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [area, middle @ .., number] = parts.as_slice() else {
        return false;
    };
    let letters =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    area.len() == 2
        && letters(area)
        && (1..=2).contains(&middle.len())
        && middle.iter().all(|part| letters(part))
        && number.len() == 1
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_gives_both_hosts() {
        for (region, campaigns, counts) in [
            (
                "eu-west-2",
                "https://connect-campaigns.eu-west-2.amazonaws.com/",
                "https://connect.eu-west-2.amazonaws.com/",
            ),
            (
                " US-Gov-West-1 ",
                "https://connect-campaigns.us-gov-west-1.amazonaws.com/",
                "https://connect.us-gov-west-1.amazonaws.com/",
            ),
            (
                "cn-north-1",
                "https://connect-campaigns.cn-north-1.amazonaws.com.cn/",
                "https://connect.cn-north-1.amazonaws.com.cn/",
            ),
        ] {
            let found = hosts(region).unwrap();
            assert_eq!(found.api.as_str(), campaigns);
            assert_eq!(found.metrics.unwrap().as_str(), counts);
            assert_eq!(found.name, region.trim().to_lowercase());
        }
        for wrong in [
            "",
            "eu",
            "eu-west",
            "eu_west_2",
            "eu-west-2.x",
            "mypurecloud.ie",
            "eu-west-22/",
        ] {
            assert!(hosts(wrong).unwrap_err().contains("eu-west-2"), "{wrong}");
        }
    }
}
