# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Select the sources that may have a release, and check whether this host can connect to them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import source_types


def given(offered, release):
    """The sources.File of a release's archive on this host, or None. offered: sources.Sources."""
    for source in source_types.TYPES:
        found = offered.files.get(source.filename(release)) or offered.files.get(sources.ANY_NAME)
        if found:
            return found
    return None


def to_fetch(offered, release, policy):
    """(Source, URL) for each source that may have a release in a form that can be verified. policy: trust.Policy."""
    return [(source, url) for source in source_types.TYPES if source.is_fetchable(release, policy)
            for url in source.urls(getattr(offered, source.option), release)]


def check(offered, release, policy):
    """Raise GofleetError(no_source) if this host must fetch the release itself and it is known, without a network, that it cannot."""
    if offered.transfer != 'pull' or given(offered, release):
        return
    # Here, not above, because loading Python's and Ansible's network modules takes longer than a run without changes.
    from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download

    failures = []
    for dummy, url in to_fetch(offered, release, policy):
        refusal = download.refusal(url, offered.options)
        if refusal is None:
            return
        failures.append({'url': addresses.without_credentials(url), 'code': refusal.code, 'reason': refusal.msg})
    raise no_source(release, failures)


_ADVICE = {
    'tls_unavailable': "Install the ssl module of this host's Python, name a mirror whose address begins with http:// (what it sends is verified), or let "
                       'the controller fetch with transfer: push or auto.',
    'tls_failed': 'Add the authority to the trust store of this host, or set ca_path to its file there; or let the controller fetch with transfer: push.',
    'ca_path_missing': 'Put the file there, correct ca_path, or let the controller fetch with transfer: push.',
}


def no_source(release, failures):
    """The GofleetError for a release that no source has. failures: {url, code, reason} for each failed attempt."""
    codes = set(each['code'] for each in failures)
    advice = _ADVICE.get(codes.pop()) if len(codes) == 1 else None
    return GofleetError(
        'No source has Go %s for linux-%s. %s %s'
        % (release.version, release.goarch, 'Tried %s' % sources.in_words(failures) if failures else 'There is no mirror or module proxy to try.',
           advice or 'Check the mirrors, or let the controller fetch with transfer: push.'),
        'no_source', version=release.version, goarch=release.goarch, failures=failures)
