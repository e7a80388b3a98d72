"""The library's words over HTTP: what commands use when a server owns the home."""

from __future__ import annotations

import http.client
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from trueline.core.errors import ConflictError, HomeOwnedError, TruelineError, existing
from trueline.core.reading import Reading, dumps, loads
from trueline.settings import Settings

if TYPE_CHECKING:
    from trueline.engine.bridge import Bridge
    from trueline.engine.cohort import Cohorts
    from trueline.facts.load import LoadReport

ADDRESS_FILE = "server.json"
_TIMEOUT_SECONDS = 3600


class RemoteError(TruelineError):
    """The server's answer to a request that it refused."""

    code, exit_code = "remote", 2


class Remote:
    """A company behind a server on this machine; methods and answers as ``home.Trueline``."""

    def __init__(self, url: str, token: str, home: Path) -> None:
        self._address = urlsplit(url)
        self._token = token
        self.home = home
        self.settings = Settings.read(home)

    @classmethod
    def of(cls, home: Path) -> Remote | None:
        """The server that says it owns the home; None where none says so."""
        try:
            found = json.loads((home / ADDRESS_FILE).read_text(encoding="utf-8"))
            return cls(found["url"], found["token"], home)
        except (OSError, ValueError, KeyError):
            return None

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is kept open."""

    def _send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Any:
        given = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        connection = http.client.HTTPConnection(
            self._address.hostname or "127.0.0.1", self._address.port, timeout=_TIMEOUT_SECONDS
        )
        try:
            connection.request(method, path, body=body, headers=given)
            response = connection.getresponse()
            raw, status = response.read(), response.status
        except OSError as error:
            raise HomeOwnedError(
                f"The server at {self._address.geturl()} owns {self.home} and does not answer.",
                "Stop it, or start it again with: trueline serve",
            ) from error
        finally:
            connection.close()
        answer = loads(raw) if raw else {}
        if status >= 400:
            raise RemoteError(answer.get("detail", f"status {status}"), answer.get("fix"))
        return answer

    def _get(self, path: str, **query: Any) -> Any:
        given = {k: _text(v) for k, v in query.items() if v is not None and v is not False}
        return self._send("GET", f"{path}?{urlencode(given)}" if given else path)

    def _post(self, path: str, content: Any) -> Any:
        headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
        return self._send("POST", path, dumps(content).encode(), headers)

    # -- keeping -----------------------------------------------------------------------------

    def backup(
        self,
        target: str | Path,
        progress: Callable[[str, int, int], None] | None = None,  # noqa: ARG002  the server shows its own
    ) -> dict[str, Any]:
        """Have the server write a backup, and bring it where it is wanted."""
        import shutil

        if Path(target).exists():
            raise ConflictError(f"{target} is there already.", "Choose another name.")
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        found: dict[str, Any] = self._post("/api/backup", {})
        shutil.move(found["path"], target)
        return found | {"path": str(target)}

    # -- facts --------------------------------------------------------------------------------

    def load(
        self,
        table: str,
        path: str | Path,
        *,
        mapping: str | Path | dict[str, str] | None = None,
        keep_good: bool = False,
        full: bool = False,
        progress: Callable[[Any], None] | None = None,  # noqa: ARG002  the server shows its own
    ) -> LoadReport:
        """Send a file to be loaded."""
        from trueline.facts.load import LoadReport
        from trueline.facts.load.mapping import mapping_text

        file = existing(path)
        fields = {"keep_good": str(keep_good).lower(), "full": str(full).lower()}
        if isinstance(mapping, dict):
            lines = [f"{json.dumps(k)} = {json.dumps(v)}" for k, v in mapping.items()]
            fields["mapping"] = "[columns]\n" + "\n".join(lines)
        elif mapping is not None:
            fields["mapping"] = mapping_text(Path(mapping))
        boundary = secrets.token_hex(16)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(_length(boundary, fields, file)),
        }
        body = _form(boundary, fields, file)
        answer = self._send("POST", f"/api/facts/{quote(table, safe='')}/upload", body, headers)
        return LoadReport.from_json(answer)

    def remove(self, table: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Take the rows with these keys out of every number; returns how many there were."""
        path = f"/api/facts/{quote(table, safe='')}/remove"
        return int(self._post(path, {"rows": list(rows)})["removed"])

    def facts(self) -> list[dict[str, Any]]:
        """Every table: rows, first and last day, coverage, last load."""
        found: list[dict[str, Any]] = self._get("/api/facts")["tables"]
        return found

    def declare_coverage(
        self, table: str, *, category: str = "*", start: str | date, end: str | date,
        complete: bool = True,
    ) -> None:  # fmt: skip
        """Say from when to when a table is complete."""
        words = {"category": category, "start": str(start), "end": str(end), "complete": complete}
        self._post("/api/facts/coverage", {"table": table, **words})

    # -- numbers ------------------------------------------------------------------------------

    def kpis(self) -> list[dict[str, Any]]:
        """The catalogue."""
        found: list[dict[str, Any]] = self._get("/api/kpi")["kpis"]
        return found

    def kpi(self, key: str, **words: Any) -> Reading:
        """One reading."""
        return Reading.from_json(self._get(f"/api/kpi/{quote(key, safe='')}", **_flat(words)))

    def readings(self, keys: Iterable[str] | None = None, **words: Any) -> dict[str, Reading]:
        """Many readings."""
        listed = None if keys is None else ",".join(keys)
        found = self._get("/api/kpi/readings", keys=listed, **_flat(words))["readings"]
        return {key: Reading.from_json(r) for key, r in found.items()}

    def compare(self, key: str, **words: Any) -> dict[str, Any]:
        """A reading beside the earlier ones."""
        found = self._get(f"/api/kpi/{quote(key, safe='')}/compare", **_flat(words))
        earlier = ("reading", "previous", "year_earlier")
        return {k: Reading.from_json(v) if k in earlier else v for k, v in found.items()}

    def series(self, key: str, *, grain: str = "month", **words: Any) -> list[Reading]:
        """A reading a bucket."""
        path = f"/api/kpi/{quote(key, safe='')}/series"
        return [
            Reading.from_json(r) for r in self._get(path, grain=grain, **_flat(words))["series"]
        ]

    def bridge(self, **words: Any) -> Bridge:
        """The MRR bridge."""
        from trueline.engine.bridge import Bridge

        return Bridge.from_json(self._get("/api/kpi/bridge", **_flat(words)))

    def cohorts(self, kind: str = "subscriptions", by: str = "customers", **words: Any) -> Cohorts:
        """Retention by first paid month."""
        from trueline.engine.cohort import Cohorts

        return Cohorts.from_json(self._get("/api/kpi/cohorts", kind=kind, by=by, **_flat(words)))

    def explain(self, key: str, **words: Any) -> dict[str, Any]:
        """How a number came about."""
        found: dict[str, Any] = self._get(f"/api/kpi/{quote(key, safe='')}/explain", **_flat(words))
        return found

    def forecast(self, key: str, **words: Any) -> dict[str, Any]:
        """A KPI's next buckets."""
        return self._about(key, "forecast", words)

    def pattern(self, key: str, **words: Any) -> dict[str, Any]:
        """What a KPI has been doing."""
        return self._about(key, "pattern", words)

    def anomalies(self, key: str, **words: Any) -> dict[str, Any]:
        """What is unusual in a KPI."""
        return self._about(key, "anomalies", words)

    def retention(
        self, kind: str = "n_day", *, returning: Iterable[str] | None = None, **words: Any
    ) -> dict[str, Any]:
        """Who was back, step by step."""
        back = None if returning is None else ",".join(returning)
        found: dict[str, Any] = self._get(
            "/api/product/retention", kind=kind, returning=back, **words
        )
        return found

    def funnels(self) -> dict[str, Any]:
        """The declared funnels."""
        found: dict[str, Any] = self._get("/api/product/funnels")["funnels"]
        return found

    def funnel(
        self, name: str | None = None, *, steps: Iterable[Iterable[str]] | None = None, **words: Any
    ) -> dict[str, Any]:
        """How many took the next steps."""
        text = None if steps is None else ",".join("|".join(step) for step in steps)
        found: dict[str, Any] = self._get("/api/product/funnel", name=name, steps=text, **words)
        return found

    def lifecycle(self, **words: Any) -> dict[str, Any]:
        """New, returning, resurrecting and dormant users."""
        found: dict[str, Any] = self._get("/api/product/lifecycle", **words)
        return found

    def _about(self, key: str, what: str, words: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self._get(f"/api/kpi/{quote(key, safe='')}/{what}", **_flat(words))
        return found

    def snapshot(self, day: str | None = None) -> dict[str, Any]:
        """Keep today's readings as reported."""
        if day is not None:
            raise RemoteError(
                "A snapshot of an earlier day cannot be made through the server.",
                "Stop the server for it.",
            )
        found: dict[str, Any] = self._send("POST", "/api/kpi/snapshot")["data"]
        return found

    def history(
        self, key: str | None = None, *, days: int = 90, stage: str | None = None,
        limit: int = 1000, cursor: str | None = None,
    ) -> tuple[list[dict[str, Any]], str | None]:  # fmt: skip
        """What was reported."""
        data = self._get(
            "/api/kpi/historical", kpi_type=key, days=days, stage=stage, limit=limit, cursor=cursor
        )["data"]
        return data["history"], data["next_cursor"]

    def refresh(self, progress: Callable[[str, int, int], None] | None = None) -> dict[str, Any]:
        """The daily job, waited for."""
        import time

        job = self._send("POST", "/api/refresh")
        while job["status"] == "running":
            time.sleep(0.2)
            job = self._get(f"/api/refresh/{job['id']}")
            if progress is not None:
                progress(job["step"], job["done"], job["of"])
        if job["status"] != "done":
            raise RemoteError(job["error"]["detail"], job["error"].get("fix"))
        found: dict[str, Any] = job["result"]
        return found

    def doctor(self) -> list[dict[str, Any]]:
        """Checks of the home."""
        found: list[dict[str, Any]] = self._get("/api/doctor")["checks"]
        return found


def _flat(words: dict[str, Any]) -> dict[str, Any]:
    """The library's options as query parameters."""
    cut = words.pop("slice", None) or {}
    return {**words, **cut}


def _text(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return "true" if value is True else str(value)


def _head(boundary: str, fields: dict[str, str], name: str) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    safe = name.replace('"', "%22").replace("\r", "").replace("\n", "")
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{safe}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return "".join(parts).encode()


def _tail(boundary: str) -> bytes:
    return f"\r\n--{boundary}--\r\n".encode()


def _length(boundary: str, fields: dict[str, str], path: Path) -> int:
    around = len(_head(boundary, fields, path.name)) + len(_tail(boundary))
    return around + path.stat().st_size


def _form(boundary: str, fields: dict[str, str], path: Path) -> Iterator[bytes]:
    """The form, streamed: a large file is never held whole."""
    yield _head(boundary, fields, path.name)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block
    yield _tail(boundary)
