# neurolupus in a container: a BIDS App (the default), and the clinic's server (--target clinic).
#
# Nobody has built this file with a container engine yet. tests/end_to_end/test_container.py runs the same steps without
# one: containers/install.sh, then a scan as another user, without network, on a file system that cannot be written.
#
#     docker build --tag neurolupus .
#     docker run --rm --network none --read-only --tmpfs /tmp --user "$(id -u):$(id -g)" \
#         --volume /path/to/bids:/data:ro --volume /path/to/out:/out neurolupus /data /out participant
#     docker run --rm --entrypoint neurolupus neurolupus --help

ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY containers/install.sh containers/
COPY examples examples
COPY src src
RUN sh containers/install.sh /source /opt/neurolupus

FROM ${BASE} AS runtime
LABEL org.opencontainers.image.title="neurolupus" \
      org.opencontainers.image.description="Brain volumes, studies and guideline-backed advice for neuropsychiatric lupus" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/neurolupus /opt/neurolupus
# Whoever it runs as has no home here; what libraries keep between calls goes where a read-only container has a tmpfs.
ENV PATH=/opt/neurolupus/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    HOME=/tmp \
    TMPDIR=/tmp \
    XDG_CACHE_HOME=/tmp/cache \
    MPLCONFIGDIR=/tmp/matplotlib \
    NUMBA_CACHE_DIR=/tmp/numba \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONNOUSERSITE=1
WORKDIR /tmp
USER 10001:10001

FROM runtime AS clinic
USER root
COPY containers/healthcheck.py /opt/neurolupus/healthcheck.py
RUN install --directory --owner=10001 --group=10001 --mode=0700 /store
USER 10001:10001
ENV NEUROLUPUS_STORE=/store
VOLUME /store
EXPOSE 8910
HEALTHCHECK --interval=30s --timeout=12s --start-period=60s CMD ["python", "/opt/neurolupus/healthcheck.py"]
ENTRYPOINT ["neurolupus", "serve", "--host", "0.0.0.0", "--users"]

FROM runtime AS app
ENTRYPOINT ["neurolupus-bids"]
