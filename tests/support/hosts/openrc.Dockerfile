# The last layer of every OpenRC host.
ARG BASE
FROM ${BASE}
RUN adduser -D -u 1000 -s /bin/sh gopher
# BusyBox init runs `once` when every `wait` has ended: the console then says that the boot is complete.
RUN printf '%s\n' '::once:/bin/echo boot complete' >> /etc/inittab
# An interpreter that was not installed by its package manager lacks its compiled files, or has stale ones, and would
# write them at the first module that Ansible runs.
RUN python=$(command -v python3 || command -v python) \
    && "$python" -m compileall -q -x 'test|lib2to3' "$("$python" -c 'import os; print(os.path.dirname(os.__file__))')"
# Where hosts share what the go command compiled.
RUN mkdir -m 1777 /go-build-cache
# BusyBox init powers off on SIGUSR2.
STOPSIGNAL SIGUSR2
CMD ["/sbin/init"]
