"""Lints and renders the chart with Helm, and holds what comes out against the schemas of Kubernetes, against what the
daemon itself says of the configuration, and against what the chart promises.

Usage: check_chart.py PROGRAM KUBERNETES_VERSION...
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import kubernetes_validate
import yaml
from helm_python import chart as helm

HERE = Path(__file__).parent
CHART = HERE / "helm" / "campaign-autopilot"
OF_OTHERS = {"monitoring.coreos.com/v1"}
EVERYTHING = {
    "image": {"repository": "registry.example.com/campaign-autopilot", "tag": "0.1.0"},
    "imagePullSecrets": [{"name": "registry"}],
    "roster": "id,skills,start,end,zone,concurrency\nana,sales,09:00,17:00,America/New_York,2\n",
    "secret": {"name": "dialler", "webhook": True},
    "env": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
    "persistence": {"storageClassName": "fast"},
    "allowedHosts": ["dialler.example.com"],
    "podAnnotations": {"example.com/team": "dialler"},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
    "dashboards": {"enabled": True},
    "networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}]},
}
MEMBERS = {
    "replicas": 3,
    "tenants": ["acme", "north-eu"],
    "store": {"url": "postgres://autopilot@db.example.com/autopilot"},
    "settings": "\n".join(
        f"""[[tenant]]
name = "{name}"
base_url = "https://{name}.example.com"
client_id = "autopilot"
client_secret_file = "/run/secrets/campaign-autopilot/client-secret-{name}"
[[campaign]]
tenant = "{name}"
id = "cmp-884291"
"""
        for name in ("acme", "north-eu")
    ),
}
REFUSED = [
    {"replicas": 2},
    {"replicas": 0, "store": {"url": "postgres://autopilot@db.example.com/autopilot"}},
    {"store": {"url": "mysql://db.example.com"}},
    {"image": {"repository": ""}},
    {"service": {"port": 0}},
    {"settings": ""},
]


def hold(so: bool, what: str) -> None:
    """Ends the check unless `so`."""
    if not so:
        sys.exit(f"the chart: {what}")


def rendered(values: dict) -> dict[tuple[str, str], dict]:
    """Every object by kind and name."""
    with helm.Chart.load(CHART) as chart:
        files = chart.render(values, name="dialler", namespace="contact-centre")
    objects = [
        document
        for path, text in files.items()
        if not path.endswith("NOTES.txt")
        for document in yaml.safe_load_all(text)
        if document
    ]
    by_name = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    hold(len(by_name) == len(objects), "two objects have one name")
    return by_name


def only(objects: dict[tuple[str, str], dict], kind: str) -> dict:
    """The one object of a kind."""
    found = [one for (own, _), one in objects.items() if own == kind]
    hold(len(found) == 1, f"{len(found)} objects of kind {kind}")
    return found[0]


def locked_down(pod: dict, ready: str) -> None:
    """What is promised of the container."""
    container = pod["containers"][0]
    everywhere, here = pod["securityContext"], container["securityContext"]
    hold(everywhere["runAsNonRoot"] is True and everywhere["runAsUser"] > 0, "runs as root")
    hold(everywhere["seccompProfile"] == {"type": "RuntimeDefault"}, "has no seccomp profile")
    hold(here["readOnlyRootFilesystem"] is True, "writes to its image")
    hold(here["allowPrivilegeEscalation"] is False, "may gain privileges")
    hold(here["capabilities"] == {"drop": ["ALL"]}, "keeps capabilities")
    hold(pod["automountServiceAccountToken"] is False, "has a token of the cluster")
    hold(container["livenessProbe"]["httpGet"]["path"] == "/healthz", "has no liveness probe")
    hold(container["readinessProbe"]["httpGet"]["path"] == ready, "has no readiness probe")


def daemon_takes_it(program: str, objects: dict[tuple[str, str], dict], token: bool) -> int:
    """What `check` says with the container's environment and files: its exit code."""
    pod = only(objects, "Deployment")["spec"]["template"]["spec"]
    container = pod["containers"][0]
    with tempfile.TemporaryDirectory() as root:
        for mount in container["volumeMounts"]:
            folder = Path(root + mount["mountPath"])
            folder.mkdir(parents=True)
            volume = next(one for one in pod["volumes"] if one["name"] == mount["name"])
            if "configMap" in volume:
                data = objects["ConfigMap", volume["configMap"]["name"]]["data"]
                for name, text in data.items():
                    (folder / name).write_text(text.replace('"/run/secrets', f'"{root}/run/secrets'))
            for item in volume.get("secret", {}).get("items", []):
                if token or item["key"] != "admin-token":
                    secret = "whsec_" + "c2VjcmV0" * 5 if item["key"] == "webhook-secret" else "x" * 40
                    (folder / item["path"]).write_text(secret)
        paths = tuple(mount["mountPath"] for mount in container["volumeMounts"])
        # As the kubelet does: what comes from the pod is put into what names it.
        of_pod = {one["name"]: "10.0.0.7" for one in container["env"] if "valueFrom" in one}
        environment = dict(of_pod)
        for one in container["env"]:
            if "value" not in one:
                continue
            value = root + one["value"] if one["value"].startswith(paths) else one["value"]
            for name, text in of_pod.items():
                value = value.replace(f"$({name})", text)
            environment[one["name"]] = value
        done = subprocess.run(
            [program, "check"], env=environment, capture_output=True, text=True, check=False
        )
        if token and done.returncode:
            print(done.stdout, done.stderr, file=sys.stderr)
        return done.returncode


