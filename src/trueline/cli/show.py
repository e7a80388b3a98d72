"""What commands print. Rich is imported where a table is drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from trueline.core import words
from trueline.core.errors import TruelineError
from trueline.core.money import round_to
from trueline.core.reading import Reading

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_STYLES = {"actual": "green", "estimated": "yellow", "insufficient_data": "dim"}
_NAMES = {"actual": "actual", "estimated": "estimated", "insufficient_data": "not known"}


def line(text: str) -> None:
    """A line on standard output."""
    sys.stdout.write(text + "\n")


def warn(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(text + "\n")


def error(found: TruelineError) -> None:
    """What was wrong and how to mend it, on standard error."""
    warn(f"Error: {found.message}")
    if found.fix:
        warn(f"  {found.fix}")
    for fault in found.faults[:20]:
        place = f"{fault.where}: " if fault.where else ""
        given = f" (got {fault.value})" if fault.value is not None else ""
        warn(f"  - {place}{fault.message}{given}{'. ' + fault.fix if fault.fix else ''}")


def console() -> Console:
    """Where tables are drawn; wide where nobody watches."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 160)


def table(
    *columns: str,
    numbers: Sequence[str] = (),
    whole: Sequence[str] = (),
    title: str | None = None,
) -> Table:
    from rich import box
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for name in columns:
        side: Literal["left", "right"] = "right" if name in numbers else "left"
        drawn.add_column(name, justify=side, overflow="fold", no_wrap=name in whole)
    return drawn


