"""What a stream of bytes says, line by line, and for whom. Pure, and of the standard library alone.

The scribe of a worker reads with it, in a process that imports nothing of paretide. A mark within
the stream says whom the text after it is of: it is written to the same pipe as the text, so that no
line is taken for another candidate's.
"""

from __future__ import annotations

import re

LONGEST_LINE = 4_000
"""Bytes of a line that are kept; the rest is counted."""

WIDTH = 40
"""Bytes of a name within a mark."""

_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colors, movements of the cursor
    r"|\x1b[PX\]^_].*?(?:\x07|\x1b\\|$)"  # titles, links and other strings
    r"|\x1b[ -/]*[0-~]"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # what is left of them, and all other controls but tab
)


def plain(text: str) -> str:
    """``text`` without control characters and the sequences that they begin."""
    return _SEQUENCES.sub("", text)


def mark(token: str, whose: str) -> bytes:
    """What says, within a stream, whom the text after it is of."""
    return b"\x1e%s%s\x1e" % (token.encode(), whose.encode()[:WIDTH].ljust(WIDTH))


class Lines:
    """Cuts a stream into lines.

    A carriage return begins a line again: of a progress bar the last state counts. Lines that are
    too long are cut, and say so. Controls and escape sequences are left out.

    Args:
        token: Of the marks in the stream; "" if there are none.
        whose: Whom the text before the first mark is of.
    """

    def __init__(self, token: str = "", whose: str = "setup") -> None:
        self.whose = whose
        self._begins = b"\x1e" + token.encode() if token else b""
        self._held = b""  # may be the beginning of a mark
        self._line = bytearray()
        self._cut = 0
        self._returned = False  # what comes next takes the place of the line

    def feed(self, data: bytes) -> list[tuple[str, str]]:
        """The lines that end in ``data``: whose, and what."""
        found: list[tuple[str, str]] = []
        if not self._begins:
            self._text(data, found)
            return found
        data, self._held = self._held + data, b""
        size = len(self._begins) + WIDTH + 1
        begin = 0
        while (at := data.find(self._begins, begin)) >= 0:
            self._text(data[begin:at], found)
            if len(data) < at + size:
                self._held = data[at:]
                return found
            found += self.rest()
            name = data[at + len(self._begins) : at + size - 1]
            self.whose = name.decode(errors="replace").rstrip()
            begin = at + size
        at = data.rfind(b"\x1e", max(begin, len(data) - len(self._begins) + 1))
        if at >= 0 and self._begins.startswith(data[at:]):
            data, self._held = data[:at], data[at:]
        self._text(data[begin:], found)
        return found

    def rest(self) -> list[tuple[str, str]]:
        """The line that has not ended, if there is anything on it; it has ended now."""
        if not self._line:
            return []
        text = self._finish()
        return [(self.whose, text)] if text.strip() else []

    def present(self) -> str:
        """The line that has not ended, as it stands."""
        return self._shown()

    def _text(self, data: bytes, found: list[tuple[str, str]]) -> None:
        if not data:
            return
        *ended, begun = data.split(b"\n")
        for part in ended:
            self._add(part)
            found.append((self.whose, self._finish()))
        self._add(begun)

    def _add(self, part: bytes) -> None:
        first, *others = part.split(b"\r")
        self._append(first)
        if others:
            last = next((text for text in reversed(others) if text), b"")
            self._returned = True
            self._append(last)
            self._returned = self._returned or not others[-1]

    def _append(self, text: bytes) -> None:
        if not text:
            return
        if self._returned:
            self._line.clear()
            self._cut, self._returned = 0, False
        kept = text[: LONGEST_LINE - len(self._line)]
        self._line += kept
        self._cut += len(text) - len(kept)

    def _shown(self) -> str:
        text = plain(self._line.decode(errors="replace"))
        return f"{text} [... {self._cut} bytes more]" if self._cut else text

    def _finish(self) -> str:
        text = self._shown()
        self._line.clear()
        self._cut, self._returned = 0, False
        return text
