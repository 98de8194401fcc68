# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the sources that a host was given may have a release, and which of them it cannot even connect to."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import source_types


def given(offered, release):
    """The sources.File of an archive of a release that is on this host already, or None. offered: sources.Sources."""
    for source in source_types.TYPES:
        found = offered.files.get(source.filename(release)) or offered.files.get(sources.ANY_NAME)
        if found:
            return found
    return None


def to_fetch(offered, release, policy):
    """(Source, URL) of everything that may have a release and can be verified. policy: trust.Policy."""
    return [(source, url) for source in source_types.TYPES if source.is_fetchable(release, policy)
            for url in source.urls(getattr(offered, source.option), release)]


def check(offered, release, policy):
    """Raise GofleetError(no_source) if it is known without a network that this host, which must fetch the release itself, cannot."""
    if offered.transfer != 'pull' or given(offered, release):
        return
    # Here, not above: Python's and Ansible's network modules take longer to load than a run without change takes.
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
    """The GofleetError for a release that no source had. failures: {url, code, reason} for each that was tried."""
    codes = set(each['code'] for each in failures)
    advice = _ADVICE.get(codes.pop()) if len(codes) == 1 else None
    return GofleetError(
        'No source has Go %s for linux-%s. %s %s'
        % (release.version, release.goarch, 'Tried %s' % sources.in_words(failures) if failures else 'There is no mirror or module proxy to try.',
           advice or 'Check the mirrors, or let the controller fetch with transfer: push.'),
        'no_source', version=release.version, goarch=release.goarch, failures=failures)
