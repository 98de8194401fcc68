# The last layer of every systemd host.
ARG BASE
FROM ${BASE}
RUN useradd --uid 1000 --create-home --shell /bin/bash gopher
# What would write to the host at an hour of its own choosing, in the middle of a comparison of before and
# after; and the login prompt on an unused console.
RUN cd /etc/systemd/system \
    && for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer motd-news.timer \
        dnf-makecache.timer systemd-tmpfiles-clean.timer console-getty.service; do ln -sf /dev/null "$unit"; done
# Each container creates a new machine id at boot.
RUN : > /etc/machine-id
# An interpreter that was not installed by its package manager lacks its compiled files, or has stale ones, and would
# write them at the first module that Ansible runs.
RUN python=$(command -v python3 || command -v python) \
    && "$python" -m compileall -q -x 'test|lib2to3' "$("$python" -c 'import os; print(os.path.dirname(os.__file__))')"
# Where hosts share what the go command compiled.
RUN mkdir -m 1777 /go-build-cache
STOPSIGNAL SIGRTMIN+3
CMD ["/sbin/init"]
