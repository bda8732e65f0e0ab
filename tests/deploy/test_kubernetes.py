"""deploy/kubernetes: every manifest is valid, and they agree with each other, the image and the code.

`problems` is the judge. One test asks it about the manifests as they are; others break them, one thing at a time,
and expect it to say so.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.kubernetes.secret_from_env import NAME as SECRET
from launcher.commands.healthcheck import check_clock
from quartapp.documents.derived import DERIVED_BYTES
from quartapp.settings import Settings
from scripts.write_env import OPTIONAL, REQUIRED, render
from tests.conftest import PROJECT

ROOT = PROJECT / "deploy" / "kubernetes"
BASE, PRODUCTION = ROOT / "base", ROOT / "overlays" / "production"
SECRET_SCRIPT = ROOT / "secret_from_env.py"
VERSIONS = ("1.30", "1.37")  # preStop.sleep needs 1.30; the newest that kubernetes-validate knows
SETTINGS = "parlaygorilla-settings"
MEASURED_MB = {"web": 97, "clock": 81}
MAX_CONNECTIONS, RESERVED = 100, 3
POSTGRES_OF_A_MIGRATION = 2
STOPPING_SECONDS = 15  # around the drain: asking clients to leave, closing pools

Document = dict[str, Any]


# --- reading


def defaults(name: str) -> Any:
    return Settings.model_fields[name].default


def roles() -> dict[str, list[str]]:
    lines = (PROJECT / "Procfile").read_text().splitlines()
    return {line.split(":")[0]: line.split(":", 1)[1].split() for line in lines}


def read(path: Path) -> list[Document]:
    return list(yaml.safe_load_all(path.read_text()))


def kustomization(folder: Path) -> Document:
    (found,) = read(folder / "kustomization.yaml")
    return dict(found)


def generated(folder: Path) -> Iterator[Document]:
    """The ConfigMaps that a kustomization generates, without the hash in their names."""
    for one in kustomization(folder).get("configMapGenerator", []):
        data = dict(literal.split("=", 1) for literal in one["literals"])
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": one["name"]}, "data": data}


def manifests() -> list[Document]:
    """The base, as kustomize would put it together."""
    listed = [document for name in kustomization(BASE)["resources"] for document in read(BASE / name)]
    return [*listed, *generated(BASE)]


def rendered() -> list[Document]:
    """The production overlay by the real kustomize, or the one within kubectl."""
    if kustomize := shutil.which("kustomize"):
        command = [kustomize, "build"]
    elif kubectl := shutil.which("kubectl"):
        command = [kubectl, "kustomize"]
    else:
        pytest.skip("neither kustomize nor kubectl is installed")
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "KUBECONFIG": os.devnull}
    ran = subprocess.run(
        [*command, str(PRODUCTION)], check=True, capture_output=True, text=True, env=environment, timeout=60
    )
    return list(yaml.safe_load_all(ran.stdout))


# --- the judge


def problems(documents: list[Document]) -> list[str]:
    """Say what is wrong with a whole set of manifests; nothing, when it is well."""
    found = [*schema_problems(documents)]
    if not found:  # the others rely on the shape
        for judge in (
            selectors,
            targets,
            commands,
            probes,
            endings,
            environment,
            security,
            memory,
            connections,
        ):
            found += judge(documents)
    return found


def of_kind(documents: list[Document], *kinds: str) -> list[Document]:
    return [document for document in documents if document["kind"] in kinds]


def workloads(documents: list[Document]) -> dict[str, Document]:
    """Pod templates' specs by component."""
    return {
        document["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]: document["spec"][
            "template"
        ]["spec"]
        for document in of_kind(documents, "Deployment", "Job")
    }


def named(document: Document) -> str:
    return f"{document['kind']}/{document['metadata']['name']}"


def schema_problems(documents: list[Document]) -> Iterator[str]:
    for document in documents:
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as problem:
                yield f"{named(document)} is not valid in {version}: {problem.message}"
            except kubernetes_validate.SchemaNotFoundError as problem:
                yield f"{named(document)} is unknown in {version}: {problem.message}"
    names = [named(document) for document in documents]
    yield from (f"{name} is there twice" for name in set(names) if names.count(name) > 1)


