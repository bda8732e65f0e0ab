"""Probes and what operators ask."""

from __future__ import annotations

from quartapp.api.paths.parts import RATE, TEXT, Schema, in_path, json_answer, problems

_JOB_NAME = in_path("name", "A job's name, from /ops/jobs.")


def paths() -> Schema:
    """Return the probes and the paths under /ops."""
    guarded: Schema = {"security": [{"bearer": []}, {"opsToken": []}, {}]}

    def ops(operation: str, summary: str, answer: Schema, parameters: list[Schema], *more: int) -> Schema:
        return {
            "get": {
                "operationId": operation,
                "summary": summary,
                "parameters": parameters,
                "responses": {"200": answer} | problems(401, 404, 405, 503, *more),
                **guarded,
            }
        }

    return {
        "/healthz": {
            "get": {
                "operationId": "healthz",
                "summary": "Alive; touches nothing.",
                "responses": {"200": json_answer("Health", "Alive.")} | problems(405),
            }
        },
        "/readyz": {
            "get": {
                "operationId": "readyz",
                "summary": "Ready for visitors.",
                "responses": {
                    "200": json_answer("Ready", "Ready."),
                    "503": json_answer("Ready", "Not ready."),
                }
                | problems(405),
            }
        },
        "/ops/jobs": ops("listJobs", "Every job and its newest run.", json_answer("Jobs", "The jobs."), []),
        "/ops/jobs/{name}/history": ops(
            "getHistory", "A job's newest runs.", json_answer("History", "The runs."), [_JOB_NAME]
        ),
        "/ops/jobs/{name}/{action}": {
            "post": {
                "operationId": "actOnJob",
                "summary": "Run a job now, pause it, or resume it. Always wants the token.",
                "parameters": [
                    _JOB_NAME,
                    {
                        "name": "action",
                        "in": "path",
                        "required": True,
                        "schema": {"enum": ["run", "pause", "resume"]},
                    },
                ],
                "responses": {
                    "200": json_answer("Acted", "Done.", *RATE),
                    "202": json_answer("Acted", "Asked for.", *RATE),
                }
                | problems(401, 404, 405, 429, 503),
                "security": [{"bearer": []}, {"opsToken": []}],
            }
        },
        "/ops/status": ops(
            "getStatus", "Who is alive, who leads, what is held.", json_answer("Status", "The state."), []
        ),
        "/ops/metrics": ops(
            "getMetrics",
            "Prometheus metrics.",
            {"description": "Text format 0.0.4.", "content": {"text/plain": {"schema": TEXT}}},
            [],
        ),
    }
