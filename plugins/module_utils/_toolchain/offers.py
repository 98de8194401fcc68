# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the sources that a host was given may have a release, and which of them it cannot even ask."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._go import dirhash
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import trust


def module_file(version, goarch):
    """The name of the module zip that holds a release."""
    return '%s.zip' % dirhash.toolchain_module(version, goarch)[1]


def given(offered, record, version, goarch):
    """The sources.File of an archive of a release that is on this host already, or None. offered: sources.Sources."""
    for filename in (record['filename'], module_file(version, goarch)):
        found = offered.files.get(filename) or offered.files.get(sources.ANY_NAME)
        if found:
            return found
    return None


def to_fetch(offered, record, version, goarch, policy):
    """(kind, file name, URL) of everything that might have a release and can be verified. policy: trust.Policy."""
    if policy.holds(trust.kinds_for_archive(record)):
        for base in offered.mirrors:
            yield 'archive', record['filename'], '%s/%s' % (base.rstrip('/'), record['filename'])
    if record.get('h1') and policy.holds(trust.kinds_for_tree(record)):
        filename = module_file(version, goarch)
        for base in offered.goproxy:
            yield 'module', filename, '%s/%s/@v/%s' % (base.rstrip('/'), dirhash.toolchain_module(version, goarch)[0], filename)


def check(offered, record, version, goarch, policy):
    """Raise GofleetError(no_source) if it is known without a network that this host, which has to fetch the release itself, cannot."""
    if offered.transfer != 'pull' or given(offered, record, version, goarch):
        return
    # Here, not above: Python's and Ansible's network modules take longer to load than a run without change takes.
    from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download

    failures = []
    for dummy, dummy, url in to_fetch(offered, record, version, goarch, policy):
        refusal = download.refusal(url, offered.options)
        if refusal is None:
            return
        failures.append({'url': addresses.without_credentials(url), 'code': refusal.code, 'reason': refusal.msg})
    raise no_source(version, goarch, failures)


_ADVICE = {
    'tls_unavailable': "Install the ssl module of this host's Python, name a mirror whose address begins with http:// (what it sends is verified), or let "
                       'the controller fetch with transfer: push or auto.',
    'tls_failed': 'Put the authority into the store of this host, or name its file there in ca_path; or let the controller fetch with transfer: push.',
    'ca_path_missing': 'Put the file there, correct ca_path, or let the controller fetch with transfer: push.',
}


def no_source(version, goarch, failures):
    """The GofleetError for a release that no source gave. failures: {url, code, reason} for each that was tried."""
    codes = set(each['code'] for each in failures)
    advice = _ADVICE.get(codes.pop()) if len(codes) == 1 else None
    return GofleetError(
        'Go %s for linux-%s came from no source. %s %s'
        % (version, goarch, 'Tried %s' % sources.in_words(failures) if failures else 'There is no mirror or module proxy to try.',
           advice or 'Check the mirrors, or let the controller fetch with transfer: push.'),
        'no_source', version=version, goarch=goarch, failures=failures)
