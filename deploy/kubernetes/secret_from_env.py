"""Print the Secret parlaygorilla-env from a file that scripts/write_env.py has written, for kubectl.

    python deploy/kubernetes/secret_from_env.py .env.prod | kubectl -n NAMESPACE apply --server-side -f -

`kubectl create secret --from-env-file` takes the quotes and escapes of such a file for a part of the values. This
reads it as compose does, and passes it through a pipe: no value appears in a list of processes. Needs python-dotenv,
which the project's environment has. What is printed is as secret as the file.

Exit codes: 0 printed, 1 the file cannot be used, 2 wrong usage.
"""

from __future__ import annotations

import base64
import json
import sys
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

NAME = "parlaygorilla-env"
LAST_LINE = "# complete"
DOLLAR = "ENV_FILE_DOLLAR"  # how write_env.py writes a dollar sign; no setting


def secret(text: str) -> dict[str, Any]:
    """Return the manifest for a file's text.

    Raises:
        ValueError: the text was not written by write_env.py, or is cut off.
    """
    if text.rstrip("\n").rpartition("\n")[2] != LAST_LINE:
        raise ValueError("is not a whole file of scripts/write_env.py")
    values = dotenv_values(stream=StringIO(text), interpolate=True)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": NAME, "labels": {"app.kubernetes.io/part-of": "parlaygorilla"}},
        "type": "Opaque",
        "data": {
            name: base64.b64encode(value.encode()).decode()
            for name, value in values.items()
            if value is not None and name != DOLLAR
        },
    }


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write(__doc__ or "")
        return 2
    try:
        # newline="": a value may hold characters that Python would take for line ends
        with Path(arguments[0]).open(encoding="utf-8", newline="") as source:
            manifest = secret(source.read())
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        sys.stderr.write(f"{arguments[0]}: {reason}\n")
        return 1
    sys.stdout.write(json.dumps(manifest, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
