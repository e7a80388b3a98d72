"""One run of the benchmark as a report for people and as a file for programs."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("trueline", "duckdb", "ibis-framework", "fastapi", "psycopg", "pyarrow")


@dataclass
class Measurement:
    """What one measurement printed, how long it took, and how busy the machine was around it."""

    name: str
    arguments: list[str]
    seconds: float = 0
    code: int = 0
    load_before: float = 0
    load_after: float = 0
    text: str = ""
    tables: list[dict[str, Any]] = field(default_factory=list)


def machine() -> dict[str, Any]:
    """The machine, as a reader has to know it to compare."""
    info = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": named.group(1) if named else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """What was measured, by version; the peers' stand in their own output."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    told = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(told, capture_output=True, text=True, check=False)
    return found | ({"commit": commit.stdout.strip()} if commit.returncode == 0 else {})


def tables(text: str) -> list[dict[str, Any]]:
    """The tables in a measurement's output, each with its columns and rows; a cell that is a number
    is one. Columns without a name of their own are called after their place."""
    found: list[dict[str, Any]] = []
    columns: list[str] | None = None
    for line in text.splitlines():
        if not line.startswith("|"):
            columns = None
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if columns is None:
            columns = [
                name if name and cells.count(name) == 1 else f"{name or 'column'} {place}"
                for place, name in enumerate(cells, 1)
            ]
            found.append({"columns": columns, "rows": []})
        elif not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            found[-1]["rows"].append(dict(zip(columns, map(_number, cells), strict=False)))
    return found


def _number(cell: str) -> str | float | int:
    if re.fullmatch(r"-?[\d,]+", cell):
        return int(cell.replace(",", ""))
    if re.fullmatch(r"-?[\d,]+\.\d+", cell):
        return float(cell.replace(",", ""))
    return cell


def write(folder: Path, plan: str, started: str, found: list[Measurement]) -> tuple[Path, Path]:
    """Write ``report.md`` and ``results.json``; where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {"plan": plan, "started": started, "machine": machine(), "versions": versions()}
    results = folder / "results.json"
    kept = {**about, "measurements": [asdict(one) for one in found]}
    results.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
    lines = [f"# Benchmark, {plan}, {started}", "", *_about(about), *map(_line, found), ""]
    for one in found:
        lines += [f"## {one.name}", "", one.text.strip(), ""]
    report = folder / "report.md"
    report.write_text("\n".join(lines))
    return report, results


def _about(about: dict[str, Any]) -> list[str]:
    where, what = about["machine"], about["versions"]
    return [
        f"{where['processor']}, {where['cores']} cores, {where['memory_gib']} GiB, "
        f"{where['system']}.",
        ", ".join(f"{name} {number}" for name, number in what.items()) + ".",
        "Ratios come first in each table: within one run they say more than a time.",
        "",
        "| measurement | arguments | seconds | load average, before | after | |",
        "|---|---|---:|---:|---:|---|",
    ]


def _line(one: Measurement) -> str:
    ended = "" if one.code == 0 else f"failed ({one.code})"
    return (
        f"| {one.name} | {' '.join(one.arguments)} | {one.seconds:.0f} | {one.load_before:.1f} "
        f"| {one.load_after:.1f} | {ended} |"
    )
