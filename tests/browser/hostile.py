"""A company all of whose names are the worst that people and attackers write."""

from __future__ import annotations

import shutil
from pathlib import Path

import demo_server

SCRIPT = "<script>globalThis.stolen = 1</script>"
IMAGE = '"><img src=x onerror="globalThis.stolen = 1">'
QUOTE = "');globalThis.stolen=1;//"
BRACES = "{{ 7 * 7 }} ${globalThis.stolen = 1}"
RTL = "قهوة \u202eabc عربية"
EMOJI = "👩‍👩‍👧‍👦 🧋 🇨🇦"
LONG = "x" * 9_000 + " " + "и" * 900
TOKEN = "@c1"
TAKEN = ("__proto__", "constructor", "javascript:alert(1)")
NAMES = (
    SCRIPT,
    IMAGE,
    QUOTE,
    BRACES,
    RTL,
    EMOJI,
    LONG,
    TOKEN,
    "__proto__",
    "constructor",
    "javascript:alert(1)",
)


def _csv(*rows: tuple[object, ...]) -> str:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _files() -> dict[str, str]:
    """Recent facts, each under a hostile channel, plan, country, name, description."""
    many = list(enumerate(NAMES))
    day = demo_server.TODAY.replace(day=10).isoformat()
    at = f"{day}T15:00:00Z"
    return {
        "customers": _csv(
            ("customer_id", "created_at", "channel", "country", "plan"),
            *((f"{name[:400]} {n}", at, name, name, name) for n, name in many),
        ),
        "orders": _csv(
            ("order_id", "customer_id", "ordered_at", "amount", "currency", "channel"),
            *((f"{name[:400]} o{n}", f"{name[:400]} {n}", at, f"{90 + n}.00", "USD", name)
              for n, name in many),
        ),
        "subscription_events": _csv(
            ("event_id", "subscription_id", "customer_id", "effective_at", "status", "plan",
             "quantity", "unit_amount", "currency", "interval"),
            *((f"h{n}", f"hs{n}", f"{name[:400]} {n}", at, "active", name, 1, "900.00", "USD",
               "month") for n, name in many),
        ),
        "costs": _csv(
            ("cost_id", "cost_date", "cost_type", "amount", "currency", "description", "channel"),
            *((f"h{n}", day, "marketing", f"{500 + n}.00", "USD", name, name) for n, name in many),
        ),
        "spend": _csv(
            ("spend_date", "channel", "campaign", "amount", "currency", "impressions", "clicks",
             "conversions"),
            *((day, name[:400], name[:400], f"{300 + n}.00", "USD", 10_000, 100, 5)
              for n, name in many),
        ),
        "events": _csv(
            ("event_id", "user_id", "occurred_at", "name", "channel"),
            *((f"h{n}", f"{name[:400]} {n}", at, name[:400], name) for n, name in many),
        ),
    }  # fmt: skip


def make(demo: Path, home: Path) -> None:
    """A copy of the demo company, its own name hostile too, with these facts beside its own."""
    from trueline.home import Trueline

    shutil.copytree(demo, home)
    settings = (home / "trueline.toml").read_text(encoding="utf-8")
    name = f"{SCRIPT} {EMOJI} {RTL} {'w' * 120}".replace("\\", "\\\\").replace('"', '\\"')
    settings = settings.replace('name = "Northwind"', f'name = "{name}"')
    (home / "trueline.toml").write_text(settings, encoding="utf-8")
    with Trueline(home, clock=lambda: demo_server.NOW) as tl:
        for table, text in _files().items():
            path = home / f"hostile-{table}.csv"
            path.write_text(text, encoding="utf-8", newline="")
            report = tl.load(table, path)
            assert report.rejected == 0, (table, report.rejects[:2])
