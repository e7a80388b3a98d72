"""The daily job: on demand with progress, and by itself once a day."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from trueline.core.errors import NotFoundError, TruelineError
from trueline.home import Trueline

log = logging.getLogger("trueline.jobs")
_KEPT = 20
_LOOK_EVERY_SECONDS = 20.0
_WAITED_SECONDS = 30.0


class Jobs:
    """Refreshes of one company, one at a time."""

    def __init__(self, tl: Trueline) -> None:
        self._tl = tl
        self._lock = threading.Lock()
        self._jobs: dict[str, dict[str, Any]] = {}
        self._stopping = threading.Event()
        self._clockwork: threading.Thread | None = None
        self._working: threading.Thread | None = None

    def start(self) -> dict[str, Any]:
        """Begin a refresh, or join the one that is running. Returns its state."""
        with self._lock:
            running = next((j for j in self._jobs.values() if j["status"] == "running"), None)
            if running is not None:
                return dict(running)
            job: dict[str, Any] = {
                "id": secrets.token_hex(8),
                "status": "running",
                "step": "starting",
                "done": 0,
                "of": 1,
                "started_at": datetime.now(UTC).replace(microsecond=0).isoformat(),
                "finished_at": None,
                "result": None,
                "error": None,
            }
            self._jobs[job["id"]] = job
            for old in list(self._jobs)[:-_KEPT]:
                del self._jobs[old]
            self._working = threading.Thread(target=self._refresh, args=(job,), daemon=True)
            self._working.start()
            return dict(job)

    def running(self) -> dict[str, Any] | None:
        """The refresh that is under way, if one is."""
        found = [job for job in list(self._jobs.values()) if job["status"] == "running"]
        return dict(found[0]) if found else None

    def state(self, job_id: str) -> dict[str, Any]:
        """How far a refresh is. Raises NotFoundError."""
        job = self._jobs.get(job_id)
        if job is None:
            raise NotFoundError(
                f"There is no refresh '{job_id[:40]}'.", "POST /api/refresh starts one."
            )
        return dict(job)

    def states(self) -> dict[str, int]:
        """How many of the refreshes kept are running, done and failed."""
        return Counter(job["status"] for job in list(self._jobs.values()))

    def _refresh(self, job: dict[str, Any]) -> None:
        def report(step: str, done: int, of: int) -> None:
            job.update(step=step, done=done, of=of)

        try:
            result = self._tl.refresh(progress=report)
            _outcome(result)
            job.update(status="done", step="done", done=1, of=1, result=result)
        except TruelineError as error:
            job.update(status="failed", error=error.to_json())
        except Exception:  # a job that broke must not be said to run for ever
            log.exception("refresh %s failed", job["id"])
            job.update(
                status="failed", error={"detail": "The refresh failed; see the server's log."}
            )
        finally:
            job["finished_at"] = datetime.now(UTC).replace(microsecond=0).isoformat()

    def schedule(self) -> None:
        """Run the daily job by itself, at the settings' local time, each day's slot once."""
        self._clockwork = threading.Thread(target=self._tick, name="trueline-daily", daemon=True)
        self._clockwork.start()

    def _tick(self) -> None:
        while not self._stopping.wait(_LOOK_EVERY_SECONDS):
            try:
                self.run_due(datetime.now(UTC))
            except Exception:  # tomorrow is another day: the clock goes on
                log.exception("the daily job could not be looked after")

    def run_due(self, now: datetime) -> bool:
        """Run the slot that is due at ``now``, if it is and nobody has; whether it ran."""
        server, company = self._tl.settings.server, self._tl.settings.company
        slot = self._tl.store.due_slot("daily", now, at=server.refresh_at, zone=company.zone)
        if slot is None or not self._tl.store.claim("daily", slot):
            return False
        try:
            result = self._tl.refresh()
        except Exception as error:  # whatever it is
            # Said at once: a slot that never ends would be taken for one whose process died.
            self._tl.store.done("daily", slot, f"failed: {error}")
            log.exception("the daily job failed")
            return False
        self._tl.store.done("daily", slot, _outcome(result))
        return True

    def stop(self) -> None:
        """Let the clockwork end, and a refresh that is under way: the files are closed next."""
        self._stopping.set()
        for thread in (self._clockwork, self._working):
            if thread is not None:
                thread.join(_WAITED_SECONDS)


def _outcome(result: dict[str, Any]) -> str:
    """How a refresh ended, for a person; what could not be loaded is in the log, too."""
    left = [load for load in result.get("loads", ()) if load["status"] in ("failed", "refused")]
    for load in left:
        said = load.get("message") or " ".join(load["notes"])
        log.warning("%s was not loaded: %s", load["table"], said)
    tables = ", ".join(dict.fromkeys(load["table"] for load in left))
    return f"done, but {tables} could not be loaded" if left else "done"
