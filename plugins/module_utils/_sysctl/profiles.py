# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of kernel settings: named profiles, removed keys, limits, and keys that processes read only once.

A profile's reason is written to drop-ins, so changing it changes files on hosts. Sources: ip-sysctl, net, fs and kernel are pages of
the kernel's Documentation (networking/ip-sysctl.rst, admin-guide/sysctl/net.rst, fs.rst, kernel.rst).
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import namedtuple

# at_least: whether the value is a minimum, number by number; a host with a higher value keeps it.
Setting = namedtuple('Setting', 'key value at_least reason source')

_QUIC = 'https://github.com/quic-go/quic-go/wiki/UDP-Buffer-Sizes'


def _floor(key, value, reason, source):
    return Setting(key, value, True, reason, source)


def _exact(key, value, reason, source):
    return Setting(key, value, False, reason, source)


PROFILES = {
    'http_server': (
        _floor('net.core.somaxconn', '4096', 'Connections that wait for accept(); Go asks for as many as this, and before Linux 5.4 it was 128.',
               'ip-sysctl, net: somaxconn'),
        _floor('net.ipv4.tcp_max_syn_backlog', '4096', 'Handshakes under way for each listener; more would be answered with cookies or not at all.',
               'ip-sysctl: tcp_max_syn_backlog'),
        _exact('net.ipv4.tcp_syncookies', '1', 'When that is full, clients still get in.', 'ip-sysctl: tcp_syncookies'),
        _exact('net.ipv4.tcp_slow_start_after_idle', '0', 'A kept-alive connection goes on at the speed that it had before it was idle.',
               'ip-sysctl: tcp_slow_start_after_idle'),
    ),
    'quic': (
        _floor('net.core.rmem_max', '7340032', 'quic-go asks for 7 MiB of receive buffer; with less it drops packets under load, and says so.', _QUIC),
        _floor('net.core.wmem_max', '7340032', 'The same for the send buffer.', _QUIC),
    ),
    'many_connections': (
        _floor('net.core.somaxconn', '65535', 'Bursts of new connections; the most that every kernel takes.', 'ip-sysctl, net: somaxconn'),
        _floor('net.ipv4.tcp_max_syn_backlog', '65535', 'Bursts of handshakes.', 'ip-sysctl: tcp_max_syn_backlog'),
        _floor('net.core.netdev_max_backlog', '16384', 'Packets that wait for a processor, when the network card is faster for a moment.',
               'net: netdev_max_backlog'),
        _exact('net.ipv4.ip_local_port_range', '16384 60999', 'Some 44,000 connections to one address and port, instead of 28,000.',
               'ip-sysctl: ip_local_port_range'),
        _exact('net.ipv4.tcp_tw_reuse', '1', 'A new connection may take the port of one that is in TIME-WAIT; timestamps make it safe.',
               'ip-sysctl: tcp_tw_reuse'),
        _floor('fs.file-max', '2097152', 'Open files of the whole host; each connection is one.', 'fs: file-max'),
        _floor('fs.nr_open', '1048576', 'What LimitNOFILE of a service can be at most.', 'fs: nr_open'),
        _floor('net.netfilter.nf_conntrack_max', '524288', 'Where the firewall tracks connections, it drops those beyond this.',
               'networking/nf_conntrack-sysctl.rst: nf_conntrack_max'),
    ),
    # Without rp_filter: strict filtering breaks hosts with several uplinks, and "all" overrides the value of an interface.
    'hardening': (
        _exact('net.ipv4.tcp_syncookies', '1', 'A flood of handshakes does not lock clients out.', 'ip-sysctl: tcp_syncookies'),
        _exact('net.ipv4.conf.all.accept_redirects', '0', 'Nobody on the network changes the routes of this host.', 'ip-sysctl: accept_redirects'),
        _exact('net.ipv4.conf.default.accept_redirects', '0', 'The same for interfaces to come.', 'ip-sysctl: accept_redirects'),
        _exact('net.ipv6.conf.all.accept_redirects', '0', 'The same for IPv6.', 'ip-sysctl: accept_redirects'),
        _exact('net.ipv6.conf.default.accept_redirects', '0', 'The same for interfaces to come.', 'ip-sysctl: accept_redirects'),
        _exact('net.ipv4.conf.all.send_redirects', '0', 'A server is no router.', 'ip-sysctl: send_redirects'),
        _exact('net.ipv4.conf.default.send_redirects', '0', 'The same for interfaces to come.', 'ip-sysctl: send_redirects'),
        _exact('net.ipv4.conf.all.accept_source_route', '0', 'A sender does not choose the way of the answer.', 'ip-sysctl: accept_source_route'),
        _exact('net.ipv4.conf.default.accept_source_route', '0', 'The same for interfaces to come.', 'ip-sysctl: accept_source_route'),
        _exact('net.ipv4.icmp_echo_ignore_broadcasts', '1', 'The host takes no part in amplified floods.', 'ip-sysctl: icmp_echo_ignore_broadcasts'),
        _floor('fs.protected_hardlinks', '1', 'No hard links to files of others.', 'fs: protected_hardlinks'),
        _floor('fs.protected_symlinks', '1', 'No following of links that others left in /tmp.', 'fs: protected_symlinks'),
        _floor('fs.protected_fifos', '1', 'No writing to pipes that others left in /tmp.', 'fs: protected_fifos'),
        _floor('fs.protected_regular', '1', 'No writing to files that others left in /tmp.', 'fs: protected_regular'),
        _floor('kernel.kptr_restrict', '1', 'Addresses of the kernel are not for everybody.', 'kernel: kptr_restrict'),
        _floor('kernel.dmesg_restrict', '1', 'Nor is its log.', 'kernel: dmesg_restrict'),
        _exact('kernel.randomize_va_space', '2', 'Addresses of every process are random, its heap included.', 'kernel: randomize_va_space'),
    ),
}

