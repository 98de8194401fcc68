# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The frame of every module of this collection: its options and result without secrets, how it runs programs, how it ends."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gofleet.golang.plugins.module_utils import _errors as errors
from ansible_collections.gofleet.golang.plugins.module_utils import _labels as labels
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses, shown


class Module(AnsibleModule):
    """An AnsibleModule whose result, log entry and invocation follow the rules of shown.py, however it ends.

    AnsibleModule itself replaces each text of a no_log option wherever it occurs, even in keys of its own result ("state": "********"), and does not hide
    passwords in addresses. Here the option is masked where it stands, and texts that could be secrets are hidden in sentences and diffs.

    masked: {option with no_log: a function of its value that gives (what is shown of it, set of the texts in it that are secret)}.
    """

    def __init__(self, masked=None, **keywords):
        self._masked = masked or {}
        super(Module, self).__init__(**keywords)

    def exit_json(self, **kwargs):
        super(Module, self).exit_json(**self._shown(kwargs))

    def fail_json(self, msg, **kwargs):
        super(Module, self).fail_json(**self._shown(dict(kwargs, msg=msg)))

    def warn(self, warning, **keywords):
        super(Module, self).warn(shown.message(warning, self._shown_options()[1]), **keywords)

    def _log_invocation(self):
        used = self.params
        self.params = self._shown_options()[0]
        try:
            super(Module, self)._log_invocation()
        finally:
            self.params = used

    def _shown(self, result):
        options, hidden = self._shown_options()
        return _with_options(result, options, hidden)

    def _shown_options(self):
        """The options as they are shown, and those of their texts that no message may show."""
        # Secrets are hidden here; AnsibleModule would hide each word of a no_log option, such as the name of a consumer.
        self.no_log_values = set()
        # Not set yet if the module ends because of its options.
        return _shown_options(getattr(self, 'params', None) or {}, self.argument_spec, self._masked)


def shown_result(result, options, spec, masked, host):
    """The result of a Module with this spec and masked, and these options, as it ends on a host of this name."""
    options, hidden = _shown_options(options, spec, masked)
    warnings = [shown.message(_warning(host, each), hidden) for each in result.pop('warnings', ())]
    found = _with_options(result, options, hidden)
    return dict(found, warnings=warnings) if warnings else found


def _warning(host, text):
    # Ansible prints equal warnings of several hosts once, without the names of the hosts.
    return '%s: %s' % (host, text)


def _with_options(result, options, hidden):
    return dict(shown.result(result, hidden), invocation={'module_args': options})


def _shown_options(given, spec, masked):
    options, secrets = {}, addresses.secrets_in(given)
    for name, value in given.items():
        if name in masked:
            options[name], more = masked[name](value)
            secrets |= more
        else:
            options[name] = _option(value)
    hidden = shown.words_worth_hiding(secrets, _words(spec) + _texts(options))
    return shown.values(shown.without_in_dicts(options, hidden)), hidden


def _option(value):
    if isinstance(value, dict):
        return dict((key, _option(each)) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return [_option(each) for each in value]
    return addresses.in_option(value) if isinstance(value, (str, type(u''))) else value


def _words(spec):
    """The module's own words that may be in its result: names and choices of options."""
    found = []
    for name, option in (spec or {}).items():
        found += [name] + [each for each in option.get('choices') or [] if isinstance(each, str)] + _words(option.get('options'))
    return found


def _texts(value):
    """Texts of options that are public. Values of dicts may be secrets, so only their keys count."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in (_texts(list(each)) if isinstance(each, dict) else _texts(each))]
    if isinstance(value, list):
        return [text for each in value for text in (_texts(list(each)) if isinstance(each, dict) else _texts(each))]
    return [value] if isinstance(value, (str, type(u''))) else []


def runner(module):
    """A function run(argv, environment, folder) -> (exit status, output) that uses an AnsibleModule's run_command.

    argv: list of str, taken literally; environment: variables to set besides the module's own; folder: where to run.
    output: both streams, as str. It raises OSError if the program cannot be started.
    """

    def run(argv, environment, folder):
        status, output, stderr = module.run_command(
            argv, environ_update=environment, cwd=folder, expand_user_and_vars=False, handle_exceptions=False)
        return status, output + stderr

    return run


def finish(module, answer):
    """Do the work of a Module, and end with its result or its failure.

    answer: a function of runner(module) that gives the result, whose warnings may be among it, or raises GofleetError or OSError.
    """
    # Installed files must be readable for everyone, whatever the umask of the connection.
    os.umask(0o022)
    try:
        result = answer(runner(module))
    except GofleetError as exc:
        result = exc.as_result()
        _warn(module, result)
        module.fail_json(**result)
    except (IOError, OSError) as exc:
        result = errors.from_os_error(exc).as_result()
        _warn(module, result)
        module.fail_json(**result)
    _warn(module, result)
    module.exit_json(**result)


def _warn(module, result):
    for warning in list(result.pop('warnings', ())) + labels.refusals():
        module.warn(_warning(os.uname()[1], warning))
