//! The one path, and which function a request to it is for.

use hyper::Method;

use super::super::super::call::Route;
use super::super::super::faults::Endpoint;
use super::super::super::sent_request::SentRequest;
use super::form::Form;
use super::operation::DialerOperation;

/// Where everything goes.
const SCRIPT: &str = "/vicidial/non_agent_api.php";

/// Where a request goes.
pub(in crate::simulator) fn route(sent: &SentRequest) -> Route {
    if sent.path() != SCRIPT {
        return Route::Unknown;
    }
    if sent.method != Method::GET && sent.method != Method::POST {
        return Route::WrongMethod("GET, POST");
    }
    let form = Form::read(sent.query(), &sent.body);
    let operation = DialerOperation::of_function(form.function());
    let campaign = form.raw("campaign_id");
    let campaign = (!campaign.is_empty()).then(|| campaign.to_owned());
    Route::Served(Endpoint::Dialer(operation), campaign)
}