def printable(text: Any) -> str:
    """Text from records, without control codes."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def plain(text: Any) -> Any:
    """Text from records, with nothing in it taken for markup or for control codes."""
    from rich.text import Text

    return Text(printable(text))


def readings(found: list[Reading], locale: str, changes: dict[str, Any]) -> None:
    """KPIs: a table, or one alone with all there is to know of it."""
    if not found:
        line("No KPI was asked for.")
    elif len(found) == 1:
        _alone(found[0], locale, changes)
    else:
        _together(found, locale, changes)


def _alone(reading: Reading, locale: str, changes: dict[str, Any]) -> None:
    """One KPI in lines, which need no Rich: importing it takes longer than the reading does."""
    found = changes.get(reading.key) or {}
    change = words.changed(found, reading.unit, locale)
    beside = f"  {change} against the period before" if change else ""
    line(f"{printable(reading.label)} ({reading.key}): {words.value(reading, locale)}{beside}")
    line(f"{reading.start} to {reading.end - timedelta(days=1)}, {_known(reading)}")
    for reason in reading.reasons:
        line("  - " + printable(f"{reason.message} {reason.enable or ''}".strip()))
    if found.get("reason"):
        line(f"  - Not compared with the period before. {printable(found['reason'])}")


def _known(reading: Reading) -> str:
    partial = reading.known and reading.completeness == "partial"
    return _NAMES[reading.quality.value] + (", partial" if partial else "")


def _together(found: list[Reading], locale: str, changes: dict[str, Any]) -> None:
    first = found[0]
    drawn = table(
        "KPI", "Key", "Value", *(["Change"] if changes else []), "Known", "What to know",
        numbers=("Value", "Change"), whole=("Key",),
        title=f"{first.start} to {first.end - timedelta(days=1)}",
    )  # fmt: skip
    from rich.text import Text

    for reading in found:
        cells: list[Any] = [
            plain(reading.label), Text(reading.key, "dim"),
            Text(words.value(reading, locale), "bold"),
        ]  # fmt: skip
        if changes:
            cells.append(words.changed(changes.get(reading.key), reading.unit, locale))
        drawn.add_row(
            *cells, Text(_known(reading), _STYLES[reading.quality.value]), plain(_why(reading))
        )
    console().print(drawn)
    _left_out(found)


def _why(reading: Reading) -> str:
    """The first reason; that rows are left out is marked, and said once below (``_left_out``)."""
    own = [reason for reason in reading.reasons if reason.code != "rejected_rows"]
    mark = "¹" if len(own) < len(reading.reasons) else ""
    if not own:
        return mark
    first = own[0]
    why = f"{first.message} {first.enable or ''}".strip() if not reading.known else first.message
    return f"{why} {mark}".strip()


def _left_out(found: list[Reading]) -> None:
    """What the mark stands for."""
    left = [r for reading in found for r in reading.reasons if r.code == "rejected_rows"]
    for reason in dict.fromkeys(left):
        line(printable(f"¹ {reason.message} {reason.enable or ''}".strip()))


def series(found: list[Reading], locale: str) -> None:
    """Buckets as a table, with a sparkline over them."""
    if found:
        line(f"{found[0].label}  {words.spark(found)}")
    drawn = table("From", "To", "Value", "Known", "What to know", numbers=("Value",))
    for reading in found:
        drawn.add_row(
            str(reading.start), str(reading.end - timedelta(days=1)), words.value(reading, locale),
            _known(reading), plain(_why(reading)),
        )  # fmt: skip
    console().print(drawn)
    _left_out(found)


def bridge(found: Any, locale: str) -> None:
    """The bridge, line by line."""
    from trueline.engine.bridge import PARTS

    drawn = table(
        "", "MRR", numbers=("MRR",), title=f"{found.start} to {found.end - timedelta(days=1)}"
    )
    amounts = [getattr(found, name) for name in PARTS]
    for row in zip(PARTS, words.alike(amounts, "", found.currency, locale), strict=True):
        drawn.add_row(*row)
    console().print(drawn)
    counts = {k.removeprefix("customers_"): v for k, v in found.customers.items()}
    if None not in counts.values():
        line(
            f"Customers: {counts['at_start']:,} at the start, {counts['gained']:,} gained, "
            f"{counts['lost']:,} lost, {counts['at_end']:,} at the end; {counts['passed']:,} came "
            "and left between."
        )
    for reason in found.reasons:
        line(f"{reason.message} {reason.enable or ''}".strip())


def cohorts(found: Any) -> None:
    """Retention in percent, a row a cohort."""
    ages = min(max((len(row.rates) for row in found.rows), default=0), 13)
    heads = [f"M{age}" for age in range(ages)]
    drawn = table("Cohort", "Size", *heads, numbers=("Size", *heads))
    for row in found.rows:
        cells = [words.UNKNOWN if r is None else f"{r:.0f}" for r in row.rates[:ages]]
        drawn.add_row(f"{row.cohort:%Y-%m}", f"{row.size:,}", *cells)
    means = [words.UNKNOWN if r is None else f"{r:.0f}" for r in found.average[:ages]]
    drawn.add_row("all", "", *means)
    console().print(drawn)
    for reason in found.reasons:
        line(f"{reason.message} {reason.enable or ''}".strip())


def explanation(found: dict[str, Any], locale: str) -> None:
    """A number's origin, in words."""
    reading = found["reading"]
    value = words.UNKNOWN
    if reading["value"] is not None:
        value = words.amount(reading["value"], reading["unit"], reading["currency"], locale)
    line(f"{reading['label']}: {value} ({_NAMES[reading['quality']]})")
    line(f"{found['meaning']}\n\nFormula: {found['formula']}\n")
    drawn = table(
        "Input", "Value", "Source", "Facts", "Rows", "First", "Last", numbers=("Value", "Rows")
    )
    for item in found["inputs"]:
        drawn.add_row(
            plain(item["name"]), _short(item["value"]), item["source"], item["table"] or "",
            "" if item["rows"] is None else f"{item['rows']:,}",
            (item["first"] or "")[:10], (item["last"] or "")[:10],
        )  # fmt: skip
    console().print(drawn)
    for reason in reading["reasons"]:
        line(f"{reason['message']} {reason['enable'] or ''}".strip())
    line("Every digit, and the SQL of every input: --json")


def _short(number: Any) -> str:
    """A number of no stated unit, with four decimals at the most."""
    if number is None:
        return words.UNKNOWN
    exact = Decimal(str(number))
    return f"{round_to(exact, 4).normalize():,f}" if exact % 1 else f"{exact:,.0f}"


