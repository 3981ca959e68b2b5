# shellcheck shell=bash disable=SC2154
# lib.sh - what the makers of images share; they have set `place`, where they build, and `here`.

# image_of SERVICE: its name in compose.yaml.
image_of() {
    docker compose -f "$here/../../../compose.yaml" --profile apart --profile observe config --format json |
        jq -er ".services[\"$1\"].image"
}

# version_of SERVICE: that of its image, without a v before it.
version_of() {
    image_of "$1" | sed 's/.*:v\?//'
}

# fetch MODULE VERSION NAME: a copy of its source, to be changed.
fetch() {
    local source
    source=$(cd / && GOFLAGS='' go mod download -json "$1@$2" | jq -er .Dir)
    rm -rf "${place:?}/$3"
    cp -r "$source" "$place/$3"
    chmod -R u+w "$place/$3"
}

# image NAME PROGRAM: debian:bookworm-slim and the program of $place/bin, which is its entry point.
image() {
    docker build -q -t "$1" -f - "$place/bin" <<DOCKERFILE
FROM debian:bookworm-slim
COPY $2 /usr/local/bin/$2
ENTRYPOINT ["/usr/local/bin/$2"]
DOCKERFILE
}
