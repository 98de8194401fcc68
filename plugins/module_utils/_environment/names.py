# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of variables with a special meaning: those that the programs of consumers reserve, and the settings of the go command."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


from collections import namedtuple

# The names that a program reserves. program: its name in messages; names, prefixes: of variables.
Reserved = namedtuple('Reserved', 'program names prefixes')


def reserved_by(name, reserved):
    """The name of the program that reserves this variable, for a message, or None. reserved: Reserved of a consumer's programs."""
    return next((each.program for each in reserved if name in each.names or name.startswith(each.prefixes)), None)


def _words(text):
    return frozenset(text.split())


# Variables that shells reserve: an assignment fails, is undone, or has another effect. Sources: dash(1), bash(1), ksh(1), mksh(1), zshparam(1) and
# zsh/parameter, and the results of the property tests.
_SHELLS_OWN = _words('''
    _ ARGC BASHPID DIRSTACK EGID EPOCHREALTIME EPOCHSECONDS ERRNO EUID FUNCNAME FUNCNEST GID GROUPS HISTCMD IFS KEYBOARD_HACK KSHEGID KSHGID KSHUID LINENO
    NULLCMD OLDPWD OPTARG OPTIND PGRP PIPESTATUS PPID PROMPT PROMPT2 PROMPT3 PROMPT4 PS1 PS2 PS3 PS4 PWD RANDOM READNULLCMD SECONDS SHELLOPTS BASHOPTS
    SHLVL SRANDOM TTY TTYIDLE UID USERNAME USER_ID WORDCHARS HISTCHARS TRY_BLOCK_ERROR TRY_BLOCK_INTERRUPT COLUMNS LINES aliases argv builtins cdpath
    commands dirstack dis_aliases dis_builtins dis_functions dis_functions_source dis_galiases dis_patchars dis_reswords dis_saliases errnos fignore fpath
    funcfiletrace funcsourcetrace funcstack functions functions_source functrace galiases histchars history historywords jobdirs jobstates jobtexts
    langinfo mailpath manpath modules module_path nameddirs options parameters patchars path pipestatus prompt psvar reswords saliases signals status
    sysparams keymaps termcap terminfo userdirs usergroups watch widgets zsh_eval_context zsh_scheduled_events zle_bracketed_paste
''')
_SHELLS_OWN_PREFIXES = ('BASH_', 'KSH_', 'ZSH_', '_gofleet_')
# Shells require a number in these variables and stop reading the file at any other value.
SHELL_NUMBERS = _words('HISTSIZE SAVEHIST LISTMAX KEYTIMEOUT MAILCHECK JOBMAX TMOUT')
_FISH_OWN = _words('_ argv history status pipestatus version hostname umask PWD SHLVL FISH_VERSION CMD_DURATION COLUMNS LINES')
_FISH_OWN_PREFIXES = ('fish_', '__fish', 'gofleet_')
_OPENRC_OWN = _words('''
    SVCNAME EINFO_LOG EINFO_LASTCMD EINFO_VERBOSE EINFO_QUIET EINFO_COLOR CONSOLETYPE RC_SERVICE RUNLEVEL name description command command_args
    command_args_background command_args_foreground command_background command_group command_progress command_user capabilities chroot depend directory
    error_log error_logger extra_commands extra_started_commands extra_stopped_commands healthcheck_delay healthcheck_timer in_background_fake ina
    input_file no_new_privs oom_score_adj output_log output_logger pidfile procname provide required_dirs required_files respawn_delay respawn_max
    respawn_period retry start_stop_daemon_args stopsig supervise_daemon_args supervisor secbits umask
''')
_OPENRC_OWN_PREFIXES = ('RC_', 'rc_', '_rc_', 'description_')

# The settings that the go command reads from a go.env (internal/cfg.KnownEnv), without those that `go env -w` refuses.
GO_SETTINGS = _words('''
    AR CC CGO_CFLAGS CGO_CFLAGS_ALLOW CGO_CFLAGS_DISALLOW CGO_CPPFLAGS CGO_CPPFLAGS_ALLOW CGO_CPPFLAGS_DISALLOW CGO_CXXFLAGS CGO_CXXFLAGS_ALLOW
    CGO_CXXFLAGS_DISALLOW CGO_ENABLED CGO_FFLAGS CGO_FFLAGS_ALLOW CGO_FFLAGS_DISALLOW CGO_LDFLAGS CGO_LDFLAGS_ALLOW CGO_LDFLAGS_DISALLOW CXX FC GCCGO
    GO111MODULE GO386 GOAMD64 GOARCH GOARM GOARM64 GOAUTH GOBIN GOCACHE GOCACHEPROG GOEXPERIMENT GOFIPS140 GOFLAGS GOINSECURE GOMIPS GOMIPS64 GOMODCACHE
    GONOPROXY GONOSUMDB GOOS GOPATH GOPPC64 GOPRIVATE GOPROXY GORISCV64 GOSUMDB GOTMPDIR GOTOOLCHAIN GOVCS GOWASM GO_EXTLINK_ENABLED PKG_CONFIG
''')

BY_SHELLS = Reserved('a shell', _SHELLS_OWN, _SHELLS_OWN_PREFIXES)
BY_FISH = Reserved('fish', _FISH_OWN, _FISH_OWN_PREFIXES)
BY_OPENRC = Reserved('OpenRC', _OPENRC_OWN, _OPENRC_OWN_PREFIXES)