# Never written, although an old kernel may have it. key: why
HARMFUL = {
    'net.ipv4.tcp_tw_recycle': 'it drops clients behind a NAT, and Linux 4.12 removed it. Use net.ipv4.tcp_tw_reuse instead',
}

# Refused if the kernel lacks it. key: its new name
REMOVED = {
    'net.ipv4.ip_conntrack_max': 'it is now called net.netfilter.nf_conntrack_max',
    'net.ipv4.netfilter.ip_conntrack_max': 'it is now called net.netfilter.nf_conntrack_max',
    'kernel.sched_latency_ns': 'since Linux 5.13 it is in debugfs, which sysctl.d cannot set',
    'kernel.sched_migration_cost_ns': 'since Linux 5.13 it is in debugfs, which sysctl.d cannot set',
    'kernel.sched_min_granularity_ns': 'since Linux 5.13 it is in debugfs, which sysctl.d cannot set',
    'kernel.sched_wakeup_granularity_ns': 'since Linux 5.13 it is in debugfs, which sysctl.d cannot set',
}

# Never lowered: systemd sets both to their highest value (NEWS of 240).
RAISE_ONLY = ('fs.file-max', 'fs.nr_open')

# Written before others, because they change them (ip-sysctl: ip_forward resets settings of interfaces).
BEFORE_OTHERS = ('net.ipv4.ip_forward', 'net.ipv4.conf.all.forwarding', 'net.ipv6.conf.all.forwarding')

# Set with a warning. (key, value): why it is harmful
DISCOURAGED = {
    ('net.ipv4.tcp_timestamps', '0'): 'without timestamps there is no protection against old sequence numbers, and tcp_tw_reuse has no effect',
}

_INT = 2 ** 31 - 1
# (key, least, most, first kernel with this limit, first kernel without it), for each number of the value: so that check mode fails
# when a run would, and for values that a kernel accepts although they do harm. All else is left to the kernel.
LIMITS = (
    # 16 bits until Linux 4.1. With 0, no service is reachable.
    ('net.core.somaxconn', 1, 65535, (0,), (4, 1)),
    ('net.core.somaxconn', 1, _INT, (4, 1), None),
    ('net.core.netdev_max_backlog', 1, _INT, (0,), None),
    ('net.core.rmem_max', 1, _INT, (0,), None),
    ('net.core.wmem_max', 1, _INT, (0,), None),
    ('net.ipv4.ip_local_port_range', 1, 65535, (0,), None),
    ('net.ipv4.tcp_max_syn_backlog', 1, _INT, (0,), None),
    ('net.ipv4.tcp_rmem', 1, _INT, (0,), None),
    ('net.ipv4.tcp_syncookies', 0, 2, (0,), None),
    ('net.ipv4.tcp_tw_reuse', 0, 2, (0,), None),
    ('net.ipv4.tcp_wmem', 1, _INT, (0,), None),
    ('net.netfilter.nf_conntrack_max', 1, _INT, (0,), None),
    ('kernel.dmesg_restrict', 0, 1, (0,), None),
    ('kernel.kptr_restrict', 0, 2, (0,), None),
    ('kernel.randomize_va_space', 0, 2, (0,), None),
    ('vm.overcommit_memory', 0, 2, (0,), None),
    ('vm.swappiness', 0, 100, (0,), (5, 8)),
    ('vm.swappiness', 0, 200, (5, 8), None),
)

# Values that are text although they may look like a number, or lists with a special syntax.
FREE_FORM = ('kernel.core_pattern', 'kernel.domainname', 'kernel.hostname', 'kernel.modprobe', 'net.ipv4.ip_local_reserved_ports')

