"""YAML files that settings name, read within bounds; JSON is YAML too."""

from pathlib import Path
from typing import Any

import yaml

MOST_BYTES = 256 * 1024
MOST_VALUES = 50_000  # an alias counts for all that it stands for


class UnreadableFile(Exception):
    """Why a file cannot be read, in one line without its name."""


def read_yaml(path: Path) -> Any:
    """What the file says: mappings, lists, texts, numbers. Raises UnreadableFile, also for a key that comes twice."""
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise UnreadableFile(f"is larger than {MOST_BYTES // 1024} kB")
        loader = _Loader(text.decode())
        node = loader.get_single_node()
        if node is None:
            return None
        if _value_count(node, {}) > MOST_VALUES:
            raise UnreadableFile("has anchors that stand for too much")
        return loader.construct_document(node)
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise UnreadableFile(f"is no YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise UnreadableFile("is nested too deeply") from None


def _value_count(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node comes to; more than enough for one that holds itself."""
    if id(node) not in known:
        known[id(node)] = MOST_VALUES + 1
        parts = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
        known[id(node)] = 1 + sum(_value_count(part, known) for part in parts if isinstance(part, yaml.Node))
    return known[id(node)]


class _Loader(yaml.SafeLoader):
    """YAML without tags of its own, in which no key may come twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if (key.tag, str(key.value)) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} comes twice", key.start_mark)
            seen.add((key.tag, str(key.value)))
        return super().construct_mapping(node, deep)
