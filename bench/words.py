"""Text that looks like language to a compressor: made-up words with Zipf's frequencies, in sentences and paragraphs."""

from functools import cache

from bench.chance import Chance, Weighted

_WORDS = 6_000
_BOOK_WORDS = 900_000
_ONSETS = (
    "b",
    "br",
    "c",
    "d",
    "dr",
    "f",
    "g",
    "gr",
    "h",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "qu",
    "r",
    "s",
    "st",
    "t",
    "tr",
    "v",
)
_VOWELS = ("a", "e", "i", "o", "u", "ea", "ou", "ie")
_ENDS = ("", "", "n", "r", "s", "t", "ng", "ck", "lt")


class Book:
    """Some six million letters; texts are passages of it, so that making one costs a slice.

    `words` are those it is written with, the most frequent first.
    """

    def __init__(self, seed: int) -> None:
        chance = Chance(seed)
        self.words = words = _vocabulary(chance)
        often = Weighted([1 / (rank + 2.7) for rank in range(1, len(words) + 1)])
        self._text = "".join(_sentences(chance, words, often))

    def passage(self, chance: Chance, low: int, high: int) -> str:
        """Between `low` and `high` letters, short ones more often."""
        size = int(chance.between(low, high))
        start = chance.whole(0, len(self._text) - size)
        return self._text[start : start + size]


@cache
def book(seed: int) -> Book:
    """The book of this seed, written once."""
    return Book(seed)


def _vocabulary(chance: Chance) -> list[str]:
    words: dict[str, None] = {}
    while len(words) < _WORDS:
        # The more frequent a word, the shorter it is.
        syllables = 1 + int(chance.share() * (1 + 3 * len(words) / _WORDS))
        words["".join(chance.pick(_ONSETS) + chance.pick(_VOWELS) + chance.pick(_ENDS) for _ in range(syllables))] = (
            None
        )
    return list(words)


def _sentences(chance: Chance, words: list[str], often: Weighted) -> list[str]:
    parts = []
    written = 0
    while written < _BOOK_WORDS:
        count = chance.whole(5, 22)
        sentence = [words[often.index(chance.share())] for _ in range(count)]
        sentence[0] = sentence[0].capitalize()
        if chance.happens(0.25):
            sentence[chance.whole(0, count - 1)] = str(chance.whole(2, 99_999))
        if chance.happens(0.08):
            quoted = chance.whole(0, count - 1)
            sentence[quoted] = f'"{sentence[quoted]}"'
        parts.append(" ".join(sentence) + (".\n\n" if chance.happens(0.12) else ", " if chance.happens(0.1) else ". "))
        written += count
    return parts
