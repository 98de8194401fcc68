# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter abi_matrix: the table of hosts and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._reports import preflight


def abi_matrix(answers: Mapping[str, Any], hosts: Sequence[str], programs: str | Sequence[str], fail_on: str = 'incompatible') -> dict[str, Any]:
    try:
        return preflight.decision(hosts, answers, programs, fail_on)
    except GofleetError as exc:
        raise AnsibleFilterError(exc.msg) from exc


class FilterModule:
    """The class that Ansible loads."""

    def filters(self) -> dict[str, Any]:
        return {'abi_matrix': abi_matrix}
