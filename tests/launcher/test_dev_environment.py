"""Which settings a development run has: the developer's own, and the sandbox's where something is missing."""

from __future__ import annotations

import pytest

from launcher.dev.dev import development_environment
from launcher.dev.embedded import Services


@pytest.mark.parametrize(
    ("model", "sandboxes"), [("sandbox", True), ("sandbox:cut", True), ("gpt-4o-mini", False)]
)
def test_the_sandboxes_model_answers_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, model: str, sandboxes: bool
) -> None:
    monkeypatch.setenv("OPENAI_MODEL", model)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-developers-own-key")
    services = Services("postgresql://postgres@127.0.0.1:1/postgres", "redis://127.0.0.1:2/0", 3, 4)
    made = development_environment(services, 8000, 9000, None)
    assert ("OPENAI_API_KEY" in made) is ("OPENAI_BASE_URL" in made) is sandboxes
    if sandboxes:  # a developer's own key must not be sent to it
        assert made["OPENAI_API_KEY"] == "sandbox-openai-key"
        assert made["OPENAI_BASE_URL"] == "http://127.0.0.1:9000/openai"
