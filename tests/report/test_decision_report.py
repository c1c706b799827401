"""The page and the document of a decision: whole, self-contained, repeatable, without NumPyro."""

import json
import re

import pytest
import xarray as xr

from conftest import run_python
from decision.made import few, with_overdose
from myelodose.decision.from_counts import decide_from_counts
from myelodose.decision.sources import source_of
from myelodose.errors import InputError
from myelodose.population.examples import marrow_model
from myelodose.posterior import save_posterior
from myelodose.report.decision_document import (
    decision_document,
    document_text,
    question_of,
    read_decision,
)
from myelodose.report.decision_page import decision_page, headline
from myelodose.report.decision_report import write_decision
from myelodose.report.put import put_whole
from virtual.test_from_posterior import made_up


@pytest.fixture(scope="module")
def page():
    return decision_page(few(), created="2026-11-26T00:00:00+00:00")


@pytest.fixture(scope="module")
def document(tmp_path_factory) -> str:
    """The text of a document as it is written."""
    return write_decision(few(), tmp_path_factory.mktemp("written")).document.read_text()


def text_of(page: str) -> str:
    body = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    return " ".join(body.split())


def test_the_page_is_headed_by_the_recommendation_and_says_simulated(page):
    text = text_of(page)
    assert f"<h1>{headline(few())}</h1>" in page
    assert "SIMULATED" in text[:300]
    for part in ("Why", "What is assumed", "Counts and toxicity data", "Seed 3;", "SHA-256"):
        assert part in text


def test_the_page_fetches_nothing_and_has_its_figure_and_a_print_sheet(page):
    assert not re.search(r'(src|href)="https?:', page)
    assert "data:image/svg+xml;base64," in page
    assert "@page { size: A4 portrait" in page
    assert "@media print" in page
    assert re.search(r'<img alt="[^"]+"', page)


def test_a_trial_that_stops_says_so_at_the_top():
    stopped = with_overdose(0.5, 0.9, 0.9)
    page = decision_page(stopped, created="2026-11-26T00:00:00+00:00")
    assert "<h1>Stop: no dose is admissible</h1>" in page
    assert '<header class="stop">' in page
    assert '<p class="note conflict">' in page


def test_page_and_document_are_written_together_and_nothing_else(tmp_path):
    written = write_decision(few(), tmp_path / "new", name="mine-")
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == [
        "mine-decision.html",
        "mine-decision.json",
    ]
    assert "mine-decision.json" in written.page.read_text()


def test_a_failure_while_writing_leaves_what_was_there(tmp_path):
    first, second = tmp_path / "a.html", tmp_path / "b.json"
    put_whole({first: "old", second: "old"})
    with pytest.raises(UnicodeEncodeError):
        put_whole({first: "new", second: "\udc80"})
    assert [p.read_text() for p in (first, second)] == ["old", "old"]
    assert len(list(tmp_path.iterdir())) == 2


def test_the_document_holds_the_question_whole(tmp_path, document):
    (tmp_path / "decision.json").write_text(document)
    document = read_decision(tmp_path / "decision.json")
    assert question_of(document) == few().question
    assert document["schema_version"] == 1
    assert document["draws"]["hash"] == few().source["hash"]
    result = document["result"]
    assert result["estimates"]["risk"]["mean"] == pytest.approx(
        few().estimates.table["mean"].sel(quantity="risk").values
    )
    assert len(result["reasons"]) == len(few().reasons)


def test_the_document_is_json_without_nan():
    text = document_text(decision_document(few(), created="2026-11-26"))
    assert json.loads(text, parse_constant=lambda name: pytest.fail(name))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "else"}, "found no decision from counts"),
        ({"schema_version": 9}, "found schema version 9"),
        ({"result": {"recommended_dose_mg": 25.0}}, "the results do not have their hash"),
    ],
)
def test_a_document_that_was_changed_is_refused(tmp_path, document, change, says):
    path = tmp_path / "decision.json"
    path.write_text(json.dumps(json.loads(document) | change))
    with pytest.raises(InputError, match=says):
        read_decision(path)


def test_what_is_no_document_is_refused(tmp_path):
    (tmp_path / "decision.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        read_decision(tmp_path / "decision.json")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::myelodose.posterior.PosteriorWarning")
def test_a_fresh_process_decides_from_a_stored_posterior_without_numpyro(tmp_path):
    """The same numbers as here, and again from the document; SIMULATED, fitted to nothing."""
    table = xr.Dataset({"CRCL": ("record", [1.0, 400.0]), "BSA": ("record", [1.0, 3.0])})
    path = save_posterior(made_up(marrow_model(), records=table), tmp_path / "made-up.nc")
    code = (
        "import sys, warnings\n"
        "warnings.simplefilter('ignore')\n"  # made up by no version of any package
        "from myelodose.cli import main\n"
        "source = ['--draws-from', 'made-up.nc']\n"
        "words = ['report', '--seed', '3', '--draws', '12', '--patients', '20', '--doses', '10',"
        " '20', '25', '--folder', '.']\n"
        "assert main(words + source) == 0\n"
        "assert main(['report', '--again', 'decision.json', '--folder', 'again'] + source) == 0\n"
        "heavy = {'numpyro', 'arviz', 'arviz_base', 'arviz_stats', 'myelodose.population'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = run_python(code, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("[]")
    first = read_decision(tmp_path / "decision.json")
    assert first["result"] == read_decision(tmp_path / "again" / "decision.json")["result"]
    question = question_of(first)
    here = decide_from_counts(question, **source_of(path, question)._asdict())
    assert decision_document(here)["result"] == first["result"]
    assert here.source["hash"] == first["draws"]["hash"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--again", "nowhere.json"], "nowhere.json: cannot be read"),
        (["--count-failures", "25=1"], "found no table"),
        (["mine.csv"], "found none with a table"),
        (["mine.csv", "--count-failures", "ten"], "found 'ten'"),
        (["--draws-from", "nowhere"], "nowhere"),
        (["--cost-of-dlt", "-1"], "Utility, dlt: found -1.0"),
    ],
)
def test_wrong_words_are_one_line_and_write_nothing(words, says, tmp_path, capsys, monkeypatch):
    from myelodose.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text("dose,n,dlt\n10,4,0\n")
    assert main(["report", *words, "--folder", "out"]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()
