"""Lets generated requests to the `genesys-cloud` platform get past the door.

As in `hooks.py`: made-up ids and values are replaced by ones that the simulated platform knows, and by nothing else. A value of
another type, a member too many or a missing one stays as it was made up, so that a request that breaks the contract still
breaks it.
"""

import schemathesis

CAMPAIGNS = ["campaign-1"]
QUEUES = ["queue-outbound"]
# Is made by the generated requests themselves.
CHANNELS = ["channel-1"]
TOPICS = ["v2.outbound.campaigns.campaign-1", "v2.analytics.queues.queue-outbound.observations"]
INTERVAL = "2024-05-15T08:00:00.000Z/2024-05-15T12:00:00.000Z"


def known(value, choices):
    """A known id in place of a made-up one. Some stay unknown, which is a case of its own."""
    if not isinstance(value, str) or not value or len(value) % 8 == 7:
        return value
    return choices[len(value) % len(choices)]


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.path_parameters or {}
    if "campaignId" in path:
        path["campaignId"] = known(path["campaignId"], CAMPAIGNS)
    if "queueId" in path:
        path["queueId"] = known(path["queueId"], QUEUES)
    if "channelId" in path:
        path["channelId"] = known(path["channelId"], CHANNELS)
    query = case.query or {}
    if isinstance(query.get("id"), list):
        query["id"] = [known(item, CAMPAIGNS) for item in query["id"]]
    if "distributionQueueId" in query:
        query["distributionQueueId"] = known(query["distributionQueueId"], QUEUES)
    body = case.body
    if "notifications" in case.operation.path:
        for topic in body if isinstance(body, list) else []:
            if isinstance(topic, dict):
                topic["id"] = known(topic.get("id"), TOPICS)
        return
    if not isinstance(body, dict):
        return
    if isinstance(body.get("interval"), str):
        body["interval"] = INTERVAL
    # What is asked for by one dimension is not asked for by another: the simulated platform refuses it, as the vendor's does.
    dimension = "outboundCampaignId" if "aggregates" in case.operation.path else "queueId"
    filters = body.get("filter")
    predicates = filters.get("predicates") if isinstance(filters, dict) else None
    for predicate in predicates if isinstance(predicates, list) else []:
        if isinstance(predicate, dict) and predicate.get("dimension") in ("queueId", "outboundCampaignId"):
            predicate["dimension"] = dimension
            choices = CAMPAIGNS if dimension == "outboundCampaignId" else QUEUES
            predicate["value"] = known(predicate.get("value"), choices)
