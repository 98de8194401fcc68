# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of go_toolchain: resolves versions before the host is asked, and brings what the host cannot download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleError

from ansible_collections.gofleet.golang.plugins.plugin_utils import _importing as importing

importing.prepare('module_utils._fetch', 'module_utils._go', 'module_utils._proof', 'module_utils._toolchain', 'plugin_utils._proof', 'plugin_utils._releases',
                  'plugin_utils._resolution', 'plugin_utils._sumdb')

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import trust
from ansible_collections.gofleet.golang.plugins.modules import go_toolchain
from ansible_collections.gofleet.golang.plugins.modules.go_toolchain import ARGUMENT_SPEC
from ansible_collections.gofleet.golang.plugins.plugin_utils import _actions as actions
from ansible_collections.gofleet.golang.plugins.plugin_utils import _becoming as becoming
from ansible_collections.gofleet.golang.plugins.plugin_utils import _cache as cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import asking, toolchain
from ansible_collections.gofleet.golang.plugins.plugin_utils._proof import prover
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import lockfile, project, releases
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import request as releases_request
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import resolver, weak_proof

importing.read_now(asking, go_toolchain, resolver)

MODULE = 'gofleet.golang.go_toolchain'
# Options that end here; everything else goes to the host as it was written.
_CONTROLLER_ONLY = ('version_from', 'checksums', 'index_url', 'index_max_age', 'cache_path', 'gosumdb', 'lock', 'signing_certificate',
                    'allow_downgrade')
# One call that finds out what is missing, one for a record, one for more proof of it, one for the archives.
_CALLS = 4


