"""ClickHouse's own engine behind its HTTP interface, in a process of its own.

No package index has the server. The embedded engine is the same engine; this puts it behind the
protocol that the server speaks, as far as a client needs it: users and passwords, settings,
database and typed parameters by request, one stateless session a request, data in the body, the
server's codes of error. So the client that talks to a server is tried on the real engine, by
several processes at once, which an embedded one cannot be.

    python clickhouse_http.py FOLDER PORT
"""

from __future__ import annotations

import base64
import gzip
import re
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

USERS = {"owner": ("secret", 0), "reader": ("looks", 2), "fixed": ("looks", 1)}
"""Passwords, and ``readonly``: 2 may set how its session counts, 1 may not."""
_BY_TRANSPORT = {
    *("database", "query", "query_id", "session_id", "wait_end_of_query", "compress"),
    *("client_protocol_version", "buffer_size", "role", "enable_http_compression"),
    *("send_progress_in_http_headers", "http_headers_progress_interval_ms"),
}
_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_CODE = re.compile(r"Code: (\d+)")


class RefusedError(Exception):
    """What the server answers instead of a result."""


class Handler(BaseHTTPRequestHandler):
    """One request: its own session, settings and database, gone with it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self._body()
        words = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if urlsplit(self.path).path == "/ping":
            self._answer(200, b"Ok.\n", {})
            return
        try:
            content, kind = self._run(words, body, self._user())
        except (RefusedError, RuntimeError) as error:
            code = _CODE.search(str(error))
            number = code[1] if code else "1002"
            status = {"516": 403, "164": 500, "60": 404, "81": 404}.get(number, 500)
            self._answer(status, str(error).encode(), {"X-ClickHouse-Exception-Code": number})
            return
        self._answer(200, content, {"X-ClickHouse-Format": kind} if kind else {})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            sent = b"".join(pieces)
        else:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        coding = self.headers.get("Content-Encoding", "identity")
        if coding == "identity":
            return sent
        if coding == "gzip":
            return gzip.decompress(sent)
        raise NotImplementedError(coding)

    def _user(self) -> str:
        name, _, password = (
            base64.b64decode(self.headers.get("Authorization", " ").split(" ")[1])
            .decode()
            .partition(":")
        )
        if USERS.get(name, ("", 0))[0] != password:
            raise RefusedError(
                f"Code: 516. DB::Exception: {name}: Authentication failed: password is incorrect, "
                "or there is no user with such name. (AUTHENTICATION_FAILED)"
            )
        return name

    def _run(self, words: dict[str, str], body: bytes, user: str) -> tuple[bytes, str | None]:
        session = self.server.engine.connect(self.server.folder)  # type: ignore[attr-defined]
        try:
            session.query(f"USE `{words.get('database', 'default')}`")
            readonly = USERS[user][1]
            if readonly == 1:
                session.query("SET readonly = 1")
            for name, value in words.items():
                if name not in _BY_TRANSPORT and not name.startswith("param_"):
                    session.query(f"SET {name} = '{value}'")
            if readonly == 2:
                session.query("SET readonly = 2")
            given = {n.removeprefix("param_"): v for n, v in words.items() if n[:6] == "param_"}
            if "query" in words and body:
                return self._insert(session, words["query"], body), None
            return _asked(session, words.get("query") or body.decode(), given)
        finally:
            session.close()

    def _insert(self, session: Any, sql: str, data: bytes) -> bytes:
        with tempfile.NamedTemporaryFile(dir=self.server.folder) as file:  # type: ignore[attr-defined]
            file.write(data)
            file.flush()
            found = _FORMAT.search(sql)
            assert found is not None, sql
            into = f"{sql[: found.start()]} FROM INFILE '{file.name}' FORMAT {found[1]}"
            session.query(into)
        return b""

    def _answer(self, status: int, content: bytes, more: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-ClickHouse-Timezone", "Asia/Kathmandu")
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _asked(session: Any, sql: str, given: dict[str, str]) -> tuple[bytes, str | None]:
    named = _FORMAT.search(sql)
    if named:
        return session.query(sql, named[1], params=given).bytes() or b"", named[1]
    # A statement with a result has at least the line of names.
    found = session.query(sql, "TabSeparatedWithNames", params=given).bytes() or b""
    return (found.partition(b"\n")[2], "TabSeparated") if found else (b"", None)


def main(folder: str, port: str) -> None:
    """Serve until killed."""
    import chdb

    Path(folder).mkdir(exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    server.engine, server.folder = chdb, folder  # type: ignore[attr-defined]
    held = chdb.connect(folder)  # the engine stays while this one does
    print("ready", flush=True)
    try:
        server.serve_forever()
    finally:
        held.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
