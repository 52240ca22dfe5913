# syntax=docker/dockerfile:1
# The image of a node. `docker build --target checks .` runs every check that CI runs, in the same surroundings.

FROM rust:1.95-bookworm AS source
WORKDIR /source
COPY . .

FROM source AS checks
RUN rustup component add rustfmt
RUN rustup component add clippy
RUN .ci/run

FROM source AS build
RUN cargo build --release --locked
# Volumes take owner and folders from here.
RUN mkdir -p /data/index /data/keys

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /source/target/release/samverkan /usr/local/bin/samverkan
COPY --from=build --chown=65532:65532 /data /var/lib/samverkan
ENV SAMVERKAN_LISTEN=0.0.0.0:8080 \
    SAMVERKAN_DATA_DIR=/var/lib/samverkan \
    SAMVERKAN_LOG_FORMAT=json
WORKDIR /var/lib/samverkan
USER 65532:65532
VOLUME /var/lib/samverkan
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=120s --retries=3 CMD ["samverkan", "check"]
ENTRYPOINT ["samverkan"]
CMD ["serve"]
