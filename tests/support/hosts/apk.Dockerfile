# Alpine: the official image plus an init and Python. Terminals that a container lacks leave inittab.
ARG BASE
FROM ${BASE}
RUN apk add --no-cache openrc python3 ca-certificates \
    && sed -i '/getty/d' /etc/inittab
