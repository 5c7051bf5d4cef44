#!/bin/sh
# images.sh: builds irisvue-local/node, postgres, nats, redis and ceph from debian:bookworm-slim, on a machine that has that
# image (debootstrap and `docker import` make one) and apt, but no registry. `. deploy/local/images.env` names them.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp "$here/Dockerfile" "$here/postgres.sh" "$context"
chmod 755 "$context/postgres.sh"
cp "$(node -p process.execPath)" "$context/node"
cp -r "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$context/npm"
for image in ${*:-node postgres nats redis ceph}; do
  docker build --quiet --target "$image" -t "irisvue-local/$image" "$context"
done
