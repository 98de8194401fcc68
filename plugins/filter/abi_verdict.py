# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter abi_verdict: whether a program will run on a host, by stored facts of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.gofleet.golang.plugins.module_utils._abi import judge


def abi_verdict(binary: Any, host: Any) -> dict[str, Any]:
    for name, value, key in (('the program', binary, 'errors'), ('the host', host, 'libcs')):
        if not isinstance(value, Mapping) or key not in value:
            raise AnsibleFilterError(
                f"abi_verdict was given facts of {name} that abi_check did not gather. Register abi_check with gather: true, and give "
                "its 'binary' and its 'host'.")
    verdict: dict[str, Any] = judge.judge_by_facts(binary, host)
    return verdict


class FilterModule:
    """The class that Ansible loads."""

    def filters(self) -> dict[str, Any]:
        return {'abi_verdict': abi_verdict}
