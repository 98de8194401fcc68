# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from support import stage


def test_a_stage_holds_the_collection_under_its_real_path(tmp_path: Path) -> None:
    target = stage.stage(tmp_path)
    assert target == tmp_path / 'ansible_collections' / 'gofleet' / 'golang'
    assert (target / 'galaxy.yml').read_bytes() == (stage.CHECKOUT / 'galaxy.yml').read_bytes()
    assert not (target / '.git').exists()


def test_a_second_stage_replaces_the_first(tmp_path: Path) -> None:
    (stage.stage(tmp_path) / 'stale').touch()
    assert not (stage.stage(tmp_path) / 'stale').exists()


def test_a_folder_in_a_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / '.git').mkdir()
    with pytest.raises(stage.StageError, match='choose a folder outside'):
        stage.stage(tmp_path / 'below')
