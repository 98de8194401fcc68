# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on a host: read() is the only reader, reads() names what it reads, and observed() draws the conclusions without reading anything."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import leftovers as files_leftovers
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners as folder_owners
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as goversion
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees as proof_trees
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import manifest
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths

# An upload that has not grown for this many seconds was abandoned by its controller.
STALE_UPLOAD = 900
# Bytes that a VERSION file may have; Go's has some 40.
_VERSION_LIMIT = 256

# Tree: a toolchain that this collection installed. problem: what is wrong with it, or None; differences: tree_list.Differences if it was
# verified file by file; twin: for the copy of an adopted toolchain, where the original is kept until it is discarded.
Tree = namedtuple('Tree', 'name version goarch problem proof source differences twin')
# A name that should lead to a toolchain. kind: absent, link (made by this collection), foreign; target: where a link points to;
# version: of the release that a foreign tree there claims to be, or None.
Name = namedtuple('Name', 'kind target version')
# trees: Tree by name; taken: every name in the prefix; link: Name; programs: Name by program;
# garbage: paths that a killed run left; orphans: manifests without a tree.
Observed = namedtuple('Observed', 'trees taken link programs garbage orphans')

# What is read of every host, by how it is read. prefix: a folder whose names are listed; manifests: a folder of which, for each name that
# is in the prefix too, NAME.json is read; links: read as links; version: the start of this file is read if link is foreign;
# leftovers: (key of _LEFTOVERS, path), which no host has between two runs.
Reads = namedtuple('Reads', 'prefix manifests links version leftovers')
# What is read of each tree that has a manifest, with lstat. root: whose owner and mode count; files: whose size and time count;
# folders: that must exist.
TreeReads = namedtuple('TreeReads', 'root files folders')

# The same for a script, as paths and patterns of the shell. status: read with lstat; links: of which the target is read; text: files that
# are read; names: folders that are listed; folders: of which only those that exist matter.
Sources = namedtuple('Sources', 'status links text names folders')

# What was read. taken: names in the prefix; described: names with a manifest; manifests: content by name, None for an invalid one;
# evidence: manifest.Evidence by name; weaknesses: why root cannot rely on a tree, or None, by name; links: by path None (absent), '' (no link)
# or its target; version: bytes, or None; garbage: paths; differences: by name, for trees that were verified file by file.
Facts = namedtuple('Facts', 'taken described manifests evidence weaknesses links version garbage differences')


def reads(paths):
    """The Reads of a host; paths: toolchain_paths.Paths."""
    programs = [paths.program(name) for name in toolchain_paths.PROGRAMS]
    leftovers = [('any', paths.stage), ('retired', paths.meta), ('upload', paths.incoming), ('file', paths.manifests), ('copy', paths.lock),
                 ('link', paths.link)]
    return Reads(paths.prefix, paths.manifests, [paths.link] + programs, os.path.join(paths.link, 'VERSION'),
                 leftovers + [('program', path) for path in programs])


def tree_reads(paths, name, content):
    """The TreeReads of a tree. content: of its manifest."""
    return TreeReads(paths.tree(name), sorted(content['files']), content['folders'])


def sources(paths):
    """The Sources of observe() on a host with whatever trees. Those of a link that is not ours are not among them."""
    wanted = reads(paths)
    trees = tree_reads(paths, '*', dict(zip(('files', 'folders'), manifest.evidence_patterns())))
    listed = set(_listed_for(kind, path) for kind, path in wanted.leftovers)
    return Sources(
        # What was set aside stays, beside the links.
        status=wanted.links + [files_leftovers.aside_pattern(path) for path in wanted.links] + [trees.root]
        + [os.path.join(trees.root, each) for each in trees.files],
        links=wanted.links, text=[os.path.join(wanted.manifests, '*.json')], names=sorted(listed | {wanted.prefix, wanted.manifests}),
        folders=[os.path.join(trees.root, each) for each in trees.folders])


def _listed_for(kind, path):
    """The folder in which a kind of leftovers is looked for."""
    return path if kind in _LEFTOVERS_IN else os.path.dirname(path)


def names_in(folder):
    """The names in a folder; none if it does not exist. Raises GofleetError(occupied), OSError."""
    try:
        return set(system.listdir(folder))
    except OSError as exc:
        if exc.errno == errno.ENOTDIR:
            raise GofleetError('%s is not a folder. Choose another prefix, or move it away.' % folder, 'occupied', path=folder)
        if exc.errno != errno.ENOENT:
            raise
        return set()


# Kinds that are looked for in a folder; the others, beside a path.
_LEFTOVERS_IN = ('any', 'upload', 'file')
# How each kind of leftover is found, from (path, is_tree, is_program): the last two say whether a link's target is one that we gave.
_LEFTOVERS = {
    'any': lambda path, *dummy: files_leftovers.unused_stages(path),
    'retired': lambda path, *dummy: files_leftovers.retired(path),
    # An empty one, of a controller that then had nothing to bring, is no reason to change a host.
    'upload': lambda path, *dummy: [each for each in files_leftovers.unused_stages(path, STALE_UPLOAD) if names_in(each)],
    'file': lambda path, *dummy: files_leftovers.unfinished_files(path),
    'copy': lambda path, *dummy: files_leftovers.unfinished_copies(path),
    'link': lambda path, is_tree, dummy: files_leftovers.unfinished_names(path, is_tree),
    'program': lambda path, dummy, is_program: files_leftovers.unfinished_names(path, is_program),
}


