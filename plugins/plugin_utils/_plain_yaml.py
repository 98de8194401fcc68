# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse untrusted YAML: mappings, lists, texts, whole numbers, true, false and null; everything else is refused.

The work is bounded by the size of the input: YAML's anchors and aliases could make a value of any size from a few bytes, and its other kinds
of scalars (times, floats, numbers to the base 60) raise various Python errors if they are invalid.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

# The largest document in bytes. PyYAML needs some ten microseconds and a hundred bytes of memory for each; a lock of ten releases for all ports has 60 KB.
LIMIT = 1 << 20
# The deepest nesting of mappings and lists.
_DEPTH = 16
# The longest scalar; this collection writes none longer than an address.
_LONGEST = 4096
_INTEGER = re.compile(r'-?(?:0|[1-9][0-9]{0,18})\Z')
_SURROGATE = re.compile('[\ud800-\udfff]')
_TEXT = 'tag:yaml.org,2002:str'


def load(raw: bytes) -> Any:
    """The value of one YAML document. Raises ValueError with the reason and the line."""
    if len(raw) > LIMIT:
        raise ValueError(f'it has {len(raw)} bytes, and {LIMIT} are plenty')
    try:
        return yaml.load(raw.decode('utf-8-sig'), Loader=_Loader)
    except yaml.YAMLError as exc:
        raise ValueError(_told(exc)) from exc


def _told(exc: yaml.YAMLError) -> str:
    text = ' '.join(str(exc).split())
    return text if len(text) <= 500 else f'{text[:500]} ...'


class _Loader(yaml.SafeLoader):
    """Builds mappings, lists, and scalars by _scalar(). Each node is checked before it is built."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Like the parent's, but raises ValueError."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise ValueError(f'line {line} has an anchor or an alias (& or *), which are refused here')
        if event.tag:
            raise ValueError(f'line {line} has a tag (!), which is refused here')
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > _LONGEST:
            raise ValueError(f'line {line} has a text of {len(event.value)} characters')
        if isinstance(event, yaml.ScalarEvent) and _SURROGATE.search(event.value):
            raise ValueError(f'line {line} has an escape that stands for no character')
        if self._depth > _DEPTH:
            raise ValueError(f'line {line} is inside of more than {_DEPTH} lists and mappings')
        self._depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Like the parent's, but keys must be texts and unique, and << is an ordinary key."""
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or key in found:
                raise yaml.constructor.ConstructorError(None, None, 'a key is no text, or is there twice', key_node.start_mark)
            found[key] = self.construct_object(value_node, deep=True)
        return found


def _scalar(loader: _Loader, node: yaml.ScalarNode) -> Any:
    value = node.value
    if node.style is not None:
        return value
    if value in ('', '~', 'null'):
        return None
    if value in ('true', 'false'):
        return value == 'true'
    return int(value) if _INTEGER.match(value) else value


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


def _list(loader: _Loader, node: yaml.SequenceNode) -> list[Any]:
    return list(loader.construct_sequence(node, deep=True))


# No resolvers, because only _scalar() decides the type of a plain scalar.
_Loader.yaml_implicit_resolvers = {}
_Loader.add_constructor(_TEXT, _scalar)
_Loader.add_constructor('tag:yaml.org,2002:map', _mapping)
_Loader.add_constructor('tag:yaml.org,2002:seq', _list)