class ActionModule(actions.Action):
    """Calls the module once, or again with what the host says it lacks."""

    SPEC = ARGUMENT_SPEC
    # Not TRANSFERS_FILES: that would make a temporary folder on the host before each call, also before those that bring nothing.

    def answer(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        arguments = {key: value for key, value in self._task.args.items() if key not in _CONTROLLER_ONLY}
        self._cache = cache.Cache(Path(self.options['cache_path'] or cache.default_root()))
        if self.options['archive'] and not self.options['remote_src']:
            del arguments['archive']
            arguments['transfer'] = 'push'
        if self.options['state'] == 'absent':
            releases.check_removed(each for each in [self.options['version'] or '', *self.options['also']] if each.strip())
            return self._unchanged(arguments, task_vars) or self._call(arguments, task_vars)[0]
        request = self._request()
        self._run_cache = resolver.run_cache(C.DEFAULT_LOCAL_TMP)
        resolution = resolver.resolve(request, self._cache, self._run_cache)
        return self._until_satisfied(arguments, request, resolution, task_vars)

    def _until_satisfied(self, arguments: dict[str, Any], request: Request, resolution: resolver.Resolution,
                         task_vars: dict[str, Any]) -> dict[str, Any]:
        uploads: dict[str, dict[str, str]] = {}
        answers: list[dict[str, Any]] = []
        for dummy in range(_CALLS):
            records = [each.as_option() for each in resolution.records]
            versions = [each.version for each in resolution.records]
            arguments.update(version=versions[0], also=versions[1:], releases=records, uploads=uploads, incoming=self._module_may_own_folder())
            unchanged = None if answers else self._unchanged(arguments, task_vars)
            answer, needs = (unchanged, []) if unchanged else self._call(arguments, task_vars)
            answers.append(answer)
            if not needs or answers[-1].get('failed'):
                break
            for need in needs:
                if need['kind'] in ('record', 'proof'):
                    resolution = resolver.complete(resolution, need, request, self._cache, self._run_cache)
                    continue
                try:
                    uploads[need['filename']] = self._bring(need, resolution, request)
                except (GofleetError, OSError):
                    self._withdraw(needs, arguments, task_vars)
                    raise
        else:
            raise GofleetError(f'The host still asks for {needs} after it got them. Run again with -vvv and report this.', 'unsatisfied', needs=needs)
        result = dict(_merged(answers), transfer=_transfer(answers, uploads))
        warnings = list(resolution.warnings)
        if not result.get('failed'):
            result['releases'] = records
            warnings += weak_proof.of_host(result, resolution, request)
        result['warnings'] = [*warnings, *result.get('warnings', [])]
        return result

    def _unchanged(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any] | None:
        """The module's result, if a probe shows that the host has what is wanted."""
        def interpreter() -> str:
            """Asked for within the probe, whose errors lead to the module."""
            return asking.interpreter(self, task_vars) or ''

        state = asking.State(
            ARGUMENT_SPEC, {}, lambda options: toolchain.wanted(options, interpreter()),
            lambda options: go_toolchain.unchanged(options, interpreter(), self._task.check_mode))
        result = asking.unchanged(self, state, arguments, task_vars)
        return result and {key: value for key, value in result.items() if key != 'needs'}

    def _call(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The module's result, and what it needs from the controller before it can go on."""
        try:
            answer: dict[str, Any] = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        except AnsibleError as exc:
            raise becoming.failure_of(exc) or exc from exc
        failure = becoming.failure(answer)
        if failure:
            raise failure
        needs: list[dict[str, Any]] = answer.pop('needs', [])
        return answer, needs

    def _withdraw(self, needs: list[dict[str, Any]], arguments: dict[str, Any], task_vars: dict[str, Any]) -> None:
        """Have the host remove the folders that it made for archives which do not come.

        The module removes the folder of an archive that it cannot read, whatever the reason; that it fails is expected.
        """
        awaited = {need['filename']: need['incoming'] for need in needs if need.get('incoming')}
        join = self._connection._shell.join_path
        uploads = {name: {'path': join(folder, 'withdrawn'), 'origin': 'the controller'} for name, folder in awaited.items()}
        if uploads:
            self._call(dict(arguments, uploads=uploads), task_vars)

    def _request(self) -> Request:
        options = self.options
        version = options['version']
        if options['version_from']:
            if version:
                raise GofleetError('Both version and version_from are set. Leave one of them out.', 'conflicting_options')
            version = project.version(self.file('version_from'))
        if not version:
            raise GofleetError("Neither version nor version_from says which Go is wanted. Write version: latest, a line such as '1.26', or a "
                               "release such as '1.26.6'.", 'invalid_version')
        given = options['releases']
        if options['lock']:
            given = given + lockfile.read(self.file('lock'))
        return Request(
            versions=[version, *(each for each in options['also'] if each.strip())],
            checksums=options['checksums'], given=given, mirrors=options['mirrors'],
            trust=trust.Policy(tuple(options['trust']), options['trust_all']), archive=self._archive(),
            certificate=self._certificate(), allow_downgrade=options['allow_downgrade'],
            goproxy=sources.proxy_urls(options['goproxy']), direct_after=releases_request.direct_after(options['goproxy']),
            gosumdb=releases_request.written('gosumdb', options['gosumdb']), index_url=releases_request.written('index_url', options['index_url']),
            index_max_age=options['index_max_age'], options=self._network())

    def _archive(self) -> Path | None:
        options = self.options
        return self.file('archive') if options['archive'] and not options['remote_src'] else None

    def _certificate(self) -> str:
        named = self.options['signing_certificate'] or ''
        return str(self.file('signing_certificate')) if named and '://' not in named else named

    def _network(self) -> sources.Options:
        path = self.options['ca_path']
        # The file may be there for the hosts alone; the controller then trusts what its system trusts.
        return sources.Options(self.options['timeout'], path if path and Path(path).exists() else None)

    def _bring(self, need: dict[str, Any], resolution: resolver.Resolution, request: Request) -> dict[str, str]:
        """Put an archive onto the host; returns its path there and where it came from."""
        # Here, not above: a run that brings nothing does not need the network modules that it loads.
        from ansible_collections.gofleet.golang.plugins.plugin_utils import _archives as archives

        record = resolution.record(need['version'])
        if request.archive:
            local = archives.local_archive(request.archive, record, need['goarch'])
            origin = str(local)
        else:
            try:
                local, origin = archives.fetched_archive(record, need['goarch'], request.mirrors, request.goproxy, request.options, self._cache)
            except GofleetError as exc:
                raise _both_failed(exc, need) from exc
        self._prove_by_signature(record, need['goarch'], request)
        folder = need['incoming'] or self._temporary_folder()
        remote = self._connection._shell.join_path(folder, local.name)
        self._transfer_file(str(local), remote)
        if not need['incoming']:
            self._fixup_perms2((folder, remote))
        return {'path': str(remote), 'origin': origin}

    def _prove_by_signature(self, record: releases.Record, goarch: str, request: Request) -> None:
        """Where nothing stronger vouches than the index, ask the signature too, now that the archive is here."""
        if not request.trust.kinds and request.trust.asks_for_more(record.kinds(goarch)):
            # Why there is none is not reported: the task did not ask for it.
            prover.Prover(request, self._cache, self._run_cache).add_signature(record, goarch)

    def _module_may_own_folder(self) -> bool:
        """Whether the module can make a folder that the connection's user writes to: the one who ran sudo is known to it."""
        become = self._connection.become
        return become is None or become.name.rpartition('.')[2] == 'sudo'

    def _temporary_folder(self) -> str:
        if not self._connection._shell.tmpdir:
            self._make_tmp_path()
        return str(self._connection._shell.tmpdir)


def _both_failed(exc: GofleetError, need: dict[str, Any]) -> GofleetError:
    tried = sources.in_words(need['failures'])
    text = f'The host could not download Go {need["version"]} itself. Tried {tried} ' if tried else ''
    return GofleetError(text + exc.msg, exc.code, **dict(exc.evidence, host_failures=need['failures']))


def _merged(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """The last answer, with what the calls before it did."""
    result = dict(answers[-1])
    for earlier in answers[:-1]:
        result['changed'] = result.get('changed', False) or earlier.get('changed', False)
        for key in ('installed', 'pruned', 'moved_aside', 'passed_over', 'adopted', 'proven', 'damaged', 'kept'):
            result[key] = earlier.get(key, []) + [each for each in result.get(key, []) if each not in earlier.get(key, [])]
        result['bytes_fetched'] = result.get('bytes_fetched', 0) + earlier.get('bytes_fetched', 0)
    if len(answers) > 1 and 'diff' in answers[0] and 'diff' in result:
        result['diff'] = {'before': answers[0]['diff']['before'], 'after': result['diff']['after']}
    return result


def _transfer(answers: list[dict[str, Any]], uploads: dict[str, dict[str, str]]) -> str:
    if uploads:
        return 'push'
    return 'pull' if any(each.get('bytes_fetched') for each in answers) else 'none'
