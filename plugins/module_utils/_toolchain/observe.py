# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Go toolchains on this host: observe what is there, plan what is to be done, do it.

    PREFIX/go1.26.6/             one tree a version, published whole
    PREFIX/.gofleet/manifests/   what proves each tree
    PREFIX/.gofleet/go.env       defaults of the go command for whichever tree is active
    PREFIX/.gofleet/stage/       where trees are built; a kill may leave something here, and nowhere else
    PREFIX/.gofleet/incoming/    where a controller puts archives
    PREFIX/.gofleet/lock
    LINK -> the active tree
    BIN/go, BIN/gofmt -> LINK/bin/...
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import leftovers
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners as folder_owners
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as goversion
from ansible_collections.gofleet.golang.plugins.module_utils._proof import tree_list
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees as proof_trees
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import manifest

PROGRAMS = ('go', 'gofmt')
_META = '.gofleet'
# An upload that has not grown for this many seconds is nobody's any more.
STALE_UPLOAD = 900
# Bytes that a VERSION file may have; Go's has some 40.
_VERSION_LIMIT = 256
# Names of each kind of difference that a result shows.
_SHOWN = 20


class Paths(namedtuple('Paths', 'prefix link bin_dir')):
    """Where toolchains live on this host. All absolute."""

    __slots__ = ()

    @property
    def meta(self):
        return os.path.join(self.prefix, _META)

    @property
    def lock(self):
        return os.path.join(self.meta, 'lock')

    @property
    def stage(self):
        return os.path.join(self.meta, 'stage')

    @property
    def incoming(self):
        return os.path.join(self.meta, 'incoming')

    @property
    def manifests(self):
        return os.path.join(self.meta, 'manifests')

    def tree(self, name):
        return os.path.join(self.prefix, name)

    def program(self, name):
        return os.path.join(self.bin_dir, name)

    def program_target(self, name):
        return os.path.join(self.link, 'bin', name)

    def owns_program(self, target):
        """Whether a program's link to target is one that this collection makes."""
        return target.startswith((self.prefix + os.sep, self.link + os.sep))


def default_paths():
    """The Paths for root, or for an ordinary user below their home."""
    if os.geteuid() == 0:
        return Paths('/opt/go', '/usr/local/go', '/usr/local/bin')
    home = os.path.expanduser('~')
    return Paths(os.path.join(home, '.local/share/go-toolchains'), os.path.join(home, '.local/go'), os.path.join(home, '.local/bin'))


def chosen_paths(prefix, link, bin_dir):
    """The Paths to work with; None stands for the default. Raises GofleetError(bad_path)."""
    default = default_paths()
    paths = Paths(prefix or default.prefix, link or default.link, bin_dir or default.bin_dir)
    for option, path in zip(paths._fields, paths):
        if not os.path.isabs(path) or os.path.normpath(path) != path.rstrip('/') or path == '/':
            raise GofleetError("%s is '%s', which is not a plain absolute path. Write it from / on, without . or ..." % (option, path),
                               'bad_path', option=option, path=path)
    paths = Paths(*(path.rstrip('/') for path in paths))
    if (paths.link + '/').startswith(paths.prefix + '/') or (paths.prefix + '/').startswith(paths.link + '/'):
        raise GofleetError('link (%s) and prefix (%s) lie in each other. The link has to stand outside the folder of the toolchains.'
                           % (paths.link, paths.prefix), 'bad_path', option='link', path=paths.link)
    if (paths.bin_dir + '/').startswith(paths.link + '/') or paths.link in [paths.program(name) for name in PROGRAMS]:
        raise GofleetError('bin_dir (%s) and link (%s) want the same names. Links to programs have to stand outside the active toolchain.'
                           % (paths.bin_dir, paths.link), 'bad_path', option='bin_dir', path=paths.bin_dir)
    return paths


# A tree of ours. problem: None, or what is wrong with it; differences: tree_manifest.Differences if it was verified file by file;
# twin: where somebody else's tree goes that this one was copied from, until it is discarded.
Tree = namedtuple('Tree', 'name version goarch problem proof source differences twin')
# A name that should lead to a toolchain. kind: absent, link (ours), foreign; target: where a link points to;
# version: of the release that somebody else's tree there says it is, or None.
Name = namedtuple('Name', 'kind target version')
# trees: Tree by name; taken: every name in the prefix; link: Name; programs: Name by program;
# garbage: paths that a killed run left; orphans: manifests without a tree.
Observed = namedtuple('Observed', 'trees taken link programs garbage orphans')

