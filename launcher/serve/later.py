"""Modules that are loaded when something of them is first used, although others import them at their top."""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec
from threading import RLock
from typing import Any

# What speaks HTTP/2: Hypercorn imports it for every process, and a proxy in front of us speaks HTTP/1.1.
HTTP2 = ("h2.connection", "h2.events", "h2.exceptions")
# What libraries import for their tests, command lines and debuggers, which no web process runs.
UNUSED = ("argparse", "configparser", "csv", "difflib", "pdb")
_loading = RLock()


def load_later(*names: str) -> None:
    """Put modules in place that load themselves at the first look at one of their names (PEP 562).

    They help where a module is imported as a whole; `from it import name` looks at once.
    """
    for name in names:
        if name not in sys.modules:
            _put_in_place(name)


def _put_in_place(name: str) -> None:
    spec = find_spec(name)
    assert spec is not None, name
    assert spec.loader is not None, name
    loader, module = spec.loader, module_from_spec(spec)
    known, begun = vars(module), False

    def load(attribute: str) -> Any:
        nonlocal begun
        with _loading:  # another thread waits until all of it is there
            if not begun:
                begun = True
                loader.exec_module(module)
                if known.get("__getattr__") is load:
                    del known["__getattr__"]
        if attribute not in known:
            raise AttributeError(f"module {name!r} has no attribute {attribute!r}")
        return known[attribute]

    known["__getattr__"] = load
    sys.modules[name] = module
    package, _, last = name.rpartition(".")
    if package:
        setattr(sys.modules[package], last, module)
