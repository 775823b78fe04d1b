"""Valid files changed at random: what strangers, editors and broken disks make of them."""

from __future__ import annotations

import numpy as np

#: What files of users hold besides what their format wants.
_TEXTS = (
    *(
        "",
        " ",
        "\t",
        "\n",
        "\r\n",
        ",",
        ";",
        ":",
        '"',
        "'",
        "{",
        "}",
        "[",
        "]",
        "#",
        "\\",
        "\0",
        "\ufeff",
        "%",
    ),
    *(
        "%",
        "../",
        "/",
        "~",
        "C:\\",
        "\u2028",
        "\x85",
        "\x1b[31m",
        "0",
        "-1",
        "1.5",
        "1e400",
        "-0.0",
        "nan",
        "inf",
    ),
    *("NaN", "1e-320", "0x10", "1_000", "null", "true", "None", "१", "²", "数据", "-9223372036854775809"),
    *("9" * 30, "9" * 400, "x" * 5000, "[" * 2000, "{" * 500, '{"a":' * 500, "&a [*a, *a]", "<<: *a"),
    *("!!python/object/apply:os.system [ls]", "base: x", "person", "frame,id,left,top,width,height", "pid"),
)
TOKENS = (
    *(text.encode() for text in _TEXTS),
    *(b"\xff\xfe", b"\xfe\xff", b"\xf1", b"\xc3\x28", b"\x80", b"\x1f\x8b", b"PK\x03\x04"),
)


class Mutator:
    """Draws changed copies of valid contents.

    Parameters
    ----------
    contents : list of bytes
        Valid files of one format.
    seed : int
        Decides every draw.
    """

    def __init__(self, contents: list[bytes], seed: int) -> None:
        self.contents = contents
        self.generator = np.random.default_rng(seed)

    def draw(self) -> bytes:
        """Return one content with one to six changes."""
        content = self.contents[self.generator.integers(len(self.contents))]
        for _ in range(int(self.generator.integers(1, 7))):
            content = self._changes[int(self.generator.integers(len(self._changes)))](self, content)
        return content

    def _position(self, content: bytes) -> int:
        return int(self.generator.integers(len(content) + 1))

    def _flip(self, content: bytes) -> bytes:
        if not content:
            return content
        at = int(self.generator.integers(len(content)))
        return content[:at] + bytes([content[at] ^ 1 << int(self.generator.integers(8))]) + content[at + 1 :]

    def _insert(self, content: bytes) -> bytes:
        at, token = self._position(content), TOKENS[int(self.generator.integers(len(TOKENS)))]
        return content[:at] + token + content[at:]

    def _replace_word(self, content: bytes) -> bytes:
        """Put a token in place of what stands between two separators."""
        at = self._position(content)
        begin = max(content.rfind(mark, 0, at) for mark in (b",", b"\n", b" ", b":", b"[")) + 1
        ends = [found for mark in (b",", b"\n", b" ", b":", b"]") if (found := content.find(mark, at)) >= 0]
        token = TOKENS[int(self.generator.integers(len(TOKENS)))]
        return content[:begin] + token + content[min(ends, default=len(content)) :]

    def _cut(self, content: bytes) -> bytes:
        begin, end = sorted((self._position(content), self._position(content)))
        return content[:begin] + content[end:]

    def _truncate(self, content: bytes) -> bytes:
        return content[: self._position(content)]

    def _repeat(self, content: bytes) -> bytes:
        begin, end = sorted((self._position(content), self._position(content)))
        return content[:end] + content[begin:end] + content[end:]

    def _shuffle_lines(self, content: bytes) -> bytes:
        lines = content.split(b"\n")
        return b"\n".join(lines[index] for index in self.generator.permutation(len(lines)))

    def _splice(self, content: bytes) -> bytes:
        other = self.contents[self.generator.integers(len(self.contents))]
        return content[: self._position(content)] + other[self._position(other) :]

    def _recode(self, content: bytes) -> bytes:
        encoding = ("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig")[int(self.generator.integers(5))]
        return content.decode("utf-8", "replace").encode(encoding, "replace")

    _changes = (
        _flip, _insert, _insert, _replace_word, _replace_word, _cut, _truncate, _repeat, _shuffle_lines,
        _splice, _recode,
    )  # fmt: skip
