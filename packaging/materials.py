#!/usr/bin/env python3
"""What the program is made of: a CycloneDX bill of materials, and the licences of what is linked into it.

Usage: materials.py FEATURES VERSION BILL.json LICENCES.txt, in the source tree. Needs cargo and the fetched crates; asks nobody else.
Two runs on one source give the same bytes: times come from SOURCE_DATE_EPOCH.
"""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import uuid

# What a build with these features links, without what only tests and build scripts use.
TREE = ["cargo", "tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none"]
METADATA = ["cargo", "metadata", "--locked", "--format-version", "1"]
TEXTS = re.compile(r"(licen[cs]e|copying|notice|copyright|unlicense)", re.IGNORECASE)


def told(command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def host():
    lines = told(["rustc", "-vV"]).splitlines()
    return next(line.split(": ")[1] for line in lines if line.startswith("host: "))


def linked(features):
    """(name, version) of each crate in the program, ours included."""
    lines = told([*TREE, "--target", host(), "--features", features, "--format", "{p}"]).splitlines()
    words = [line.split(" ") for line in lines if line]
    return {(word[0], word[1].removeprefix("v")) for word in words}


def packages(features):
    """What cargo knows of the crates in the program, and which needs which."""
    known = json.loads(told([*METADATA, "--filter-platform", host(), "--features", features]))
    wanted = linked(features)
    chosen = {one["id"]: one for one in known["packages"] if (one["name"], one["version"]) in wanted}
    edges = {}
    for node in known["resolve"]["nodes"]:
        if node["id"] in chosen:
            normal = [
                one["pkg"] for one in node["deps"] if any(kind["kind"] is None for kind in one["dep_kinds"])
            ]
            edges[node["id"]] = sorted(one for one in normal if one in chosen)
    return chosen, edges, known["resolve"]["root"]


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def expression(licence):
    """A licence as an SPDX expression; `/` is cargo's older way to say OR."""
    return (licence or "NOASSERTION").replace("/", " OR ").replace("  ", " ")


def component(package, checksums):
    found = {
        "type": "library",
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "scope": "required",
        "licenses": [{"expression": expression(package["license"])}],
        "purl": purl(package),
    }
    if package["description"]:
        found["description"] = " ".join(package["description"].split())
    checksum = checksums.get((package["name"], package["version"]))
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["repository"]:
        found["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return found


def bundled(chosen):
    """What comes in by no crate of its own: SQLite in C within a crate, and the plots of the page."""
    sqlite = next(one for one in chosen.values() if one["name"] == "libsqlite3-sys")
    header = pathlib.Path(sqlite["manifest_path"]).parent / "sqlite3/sqlite3.h"
    version = re.search(r'#define SQLITE_VERSION\s+"([^"]+)"', header.read_text()).group(1)
    plots = pathlib.Path("src/serve/page/uplot")
    head = next(plots.glob("*.js")).read_text()[:200]
    of_plots = re.search(r"uPlot \(v([\d.]+)\)", head).group(1)
    return [
        {
            "type": "library",
            "bom-ref": f"{where}@{release}",
            "name": where.split("/")[1],
            "version": release,
            "licenses": [{"license": {"id": licence}}],
            "purl": f"{where}@{release}",
        }
        for where, release, licence in [
            ("pkg:generic/sqlite", version, "blessing"),
            ("pkg:npm/uplot", of_plots, "MIT"),
        ]
    ]


def bill(chosen, edges, root, version):
    with open("Cargo.lock", "rb") as lock:
        locked = tomllib.load(lock)["package"]
    checksums = {(one["name"], one["version"]): one.get("checksum") for one in locked}
    others = sorted((one for one in chosen.values() if one["id"] != root), key=purl)
    components = [component(one, checksums) for one in others]
    sqlite, plots = bundled(chosen)
    ours = component(chosen[root] | {"version": version}, {}) | {"type": "application"}
    ours.pop("scope")
    depends = [
        {
            "ref": purl(chosen[one]) if one != root else ours["bom-ref"],
            "dependsOn": sorted(purl(chosen[to]) for to in edges[one]),
        }
        for one in sorted(edges, key=lambda one: purl(chosen[one]))
    ]
    for one in depends:
        if one["ref"].startswith("pkg:cargo/libsqlite3-sys@"):
            one["dependsOn"].append(sqlite["bom-ref"])
        if one["ref"] == ours["bom-ref"]:
            one["dependsOn"].append(plots["bom-ref"])
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])
    at = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    made = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "component": ours},
        "components": [*components, sqlite, plots],
        "dependencies": depends,
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(made, sort_keys=True))
    return {"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", **made, "serialNumber": f"urn:uuid:{serial}"}


def texts(package):
    """The licences and notices that a crate comes with."""
    place = pathlib.Path(package["manifest_path"]).parent
    files = sorted(file for file in place.iterdir() if file.is_file() and TEXTS.match(file.name))
    return [file.read_text(errors="replace").strip() for file in files if file.suffix != ".rs"]


def licences(chosen, root):
    """Each text once, with who comes under it; crates without a text by what they declare."""
    of_text, without = {}, []
    for package in sorted((one for one in chosen.values() if one["id"] != root), key=purl):
        name = f"{package['name']} {package['version']} ({expression(package['license'])})"
        found = texts(package)
        if not found:
            without.append(name)
        for text in found:
            of_text.setdefault(text, []).append(name)
    plots = pathlib.Path("src/serve/page/uplot/LICENSE").read_text().strip()
    of_text.setdefault(plots, []).append("uPlot (MIT)")
    rule = "-" * 78
    parts = ["The program contains the libraries below, under the licences and with the notices that come with them."]
    for text, names in of_text.items():
        parts.append("\n".join([rule, *names, rule, "", text]))
    if without:
        parts.append("\n".join([rule, "These come without a text of their own, under the licences that they declare:", *without]))
    return "\n\n".join(parts) + "\n"


def main():
    features, version, bill_file, licence_file = sys.argv[1:]
    chosen, edges, root = packages(features)
    pathlib.Path(bill_file).write_text(json.dumps(bill(chosen, edges, root, version), indent=1) + "\n")
    pathlib.Path(licence_file).write_text(licences(chosen, root))


if __name__ == "__main__":
    main()
