"""Run as a child with little memory: how much does a compressed file hold? Prints a problem."""

from __future__ import annotations

import gzip
import resource
import sys
import zlib

MEMORY = 2 * 1024**3
CPU_SECONDS = 50


def problem(path: str, most: int) -> str:
    """What is wrong with the file; empty when nothing is."""
    return _gzip(path, most) if path.endswith(".gz") else _parquet(path, most)


def _gzip(path: str, most: int) -> str:
    size = 0
    try:
        with gzip.open(path) as file:
            while block := file.read(1 << 20):
                size += len(block)
                if size > most:
                    return f"it unpacks to more than {most:,} bytes"
    except (OSError, EOFError, zlib.error) as error:
        return f"it is no whole gzip file ({error})"
    return ""


def _parquet(path: str, most: int) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            rows = 0
            size = 0
            for batch in file.iter_batches(batch_size=1024):
                rows += batch.num_rows
                size += batch.nbytes
                if size > most:
                    return f"it unpacks to more than {most:,} bytes"
            if rows != file.metadata.num_rows:
                return "its footer counts other rows than it holds"
    except (pa.ArrowException, OSError, MemoryError) as error:
        return f"it is no whole Parquet file ({str(error).splitlines()[0][:120]})"
    return ""


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    sys.stdout.write(problem(sys.argv[1], int(sys.argv[2])))
