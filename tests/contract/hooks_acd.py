"""Lets generated requests to the `cxone-acd` platform get past the door.

As in `hooks.py`: made-up ids and times are replaced by ones that the simulated platform knows, and by nothing else. A value of
another type, a member too many or a missing one stays as it was made up, so that a request that breaks the contract still
breaks it.
"""

import os
import re

import schemathesis

SKILLS = [4711, 4801, 4802, 4803]
AGENTS = [9001, 9002, 9003]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
# Numbers that do not fit into 64 bits are not the same number everywhere (RFC 8259, section 6).
MOST = 2**53 - 1


def is_count(value):
    return isinstance(value, int) and not isinstance(value, bool)


def known(value, choices):
    """A known number in place of a made-up one. Some stay unknown, which is a case of its own."""
    if isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        number = int(value)
        return value if number % 8 == 7 else str(choices[number % len(choices)])
    if not is_count(value) or value % 8 == 7:
        return value
    return choices[value % len(choices)]


def bounded(value):
    if is_count(value):
        return max(-MOST, min(MOST, value))
    if isinstance(value, float) and value.is_integer():
        return max(-float(MOST), min(float(MOST), value))
    if isinstance(value, dict):
        return {name: bounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [bounded(item) for item in value]
    return value


def replace(value, name, text):
    if isinstance(value.get(name), str):
        value[name] = text


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.path_parameters or {}
    if "skillId" in path:
        path["skillId"] = known(path["skillId"], SKILLS)
    if "campaignId" in path:
        path["campaignId"] = known(path["campaignId"], [300])
    query = case.query or {}
    for name, text in [("startDate", "2024-05-15T08:00:00Z"), ("endDate", "2024-05-15T12:00:00Z")]:
        if isinstance(query.get(name), str) and TIME.match(query[name]):
            query[name] = text
    if isinstance(query.get("tenantId"), str) and query["tenantId"] and len(query["tenantId"]) % 8 != 7:
        query["tenantId"] = "11ea-sim"
    body = case.body
    if not isinstance(body, dict):
        return
    case.body = body = bounded(body)
    secret = os.environ["CONTRACT_SECRET"]
    for name, text in [("accessKeyId", "autopilot"), ("accessKeySecret", secret), ("username", "autopilot"), ("password", secret)]:
        replace(body, name, text)
    agents = body.get("agents")
    for agent in agents if isinstance(agents, list) else []:
        if isinstance(agent, dict) and "agentId" in agent:
            agent["agentId"] = known(agent["agentId"], AGENTS)
