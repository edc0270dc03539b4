//! Faults in the words of the script.

use bytes::Bytes;
use hyper::Method;
use hyper::header::HeaderMap;

use crate::simulator::{
    Dialect, DialerOperation, DialerSettings, Endpoint, Fault, FaultRule, FaultTiming, Outcome,
    Script, SentRequest, Settings, SimClock, SimHandle, SimTime,
};

#[test]
fn a_fault_says_what_the_script_would_and_repeats_what_it_was_sent() {
    let clock = SimClock::manual(SimTime::from_unix_millis(1_715_760_000_000));
    let mut settings = Settings::new(clock, Script::Fixed);
    settings.dialect = Dialect::Vicidial(Box::new(DialerSettings {
        old_language: true,
        ..DialerSettings::default()
    }));
    let handle = SimHandle::without_sockets(settings);
    let answered = |fault: Fault, operation: DialerOperation, function: &str| {
        handle.inject(FaultRule {
            fault,
            endpoint: Some(Endpoint::Dialer(operation)),
            when: FaultTiming::Next(1),
        });
        let form =
            format!("source=test&user=ops&pass=hunter2&function={function}&campaign_id=OUTBA");
        let exchange = handle.exchange(SentRequest {
            method: Method::POST,
            uri: "/vicidial/non_agent_api.php".to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::from(form),
        });
        let Outcome::Answered { status, body, .. } = exchange.outcome else {
            panic!("{exchange:?}");
        };
        assert_eq!(status.as_u16(), 200, "the first line decides");
        String::from_utf8(body.to_vec()).unwrap()
    };
    let list = |fault| answered(fault, DialerOperation::CampaignsList, "campaigns_list");
    let update = |fault| answered(fault, DialerOperation::UpdateCampaign, "update_campaign");
    for (said, expected) in [
        (
            list(Fault::Unauthorized),
            "ERROR: Login incorrect, please try again: |ops|hunter2|BAD|\n",
        ),
        (
            list(Fault::Forbidden),
            "ERROR: auth USER DOES NOT HAVE PERMISSION TO USE THIS FUNCTION: |ops|campaigns_list|\n",
        ),
        (
            list(Fault::NotFound),
            "ERROR: campaigns_list THIS USER HAS NO VIEWABLE CAMPAIGNS: ops|\n",
        ),
        (
            update(Fault::NotFound),
            "ERROR: update_campaign CAMPAIGN DOES NOT EXIST: |ops|OUTBA\n",
        ),
        (
            list(Fault::Status500),
            "MySQL connect ERROR: Can't connect to local server\n",
        ),
    ] {
        assert_eq!(said, expected);
    }
}
