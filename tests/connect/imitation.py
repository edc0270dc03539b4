"""What the check needs of an imitation of another hand, which has campaigns of the first version and no counts of agents.

Usage: imitation.py serve PORT           runs moto, which checks the signature of each request but the first three
       imitation.py prepare BASE_URL     makes a user with every right and a running campaign; prints key, secret and campaign
       imitation.py state BASE_URL ID    tells the campaign's state; the user's key is in the environment
       imitation.py counts PORT FILE     counts the agents of any queue as the file says, whoever asks
"""

import http.server
import json
import pathlib
import sys
import time

import boto3

INSTANCE = "aaaaaaaa-0000-4000-8000-000000000000"


def client(service, **keys):
    return boto3.client(service, endpoint_url=sys.argv[2], region_name="eu-west-2", **keys)


def prepare():
    nobody = {"aws_access_key_id": "nobody", "aws_secret_access_key": "nothing"}
    iam = client("iam", **nobody)
    iam.create_user(UserName="autopilot")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="autopilot", PolicyName="everything", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="autopilot")["AccessKey"]
    # From here on every request has to be signed with the key that was just made.
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    campaigns = client("connectcampaigns", **keys)
    made = campaigns.create_campaign(
        name="Renewals", connectInstanceId=INSTANCE,
        dialerConfig={"progressiveDialerConfig": {"bandwidthAllocation": 1.0}},
        outboundCallConfig={"connectContactFlowId": "flow-1", "connectQueueId": "queue-outbound"},
    )
    campaigns.start_campaign(id=made["id"])
    print(key["AccessKeyId"], key["SecretAccessKey"], made["id"])


def serve():
    import moto.iam.access_control as access
    import moto.server

    class Request(access.AWSRequest):
        """As it came: moto takes the parts of the path for the body where there is none."""

        def __init__(self, *, data=None, **members):
            super().__init__(data=None if isinstance(data, dict) else data, **members)

    access.AWSRequest = Request
    moto.server.main(["--host", "127.0.0.1", "--port", sys.argv[2]])


class Counts(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["content-length"])))
        available = float(pathlib.Path(sys.argv[3]).read_text())
        values = {"AGENTS_AVAILABLE": available, "AGENTS_ONLINE": 20.0}
        rows = [
            {
                "Dimensions": {"Queue": {"Id": queue}},
                "Collections": [
                    {"Metric": metric, "Value": values.get(metric["Name"])} for metric in question["CurrentMetrics"]
                ],
            }
            for queue in question["Filters"]["Queues"]
        ]
        body = json.dumps({"MetricResults": rows, "DataSnapshotTime": time.time()}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if sys.argv[1] == "serve":
    serve()
elif sys.argv[1] == "prepare":
    prepare()
elif sys.argv[1] == "state":
    print(client("connectcampaigns").get_campaign_state(id=sys.argv[3])["state"])
else:
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Counts).serve_forever()
