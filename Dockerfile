# One image with every binary of Cairn: what a container runs is its command. The build stage is
# thrown away; the other has the libraries, curl for the health checks, and nothing else.

FROM debian:bookworm-slim AS build
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential pkg-config libpq-dev \
        libmicrohttpd-dev libjansson-dev libhiredis-dev libcurl4-openssl-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /cairn
COPY Makefile ./
COPY deploy/deps deploy/deps
COPY deploy/native deploy/native
COPY framework framework
COPY migrations migrations
COPY projections projections
COPY services services
RUN make -j"$(nproc)" BUILD=/build all && strip /build/bin/*

FROM debian:bookworm-slim
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl libpq5 libmicrohttpd12 \
        libjansson4 libhiredis0.14 libcurl4 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin cairn \
    && install -d -o cairn -g cairn /var/lib/cairn
COPY --from=build /build/bin/ /usr/local/bin/
COPY services/notification/migrations /usr/local/share/cairn/notification
USER 10001:10001
ENV CAIRN_BIND=0.0.0.0
CMD ["cairn", "--help"]
