"""Who answers and what they may: the greeting, the licence, users and privileges."""

from typing import Any

from tests.fakes.elastic.cluster import Cluster
from tests.fakes.elastic.refusals import object_of
from tests.fakes.elastic.rest import Request


def greeting(cluster: Cluster, request: Request) -> Any:
    return {
        "name": "n1",
        "cluster_name": "fake",
        "cluster_uuid": "fake-uuid",
        "version": {
            "number": cluster.version,
            "build_flavor": cluster.flavour,
            "build_type": "docker",
            "build_hash": "0" * 40,
            "build_date": "2025-01-01T00:00:00.000Z",
            "build_snapshot": False,
            "lucene_version": "9.12.0",
            "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    }


def licence(cluster: Cluster, request: Request) -> Any:
    said = {
        "status": cluster.licence_status,
        "uid": "fake-licence",
        "type": cluster.licence,
        "issue_date": "2025-01-01T00:00:00.000Z",
        "issue_date_in_millis": 1735689600000,
        "max_nodes": 1000,
        "max_resource_units": None,
        "issued_to": "fake",
        "issuer": "elasticsearch",
        "start_date_in_millis": -1,
    }
    if cluster.licence != "basic":
        said |= {"expiry_date": "2035-01-31T00:00:00.000Z", "expiry_date_in_millis": 2053814400000}
    return {"license": said}


def trial_status(cluster: Cluster, request: Request) -> Any:
    return {"eligible_to_start_trial": not cluster.trial_used}


def start_trial(cluster: Cluster, request: Request) -> Any:
    """Three traps: a 200 that did nothing, a 403 without an error object, and both say so in a word."""
    if request.params.get("acknowledge") != "true":
        words = {"message": "This action starts a trial.", "license": ["…"]}
        refused = {"error_message": "Operation failed: Needs acknowledgement.", "acknowledge": words}
        return {"acknowledged": False, "trial_was_started": False, **refused}
    if cluster.trial_used:
        reason = "Operation failed: Trial was already activated."
        return 403, {"acknowledged": True, "trial_was_started": False, "error_message": reason}
    cluster.trial_used, cluster.licence = True, "trial"
    return {"acknowledged": True, "trial_was_started": True, "type": "trial"}


def authenticate(cluster: Cluster, request: Request) -> Any:
    return {
        "username": _user(cluster),
        "roles": ["superuser"],
        "enabled": True,
        "authentication_realm": {"name": "reserved", "type": "reserved"},
        "authentication_type": "realm",
    }


def has_privileges(cluster: Cluster, request: Request) -> Any:
    body = object_of(request.body or {}, "has_privileges", "cluster index application")
    of_cluster = {name: name not in cluster.forbidden for name in body.get("cluster", [])}
    of_indices: dict[str, dict[str, bool]] = {}
    for said in body.get("index", []):
        entry = object_of(said, "index_privileges", "names privileges allow_restricted_indices")
        names = [entry["names"]] if isinstance(entry["names"], str) else entry["names"]
        for name in names:
            of_indices[name] = {one: one not in cluster.forbidden for one in entry["privileges"]}
    everything = all(of_cluster.values()) and all(all(one.values()) for one in of_indices.values())
    return {
        "username": _user(cluster),
        "has_all_requested": everything,
        "cluster": of_cluster,
        "index": of_indices,
        "application": {},
    }


def xpack(cluster: Cluster, request: Request) -> Any:
    said = {"uid": "fake-licence", "type": cluster.licence, "mode": cluster.licence, "status": cluster.licence_status}
    features = {name: {"available": cluster.licensed("platinum"), "enabled": True} for name in ("ml", "inference")}
    return {"build": {"hash": "0" * 40}, "license": said, "features": features, "tagline": "You know, for X"}


def health(cluster: Cluster, request: Request) -> Any:
    return {"cluster_name": "fake", "status": "green", "timed_out": False, "number_of_nodes": 1}


def _user(cluster: Cluster) -> str:
    return cluster.auth.user if cluster.auth and cluster.auth.user else "elastic"