def chosen(selector: Document, labels: dict[str, str]) -> bool:
    exact = selector.get("matchLabels", {}).items() <= labels.items()
    return exact and all(
        labels.get(one["key"]) in one["values"] and one["operator"] == "In"
        for one in selector.get("matchExpressions", [])
    )


def selectors(documents: list[Document]) -> Iterator[str]:
    templates = {
        named(one): one["spec"]["template"]["metadata"]["labels"]
        for one in of_kind(documents, "Deployment", "Job")
    }
    for document in of_kind(documents, "Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"):
        spec, kind = document["spec"], document["kind"]
        if kind == "Service":
            selector = {"matchLabels": spec["selector"]}
        else:
            selector = spec["podSelector" if kind == "NetworkPolicy" else "selector"]
        picks = [name for name, labels in templates.items() if chosen(selector, labels)]
        if kind == "Deployment" and picks != [named(document)]:
            yield f"{named(document)} selects {picks}"
        elif kind in ("Service", "PodDisruptionBudget"):
            if picks != [f"Deployment/{document['metadata']['name']}"]:
                yield f"{named(document)} selects {picks}"
        elif not picks:
            yield f"{named(document)} selects no pod"
    for document in of_kind(documents, "Deployment"):
        labels = templates[named(document)]
        for spread in document["spec"]["template"]["spec"]["topologySpreadConstraints"]:
            if not chosen(spread["labelSelector"], labels):
                yield f"{named(document)} spreads other pods than its own"


