"""Pages name their own controls; the library's reasons name what a program does."""

from __future__ import annotations

import re

import pytest
from serving import Served

from pages import shown, words_of
from trueline.web.pages.saying import on_page

OF_PROGRAMS = re.compile(r"allow_estimates|keep_good|\b(GET|POST|PUT|DELETE) /|--[a-z]|=true")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "Record costs (POST /api/kpi/costs or load costs), or declare coverage.",
            "Record costs, or declare coverage.",
        ),
        ("Record it (POST /api/kpi/costs, cost_type cogs), or wait.", "Record it, or wait."),
        (
            "Load subscription_events, or ask with allow_estimates=true.",
            "Load subscription_events, or choose Allow estimates at the head of the page.",
        ),
        ("Correct them, or load the good rows with keep_good.", "or load the good rows alone."),
        ("Load events with --full, or declare.", "Load events as a full export, or declare."),
        (None, ""),
    ],
)
def test_what_a_program_does_is_said_as_a_page_does_it(said: str | None, expected: str) -> None:
    assert on_page(said).endswith(expected)


@pytest.mark.parametrize(
    "path", ["/executive", "/finance", "/growth", "/kpi/cogs_rate", "/kpi/dau", "/kpis", "/product"]
)
def test_no_page_talks_of_parameters_routes_or_options(served: Served, path: str) -> None:
    assert OF_PROGRAMS.search(words_of(shown(served, path))) is None


def test_a_page_without_anything_to_filter_by_can_allow_estimates(served: Served) -> None:
    assert "Allow estimates" in shown(served, "/executive")
