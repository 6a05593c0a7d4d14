"""On which machine, with which programs, was this measured?"""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

_LIBRARIES = ("aiokafka", "fastapi", "faststream", "joserfc", "pydantic", "pymongo", "uvicorn")


def machine() -> dict[str, Any]:
    """Describe the machine and what ran on it."""
    return {
        "cores": os.cpu_count(),
        "cpu": _cpu(),
        "memory_gigabytes": round(_memory_bytes() / 1024**3),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 1),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def _cpu() -> str:
    about = Path("/proc/cpuinfo")
    if not about.exists():
        return platform.processor()
    names = (
        line for line in about.read_text("utf-8").splitlines() if line.startswith("model name")
    )
    return next(names, platform.machine()).partition(":")[2].strip()


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
