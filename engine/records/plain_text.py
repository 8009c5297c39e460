"""Text of the user's as text: what a job or a stranger's file wrote can do nothing to a terminal.

Error messages, logged texts, choices, names and paths may hold escape sequences, carriage returns,
marks that turn the direction of writing, or characters of no width. Whatever shows such a text,
on a terminal, in a pipe or in a CSV file, sends it through here first.
"""

from __future__ import annotations

import unicodedata

SPACES = "Zs"
"""The category of spaces; all of them show as what they are."""


def one_line(text: object) -> str:
    """``str(text)`` in one line, with what does not show written as Python's escapes.

    That is everything which ``repr`` would escape but spaces and quotes: control characters
    (``\\x1b``, ``\\n``), marks of direction (``\\u202e``), characters of no width (``\\u200b``),
    lone surrogates (``\\udc80``), and what Unicode has not assigned.
    """
    found = str(text)
    if found.isprintable():
        return found
    return "".join(map(_shown, found))


def lines(text: object) -> str:
    """``str(text)`` with its lines and tabs, everything else as in ``one_line``."""
    found = str(text)
    if found.isprintable():
        return found
    kept = found.replace("\r\n", "\n")
    return "".join(c if c in "\n\t" else _shown(c) for c in kept)


def encodable(text: str) -> str:
    """``text`` with what UTF-8 cannot hold, lone surrogates, written as an escape."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _shown(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == SPACES:
        return character
    return character.encode("unicode_escape").decode()