def main() -> None:
    program, versions = sys.argv[1], sys.argv[2:]
    for values in ({}, EVERYTHING, MEMBERS):
        report = helm.lint(CHART, values, strict=True)
        told = [one for one in report["messages"] if one["severity"] > 1]
        hold(not told and not report["errors"], f"helm lint: {told or report['errors']}")
        objects = rendered(values)
        for one in objects.values():
            if one["apiVersion"] not in OF_OTHERS:
                for version in versions:
                    kubernetes_validate.validate(one, version, strict=True)
        deployment = only(objects, "Deployment")["spec"]
        if values is MEMBERS:
            hold(deployment["replicas"] == 3, "not as many daemons as asked for")
            at_once = deployment["strategy"]["rollingUpdate"]
            hold(at_once == {"maxSurge": 0, "maxUnavailable": 1}, "several go at an upgrade")
            kinds = [kind for kind, _ in objects]
            hold("PersistentVolumeClaim" not in kinds, "three daemons claim one disk")
        else:
            hold(deployment["replicas"] == 1, "more than one daemon")
            hold(deployment["strategy"] == {"type": "Recreate"}, "two daemons at an upgrade")
        locked_down(deployment["template"]["spec"], "/healthz" if values is MEMBERS else "/readyz")
        service = only(objects, "Service")["spec"]
        labels = deployment["template"]["metadata"]["labels"]
        hold(service["selector"].items() <= labels.items(), "the service finds no pod")
        hold(daemon_takes_it(program, objects, token=True) == 0, "the daemon refuses the configuration")
        hold(daemon_takes_it(program, objects, token=False) == 78, "it would start without a token")
    objects = rendered(EVERYTHING)
    kinds = sorted(kind for kind, _ in objects)
    with open(HERE.parent / "alerts" / "autopilot.rules.yml", encoding="utf-8") as rules:
        groups = yaml.safe_load(rules)["groups"]
    hold(only(objects, "PrometheusRule")["spec"] == {"groups": groups}, "other alerts than alerts/")
    dashboards = objects["ConfigMap", "dialler-campaign-autopilot-dashboards"]["data"]
    originals = HERE.parent / "grafana" / "dashboards"
    for original in originals.iterdir():
        shown = dashboards[f"autopilot-{original.name}"]
        hold(yaml.safe_load(shown) == yaml.safe_load(original.read_text()), f"another {original.name}")
    hold(len(dashboards) == len(list(originals.iterdir())), "a dashboard too many")
    for values in REFUSED:
        report = helm.lint(CHART, values, strict=True)
        told = [one for one in report["messages"] if one["severity"] > 2]
        hold(bool(told or report["errors"]), f"helm lint takes {values}")
    print(f"helm lint: nothing found; {len(objects)} objects valid for Kubernetes {' and '.join(versions)}:")
    print("  " + ", ".join(kinds))


if __name__ == "__main__":
    # Nothing of the caller's environment is to play a part.
    os.environ.pop("AUTOPILOT_CONFIG", None)
    main()
