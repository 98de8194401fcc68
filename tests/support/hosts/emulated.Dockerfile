# One more layer of a systemd host whose processor is emulated.
ARG BASE
FROM ${BASE}
# systemd prepares the credentials of a unit in a process that it clones into a new mount namespace, which QEMU's user mode
# refuses (linux-user: CLONE_INVALID_FORK_FLAGS). A unit that asks for some then fails, though none are given here.
RUN for unit in $(cd /lib/systemd/system && grep -l '^LoadCredential=' *.service); do \
        mkdir -p "/etc/systemd/system/$unit.d" \
        && printf '[Service]\nLoadCredential=\n' > "/etc/systemd/system/$unit.d/no-credentials.conf"; done