def targets(documents: list[Document]) -> Iterator[str]:
    deployments = {one["metadata"]["name"]: one["spec"] for one in of_kind(documents, "Deployment")}
    scaled = set()
    for scaler in of_kind(documents, "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        if target["kind"] != "Deployment" or target["name"] not in deployments:
            yield f"{named(scaler)} scales {target['name']}, which is not there"
            continue
        scaled.add(target["name"])
        if "replicas" in deployments[target["name"]]:
            yield f"{named(scaler)} and the Deployment both set replicas"
    for name, spec in deployments.items():
        if name not in scaled and spec.get("replicas", 1) < 2:
            yield f"Deployment/{name} has no second pod"
        if spec["strategy"]["rollingUpdate"]["maxUnavailable"] != 0:
            yield f"Deployment/{name} takes a pod away before its successor is ready"
        budgets = [one["metadata"]["name"] for one in of_kind(documents, "PodDisruptionBudget")]
        if name not in budgets:
            yield f"Deployment/{name} has no disruption budget"


def commands(documents: list[Document]) -> Iterator[str]:
    wanted = {
        "api": roles()["web"],
        "scheduler": roles()["clock"],
        "migration": ["python", "-m", "ops.migrate_with_lock"],
    }
    pods = workloads(documents)
    if pods.keys() != wanted.keys():
        yield f"the workloads are {sorted(pods)}"
        return
    for name, pod in pods.items():
        (container,) = pod["containers"]
        if container["command"] != wanted[name] or "args" in container:
            yield f"{name} runs {container['command']}"


def probes(documents: list[Document]) -> Iterator[str]:
    for name, pod in workloads(documents).items():
        (container,) = pod["containers"]
        ports = {one["name"]: one["containerPort"] for one in container.get("ports", [])}
        listens = {one["name"]: one["value"] for one in container.get("env", [])}.get("PORT")
        if ports and list(ports.values()) != [int(listens or defaults("port"))]:
            yield f"{name} opens {ports} and listens on {listens}"
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            probe = container.get(kind)
            if probe is None:
                continue
            if "httpGet" in probe:
                port = probe["httpGet"]["port"]
                if port not in ports and port not in ports.values():
                    yield f"{name}'s {kind} asks port {port}, which the container has not"
                path = "/readyz" if kind == "startupProbe" else "/healthz"
                if probe["httpGet"]["path"] != path:
                    yield f"{name}'s {kind} asks {probe['httpGet']['path']}"
            elif probe["exec"]["command"] != [
                *container["command"][:-1],
                "healthcheck",
                container["command"][-1],
            ]:
                yield f"{name}'s {kind} runs {probe['exec']['command']}"
        if name != "migration" and not {"startupProbe", "livenessProbe"} <= container.keys():
            yield f"{name} lacks a probe"
        if "startupProbe" in container:
            patience = (
                container["startupProbe"]["periodSeconds"] * container["startupProbe"]["failureThreshold"]
            )
            if patience <= max(defaults("migration_lock_timeout_seconds"), 600):
                yield f"{name} is killed after {patience} s, while it may wait for a migration"
    for service in of_kind(documents, "Service", "NetworkPolicy"):
        rules = service["spec"].get("ingress", [])
        used = [port["targetPort"] for port in service["spec"].get("ports", [])]
        used += [port["port"] for rule in rules for port in rule["ports"]]
        (api,) = workloads(documents)["api"]["containers"]
        if set(used) - {port["name"] for port in api["ports"]}:
            yield f"{named(service)} names ports {used}"


def endings(documents: list[Document]) -> Iterator[str]:
    for name, pod in workloads(documents).items():
        (container,) = pod["containers"]
        before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if name == "api" and not before:
            yield "api stops while proxies still send to it"
        if pod["terminationGracePeriodSeconds"] < before + defaults("drain_seconds") + STOPPING_SECONDS:
            yield f"{name} is killed before it has drained"
    for deployment in of_kind(documents, "Deployment"):
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        startup = container["startupProbe"]
        if (
            deployment["spec"]["progressDeadlineSeconds"]
            <= startup["periodSeconds"] * startup["failureThreshold"]
        ):
            yield f"{named(deployment)} is called failed while it may still start"
    for job in of_kind(documents, "Job"):
        if job["spec"]["activeDeadlineSeconds"] <= defaults("migration_lock_timeout_seconds"):
            yield f"{named(job)} is killed while it waits for the lock"
        if job["spec"]["template"]["spec"]["restartPolicy"] != "Never" or "backoffLimit" not in job["spec"]:
            yield f"{named(job)} loses the logs of its attempts"
        if "ttlSecondsAfterFinished" not in job["spec"]:
            yield f"{named(job)} is never tidied away"


def environment(documents: list[Document]) -> Iterator[str]:
    maps = {one["metadata"]["name"]: one["data"] for one in of_kind(documents, "ConfigMap")}
    known = {name.upper() for name in Settings.model_fields}
    for name, data in maps.items():
        if secret := data.keys() & secret_names():
            yield f"ConfigMap/{name} holds what is secret: {sorted(secret)}"
        if unknown := [key for key in data if key not in known and not key.startswith("SCHEDULE_")]:
            yield f"ConfigMap/{name} sets {unknown}, which no setting reads"
    if len(maps) != 1:
        yield f"the settings are in {sorted(maps)}"
    for name, pod in workloads(documents).items():
        (container,) = pod["containers"]
        sources = container["envFrom"]
        secrets = [one["secretRef"]["name"] for one in sources if "secretRef" in one]
        if secrets != [SECRET]:
            yield f"{name} takes its secrets from {secrets}"
        if [one["configMapRef"]["name"] for one in sources if "configMapRef" in one] != [*maps]:
            yield f"{name} does not take the settings"
        own = {one["name"]: one.get("value") for one in container.get("env", [])}
        if strange := own.keys() - known:
            yield f"{name} sets {sorted(strange)}, which no setting reads"
        if "GIT_SHA" in own:
            yield f"{name} hides the commit that the image carries"
        if name == "api" and own.get("SCHEDULER_STANDALONE") != "true":
            yield "api starts clocks of its own"


def secret_names() -> set[str]:
    secret = {
        name.upper() for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)
    }
    return secret | {"TELEGRAM_ALERT_CHAT_ID"}


def security(documents: list[Document]) -> Iterator[str]:
    uid, gid = map(int, re.findall(r"^USER (\d+):(\d+)$", (PROJECT / "Dockerfile").read_text(), re.M)[-1])
    for name, pod in workloads(documents).items():
        (container,) = pod["containers"]
        context = pod.get("securityContext", {})
        if (context.get("runAsUser"), context.get("runAsGroup")) != (uid, gid):
            yield f"{name} runs as another user than the image's"
        if not context.get("runAsNonRoot") or context.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{name} may run as root or without seccomp"
        if container.get("securityContext") != {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }:
            yield f"{name}'s container is not confined"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name} is handed a token of the cluster"
        empty = {one["name"] for one in pod.get("volumes", []) if "emptyDir" in one}
        mounts = {one["mountPath"]: one["name"] for one in container.get("volumeMounts", [])}
        if mounts.get("/tmp") not in empty:
            yield f"{name} has no /tmp to write in"


