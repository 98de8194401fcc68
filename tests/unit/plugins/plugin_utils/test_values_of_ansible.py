# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that Ansible passes to an action have Ansible's types, whose methods do not accept a plain str."""

from __future__ import annotations

from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses


def test_secrets_are_found_in_texts_of_ansible() -> None:
    assert 'pa55word' in addresses.secrets_in(wrap_var({'goproxy': ['https://deploy:pa55word@proxy.example.com/x, https://other.example.com']}))


def test_addresses_of_ansible_are_shown_and_split() -> None:
    assert addresses.without_credentials(wrap_var('https://deploy:pa55word@proxy.example.com/x')) == 'https://proxy.example.com/x'
    assert sources.proxy_urls(wrap_var('https://a.example.com, https://b.example.com')) == ['https://a.example.com', 'https://b.example.com']
