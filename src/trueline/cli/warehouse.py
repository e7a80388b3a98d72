"""``trueline warehouse``: moving to another engine, and tables for a cluster."""

from typing import Annotated

import typer

from trueline.cli import show
from trueline.cli.options import HERE, AsJson, Home
from trueline.core.reading import dumps

group = typer.Typer(help="Where facts are kept.", no_args_is_help=True, rich_markup_mode=None)


@group.command()
def copy(
    source: Annotated[str, typer.Argument(help="URL to copy from: duckdb://warehouse.duckdb")],
    target: Annotated[str, typer.Argument(help="URL of an empty warehouse: postgresql://...")],
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Copy a company to another warehouse, then compare every reading."""
    from trueline.relocate import copy_warehouse
    from trueline.settings import Settings

    settings = Settings.read(home)
    with show.steps("Copying", quiet=as_json) as progress:
        found = copy_warehouse(
            home, settings, source, target, progress=progress or (lambda *_: None)
        )
    if as_json:
        show.line(dumps(found, indent=2))
        return
    show.line(
        f"{found['rows']:,} rows in {len(found['tables'])} tables copied; {found['readings']:,} "
        "readings agree. To use it, set [warehouse] url in trueline.toml."
    )


@group.command()
def ddl(
    cluster: Annotated[str, typer.Option(help="The cluster's name, as the servers know it.")],
    database: Annotated[str, typer.Option(help="The database.")] = "trueline",
) -> None:
    """Print the tables of a ClickHouse cluster: replicated on each shard, distributed over all."""
    import re

    from trueline.core.errors import InputError
    from trueline.warehouse.clickhouse_schema import create_statements

    for name in (cluster, database):
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,60}", name):
            raise InputError(f"'{name[:60]}' is no name.", "Use letters, digits and _.")
    for statement in create_statements(database, cluster):
        show.line(f"{statement};")