def megabytes(quantity: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", quantity).groups()  # type: ignore[union-attr]
    return int(number) * {"Mi": 2**20, "Gi": 2**30}[unit] / 1e6


def memory(documents: list[Document]) -> Iterator[str]:
    held = defaults("documents_max_mb") * 2**20 / 1e6 + DERIVED_BYTES / 1e6
    need = {"api": MEASURED_MB["web"], "scheduler": MEASURED_MB["clock"], "migration": 0}
    for name, pod in workloads(documents).items():
        (container,) = pod["containers"]
        resources = container["resources"]
        asked, most = (megabytes(resources[kind]["memory"]) for kind in ("requests", "limits"))
        if not need[name] < asked <= most:
            yield f"{name} asks for {asked:.0f} MB of at most {most:.0f} MB"
        if most < need[name] + (held if name == "api" else 0):
            yield f"{name} is killed at {most:.0f} MB"
        if "cpu" not in resources["requests"]:
            yield f"{name} does not say what CPU it needs"


def connections(documents: list[Document]) -> Iterator[str]:
    if (total := most_connections(documents)) > MAX_CONNECTIONS - RESERVED:
        yield f"{total} connections are too many for {MAX_CONNECTIONS}"


def most_connections(documents: list[Document]) -> int:
    """Connections to PostgreSQL with every pod there may be at once."""
    (settings,) = of_kind(documents, "ConfigMap")
    pool = int(settings["data"].get("DATABASE_POOL_MAX", defaults("database_pool_max")))
    most = {
        one["spec"]["scaleTargetRef"]["name"]: one["spec"]["maxReplicas"]
        for one in of_kind(documents, "HorizontalPodAutoscaler")
    }
    total = POSTGRES_OF_A_MIGRATION
    for deployment in of_kind(documents, "Deployment"):
        spec = deployment["spec"]
        pods = most.get(deployment["metadata"]["name"]) or spec.get("replicas", 1)
        follows_documents = spec["template"]["spec"]["containers"][0]["name"] == "api"
        total += (pods + spec["strategy"]["rollingUpdate"]["maxSurge"]) * (pool + follows_documents)
    return total


# --- as they are


def test_the_manifests_are_valid_and_agree() -> None:
    assert problems(manifests()) == []


def test_the_production_overlay_rendered_is_valid_and_agrees() -> None:
    documents = rendered()
    assert problems(documents) == []
    assert sorted(map(unhashed, documents)) == sorted(map(named, manifests()))
    (image,) = kustomization(PRODUCTION)["images"]
    wanted = f"{image['newName']}:{image['newTag']}"
    assert {pod["containers"][0]["image"] for pod in workloads(documents).values()} == {wanted}
    assert not any("namespace" in document["metadata"] for document in documents)
    (settings,) = of_kind(documents, "ConfigMap")
    (own,) = generated(PRODUCTION)
    (common,) = generated(BASE)
    assert settings["data"] == common["data"] | own["data"]


def unhashed(document: Document) -> str:
    return re.sub(r"^(ConfigMap/.*)-[a-z0-9]{10}$", r"\1", named(document))


@pytest.mark.parametrize("folder", [BASE, PRODUCTION], ids=["base", "production"])
def test_every_file_is_listed_and_every_listed_file_exists(folder: Path) -> None:
    listed = kustomization(folder)["resources"]
    assert all((folder / name).exists() for name in listed)
    files = {path.name for path in folder.iterdir()} - {"kustomization.yaml"}
    assert files == {name for name in listed if (folder / name).is_file()}


def test_the_overlay_changes_what_the_base_has() -> None:
    (image,) = kustomization(PRODUCTION)["images"]
    assert isinstance(image["newTag"], str)  # a commit of digits alone must not become a number
    assert {pod["containers"][0]["image"] for pod in workloads(manifests()).values()} == {image["name"]}
    assert [one["metadata"]["name"] for one in generated(PRODUCTION)] == [SETTINGS]
    assert {one["metadata"]["name"] for one in generated(BASE)} == {SETTINGS}


def test_the_connection_arithmetic_in_the_comment_is_right() -> None:
    comment = (BASE / "kustomization.yaml").read_text()
    assert f"Together {most_connections(manifests())}." in comment


def test_the_migration_is_the_one_that_deploy_sh_runs() -> None:
    command = " ".join(workloads(manifests())["migration"]["containers"][0]["command"])
    assert command in (PROJECT / "scripts" / "deploy.sh").read_text()


def test_the_exec_probe_asks_only_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the comments on the scheduler's probes promise: with Redis away the pod is left alone."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    assert check_clock() is None


# --- broken, one thing at a time


def pick(documents: list[Document], name: str) -> Document:
    (found,) = [document for document in documents if named(document) == name]
    return found


def container(documents: list[Document], name: str) -> Document:
    kind = "Job" if name == "migration" else "Deployment"
    found: Document = pick(documents, f"{kind}/parlaygorilla-{name}")["spec"]["template"]["spec"][
        "containers"
    ][0]
    return found


def spec(documents: list[Document], name: str) -> Document:
    found: Document = pick(documents, name)["spec"]
    return found


API, SCHEDULER = "Deployment/parlaygorilla-api", "Deployment/parlaygorilla-scheduler"
JOB, SCALER = "Job/parlaygorilla-migration", "HorizontalPodAutoscaler/parlaygorilla-api"
COMPONENT = "app.kubernetes.io/component"


BROKEN: dict[str, tuple[Callable[[list[Document]], Any], str]] = {
    "a misspelt field": (lambda d: spec(d, API).update(replica=2), "is not valid"),
    "a field of the wrong type": (lambda d: spec(d, SCHEDULER).update(replicas="two"), "is not valid"),
    "a version that is gone": (
        lambda d: pick(d, SCALER).update(apiVersion="autoscaling/v2beta2"),
        "is unknown",
    ),
    "a name given twice": (lambda d: d.append(copy.deepcopy(pick(d, API))), "is there twice"),
    "another selector": (
        lambda d: spec(d, API)["selector"]["matchLabels"].update({COMPONENT: "web"}),
        f"{API} selects []",
    ),
    "a selector too wide": (
        lambda d: spec(d, API)["selector"]["matchLabels"].pop(COMPONENT),
        f"{API} selects [",
    ),
    "a service of nobody": (
        lambda d: spec(d, "Service/parlaygorilla-api")["selector"].update({COMPONENT: "web"}),
        "Service/parlaygorilla-api selects []",
    ),
    "a budget of nobody": (
        lambda d: spec(d, "PodDisruptionBudget/parlaygorilla-scheduler")["selector"]["matchLabels"].update(
            {COMPONENT: "clock"}
        ),
        "PodDisruptionBudget/parlaygorilla-scheduler selects []",
    ),
    "no budget": (
        lambda d: d.remove(pick(d, "PodDisruptionBudget/parlaygorilla-api")),
        "has no disruption budget",
    ),
    "a policy of nobody": (
        lambda d: spec(d, "NetworkPolicy/parlaygorilla-not-called")["podSelector"]["matchExpressions"][
            0
        ].update(values=["clock"]),
        "selects no pod",
    ),
    "others spread": (
        lambda d: spec(d, API)["template"]["spec"]["topologySpreadConstraints"][0]["labelSelector"][
            "matchLabels"
        ].update({COMPONENT: "web"}),
        "spreads other pods",
    ),
    "a scaler of nothing": (
        lambda d: spec(d, SCALER)["scaleTargetRef"].update(name="parlaygorilla-web"),
        "which is not there",
    ),
    "replicas and a scaler": (lambda d: spec(d, API).update(replicas=2), "both set replicas"),
    "one clock": (lambda d: spec(d, SCHEDULER).update(replicas=1), "no second pod"),
    "a gap in the roll-out": (
        lambda d: spec(d, API)["strategy"]["rollingUpdate"].update(maxUnavailable=1),
        "before its successor",
    ),
    "another command": (lambda d: container(d, "scheduler")["command"].append("--once"), "scheduler runs"),
    "another port": (
        lambda d: container(d, "api")["ports"][0].update(containerPort=8080),
        "listens on 8000",
    ),
    "a probe of another port": (
        lambda d: container(d, "api")["livenessProbe"]["httpGet"].update(port=8080),
        "asks port 8080",
    ),
    "readiness that ends with PostgreSQL": (
        lambda d: container(d, "api")["readinessProbe"]["httpGet"].update(path="/readyz"),
        "readinessProbe asks /readyz",
    ),
    "a probe of the other role": (
        lambda d: container(d, "scheduler")["livenessProbe"]["exec"]["command"].__setitem__(-1, "web"),
        "livenessProbe runs",
    ),
    "no liveness": (lambda d: container(d, "api").pop("livenessProbe"), "lacks a probe"),
    "a start too short": (
        lambda d: container(d, "api")["startupProbe"].update(failureThreshold=30),
        "while it may wait for a migration",
    ),
    "a service to another port": (
        lambda d: spec(d, "Service/parlaygorilla-api")["ports"][0].update(targetPort="web"),
        "names ports",
    ),
    "no time to leave lists": (lambda d: container(d, "api").pop("lifecycle"), "proxies still send"),
    "no time to drain": (
        lambda d: spec(d, API)["template"]["spec"].update(terminationGracePeriodSeconds=30),
        "before it has drained",
    ),
    "a deadline too short": (lambda d: spec(d, API).update(progressDeadlineSeconds=600), "may still start"),
    "a job too short": (lambda d: spec(d, JOB).update(activeDeadlineSeconds=300), "waits for the lock"),
    "a job without logs": (
        lambda d: spec(d, JOB)["template"]["spec"].update(restartPolicy="OnFailure"),
        "loses the logs",
    ),
    "a job for ever": (lambda d: spec(d, JOB).pop("ttlSecondsAfterFinished"), "never tidied away"),
    "another secret": (
        lambda d: container(d, "migration")["envFrom"][1]["secretRef"].update(name="parlaygorilla"),
        "takes its secrets from",
    ),
    "other settings": (
        lambda d: container(d, "api")["envFrom"][0]["configMapRef"].update(name="settings"),
        "does not take the settings",
    ),
    "a secret in the open": (
        lambda d: d[-1]["data"].update(JWT_SECRET="x"),
        "holds what is secret",
    ),
    "a setting nobody reads": (
        lambda d: d[-1]["data"].update(DATABASE_POOL_SIZE="5"),
        "which no setting reads",
    ),
    "a misspelt variable": (
        lambda d: container(d, "api")["env"][0].update(name="STANDALONE_SCHEDULER"),
        "which no setting reads",
    ),
    "clocks within the api": (
        lambda d: container(d, "api")["env"][0].update(value="false"),
        "clocks of its own",
    ),
    "a hidden commit": (
        lambda d: container(d, "api")["env"].append({"name": "GIT_SHA", "value": "x"}),
        "hides the commit",
    ),
    "another user": (
        lambda d: spec(d, API)["template"]["spec"]["securityContext"].update(runAsUser=1000),
        "another user",
    ),
    "root allowed": (
        lambda d: spec(d, API)["template"]["spec"]["securityContext"].update(runAsNonRoot=False),
        "may run as root",
    ),
    "a writable root": (
        lambda d: container(d, "scheduler")["securityContext"].update(readOnlyRootFilesystem=False),
        "not confined",
    ),
    "a token of the cluster": (
        lambda d: spec(d, JOB)["template"]["spec"].pop("automountServiceAccountToken"),
        "handed a token",
    ),
    "no /tmp": (lambda d: container(d, "api")["volumeMounts"][0].update(mountPath="/var/tmp"), "no /tmp"),
    "too little memory": (
        lambda d: container(d, "api")["resources"]["limits"].update(memory="224Mi"),
        "is killed at",
    ),
    "a request below the measured": (
        lambda d: container(d, "scheduler")["resources"]["requests"].update(memory="64Mi"),
        "asks for",
    ),
    "no request of CPU": (
        lambda d: container(d, "api")["resources"]["requests"].pop("cpu"),
        "what CPU it needs",
    ),
    "too many connections": (lambda d: spec(d, SCALER).update(maxReplicas=20), "are too many"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_judge_notices(name: str) -> None:
    breaking, expected = BROKEN[name]
    documents = manifests()
    breaking(documents)
    found = problems(documents)
    assert any(expected in problem for problem in found), found


GUIDE = (PROJECT / "docs" / "scaling-out.md").read_text()


def test_each_step_of_the_guide_applies_what_it_needs() -> None:
    steps = re.findall(r"^kubectl .*apply -k (\S+)(?: -l '(\S+) notin \(([\w,]+)\)')?$", GUIDE, re.M)
    assert {folder for folder, _, _ in steps} == {str(PRODUCTION.relative_to(PROJECT))}
    applied = [
        {
            named(one)
            for one in manifests()
            if one["metadata"].get("labels", {}).get(key) not in left_out.split(",")
        }
        for _, key, left_out in steps
    ]
    migration, scheduler, everything = applied
    settings = f"ConfigMap/{SETTINGS}"
    assert migration - {"NetworkPolicy/parlaygorilla-not-called"} == {JOB, settings}
    assert scheduler - migration == {SCHEDULER, "PodDisruptionBudget/parlaygorilla-scheduler"}
    assert everything == {named(one) for one in manifests()}
    assert migration < scheduler < everything


def test_the_guide_names_what_is_there() -> None:
    there = {named(one).lower() for one in manifests()}
    used = set(re.findall(r"\b(?:deployment|job)/[a-z-]+", GUIDE))
    assert used
    assert used <= there
    assert re.findall(r"delete job (\S+)", GUIDE) == [JOB.partition("/")[2]]
    for path in re.findall(r"`((?:deploy|scripts|tests)/[\w./-]+)`", GUIDE):
        assert (PROJECT / path).exists(), path


def test_the_table_of_connections_in_the_guide_is_right() -> None:
    pool = defaults("database_pool_max")
    host = (pool + 1) + pool
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \|$", GUIDE, re.M)
    assert len(rows) == 4
    for hosts, rest, deploying in (map(int, row) for row in rows):
        assert rest == hosts * host
        assert deploying == rest + (pool + 1) + POSTGRES_OF_A_MIGRATION
    assert max(int(row[2]) for row in rows) <= MAX_CONNECTIONS - RESERVED < int(rows[-1][2]) + host


# --- the secret


AWKWARD = {name: f"{name} $HOME ${{X}} \"q\" 's' \\ # é \x0b\\" for name in (*REQUIRED, *OPTIONAL)}
AWKWARD["DRAIN_SECONDS"] = "20"  # the one value that is looked at


def make_secret(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SECRET_SCRIPT), str(path)],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": "/root", "X": "not this one", "ENV_FILE_DOLLAR": "nor this"},
        timeout=60,
    )


def test_the_secret_holds_exactly_what_write_env_was_given(tmp_path: Path) -> None:
    (tmp_path / "env").write_text(render(AWKWARD), encoding="utf-8")
    made = make_secret(tmp_path / "env")
    assert made.returncode == 0, made.stderr
    manifest = json.loads(made.stdout)
    assert list(schema_problems([manifest])) == []
    assert manifest["metadata"]["name"] == SECRET
    assert {name: base64.b64decode(value).decode() for name, value in manifest["data"].items()} == AWKWARD


@pytest.mark.parametrize("lines", [slice(0, 3), slice(0, 0)])
def test_a_file_that_is_cut_off_makes_no_secret(tmp_path: Path, lines: slice) -> None:
    (tmp_path / "env").write_text("".join(render(AWKWARD).splitlines(keepends=True)[lines]))
    made = make_secret(tmp_path / "env")
    assert (made.returncode, made.stdout) == (1, "")
    assert "DATABASE_URL" not in made.stderr


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    made = make_secret(tmp_path / "env")
    assert (made.returncode, len(made.stderr.splitlines())) == (1, 1)
