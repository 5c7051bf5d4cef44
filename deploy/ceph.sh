#!/bin/bash
# The S3 server of docker-compose.yml: one monitor, one store and one object gateway of Ceph in one container, on port
# 7480. What it holds lies in /var/lib/ceph, the objects encrypted (AES-256). It ends when one of the three ends.
#
#   ACCESS_KEY, SECRET_KEY   of the one user
#   ENCRYPTION_KEY           32 bytes in base64: without it the objects are lost
#   STORE_GIB                what the store may grow to; it takes what it needs of that
set -euo pipefail

home=/var/lib/ceph/irisvue
conf=$home/ceph.conf
started=()

# Written at each start, because the encryption's key is part of it and may come from elsewhere.
write_settings() {
  umask 077
  cat >"$conf" <<TEXT
[global]
fsid = $(cat "$home/fsid")
mon host = [v2:127.0.0.1:3300,v1:127.0.0.1:6789]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = $home/keyring
run dir = $home/run
admin socket = $home/run/\$name.asok
pid file = $home/run/\$name.pid
log to file = false
mon cluster log to file = false
log to stderr = false
err to stderr = true
mon cluster log to stderr = false
osd crush update on start = false
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
mon data avail crit = 1
[mon.a]
mon data = $home/mon
[osd]
osd data = $home/osd
osd objectstore = bluestore
osd memory target = 939524096
bluestore block size = $((STORE_GIB * 1024 * 1024 * 1024))
bluestore block preallocate file = false
[client.rgw.a]
rgw data = $home/rgw
rgw frontends = beast endpoint=0.0.0.0:7480
rgw crypt require ssl = false
rgw crypt default encryption key = $ENCRYPTION_KEY
rgw enable usage log = false
TEXT
  chown ceph:ceph "$conf"
}

settings=(-c "$conf" --setuser ceph --setgroup ceph)
ask() { timeout --signal=KILL 60 "$@"; }
ceph() { ask /usr/bin/ceph -c "$conf" "$@"; }

run() {
  local program=$1
  shift
  "$program" "${settings[@]}" "$@" -f &
  started+=($!)
}

until_true() {
  for _ in $(seq 120); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.5
  done
  echo "not within a minute: $*" >&2
  return 1
}
all_run() {
  for each in "${started[@]}"; do kill -0 "$each" 2>/dev/null || return 1; done
}
store_is_up() { ceph osd stat | grep -q ' 1 up'; }
gateway_answers() { curl --silent --fail --output /dev/null http://127.0.0.1:7480/; }

make_monitor() {
  local name
  mkdir -p "$home"/{mon,osd,run,rgw}
  cat /proc/sys/kernel/random/uuid >"$home/fsid"
  write_settings
  monmaptool --create --clobber --fsid "$(cat "$home/fsid")" --addv a '[v2:127.0.0.1:3300,v1:127.0.0.1:6789]' \
    "$home/monmap" >/dev/null
  ceph-authtool "$home/keyring" --create-keyring --gen-key -n mon. --cap mon 'allow *' >/dev/null
  for name in client.admin osd.0 client.rgw.a; do
    ceph-authtool "$home/keyring" --gen-key -n "$name" --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >/dev/null
  done
  chown -R ceph:ceph "$home"
  ceph-mon "${settings[@]}" -i a --mkfs --monmap "$home/monmap" --keyring "$home/keyring"
}

make_store() {
  ceph osd new "$(cat /proc/sys/kernel/random/uuid | tee "$home/osd.uuid")" 0 >/dev/null
  ceph-osd "${settings[@]}" -i 0 --mkfs --osd-uuid "$(cat "$home/osd.uuid")"
  ceph osd crush add osd.0 1.0 root=default host=local
}

admin() { ask radosgw-admin -c "$conf" -n client.rgw.a "$@" >/dev/null; }
# Once for each pair of keys: after a crash the tool waits half a minute for the gateway that is gone.
make_user() {
  local keys=(--uid=irisvue "--access-key=$ACCESS_KEY" "--secret-key=$SECRET_KEY") mark
  mark=$(printf '%s\n' "${keys[@]}" | sha256sum)
  if [ "$(cat "$home/user" 2>/dev/null)" = "$mark" ]; then return; fi
  admin user create --display-name=irisvue "${keys[@]}" 2>/dev/null || admin key create "${keys[@]}"
  echo "$mark" >"$home/user"
}

# The last one first: the gateway says goodbye to the store, the store to the monitor.
stop() {
  trap '' TERM INT
  for ((i = ${#started[@]} - 1; i >= 0; i--)); do
    kill "${started[i]}" 2>/dev/null || true
    wait "${started[i]}" || true
  done
  exit 0
}
trap stop TERM INT

if [ ! -e "$home/made" ]; then
  rm -rf "$home" # what an interrupted first start left
  make_monitor
fi
write_settings
run ceph-mon -i a
if [ ! -e "$home/made" ]; then make_store; fi
run ceph-osd -i 0
until_true store_is_up
make_user
touch "$home/made"
run radosgw -n client.rgw.a
until_true gateway_answers
echo 'The object store is ready.'
# Not `wait -n`: it misses what ended before it was called.
while all_run; do
  sleep 1 &
  wait $! || true
done
echo 'A part of the object store ended.' >&2
kill -KILL "${started[@]}" 2>/dev/null || true # without it the others would wait for ever
exit 1