# What is wanted. active: version or None; keep: versions that are to be there besides;
# remove: goversion.Spec list, or None for none, used when state is absent ([] means all);
# prune: remove other trees of ours; adopt: take foreign things at LINK and BIN in, or move them aside; trust: trust.Policy.
Wanted = namedtuple('Wanted', 'active keep remove prune adopt goarch trust')


def wanted(state, version, also, prune, adopt, goarch, policy):
    """The Wanted for a module's options. Raises GofleetError(invalid_version)."""
    if state == 'absent':
        return Wanted(None, [], [goversion.parse_spec(each) for each in also + [version] if each], False, False, goarch, policy)
    if not version:
        raise GofleetError('Neither version nor version_from says which Go is wanted.', 'invalid_version', version=version)
    exact = [str(goversion.parse_release(each)) for each in [version] + also]
    return Wanted(exact[0], exact[1:], None, prune, adopt, goarch, policy)


# One step of a plan. action: clean, forget, install, adopt, prove, keep_go_env, go_env (go_policy.py), link, program, discard, unlink, remove,
# set_aside (extra_files.py), dissolve.
# subject: path, tree or program; detail: by action; aside: where a foreign thing goes, or None.
Step = namedtuple('Step', 'action subject detail aside')


def observe(paths, deep=False):
    """What is on the host now, without changing or locking anything. Raises GofleetError(manifest_newer), OSError.

    deep: whether every file of every tree of ours is read and compared with its manifest.
    """
    taken = names_in(paths.prefix)
    described = manifest.names(paths.manifests)
    trees = {}
    for name in described:
        if name in taken:
            trees[name] = _tree(paths, name, deep)
    return Observed(
        trees=trees, taken=taken,
        link=_observe_link(paths, trees),
        programs=dict((name, _observe_program(paths, name)) for name in PROGRAMS),
        garbage=leftovers.unused_stages(paths.stage) + leftovers.retired(paths.meta) + _abandoned_uploads(paths) + _unfinished(paths, trees),
        orphans=[name for name in described if name not in taken])


def _abandoned_uploads(paths):
    # An empty one, of a controller that then had nothing to bring, is no reason to change a host.
    return [path for path in leftovers.unused_stages(paths.incoming, STALE_UPLOAD) if names_in(path)]


def _unfinished(paths, trees):
    found = leftovers.unfinished_files(paths.manifests) + leftovers.unfinished_copies(paths.lock)
    found += leftovers.unfinished_names(paths.link, lambda target: _is_ours(target, paths, trees))
    for name in PROGRAMS:
        found += leftovers.unfinished_names(paths.program(name), paths.owns_program)
    return found


def _is_ours(target, paths, trees):
    """Whether a link to target is one that we gave: to a tree of ours, or to one that is gone."""
    target = os.path.normpath(os.path.join(os.path.dirname(paths.link), target))
    return os.path.dirname(target) == os.path.normpath(paths.prefix) and (os.path.basename(target) in trees or not os.path.lexists(target))


def names_in(folder):
    """The names in a folder that may not be there. Raises GofleetError(occupied), OSError."""
    try:
        return set(os.listdir(folder))
    except OSError as exc:
        if exc.errno == errno.ENOTDIR:
            raise GofleetError('%s is not a folder. Choose another prefix, or move what is there away.' % folder, 'occupied', path=folder)
        if exc.errno != errno.ENOENT:
            raise
        return set()


def _tree(paths, name, deep):
    content = manifest.read(paths.manifests, name)
    if content is None:
        return Tree(name, None, None, 'its manifest cannot be read', [], None, None, None)
    problem = _ownership_problem(paths.tree(name)) or manifest.problem(paths.tree(name), content)
    differences = manifest.differences(proof_trees.walk_tree(paths.tree(name)), paths.manifests, name, content) if deep else None
    if deep:
        problem = _ownership_problem(paths.tree(name)) or (
            manifest.told(differences) if differences else 'the list of its files is not the one that was written')
    return Tree(name, content['version'], content['goarch'], problem, content['proof'], content.get('source'), differences, content.get('twin'))


