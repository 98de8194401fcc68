# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter needs_become: whether a connection must become root."""

from __future__ import annotations

from typing import Any

from ansible_collections.gofleet.golang.plugins.plugin_utils import _becoming as becoming


def needs_become(user: Any, connection: Any = '') -> bool:
    return becoming.needs_become(str(user or ''), str(connection or ''))


class FilterModule:
    """The class that Ansible loads."""

    def filters(self) -> dict[str, Any]:
        return {'needs_become': needs_become}
