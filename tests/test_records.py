"""Rows for other programs: strict JSON, and CSV that no spreadsheet calculates."""

import csv
import io
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import paretide as pt
from paretide.records import FORMULA, NUMBER, _text, front_json, json_text, strict, write_csv


class Crowded(pt.Problem):
    """Every name is another column's, and what is logged is not always JSON."""

    space = pt.Space(size=pt.Int(1, 50), id=pt.Float(0, 1), generation=pt.Int(0, 5),
                     act=pt.Choice(["=1+1", "@x", "-1.5", "[/b]"]))  # fmt: skip
    objectives = {"err": "min", "size": "min"}
    constraints = {"seconds": pt.upper(100)}

    def evaluate(self, x, ctx):
        if ctx.id == 3:
            raise ValueError("=cmd|' /C calc'!A0\x1b[2J")
        names = {"val/acc": 0.5, "": 1, "a\nb": "two\nlines", "=key": "+49 30"}
        ctx.log(size=x["size"] * 7, test=math.nan, curve=[1.0, math.inf], deep={"a": None}, **names)
        ctx.report(0, loss=math.nan)
        return {"err": 1 / x["size"] + x["id"], "size": 1000 + x["size"], "seconds": 1}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("records") / "run.h5"
    pt.minimize(Crowded(), pt.NSGA2(size=10), budget=30, seed=1, store=path)
    return pt.open_run(path)


def refuse(name):
    raise AssertionError(f"{name} is no JSON")


def read_csv(run):
    file = io.StringIO()
    write_csv(run, file)
    return list(csv.DictReader(io.StringIO(file.getvalue())))


def test_json_is_strict_and_loses_no_name(run):
    shown = json.loads(front_json(run), parse_constant=refuse)
    front = run.front()
    for i, row in enumerate(shown["front"]):
        candidate = front.candidates()[i]
        assert row["id"] == front.ids[i]
        for name in ("size", "id", "generation"):
            assert row[f"x.{name}"] == candidate[name]
        assert [row["err"], row["F.size"], row["G.seconds"]] == [*front.F[i], 1]
        assert row["log.size"] == 7 * candidate["size"]
        assert (row["log.test"], row["log.curve"], row["log.deep"]) == (
            None,
            [1, None],
            {"a": None},
        )
        assert row["log.report"] == [{"step": 0, "loss": None}]
        assert row["log."] == 1


def test_csv_has_the_columns_of_the_frame(run):
    pytest.importorskip("pandas")
    rows, frame = read_csv(run), run.evaluations.to_frame()
    headings = [name.removeprefix("'") for name in rows[0]]
    assert headings == list(frame.columns) == list(run.evaluations.columns())
    assert len(set(headings)) == len(headings)
    for name in (
        "id",
        "x.size",
        "x.id",
        "x.generation",
        "F.size",
        "generation",
        "seed",
        "log.a\nb",
    ):
        for row, value in zip(rows, frame[name].tolist(), strict=True):
            if strict(value) is None:
                assert row[name] in ("", "nan")
            else:
                assert type(value)(row[name]) == value
    memory = pt.minimize(Crowded(), pt.NSGA2(size=10), budget=30, seed=1).run.evaluations
    assert list(memory.to_frame().columns) == list(frame.columns)


def test_csv_holds_texts_as_texts_and_numbers_as_numbers(run):
    rows = read_csv(run)
    failed = rows[3]
    assert failed["failure"].startswith("ValueError: =cmd|")
    assert "\x1b" not in failed["failure"]
    assert (failed["evaluated"], failed["err"], failed["log.curve"]) == ("False", "nan", "")
    assert {row["act"] for row in rows} <= {"'=1+1", "'@x", "-1.5", "[/b]"}
    other = rows[0]
    assert other["log.=key"] == "'+49 30"
    assert other["log.test"] == "nan"
    assert json.loads(other["log.curve"], parse_constant=refuse) == [1, None]
    assert json.loads(other["log.deep"]) == {"a": None}
    assert other["log.a\nb"] == "two\nlines"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"), ("+a", "'+a"), ("-a", "'-a"), ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"), ("\n", "'\n"), (" =1", "' =1"), ("＝1+1", "'＝1+1"), ("-", "'-"),
        ("-1.5", "-1.5"), ("+3e-7", "+3e-7"), ("-1+1", "'-1+1"), ("-1\n", "'-1\n"),
        ("'=1", "''=1"), ("'tis", "'tis"), ("a=1", "a=1"), ("", ""), ("\r=1", "\\r=1"),
        ("\x1b=1", "\\x1b=1"), ("a,\"b\"", 'a,"b"'),
    ],
)  # fmt: skip
def test_formulas_become_texts(text, cell):
    assert _text(text) == cell


@given(st.text(st.sampled_from("'=+-@\t\n 1.ea＝"), max_size=8))
def test_an_apostrophe_can_be_taken_away_again(text):
    cell = _text(text)
    assert not FORMULA.match(cell.lstrip("'")) or cell.startswith("'") or NUMBER.fullmatch(cell)
    rest = cell[1:]
    back = rest if cell[:1] == "'" and FORMULA.match(rest) else cell
    assert back == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner,
                                                                 max_size=3),
    max_leaves=10,
)  # fmt: skip


@given(json_values)
def test_any_json_becomes_strict(value):
    text = json_text(value)
    assert json.loads(text, parse_constant=refuse) == strict(value)
    assert text.isascii()


def test_what_json_has_not_becomes_what_it_means():
    value = {1: np.float32(0.5), "a": (np.arange(2), {3}), "b": np.array([np.nan]), "c": 1 + 2j}
    assert strict(value) == {"1": 0.5, "a": [[0, 1], [3]], "b": [None], "c": "(1+2j)"}