def _ownership_problem(tree):
    """Why root cannot rely on a tree of ours, whatever is in it; None for other users."""
    weak = folder_owners.weakness(os.lstat(tree), tree) if os.geteuid() == 0 else None
    return 'it %s' % weak if weak else None


def _observe_link(paths, trees):
    if not os.path.lexists(paths.link):
        return Name('absent', None, None)
    if not os.path.islink(paths.link):
        return Name('foreign', None, _claimed_version(paths.link))
    target = os.readlink(paths.link)
    ours = _is_ours(target, paths, trees)
    return Name('link' if ours else 'foreign', os.path.join(os.path.dirname(paths.link), target), None if ours else _claimed_version(paths.link))


def _claimed_version(tree):
    try:
        content = regular_files.read_start(os.path.join(tree, 'VERSION'), _VERSION_LIMIT)
        return str(goversion.parse_release(to_native(content.split(b'\n')[0], errors='surrogate_or_replace')))
    except GofleetError:
        # Whatever that is, it is no release that could be taken in.
        return None


def _observe_program(paths, name):
    path = paths.program(name)
    if not os.path.lexists(path):
        return Name('absent', None, None)
    if not os.path.islink(path):
        return Name('foreign', None, None)
    target = os.readlink(path)
    return Name('link' if paths.owns_program(target) else 'foreign', target, None)


def active_tree(observed):
    """The Tree that LINK names, or None."""
    if observed.link.kind != 'link':
        return None
    return observed.trees.get(os.path.basename(os.path.normpath(observed.link.target)))


def listing(observed, paths):
    """The trees of ours as a module returns them, oldest version first."""
    active = active_tree(observed)
    return [{'version': tree.version, 'goarch': tree.goarch, 'path': paths.tree(tree.name), 'active': tree == active,
             'proof': tree.proof, 'source': tree.source, 'problem': tree.problem, 'differences': _shortened(tree.differences)}
            for tree in sorted(observed.trees.values(), key=_by_age)]


def _shortened(differences):
    """Differences as a module returns them: of a tree that was replaced, every file differs."""
    if differences is None:
        return None
    return dict(tree_list.shortened(differences, _SHOWN), go_env_edited='go.env' in differences.changed)


def plan(wanted, observed, paths, now):
    """The Steps from observed to wanted, in the order that keeps a working toolchain in place throughout.

    now: seconds since the epoch, part of the names of what is moved aside. Pure but for its error:
    raises GofleetError(occupied) where something that is not ours is in the way.
    """
    steps = [Step('clean', path, None, None) for path in observed.garbage]
    steps += [Step('forget', name, None, None) for name in observed.orphans]
    if wanted.remove is not None:
        return steps + _plan_removal(wanted, observed, paths)
    names = {}
    for version in [wanted.active] + list(wanted.keep):
        if version not in names:
            names[version], more = _plan_tree(version, wanted, observed)
            steps += more
    steps += _plan_names(wanted, observed, paths, names[wanted.active], now)
    steps += _plan_twins(observed, steps)
    doomed = [tree for tree in observed.trees.values() if tree.name not in names.values()
              and (wanted.prune or tree.version in names)]
    return steps + [Step('remove', tree.name, tree.version, None) for tree in sorted(doomed, key=_by_age)]


def _plan_tree(version, wanted, observed):
    # One that is proven enough as it is comes first.
    fitting = sorted((not _is_proven(tree, wanted.trust), tree.name) for tree in observed.trees.values()
                     if tree.version == version and tree.goarch == wanted.goarch and tree.problem is None)
    if fitting:
        unproven, name = fitting[0]
        return name, [Step('prove', name, version, None)] if unproven else []
    # A damaged tree stays where it is until its successor has been proven under a name of its own.
    name = 'go' + version
    number = 1
    while name in observed.taken:
        number += 1
        name = 'go%s-%d' % (version, number)
    takes_in = wanted.adopt and observed.link.kind == 'foreign' and observed.link.version == version
    return name, [Step('adopt' if takes_in else 'install', name, version, None)]


def _twins(observed):
    return [(tree.name, tree.twin) for tree in observed.trees.values() if tree.twin]


def _plan_twins(observed, steps):
    """Trees that were copied go once the copy has their place: now, or where a run was killed before it came to that."""
    found = _twins(observed)
    asides = [step.aside for step in steps if step.action == 'link' and step.aside]
    found += [(step.subject, aside) for step in steps if step.action == 'adopt' for aside in asides]
    return [Step('discard', name, twin, None) for name, twin in sorted(found)]


