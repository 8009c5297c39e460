"""Nothing that a text holds reaches a terminal but characters that show."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretide.engine.records.plain_text import lines, one_line

HARMFUL = {"Cc", "Cf", "Cs", "Zl", "Zp"}

ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("50%\rdone", r"50%\rdone"),
        ("a\nb\tc", r"a\nb\tc"),
        ("txt.\u202eexe", r"txt.\u202eexe"),
        ("\u2066a\u2069", r"\u2066a\u2069"),
        ("pay\u200bpal\ufeff", r"pay\u200bpal\ufeff"),
        ("a\u2028b", r"a\u2028b"),
        ("\udc80", r"\udc80"),
        ("\U000e0041", r"\U000e0041"),
        (r"C:\new [bold] $x$ 日本 é", r"C:\new [bold] $x$ 日本 é"),
        ("10\u00a0km 1\u202f000 \u3000", "10\u00a0km 1\u202f000 \u3000"),
        (None, "None"),
    ],
)
def test_what_does_not_show_is_written_as_an_escape(text, shown):
    assert one_line(text) == shown


def test_lines_keep_their_ends_and_tabs():
    text = "Traceback\r\n\tFile [x]\n50%\r\x1b[2K\x85"
    assert lines(text) == "Traceback\n\tFile [x]\n50%\\r\\x1b[2K\\x85"


@given(ANY)
def test_no_text_keeps_a_character_that_acts(text):
    assert not {unicodedata.category(c) for c in one_line(text)} & HARMFUL
    kept = lines(text).replace("\n", "").replace("\t", "")
    assert not {unicodedata.category(c) for c in kept} & HARMFUL


@given(ANY)
def test_what_was_made_plain_stays_as_it_is(text):
    assert one_line(one_line(text)) == one_line(text)
    assert lines(lines(text)) == lines(text)
    assert one_line(lines(text)) == one_line(text.replace("\r\n", "\n"))