def observe(paths, deep=False):
    """The Observed of this host, without changing or locking anything. Raises GofleetError(manifest_newer), OSError.

    deep: whether every file of every tree is read and compared with its manifest.
    """
    return observed(paths, read(paths, deep))


def read(paths, deep=False):
    """The Facts of this host. Raises as observe() does."""
    wanted = reads(paths)
    taken = names_in(wanted.prefix)
    described = manifest.names(wanted.manifests)
    manifests = dict((name, manifest.read(wanted.manifests, name)) for name in described if name in taken)
    valid = dict((name, content) for name, content in manifests.items() if content is not None)
    links = dict((path, _target(path)) for path in wanted.links)
    is_foreign = links[paths.link] is not None and not (links[paths.link] and _is_tree(links[paths.link], paths, manifests, taken))
    garbage = []
    for kind, path in wanted.leftovers:
        garbage += _LEFTOVERS[kind](path, lambda target: _is_tree(target, paths, manifests, taken), paths.owns_program)
    return Facts(
        taken=taken, described=described, manifests=manifests,
        evidence=dict((name, _evidence(tree_reads(paths, name, content))) for name, content in valid.items()),
        weaknesses=dict((name, _weakness(paths.tree(name))) for name in valid),
        links=links, version=_start_of(wanted.version) if is_foreign else None, garbage=garbage,
        differences=dict((name, _differences(paths, name, content)) for name, content in valid.items()) if deep else None)


def _target(path):
    if not system.lexists(path):
        return None
    return system.readlink(path) if system.islink(path) else ''


def _evidence(wanted):
    return manifest.evidence(wanted.root, wanted.files, wanted.folders)


def _weakness(tree):
    """Why root cannot rely on a tree, whatever is in it; None for other users."""
    return folder_owners.weakness(system.lstat(tree), tree) if system.geteuid() == 0 else None


def _start_of(path):
    try:
        return regular_files.read_start(path, _VERSION_LIMIT)
    except GofleetError:
        # Not a file that a release has.
        return None


def _differences(paths, name, content):
    system.must_be_here()
    return manifest.differences(proof_trees.walk_tree(paths.tree(name)), paths.manifests, name, content)


def observed(paths, facts):
    """The Observed that follows from the Facts of a host. Reads nothing."""
    programs = dict((name, _program(paths, facts.links[paths.program(name)])) for name in toolchain_paths.PROGRAMS)
    return Observed(
        trees=dict((name, _tree(name, facts)) for name in facts.manifests), taken=facts.taken,
        link=_link(paths, facts), programs=programs, garbage=facts.garbage, orphans=[name for name in facts.described if name not in facts.taken])


def _tree(name, facts):
    content = facts.manifests[name]
    if content is None:
        return Tree(name, None, None, 'its manifest cannot be read', [], None, None, None)
    differences = facts.differences[name] if facts.differences is not None else None
    if facts.weaknesses[name]:
        problem = 'it %s' % facts.weaknesses[name]
    elif facts.differences is None:
        problem = manifest.problem(content, facts.evidence[name])
    else:
        problem = manifest.summary(differences) if differences else 'the list of its files was changed'
    return Tree(name, content['version'], content['goarch'], problem, content['proof'], content.get('source'), differences, content.get('twin'))


def _is_tree(target, paths, trees, taken):
    """Whether a link to target is one that this collection made: to a tree of ours, or to one that no longer exists. taken: names in the prefix."""
    target = os.path.normpath(os.path.join(os.path.dirname(paths.link), target))
    name = os.path.basename(target)
    return os.path.dirname(target) == os.path.normpath(paths.prefix) and (name in trees or name not in taken)


def _link(paths, facts):
    target = facts.links[paths.link]
    if target is None:
        return Name('absent', None, None)
    if not target:
        return Name('foreign', None, _claimed_version(facts.version))
    ours = _is_tree(target, paths, facts.manifests, facts.taken)
    return Name('link' if ours else 'foreign', os.path.join(os.path.dirname(paths.link), target), None if ours else _claimed_version(facts.version))


def _claimed_version(content):
    """The release that a VERSION file (bytes, or None) names; None for anything that is no release of Go."""
    try:
        return str(goversion.parse_release(to_native((content or b'').split(b'\n')[0], errors='surrogate_or_replace')))
    except GofleetError:
        return None


def _program(paths, target):
    if target is None:
        return Name('absent', None, None)
    if not target:
        return Name('foreign', None, None)
    return Name('link' if paths.owns_program(target) else 'foreign', target, None)


def active_tree(found):
    """The Tree that LINK names, or None. found: Observed."""
    if found.link.kind != 'link':
        return None
    return found.trees.get(os.path.basename(os.path.normpath(found.link.target)))


def oldest_first(trees):
    """Trees in the order of their releases; those with an invalid manifest come first."""
    return sorted(trees, key=lambda tree: (goversion.parse_release(tree.version) if tree.version else (), tree.name))
