"""examples/cluster/: what it names exists, under the names, ports and paths that the code knows."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from orchestrator.config import ProcessRole, Settings, load
from orchestrator.roles import check_role
from orchestrator.server import CLOSING, PATIENCE
from tests.support.command import run
from tests.support.process import PARLEY

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = ROOT / "examples" / "cluster"
ENVIRONMENT = {
    "PARLEY_SECRET": "0123456789abcdef0123456789abcdef",
    "PARLEY_DATABASE": "postgresql://parley:secret@postgres/parley",
    "PARLEY_REDIS": "redis://redis:6379/0",
}
UNITS = ("parley-web@.service", "parley-worker@.service")


def settings() -> Settings:
    return load(CLUSTER / "parley.toml", ENVIRONMENT).settings


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CLUSTER / "compose.yaml").read_text(encoding="utf-8"))
    return found


def manifests(kind: str) -> dict[str, dict[str, Any]]:
    """By name."""
    found = yaml.safe_load_all((CLUSTER / "kubernetes.yaml").read_text(encoding="utf-8"))
    return {one["metadata"]["name"]: one for one in found if one["kind"] == kind}


def pod(name: str) -> dict[str, Any]:
    found: dict[str, Any] = manifests("Deployment")[name]["spec"]["template"]["spec"]
    return found


def port_of(role: str) -> int:
    server = settings().server
    return server.ops_port if role == "worker" else server.port


@pytest.mark.parametrize("role", get_args(ProcessRole))
def test_the_configuration_serves_every_role(role: ProcessRole) -> None:
    check_role(settings(), role)


def test_the_environment_is_what_the_configuration_asks_for() -> None:
    asked = set(re.findall(r'"env:(\w+)"', (CLUSTER / "parley.toml").read_text(encoding="utf-8")))
    given = set(re.findall(r"^(\w+)=", (CLUSTER / "env.example").read_text(encoding="utf-8"), re.MULTILINE))
    told = set(re.findall(r"--from-literal=(\w+)=", (CLUSTER / "kubernetes.yaml").read_text(encoding="utf-8")))
    unit = (CLUSTER / UNITS[0]).read_text(encoding="utf-8")
    assert asked == told == set(ENVIRONMENT)
    assert asked <= given
    assert all(name in unit for name in asked)
    used = set(re.findall(r"\$\{(\w+)", (CLUSTER / "compose.yaml").read_text(encoding="utf-8")))
    assert used <= given | {"PARLEY_HOST"}


def test_the_bot_of_the_example_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    ran = run("check", "-c", CLUSTER / "parley.toml")
    assert ran.code == 0, ran
    assert "parley on postgres" in ran.out
    assert "secret" not in ran.out


@pytest.mark.parametrize("role", ["web", "worker"])
def test_compose_starts_and_watches_each_role(role: str) -> None:
    service = compose()["services"][role]
    assert service["command"] == ["serve", "--role", role]
    assert f"127.0.0.1:{port_of(role)}/readyz" in service["healthcheck"]["test"][-1]
    assert service["deploy"]["replicas"] == 2
    assert float(service["stop_grace_period"].removesuffix("s")) >= settings().server.stop_seconds + CLOSING + PATIENCE
    paths = {volume.split(":")[1] for volume in service["volumes"]}
    assert {str(settings().store.media), "/etc/parley/parley.toml", "/etc/parley/guide.toml"} == paths
    for volume in service["volumes"]:
        source = volume.split(":")[0]
        assert (CLUSTER / source).is_file() if source.startswith(".") else source in compose()["volumes"]


def test_compose_has_the_servers_it_names() -> None:
    services = compose()["services"]
    assert services["web"]["env_file"] == ".env"
    assert int(re.findall(r"\d+$", services["postgres"]["image"])[0]) >= 15
    assert "noeviction" in services["redis"]["command"]
    assert set(services["web"]["depends_on"]) == {"postgres", "redis"}
    caddy = (CLUSTER / "Caddyfile").read_text(encoding="utf-8")
    assert f"port {port_of('web')}" in caddy
    assert "name web" in caddy


def test_the_image_is_built_from_what_is_there() -> None:
    text = (CLUSTER / "Dockerfile").read_text(encoding="utf-8")
    assert (ROOT / compose()["services"]["web"]["build"]["dockerfile"]).samefile(CLUSTER / "Dockerfile")
    assert (CLUSTER / compose()["services"]["web"]["build"]["context"]).resolve() == ROOT
    for path in re.findall(r"requirements/\w+\.txt", text):
        assert (ROOT / path).is_file()
    assert "--require-hashes" in text
    assert re.search(r"^USER 10001$", text, re.MULTILINE)
    assert f"EXPOSE {port_of('web')} {port_of('worker')}" in text
    assert "PARLEY_CONFIG=/etc/parley/parley.toml" in text


@pytest.mark.parametrize("role", ["web", "worker"])
def test_kubernetes_starts_watches_and_stops_each_role(role: str) -> None:
    found = pod(f"parley-{role}")
    (container,) = found["containers"]
    assert container["args"] == ["serve", "--role", role]
    (port,) = container["ports"]
    assert port["containerPort"] == port_of(role)
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    waits = int(container["lifecycle"]["preStop"]["exec"]["command"][1]) if role == "web" else 0
    assert found["terminationGracePeriodSeconds"] >= waits + settings().server.stop_seconds + CLOSING + PATIENCE
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts["media"] == str(settings().store.media)
    assert set(mounts) == {volume["name"] for volume in found["volumes"]}


def test_kubernetes_finds_what_it_names() -> None:
    deployments = manifests("Deployment")
    for budget in manifests("PodDisruptionBudget").values():
        labels = budget["spec"]["selector"]["matchLabels"]
        assert [name for name, one in deployments.items() if one["spec"]["template"]["metadata"]["labels"] == labels]
    service = manifests("Service")["parley"]
    assert (
        service["spec"]["selector"].items()
        <= deployments["parley-web"]["spec"]["template"]["metadata"]["labels"].items()
    )
    (rule,) = manifests("Ingress")["parley"]["spec"]["rules"]
    assert rule["host"] in settings().server.public_url
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] in manifests("Service")
    assert manifests("PersistentVolumeClaim")["parley-media"]["spec"]["accessModes"] == ["ReadWriteMany"]


@pytest.mark.parametrize("unit", UNITS)
def test_the_units_of_systemd_hold(unit: str, tmp_path: Path) -> None:
    text = (CLUSTER / unit).read_text(encoding="utf-8")
    role = unit.removeprefix("parley-").removesuffix("@.service")
    assert f"serve --role {role} --port %i" in text
    wait = int(re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)[0])
    assert wait >= settings().server.stop_seconds + CLOSING + PATIENCE
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        here = tmp_path / unit.replace("@", "@8000")
        here.write_text(text.replace("/opt/parley/bin/parley", str(PARLEY)), encoding="utf-8")
        checked = subprocess.run([analyze, "verify", "--man=no", here], capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, "")
