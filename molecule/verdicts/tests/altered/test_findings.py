# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""After the release was changed, each change is detected and reported."""

from __future__ import annotations

from collections.abc import Callable

from conftest import Said


def test_only_the_changed_file_is_reported(result_of: Callable[[str], Said]) -> None:
    refused = {each["path"].rpartition("/")[2]: each["code"] for each in result_of("altered")["files"] if not each["proven"]}
    assert refused == {"pinned.bin": "checksum_mismatch"}


def test_every_change_of_the_tree_is_reported(result_of: Callable[[str], Said]) -> None:
    tree = result_of("altered")["tree"]
    found = {kind: tree["differences"][kind] for kind in ("changed", "missing", "extra", "mode")}
    # Its mode was set too.
    assert found["changed"] == ["etc/settings"]
    assert (found["missing"], found["extra"]) == (["README"], ["extra"])
    assert "bin/tool" in found["mode"]
    assert (tree["proven"], tree["code"]) == (False, "tree_differs")
