# Rocky Linux, Oracle Linux: the official image plus an init and Python.
ARG BASE
FROM ${BASE}
RUN dnf --assumeyes install systemd dbus python3 ca-certificates procps-ng iproute tar gzip \
    && dnf clean all