_SOCKETS = 'a socket reads it when it is opened, and a listener passes it on'
# key: why running processes keep the old value
READ_ONCE = {
    'net.core.somaxconn': 'Go reads it at the first listener of a process (net.listenerBacklog), and a backlog is fixed when listening begins',
    'net.core.rmem_max': 'a program asks for its buffers when it opens a socket',
    'net.core.wmem_max': 'a program asks for its buffers when it opens a socket',
    'net.core.rmem_default': _SOCKETS,
    'net.core.wmem_default': _SOCKETS,
    'net.ipv4.tcp_rmem': _SOCKETS,
    'net.ipv4.tcp_wmem': _SOCKETS,
    'net.ipv4.tcp_congestion_control': _SOCKETS,
    'net.core.default_qdisc': 'an interface reads it when it is created',
    'fs.nr_open': 'the limits of a service are set when it starts',
}

# Further keys of kernels. Any other name that this host lacks counts as a mistake.
KNOWN = {
    'fs': '''aio-max-nr epoll.max_user_watches inotify.max_queued_events inotify.max_user_instances inotify.max_user_watches pipe-max-size
        pipe-user-pages-soft suid_dumpable''',
    'kernel': '''core_pattern core_uses_pid hung_task_timeout_secs kexec_load_disabled keys.maxkeys modules_disabled msgmax msgmnb numa_balancing panic
        panic_on_oops perf_event_paranoid pid_max printk sched_autogroup_enabled sem shmall shmmax shmmni softlockup_panic sysrq threads-max
        unprivileged_bpf_disabled unprivileged_userns_clone watchdog watchdog_thresh yama.ptrace_scope''',
    'net.core': '''bpf_jit_enable bpf_jit_harden busy_poll busy_read dev_weight netdev_budget netdev_budget_usecs optmem_max
        rps_sock_flow_entries somaxconn''',
    'net.ipv4': '''icmp_echo_ignore_all icmp_ignore_bogus_error_responses icmp_ratelimit igmp_max_memberships ip_default_ttl ip_forward
        ip_local_reserved_ports ip_no_pmtu_disc ip_nonlocal_bind ip_unprivileged_port_start ipfrag_high_thresh ipfrag_low_thresh ping_group_range
        tcp_abort_on_overflow tcp_adv_win_scale tcp_autocorking tcp_base_mss tcp_dsack tcp_early_retrans tcp_ecn tcp_fack tcp_fastopen
        tcp_limit_output_bytes tcp_low_latency tcp_max_orphans tcp_max_tw_buckets tcp_mem tcp_moderate_rcvbuf tcp_mtu_probing
        tcp_no_metrics_save tcp_notsent_lowat tcp_orphan_retries tcp_reordering tcp_retries1 tcp_retries2 tcp_rfc1337 tcp_sack tcp_syn_retries
        tcp_synack_retries tcp_timestamps tcp_window_scaling udp_mem udp_rmem_min udp_wmem_min''',
    'net.ipv6': 'bindv6only ip_nonlocal_bind route.max_size',
    'net.bridge': 'bridge-nf-call-arptables bridge-nf-call-ip6tables bridge-nf-call-iptables',
    'net.netfilter': '''nf_conntrack_buckets nf_conntrack_generic_timeout nf_conntrack_tcp_loose nf_conntrack_tcp_timeout_close_wait
        nf_conntrack_tcp_timeout_established nf_conntrack_tcp_timeout_fin_wait nf_conntrack_tcp_timeout_time_wait nf_conntrack_udp_timeout
        nf_conntrack_udp_timeout_stream''',
    'user': 'max_net_namespaces max_pid_namespaces max_user_namespaces',
    'vm': '''dirty_background_bytes dirty_background_ratio dirty_bytes dirty_expire_centisecs dirty_ratio dirty_writeback_centisecs
        max_map_count min_free_kbytes mmap_min_addr nr_hugepages overcommit_ratio panic_on_oom vfs_cache_pressure zone_reclaim_mode''',
}

# Settings of each network interface; "default" has those of a new interface.
PER_INTERFACE = ('net.ipv4.conf', 'net.ipv6.conf', 'net.ipv4.neigh', 'net.ipv6.neigh')


def known_keys():
    """Every key that is named here and not removed."""
    found = set(setting.key for settings in PROFILES.values() for setting in settings)
    found.update(READ_ONCE, RAISE_ONLY, FREE_FORM, BEFORE_OTHERS, [limit[0] for limit in LIMITS])
    for parent, names in KNOWN.items():
        found.update('%s.%s' % (parent, name) for name in names.split())
    return found
