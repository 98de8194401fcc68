# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out the steps of a plan, with the lock held: publish trees, link them, remove them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import tempfile
import time

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import (
    adoption,
    extra_files,
    go_policy,
    manifest,
    observe,
    obtain,
    source_types,
    stage,
    trust,
)


def apply(steps, paths, wanted, records, archives, blocks):
    """Carry out steps in order. Returns what was done, for the result. Raises GofleetError, OSError.

    If an archive is missing, the steps after the installs are not carried out.
    wanted: plan.Wanted; records: records.Records; archives: obtain.Archives; blocks: of go_policy.Move.
    """
    run = _Run(steps, paths, wanted, records, archives, blocks)
    if steps:
        with transaction.stage(paths.stage) as folder:
            for step in steps:
                if run.progress['needs'] and step.action not in ('install', 'adopt'):
                    break
                getattr(run, 'do_' + step.action)(step, folder)
    return dict(run.progress, bytes_fetched=archives.bytes_fetched, passed_over=archives.passed_over)


class _Run(object):
    """A method for each action of a step. stage_folder: where trees are built; it is removed afterwards."""

    def __init__(self, steps, paths, wanted, records, archives, blocks):
        self._paths = paths
        self._wanted = wanted
        self._records = records
        self._archives = archives
        self._blocks = blocks
        self.progress = {'installed': [], 'pruned': [], 'needs': [], 'moved_aside': [], 'adopted': [], 'proven': [], 'kept': []}
        # The path to which the tree at LINK will be moved, for the manifest of its copy.
        self._aside = next((step.aside for step in steps if step.action == 'link'), None)
        # The trees whose go.env gets the blocks.
        self._configured = [step.subject for step in steps if step.action == 'go_env']

    def _release(self, version):
        return self._records.release(version, self._wanted.goarch)

    def do_clean(self, step, dummy):
        transaction.delete_tree(step.subject)

    def do_forget(self, step, dummy):
        manifest.remove(self._paths.manifests, step.subject)

    def do_install(self, step, stage_folder):
        release = self._release(step.detail)
        try:
            if release is None:
                raise obtain.Need({'kind': 'record', 'version': step.detail, 'goarch': self._wanted.goarch})
            self._publish(step.subject, release, *self._archives.staged(release, tempfile.mkdtemp(dir=stage_folder)))
        except obtain.Need as need:
            self.progress['needs'].append(need.value)

    def do_adopt(self, step, stage_folder):
        """Adopt the tree at LINK if it is the release; otherwise install as usual, and the link's step moves it aside."""
        release = self._release(step.detail)
        scratch = tempfile.mkdtemp(dir=stage_folder)
        try:
            if release:
                self._publish(step.subject, release, *stage.copy_existing(self._paths.link, release, self._wanted.trust, scratch, self._archives.run))
                self.progress['adopted'].append(adoption.outcome(self._paths.link, step.detail))
                return
        except GofleetError as exc:
            if exc.code in obtain.OF_THIS_HOST:
                raise
            self.progress['adopted'].append(adoption.outcome(self._paths.link, step.detail, exc.msg))
        transaction.delete_tree(scratch)
        try:
            self.do_install(step, stage_folder)
        except GofleetError as exc:
            raise adoption.with_reason(exc, self.progress['adopted'])

    def _publish(self, name, release, obtained, staged):
        content = stage.description(release, obtained, staged)
        if obtained.source is source_types.ADOPTED:
            content['twin'] = self._aside
        transaction.make_folder(self._paths.manifests)
        manifest.write(self._paths.manifests, name, content, staged.entries)
        # The manifest records go.env as it was shipped; the blocks are written before the tree is published.
        if name in self._configured:
            go_policy.write(staged.path, self._blocks)
        transaction.publish_tree(staged.path, self._paths.tree(name))
        self.progress['installed'].append(release.version)

    def do_prove(self, step, dummy):
        """Verify an installed tree against stronger proof than at its installation."""
        name, release = step.subject, self._release(step.detail)
        tree = self._paths.tree(name)
        content = manifest.read(self._paths.manifests, name)
        entries = trees.walk_tree(tree)
        differences = manifest.differences(entries, self._paths.manifests, name, content)
        if not differences or manifest.summary(differences):
            raise GofleetError('%s was changed after it was installed (%s), so it cannot be verified. Run with verify: deep, which replaces it.'
                               % (tree, manifest.summary(differences) if differences else 'its manifest was changed'), 'tree_changed', path=tree)
        release.check_tree(manifest.as_shipped(entries, self._paths.manifests, name, content), tree,
                           'It stays as it is. Remove it with state: absent, and install it from another source.')
        proof = release.proofs(_comparable(content, release))
        found = [each['kind'] for each in proof]
        proof += [each for each in content['proof'] if each.get('kind') not in found]
        if not self._wanted.trust.holds([each.get('kind') for each in proof]):
            raise trust.untrusted(release.version, release.goarch, self._wanted.trust, found, tree)
        manifest.rewrite(self._paths.manifests, name, dict(content, proof=proof))
        self.progress['proven'].append(release.version)

    def do_keep_go_env(self, step, dummy):
        go_policy.keep(self._paths, self._blocks)

    def do_go_env(self, step, dummy):
        go_policy.write(self._paths.tree(step.subject), self._blocks)

    def do_link(self, step, dummy):
        self._point(step)

    def do_program(self, step, dummy):
        self._point(step)

    def _point(self, step):
        transaction.make_folder(os.path.dirname(step.subject))
        if step.aside:
            transaction.point_link_keeping(step.subject, step.detail, step.aside)
            self.progress['moved_aside'].append(step.aside)
        else:
            transaction.point_link(step.subject, step.detail)

    def do_discard(self, step, dummy):
        """Remove the original of an adopted tree, now that its copy is active, unless it contains more files than the copy."""
        name, twin = step.subject, step.detail
        content = manifest.read(self._paths.manifests, name)
        if not content or content.pop('twin', None) != twin:
            return
        there = os.path.isdir(twin) and not os.path.islink(twin)
        differences = manifest.differences(trees.walk_tree(twin), self._paths.manifests, name, content) if there else None
        # A killed run may have removed the missing files; the copy contains all others.
        if differences and not (differences.changed or differences.extra):
            # Not by way of the stage, which may be on another file system.
            transaction.delete_tree(twin)
            self.progress['moved_aside'] = [each for each in self.progress['moved_aside'] if each != twin]
        manifest.rewrite(self._paths.manifests, name, content)

    def do_unlink(self, step, dummy):
        transaction.remove_file(step.subject)

    def do_remove(self, step, stage_folder):
        # Files may have been added since the plan, for example during a download.
        if extra_files.found(self._paths, step.subject) != []:
            aside = extra_files.aside_name(self._paths, step.subject, time.time(), observe.names_in(self._paths.prefix))
            self.do_set_aside(step._replace(aside=aside), stage_folder)
            return
        transaction.remove_tree(self._paths.tree(step.subject), stage_folder)
        manifest.remove(self._paths.manifests, step.subject)
        self.progress['pruned'].append(step.detail)

    def do_set_aside(self, step, dummy):
        """Move a tree aside that contains more files than its release. Without a manifest this collection does not touch it again."""
        kept = extra_files.described(self._paths, step.subject, step.detail, extra_files.found(self._paths, step.subject), step.aside)
        transaction.set_aside(self._paths.tree(step.subject), step.aside)
        manifest.remove(self._paths.manifests, step.subject)
        self.progress['pruned'].append(step.detail)
        self.progress['moved_aside'].append(step.aside)
        self.progress['kept'].append(kept)

    def do_dissolve(self, step, dummy):
        transaction.retire_folder(self._paths.meta)
        folders.remove_if_empty(self._paths.prefix)


def _comparable(content, release):
    """The digests of a release that were compared for an installed tree; the archive's only if the tree came in the same archive."""
    source = content.get('source') or {}
    names = source_types.compared(source.get('kind'))
    return [name for name in names if name != 'sha256' or source.get('sha256') == release.sha256]
