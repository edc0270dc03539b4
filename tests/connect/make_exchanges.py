"""Writes exchanges.json: requests as the official client sends them, answers composed after its models, and what it makes of them.

Usage: make_exchanges.py > exchanges.json
"""

import json

import boto3
import botocore.awsrequest
import botocore.config
import botocore.exceptions

A, B = "9f6ad6b0-0000-4000-8000-00000000000a", "9f6ad6b0-0000-4000-8000-00000000000b"
METRICS = [
    "AGENTS_AVAILABLE", "AGENTS_ONLINE", "AGENTS_STAFFED", "AGENTS_ON_CONTACT", "AGENTS_AFTER_CONTACT_WORK",
    "AGENTS_NON_PRODUCTIVE", "AGENTS_ERROR", "SLOTS_AVAILABLE",
]
COUNTS = dict(
    InstanceId="i", Filters={"Queues": ["q1", "q2"], "Channels": ["VOICE"]}, Groupings=["QUEUE"],
    CurrentMetrics=[{"Name": name, "Unit": "COUNT"} for name in METRICS], MaxResults=100,
)


class Body:
    def __init__(self, text):
        self.text = text.encode()

    def read(self, *_):
        text, self.text = self.text, b""
        return text

    def stream(self, **_):
        yield self.read()


def exchange(name, service, operation, parameters, status, body, headers=None):
    client = boto3.client(
        service, region_name="eu-west-2", aws_access_key_id="KEY", aws_secret_access_key="SECRET",
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )
    sent = {}

    def answer(request, **_):
        text = request.body if isinstance(request.body, str) else (request.body or b"").decode()
        sent.update(
            method=request.method, path=request.url.split(".amazonaws.com", 1)[1],
            content_type=(request.headers.get("Content-Type") or b"").decode() or None, body=text,
        )
        return botocore.awsrequest.AWSResponse(request.url, status, dict(headers or {}), Body(body))

    client.meta.events.register("before-send", answer)
    try:
        read = getattr(client, operation)(**parameters)
        read.pop("ResponseMetadata")
        read = {"result": json.loads(json.dumps(read, default=str))}
    except botocore.exceptions.ClientError as error:
        read = {"error": error.response["Error"]["Code"], "state": error.response.get("state")}
    return dict(
        name=name, request=sent, response=dict(status=status, headers=headers or {}, body=body), read_as=read
    )


def row(queue, value):
    count = "" if value is None else f', "Value": {value}'
    names = [name for name in METRICS if name in ("AGENTS_ONLINE", "AGENTS_AVAILABLE")]
    counts = ", ".join(
        f'{{"Metric": {{"Name": "{name}", "Unit": "COUNT"}}{count if name == "AGENTS_AVAILABLE" else ", " + chr(34) + "Value" + chr(34) + ": 9.0"}}}'
        for name in reversed(names)
    )
    return f'{{"Dimensions": {{"Queue": {{"Id": "{queue}", "Arn": "arn:aws:connect:x:1:instance/i/queue/{queue}"}}}}, "Collections": [{counts}]}}'


def counted(name, rows, status=200, **rest):
    body = f'{{"MetricResults": [{", ".join(rows)}], "DataSnapshotTime": 1767323045.123}}' if status == 200 else '{"Message": "no"}'
    return exchange(f"counts, {name}", "connect", "get_current_metric_data", COUNTS, status, body, **rest)


def named(name, form="header"):
    return {"x-amzn-ErrorType": name + (":http://internal.example/" if form == "address" else "")}


V2 = "connectcampaignsv2"
EXCHANGES = [
    *(
        exchange(f"state {state}", V2, "get_campaign_state", {"id": A}, 200, json.dumps({"state": state}))
        for state in ["Running", "Paused", "Initialized", "Stopped", "Failed", "Completed", "Draining"]
    ),
    exchange("states", V2, "get_campaign_state_batch", {"campaignIds": [A, B]}, 200, json.dumps({
        "successfulRequests": [{"campaignId": A, "state": "Paused"}],
        "failedRequests": [{"campaignId": B, "failureCode": "ResourceNotFound"}]})),
    exchange("states, one unknown failure", V2, "get_campaign_state_batch", {"campaignIds": [A, B]}, 200, json.dumps({
        "successfulRequests": [{"campaignId": A, "state": "Running"}],
        "failedRequests": [{"campaignId": B, "failureCode": "UnknownError"}]})),
    exchange("states, one left out", V2, "get_campaign_state_batch", {"campaignIds": [A, B]}, 200, json.dumps({
        "successfulRequests": [{"campaignId": A, "state": "Running"}]})),
    exchange("pause, accepted", V2, "pause_campaign", {"id": A}, 200, ""),
    exchange("pause, already so", V2, "pause_campaign", {"id": A}, 409, '{"message": "wrong", "state": "Paused"}',
             named("InvalidCampaignStateException")),
    exchange("pause, at its end", V2, "pause_campaign", {"id": A}, 409, '{"message": "wrong", "state": "Completed"}',
             named("InvalidCampaignStateException")),
    exchange("pause, busy", V2, "pause_campaign", {"id": A}, 409, '{"message": "Conflict."}', named("ConflictException")),
    exchange("pause, no right", V2, "pause_campaign", {"id": A}, 403, '{"message": "no"}', named("AccessDeniedException")),
    exchange("pause, throttled", V2, "pause_campaign", {"id": A}, 429, '{"message": "Rate exceeded"}',
             named("ThrottlingException", "address")),
    exchange("pause, expired", V2, "pause_campaign", {"id": A}, 403,
             '{"__type": "com.amazon.coral.service#ExpiredTokenException", "message": "expired"}'),
    exchange("pause, failure there", V2, "pause_campaign", {"id": A}, 500, '{"message": "x"}', named("InternalServerException")),
    exchange("pause, a page of HTML", V2, "pause_campaign", {"id": A}, 503, "<html>no</html>", {"Content-Type": "text/html"}),
    counted("two queues", [row("q1", 5.0), row("q2", 0.0)]),
    counted("null", [row("q1", "null"), row("q2", 3.0)]),
    counted("no value", [row("q1", None), row("q2", 3.0)]),
    counted("one missing", [row("q2", 3.0)]),
    counted("nothing found", []),
]
print(json.dumps(EXCHANGES, indent=1))
