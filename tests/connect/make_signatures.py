"""Writes signatures.json: requests with invented keys and the headers by which botocore signs them.

Usage: make_signatures.py > signatures.json
"""

import datetime
import json
import random
import string

import botocore.auth
import botocore.awsrequest
import botocore.credentials

PATHS = [
    ("POST", "connect-campaigns", "/v2/campaigns/{id}/pause"),
    ("POST", "connect-campaigns", "/v2/campaigns-state"),
    ("GET", "connect-campaigns", "/v2/campaigns/{id}/state"),
    ("GET", "connect-campaigns", "/campaigns/{id}"),
    ("POST", "connect", "/metrics/current/{id}"),
    ("GET", "connect", "/queues-summary/{id}"),
]


class Clock(datetime.datetime):
    """A clock that stands."""

    @classmethod
    def utcnow(cls):
        return cls(2026, 11, 25, 20, 24, 46)

    @classmethod
    def now(cls, tz=None):
        return cls(2026, 11, 25, 20, 24, 46, tzinfo=tz)


def word(rng, letters, length):
    return "".join(rng.choice(letters) for _ in range(length))


def vector(rng, number):
    method, service, path = PATHS[number % len(PATHS)]
    region = rng.choice(["eu-west-2", "us-east-1", "ap-southeast-2", "us-gov-west-1"])
    host = f"{service}.{region}.amazonaws.com"
    odd = string.ascii_letters + string.digits + "-_.~+:=@ "
    name = word(rng, odd, rng.randint(3, 24)).strip() or "x"
    # As a client of this API encodes what stands in a path.
    path = path.format(id="".join(c if c.isalnum() or c in "-_.~" else f"%{ord(c):02X}" for c in name))
    query = {"nextToken": word(rng, string.ascii_letters, 8), "maxResults": "10"} if "summary" in path else {}
    body = json.dumps({"ids": [name], "text": "grün"}) if method == "POST" and "pause" not in path else ""
    token = word(rng, string.ascii_letters + "/+=", 48) if number % 3 == 0 else None
    access = "SIMULATED" + word(rng, string.ascii_uppercase, 11)
    secret = word(rng, string.ascii_letters + string.digits + "+/", 40)
    text = "&".join(f"{key}={value}" for key, value in query.items())
    request = botocore.awsrequest.AWSRequest(
        method=method, url=f"https://{host}{path}" + (f"?{text}" if text else ""), data=body.encode() or None
    )
    if body:
        request.headers["Content-Type"] = "application/json"
    keys = botocore.credentials.Credentials(access, secret, token)
    botocore.auth.SigV4Auth(keys, service, region).add_auth(request)
    return {
        "method": method, "host": host, "path": path, "query": text, "body": body,
        "content_type": "application/json" if body else None, "x_amz_date": request.context["timestamp"],
        "session_token": token, "region": region, "service": service,
        "access_key": access, "secret_key": secret, "authorization": request.headers["Authorization"],
    }


if hasattr(botocore.auth, "get_current_datetime"):
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: Clock.utcnow()
botocore.auth.datetime = type("datetime", (), {"datetime": Clock, "timezone": datetime.timezone})
seeded = random.Random(20261125)
print(json.dumps([vector(seeded, number) for number in range(36)], indent=1))
