"""The catalogue: every KPI, found by its words, subject and state."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from serving import Served, app_of

from trueline.catalog.kpi import Kpi
from trueline.catalog.kpis import KPIS, from_facts
from trueline.core.period import Period
from trueline.core.reading import Reading

HTML = {"Accept": "text/html"}


def listed(served: Served, status: int = 200, **query: str) -> list[str]:
    answer = served.client.get("/kpis", params=query, headers=HTML)
    assert answer.status_code == status, answer.text
    return re.findall(r'<th scope="row"><a href="/kpi/(\w+)', answer.text)


def test_every_kpi_is_listed_once(served: Served) -> None:
    assert sorted(listed(served)) == sorted(k.key for k in KPIS)


def test_words_are_looked_for_in_name_key_and_meaning(served: Served) -> None:
    assert "nrr" in listed(served, q="Net REVENUE retention")
    assert listed(served, q="grr")[0] == "grr"
    assert listed(served, q="no such word") == []


def test_subject_and_state_narrow_it(served: Served) -> None:
    assert set(listed(served, subject="delivery")) == {
        k.key for k in KPIS if k.subject == "delivery"
    }
    assert listed(served, state="calculator") == ["cltv"]
    assert "nps" in listed(served, state="unknown")
    assert "mrr" in listed(served, state="known", subject="recurring")


def test_the_states_are_all_there_is(served: Served) -> None:
    states = ("known", "estimated", "partial", "unknown", "calculator")
    assert sum(len(listed(served, state=state)) for state in states) == len(KPIS)


def test_an_unknown_value_says_what_is_missing_and_where_to_mend_it(served: Served) -> None:
    text = served.client.get("/kpis", params={"q": "nps"}, headers=HTML).text
    assert "No surveys are recorded" in text
    assert 'href="/data"' in text


@pytest.mark.parametrize(
    "query", [{"subject": "nothing"}, {"state": "odd"}, {"q": "x" * 201}, {"page": "2"}]
)
def test_nonsense_is_refused(served: Served, query: dict[str, str]) -> None:
    answer = served.client.get("/kpis", params=query, headers=HTML)
    assert answer.status_code in (404, 422)


def test_what_is_looked_for_stays_text(served: Served) -> None:
    text = served.client.get("/kpis", params={"q": '"><script>x</script>'}, headers=HTML).text
    assert "<script>x" not in text


def test_courses_are_given_apart_for_every_kpi_that_facts_feed(served: Served) -> None:
    courses = served.get("/kpis/courses.json")["courses"]
    assert set(courses) == {k.key for k in from_facts()}
    assert courses["mrr"]["line"].startswith("M")
    assert courses["nps"] is None


def test_the_catalogue_is_evaluated_ahead_so_that_its_first_reader_does_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a server does while nobody asks: after it, the page needs no evaluation of its own."""
    from trueline.engine.evaluate import Evaluator
    from trueline.web.pages.catalogue import readings_ahead

    served = Served(tmp_path)
    evaluated: list[str] = []
    evaluate = Evaluator._evaluate

    def noticed(self: Evaluator, definition: type[Kpi], period: Period) -> Reading:
        evaluated.append(definition.key)
        return evaluate(self, definition, period)

    monkeypatch.setattr(Evaluator, "_evaluate", noticed)
    with served.client:
        app_of(served.client).state.boards.stop()  # only what is meant
        evaluated.clear()
        readings_ahead(served.tl)
        assert len(evaluated) > 50
        evaluated.clear()
        assert served.client.get("/kpis", headers=HTML).status_code == 200
        assert evaluated == []
    served.tl.close()
