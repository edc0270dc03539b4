"""The official Python client against the simulated platform: every operation that is served, in both versions, and its refusals.

Usage: client.py BASE_URL, of `simulate --platform amazon-connect`.
"""

import datetime
import sys

import boto3
import botocore.config
import botocore.exceptions

BASE = sys.argv[1]
INSTANCE = "aaaaaaaa-0000-4000-8000-000000000000"


def client(service, secret="autopilot-secret", region="eu-west-2"):
    return boto3.client(
        service, endpoint_url=BASE, region_name=region, aws_access_key_id="autopilot", aws_secret_access_key=secret,
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )


def refused(name, call, **parameters):
    try:
        call(**parameters)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == name, error
        return error.response
    raise AssertionError(f"expected {name}")


campaigns, connect = client("connectcampaignsv2"), client("connect")

listed = campaigns.list_campaigns(filters={"instanceIdFilter": {"value": INSTANCE, "operator": "Eq"}})["campaignSummaryList"]
ids = [campaign["id"] for campaign in listed]
assert ids, listed
assert all(campaign["connectInstanceId"] == INSTANCE for campaign in listed)
first = campaigns.list_campaigns(maxResults=1)
assert len(first["campaignSummaryList"]) == 1
one = ids[0]

described = campaigns.describe_campaign(id=one)["campaign"]
telephony = described["channelSubtypeConfig"]["telephony"]
queue = telephony["connectQueueId"]
(mode, settings), = telephony["outboundMode"].items()
assert described["id"] == one and described["type"] == "MANAGED"

assert campaigns.get_campaign_state(id=one)["state"] == "Running"
states = campaigns.get_campaign_state_batch(campaignIds=[*ids[:24], "no-such-campaign"])
assert {row["campaignId"]: row["state"] for row in states["successfulRequests"]}[one] == "Running"
assert states["failedRequests"] == [{"campaignId": "no-such-campaign", "failureCode": "ResourceNotFound"}]

refused("InvalidCampaignStateException", campaigns.resume_campaign, id=one)
campaigns.pause_campaign(id=one)
again = refused("InvalidCampaignStateException", campaigns.pause_campaign, id=one)
assert again["state"] == "Paused", again
assert campaigns.get_campaign_state(id=one)["state"] == "Paused"
campaigns.resume_campaign(id=one)
assert campaigns.get_campaign_state(id=one)["state"] == "Running"
refused("ResourceNotFoundException", campaigns.pause_campaign, id="no-such-campaign")

settings["bandwidthAllocation"] = 0.25
campaigns.update_campaign_channel_subtype_config(id=one, channelSubtypeConfig=described["channelSubtypeConfig"])
written = campaigns.describe_campaign(id=one)["campaign"]["channelSubtypeConfig"]
assert written == described["channelSubtypeConfig"], written
telephony["connectQueueId"] = "another-queue"
refused(
    "ValidationException", campaigns.update_campaign_channel_subtype_config,
    id=one, channelSubtypeConfig=described["channelSubtypeConfig"],
)

question = dict(
    InstanceId=INSTANCE, Filters={"Queues": [queue], "Channels": ["VOICE"]}, Groupings=["QUEUE"],
    CurrentMetrics=[{"Name": "AGENTS_AVAILABLE", "Unit": "COUNT"}, {"Name": "AGENTS_ONLINE", "Unit": "COUNT"}], MaxResults=100,
)
counted = connect.get_current_metric_data(**question)
row, = counted["MetricResults"]
assert row["Dimensions"]["Queue"]["Id"] == queue, row
assert {one["Metric"]["Name"]: one["Value"] >= 0 for one in row["Collections"]} == {
    "AGENTS_AVAILABLE": True, "AGENTS_ONLINE": True,
}
assert isinstance(counted["DataSnapshotTime"], datetime.datetime)
question["Filters"] = {"Queues": ["no-such-queue"], "Channels": ["VOICE"]}
refused("InvalidParameterException", connect.get_current_metric_data, **question)

end = datetime.datetime.now(datetime.timezone.utc)
totals = connect.get_metric_data_v2(
    ResourceArn=f"arn:aws:connect:eu-west-2:111122223333:instance/{INSTANCE}",
    StartTime=end - datetime.timedelta(hours=1), EndTime=end,
    Filters=[{"FilterKey": "CAMPAIGN", "FilterValues": [one]}], Groupings=["CAMPAIGN"],
    Metrics=[
        {"Name": "CAMPAIGN_CONTACTS_ABANDONED_AFTER_X", "Threshold": [{"Comparison": "GT", "ThresholdValue": 2}]},
        {"Name": "HUMAN_ANSWERED_CALLS"}, {"Name": "DELIVERY_ATTEMPTS"},
    ],
)
assert all(row["Dimensions"] == {"CAMPAIGN": one} for row in totals["MetricResults"]), totals

refused("InvalidSignatureException", client("connectcampaignsv2", secret="another").get_campaign_state, id=one)
refused("InvalidSignatureException", client("connect", region="eu-west-1").get_current_metric_data, **question)

# A campaign of one version is not seen in the other.
old = client("connectcampaigns")
assert old.list_campaigns()["campaignSummaryList"] == []
refused("ResourceNotFoundException", old.describe_campaign, id=one)
print("the official client finds every operation as its models have it")
