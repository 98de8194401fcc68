# Debian, Ubuntu: the official image plus an init and Python.
ARG BASE
FROM ${BASE}
ARG PACKAGES
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ${PACKAGES} \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/*
# Ubuntu's image already has a user with the first ordinary uid.
RUN if id ubuntu; then userdel --remove ubuntu; fi
