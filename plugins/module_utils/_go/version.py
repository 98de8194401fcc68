# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Go's version numbers: parse, compare, print.

The rules are those of go/version and of the release index: a line's first
release is go1.20 up to line 1.20 and go1.21.0 from line 1.21 on; betas and
release candidates (go1.18beta2, go1.27rc1) come before their line's first release.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# No leading zeros, and ASCII digits only, as in go/version.
_RELEASE = re.compile(r'(?:go)?(N)\.(N)(?:\.(N)|(beta|rc)(N))?\Z'.replace('N', '(?:0|[1-9][0-9]{0,3})'))
_STAGES = {'beta': 0, 'rc': 1}
_STABLE = 2
# Since go1.21.0 a first release carries its ".0" (golang/go#57631).
_FIRST_LINE_WITH_DOT_ZERO = (1, 21)


class Version(namedtuple('Version', 'major minor stage number')):
    """One release. Tuples of this order compare as Go's releases do.

    stage: 0 beta, 1 release candidate, 2 release; number: the n of betaN, rcN or the patch.
    """

    __slots__ = ()

    @property
    def line(self):
        return (self.major, self.minor)

    @property
    def stable(self):
        return self.stage == _STABLE

    def __str__(self):
        line = '%d.%d' % self.line
        if not self.stable:
            return '%s%s%d' % (line, [name for name, rank in _STAGES.items() if rank == self.stage][0], self.number)
        if self.number == 0 and self.line < _FIRST_LINE_WITH_DOT_ZERO:
            return line
        return '%s.%d' % (line, self.number)

    @property
    def release(self):
        """Go's name for the release: go1.26.6."""
        return 'go' + str(self)


class Spec(namedtuple('Spec', 'kind version line')):
    """The version that a user requests.

    kind: 'exact' (version is set), 'line' (line is set) or 'latest'.
    """

    __slots__ = ()

    def __str__(self):
        if self.kind == 'latest':
            return 'latest'
        line = '%d.%d' % self.line
        # The first release of an old line has the name of the line; users request it as 1.20.0.
        return line + '.0' if self.kind == 'exact' and str(self.version) == line else line if self.kind == 'line' else str(self.version)


def archive_name(version, goarch):
    """The file name of a release's archive for Linux; it contains armv6l for GOARCH=arm."""
    return 'go%s.linux-%s.tar.gz' % (version, 'armv6l' if goarch == 'arm' else goarch)


def parse_release(text):
    """The Version of a release by Go's name: 'go1.20' is the first release of line 1.20.

    Raises GofleetError(invalid_version).
    """
    match = _RELEASE.match(text.strip())
    if not match:
        raise invalid_version(text)
    major, minor, patch, stage, number = match.groups()
    if stage:
        return Version(int(major), int(minor), _STAGES[stage], int(number))
    return Version(int(major), int(minor), _STABLE, int(patch or 0))


def parse_spec(text):
    """The Spec of a user's text: '1.26.6' and '1.27rc1' are exact, '1.26' is a line, 'latest' is the newest stable release.

    Raises GofleetError(invalid_version).
    """
    text = text.strip()
    if text == 'latest':
        return Spec('latest', None, None)
    version = parse_release(text)
    if re.match(r'(?:go)?[0-9]+\.[0-9]+\Z', text):
        return Spec('line', None, version.line)
    return Spec('exact', version, version.line)


def invalid_version(text):
    return GofleetError(
        "'%s' is not a Go version. Write an exact release (1.26.6, 1.27rc1), a line (1.26: its newest patch) or 'latest'; "
        "quote it in YAML, or 1.20 becomes the number 1.2." % text,
        'invalid_version', version=text)
