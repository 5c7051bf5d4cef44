#!/bin/sh
# sh -c "$(cat lifeline.sh)" lifeline SIGNAL GRACE COMMAND [ARGUMENT...]
#
# Becomes COMMAND, and leaves a watcher beside it that ends it when whoever holds the other end of standard input is
# gone: end of file means SIGNAL, and SIGKILL after GRACE seconds. A line on standard input lets the watcher go without
# ending anything. The watcher is not a child of COMMAND: a server may not expect children that it did not start.

set -u
signal=$1
grace=$2
shift 2
server=$$

watch() {
  trap '' INT TERM HUP
  read -r _ && exit 0
  kill "-$signal" "$server" || exit 0
  tenths=$((grace * 10))
  while [ "$tenths" -gt 0 ]; do
    sleep 0.1
    kill -0 "$server" || exit 0
    tenths=$((tenths - 1))
  done
  kill -KILL "$server"
}

exec 3<&0
(watch <&3 3<&- >/dev/null 2>&1 &)
exec "$@" </dev/null 3<&-
