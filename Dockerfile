# Images of one source:
#   docker build --target dev -t cairn:dev .            to build services on: library, headers, the
#                                                       command, compilers, PostgreSQL and Redis for tests
#   docker build --target runtime -t cairn:runtime .    to run them: the command, and what it and
#                                                       they load, with curl for health checks
#   docker build -t cairn:demo .                        runtime, and the shop's services
#   docker build --target egress .                      the egress proxy of the demo
# What a container runs is its command. `cairn new` makes a Dockerfile that stands on the first two.

FROM debian:bookworm-slim AS source
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential pkg-config libpq-dev \
        libmicrohttpd-dev libgnutls28-dev libjansson-dev libhiredis-dev libcurl4-openssl-dev \
        libcjose-dev libssl-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /cairn
COPY Makefile README.md CHANGELOG.md LICENSE llms.txt ./
COPY deploy deploy
COPY docs docs
COPY examples examples
COPY framework framework
COPY migrations migrations
COPY projections projections
COPY services services
COPY web web

FROM source AS build
RUN make -j"$(nproc)" BUILD=/build all && strip /build/bin/*

FROM source AS package
RUN make -j"$(nproc)" BUILD=/build deb && dpkg-deb -x /build/deb/cairn_*.deb /package

FROM debian:bookworm-slim AS dev
ENV DEBIAN_FRONTEND=noninteractive
COPY --from=package /build/deb/ /tmp/package/
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential ca-certificates clang-format curl \
        git jq libcmocka-dev pkg-config postgresql redis-server universal-ctags \
        /tmp/package/cairn_*.deb \
    && rm -rf /var/lib/apt/lists/* /tmp/package
WORKDIR /project
CMD ["bash"]

FROM debian:bookworm-slim AS runtime
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl libpq5 libmicrohttpd12 \
        libgnutls30 libjansson4 libhiredis0.14 libcurl4 libcjose0 libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin cairn \
    && install -d -o cairn -g cairn /var/lib/cairn
COPY --from=package /package/usr/bin/cairn /usr/local/bin/
USER 10001:10001
ENV CAIRN_BIND=0.0.0.0
CMD ["cairn", "--help"]

# The demo's way out: Debian's squid, whose configuration is mounted (deploy/compose/egress).
FROM debian:bookworm-slim AS egress
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update \
    && apt-get install -y --no-install-recommends squid \
    && rm -rf /var/lib/apt/lists/*
USER proxy
CMD ["squid", "-N"]

FROM runtime
COPY --from=build /build/bin/ /usr/local/bin/
COPY services/notification/migrations /usr/local/share/cairn/notification