def _is_proven(tree, policy):
    return not policy.kinds or policy.holds([proof.get('kind') for proof in tree.proof])


def _plan_names(wanted, observed, paths, name, now):
    steps = []
    target = paths.tree(name)
    if observed.link.kind != 'link' or os.path.normpath(observed.link.target) != os.path.normpath(target):
        aside = _aside(observed.link, paths.link, wanted, now)
        # The name that a run was killed over before it could use it: by it the tree is known to be a copy's twin.
        promised = [twin for dummy, twin in _twins(observed)]
        steps.append(Step('link', paths.link, target, promised[0] if aside and promised else aside))
    for program in PROGRAMS:
        found = observed.programs[program]
        if found.kind != 'link' or found.target != paths.program_target(program):
            path = paths.program(program)
            steps.append(Step('program', path, paths.program_target(program), _aside(found, path, wanted, now)))
    return steps


def _aside(found, path, wanted, now):
    if found.kind != 'foreign':
        return None
    if not wanted.adopt:
        raise GofleetError(
            '%s is in the way: %s that gofleet.golang did not make. Nothing was changed. Move it away yourself, choose another '
            'path, or set adopt: true to have it kept whole under another name beside it.'
            % (path, 'a link to %s' % found.target if found.target else 'a file or folder'),
            'occupied', path=path, target=found.target)
    return leftovers.aside_name(path, now)


def _plan_removal(wanted, observed, paths):
    doomed = [tree for tree in observed.trees.values() if _matches(tree, wanted.remove)]
    active = active_tree(observed)
    steps = []
    # Without specs everything goes, also links of ours that lead nowhere any more.
    if active in doomed or not wanted.remove:
        steps += [Step('unlink', paths.program(name), None, None) for name in PROGRAMS if observed.programs[name].kind == 'link']
        steps += [Step('unlink', paths.link, None, None)] if observed.link.kind == 'link' else []
    steps += [Step('remove', tree.name, tree.version, None) for tree in sorted(doomed, key=_by_age)]
    if _META in observed.taken and len(doomed) == len(observed.trees):
        steps.append(Step('dissolve', paths.prefix, None, None))
    return steps


def _matches(tree, specs):
    if not specs:
        return True
    if tree.version is None:
        return False
    version = goversion.parse_release(tree.version)
    return any(spec.version == version if spec.kind == 'exact' else spec.line == version.line for spec in specs)


def _by_age(tree):
    return (goversion.parse_release(tree.version) if tree.version else (), tree.name)


def state_after(steps, observed, paths):
    """The state that a plan leads to, in the words of state_of()."""
    state = state_of(observed, paths)
    # A link at LINK leads to a tree elsewhere, which stays; so does the link itself.
    discarded = [step.detail for step in steps if step.action == 'discard' and observed.link.target is None]
    for step in steps:
        if step.action in ('install', 'adopt'):
            state['toolchains'] = sorted(state['toolchains'] + [step.subject])
        elif step.action == 'prove':
            state['toolchains'] = [name + ' (proven as trust asks)' if name == step.subject else name for name in state['toolchains']]
        elif step.action in ('remove', 'set_aside'):
            state['toolchains'] = [name for name in state['toolchains'] if name.split(' ')[0] != step.subject]
        elif step.action in ('link', 'program'):
            state['links'][step.subject] = step.detail
        elif step.action == 'unlink':
            state['links'].pop(step.subject, None)
        elif step.action == 'clean':
            state['leftovers'].remove(step.subject)
        elif step.action == 'forget':
            state['leftovers'].remove(step.subject + ' (manifest)')
        if step.aside and step.aside not in discarded:
            state['moved_aside'].append(step.aside)
    return state


def state_of(observed, paths):
    """The host's state as plain values, for --diff."""
    links = dict((paths.program(name), found.target or '(not a link)')
                 for name, found in observed.programs.items() if found.kind != 'absent')
    if observed.link.kind != 'absent':
        links[paths.link] = observed.link.target or '(not a link)'
    return {
        'toolchains': sorted(tree.name + (' (damaged: %s)' % tree.problem if tree.problem else '') for tree in observed.trees.values()),
        'links': links,
        'leftovers': observed.garbage + [name + ' (manifest)' for name in observed.orphans],
        'moved_aside': [],
    }
