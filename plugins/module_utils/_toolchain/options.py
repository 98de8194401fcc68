# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specs of options that several modules share. plugins/doc_fragments/releases.py documents them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

# For every module that resolves and verifies releases.
RELEASES = {
    'version_from': {'type': 'path'},
    'checksums': {'type': 'dict', 'default': {}},
    'trust': {'type': 'list', 'elements': 'str', 'choices': ['pinned', 'signature', 'log', 'index'], 'default': []},
    'trust_all': {'type': 'bool', 'default': False},
    'signing_certificate': {'type': 'str'},
    'mirrors': {'type': 'list', 'elements': 'str', 'default': ['https://go.dev/dl']},
    'goproxy': {'type': 'str', 'default': ''},
    'gosumdb': {'type': 'str', 'default': 'sum.golang.org'},
    'index_url': {'type': 'str', 'default': 'https://go.dev/dl/?mode=json&include=all'},
    'index_max_age': {'type': 'int', 'default': 3600},
    'cache_path': {'type': 'path'},
    'allow_downgrade': {'type': 'bool', 'default': False},
    'timeout': {'type': 'int', 'default': 30},
    'ca_path': {'type': 'path'},
}
# For the modules that run only on the controller, for a whole fleet.
FLEET = dict(
    RELEASES,
    versions={'type': 'list', 'elements': 'str', 'default': []},
    architectures={'type': 'list', 'elements': 'str', 'default': ['amd64', 'arm64']},
)