def history(rows: list[dict[str, Any]], company: Any) -> None:
    """Snapshots as a table."""
    from trueline.catalog.kpis import kpi

    def written(key: str, value: Any) -> str:
        if value is None:
            return words.UNKNOWN
        unit = kpi(key).unit
        currency = company.currency if unit.is_money else None
        return words.amount(value, unit.written(company.currency), currency, company.locale)

    drawn = table(
        "Day", "KPI", "Reported", "Known", "Revision", "Restated from", numbers=("Reported",)
    )
    for row in rows:
        reported = written(row["kpi_type"], row["kpi_value"])
        before = written(row["kpi_type"], row["previous_value"]) if row["restated"] else ""
        quality = _NAMES[row["metadata"]["quality"]]
        drawn.add_row(
            row["snapshot_date"], row["kpi_type"], reported, quality, str(row["revision"]), before
        )
    console().print(drawn)


def facts(found: list[dict[str, Any]]) -> None:
    """Tables as a table; rejected rows that are in no number below it."""
    drawn = table("Table", "Rows", "First day", "Last day", "Complete", numbers=("Rows",))
    for item in found:
        spans = [
            f"{c['category']}: {c['from']} to {c['to']}" for c in item["coverage"] if c["complete"]
        ]
        drawn.add_row(
            item["table"], f"{item['rows']:,}", str(item["first_day"] or ""),
            str(item["last_day"] or ""), plain("; ".join(spans)),
        )  # fmt: skip
    console().print(drawn)
    for item in found:
        if item["left_out"]:
            out = item["left_out"]
            loads = ", ".join(map(str, out["loads"]))
            rows = "row is" if out["rows"] == 1 else "rows are"
            line(f"{item['table']}: {out['rows']:,} rejected {rows} in no number (load {loads})")


def checks(found: list[dict[str, Any]]) -> None:
    """Checks, each with a mark."""
    for check in found:
        line(f"{'✓' if check['ok'] else '✗'} {check['check']}: {check['message']}")
        if check["fix"]:
            line(f"  {check['fix']}")


def report(found: Any) -> None:
    """What a load did, with the first rejects."""
    updated = f" ({found.updated:,} of them updated)" if found.updated else ""
    line(
        f"{found.table}: {found.status}. {found.read:,} read = {found.accepted:,} accepted"
        f"{updated} + {found.duplicate:,} duplicate + {found.rejected:,} rejected "
        f"({found.seconds:.1f} s)"
    )
    for note in found.notes:
        line(f"  {note}")
    if not found.rejects:
        return
    drawn = table("Line", "Column", "Value", "Rule", "Fix", numbers=("Line",))
    for reject in found.rejects:
        drawn.add_row(
            str(reject.line), plain(reject.column or ""), plain(reject.value or ""),
            plain(reject.rule), plain(reject.fix),
        )  # fmt: skip
    console().print(drawn)
    if found.rejects_path:
        _by_rule(found.rejects_path, len(found.rejects))
    if found.rejects_path:
        line(f"All rejected rows: {found.rejects_path} (correct them and load that file)")
    if found.status == "refused":
        line("Nothing was loaded. --keep-good loads the good rows.")


def _by_rule(path: Path, shown: int) -> None:
    """What is wrong with more rejects than are shown: twenty alike would hide the others."""
    from trueline.facts.load import count_rejects, rejects_by_rule

    if count_rejects(path) <= shown:  # of a refused file the good rows count as rejected, too
        return
    for column, rule, rows, first in rejects_by_rule(path):
        where = f"{column} " if column else ""
        line(f"  {rows:,} x {printable(where + rule)}, first on line {first:,}")


@contextmanager
def progress(file: Path, *, quiet: bool) -> Iterator[Callable[[Any], None] | None]:
    """A progress bar for a load, on standard error; none where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[so_far]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.name, total=None, so_far="")

        def report_progress(found: Any) -> None:
            bar.update(
                task, description=f"{file.name}: {found.phase}", total=found.total or None,
                completed=found.done, so_far=f"{found.done:,} {found.unit}" if found.done else "",
            )  # fmt: skip

        yield report_progress


@contextmanager
def steps(title: str, *, quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A progress bar for named steps."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda step, done, of: bar.update(
            task, description=f"{title}: {step}", completed=done, total=of
        )
