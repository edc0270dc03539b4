"""Lets generated requests get past the door.

The tool makes up ids, and a platform knows few of them: nearly all requests would end in a 404. Here text
is replaced by text that the simulated platform knows, and by nothing else. A value of another type, a
member too many or a missing one stays as it was made up, so that a request that breaks the contract still
breaks it.
"""

import json
import os
import urllib.request

import schemathesis

BASE = os.environ["CONTRACT_BASE_URL"]
TOKEN = os.environ["CONTRACT_TOKEN"]
CAMPAIGN = os.environ["CONTRACT_CAMPAIGN"]
ZONES = ["America/New_York", "Europe/Berlin", "Asia/Kolkata", "UTC"]
# Numbers that do not fit into 64 bits are not the same number everywhere (RFC 8259, section 6).
MOST = 2**53 - 1


def get(path):
    request = urllib.request.Request(BASE + path, headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


AGENTS = [agent["id"] for agent in get("/api/v2/interactions/agents")["items"]]
SKILLS = [skill["id"] for skill in get("/api/v2/routing/skills")["items"]]
QUEUE, OTHER_QUEUE = "queue-1", "queue-2"


def is_count(value):
    return isinstance(value, int) and not isinstance(value, bool)


def known(name, value, index=0):
    """A known text in place of a made-up one."""
    if not isinstance(value, str):
        return value
    # Some stay unknown, which is a case of its own. The choice follows from the value, not from chance.
    if name.endswith("Id") and len(value) % 8 == 7:
        return value
    return {
        "campaignId": CAMPAIGN,
        "queueId": QUEUE,
        "userId": AGENTS[index % len(AGENTS)],
    }.get(name, value)


def members(value, name):
    """A member's items, where it is a list of objects; otherwise nothing to change."""
    found = value.get(name) if isinstance(value, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def member(value, name):
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def replace(value, name, text):
    if isinstance(value.get(name), str):
        value[name] = text


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


def mend_assignments(body, path):
    replace(body, "campaignId", path["campaignId"])
    for index, agent in enumerate(members(body, "agents")):
        # An agent stands in a list once; beyond so many agents the list stays as it is.
        replace(agent, "userId", AGENTS[index] if index < len(AGENTS) else "nobody")
        window = member(agent, "availabilityWindow")
        replace(window, "timezone", ZONES[index % len(ZONES)])


def mend_patch(body, path):
    replace(body, "id", path["queueId"])
    skills = body.get("skills")
    if isinstance(skills, list) and len(SKILLS) < len(skills) <= 100:
        del skills[len(SKILLS) :]
    for skill, id_ in zip(members(body, "skills"), SKILLS):
        replace(skill, "id", id_)
    overflow = member(body, "overflow")
    if overflow.get("action") == "routeToQueue":
        overflow.setdefault("targetQueueId", OTHER_QUEUE)
    replace(overflow, "targetQueueId", OTHER_QUEUE)
    if is_count(body.get("version")) and path["queueId"] == QUEUE:
        body["version"] = get(f"/api/v2/routing/queues/{QUEUE}")["version"]


def mend_queue(body, path):
    replace(body, "id", path["queueId"])
    overflow = member(member(body, "routing"), "overflow")
    targets = overflow.get("target_ids")
    if isinstance(targets, list):
        overflow["target_ids"] = [OTHER_QUEUE if isinstance(t, str) else t for t in targets]


def mend_profile(body, path):
    queues = body.get("queueIds")
    if isinstance(queues, list):
        body["queueIds"] = [QUEUE if isinstance(queue, str) else queue for queue in queues]


def mend_token(body, path):
    replace(body, "client_id", "autopilot")
    replace(body, "client_secret", os.environ["CONTRACT_SECRET"])
    replace(body, "scope", "campaigns:read")


MENDED = {
    ("PUT", "/api/v2/outbound/campaigns/{campaignId}/agents"): mend_assignments,
    ("PATCH", "/api/v2/routing/queues/{queueId}"): mend_patch,
    ("PUT", "/api/v2/routing/queues/{queueId}"): mend_queue,
    ("PUT", "/api/v2/routing/users/{userId}/routing-profile"): mend_profile,
    ("POST", "/oauth2/token"): mend_token,
}


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.path_parameters
    if path:
        for name, value in path.items():
            path[name] = known(name, value)
    headers = case.headers
    if headers and "x-client-id" in headers:
        headers["x-client-id"] = "autopilot"
    if headers and "If-Match" in headers and path.get("queueId") == QUEUE:
        headers["If-Match"] = str(get(f"/api/v2/routing/queues/{QUEUE}")["version"])
    mend = MENDED.get((case.method.upper(), case.operation.path))
    if mend and isinstance(case.body, dict):
        case.body = bounded(case.body)
        mend(case.body, path or {})
