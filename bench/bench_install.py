"""What the base install takes on disk: the packages of the lock without extras and development tools."""

import json
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

LIMIT_MB = 300.0
LARGEST = 4


def run() -> dict[str, Any]:
    """Megabytes (10^6 bytes) of the installed base packages, without compiled modules, and of Gnomon."""
    sizes = {name: _size_mb(name) for name in _base_packages()}
    source = Path(__file__).parents[1] / "src"
    ours = sum(f.stat().st_size for f in source.rglob("*") if f.is_file() and f.suffix != ".pyc") / 1e6
    largest = sorted(sizes.items(), key=lambda pair: -pair[1])[:LARGEST]
    return {
        "packages": len(sizes) + 1,
        "base_mb": sum(sizes.values()) + ours,
        "limit_mb": LIMIT_MB,
        "gnomon_mb": ours,
        **{f"{name}_mb": size for name, size in largest},
    }


def _base_packages() -> list[str]:
    """The names that `make` exports from uv.lock; those meant for other systems are not installed."""
    exported = (Path(sys.prefix) / "base.txt").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Za-z0-9._-]+)==", exported, flags=re.MULTILINE)
    return [name for name in names if _installed(name)]


def _installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _size_mb(name: str) -> float:
    files = [Path(str(f.locate())) for f in distribution(name).files or () if f.suffix != ".pyc"]
    return sum(f.stat().st_size for f in files if f.is_file()) / 1e6


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
    print()
