#!/bin/sh
# rootfs.sh FOLDER: lays out the smallest system that Node.js and the addons of our packages run on: the program, the
# libraries it is linked with, a user, nothing else. No shell, no package manager. Run inside the base image.
set -eu
to=$1
user=10001

mkdir -p "$to/usr/local/bin" "$to/etc" "$to/tmp" "$to/var/lib/irisvue" "$to/var/lib/dpkg/status.d"
chmod 1777 "$to/tmp"
chown $user:$user "$to/var/lib/irisvue"
cp "$(command -v node)" "$to/usr/local/bin/node"

# Addons that are loaded later need these besides: image codecs and ONNX Runtime are C++, names are looked up by glibc.
cat >"$to/libraries" <<'TEXT'
libstdc++.so.6
libgcc_s.so.1
libm.so.6
libdl.so.2
libpthread.so.0
librt.so.1
libresolv.so.2
libnss_dns.so.2
libnss_files.so.2
TEXT
linked=$(ldd "$(command -v node)" | grep -o '/[^ ]*')
named=$(while read -r name; do ldconfig -p | grep -F "$name " | head -n 1 | grep -o '/[^ ]*'; done <"$to/libraries")
rm "$to/libraries"
for library in $linked $named; do
  mkdir -p "$to$(dirname "$library")"
  cp -L "$library" "$to$library"
  # Which package it is of, where scanners look for it. dpkg knows some files by their path before /lib became /usr/lib.
  real=$(readlink -f "$library")
  package=$({ dpkg -S "$real" || dpkg -S "${real#/usr}"; } 2>/dev/null | head -n 1 | cut -d: -f1)
  if [ -n "$package" ]; then dpkg -s "$package" >"$to/var/lib/dpkg/status.d/$package"; fi
done

echo "irisvue:x:$user:$user::/nonexistent:/nonexistent" >"$to/etc/passwd"
echo "irisvue:x:$user:" >"$to/etc/group"
echo 'hosts: files dns' >"$to/etc/nsswitch.conf"
cp /etc/os-release "$to/etc/os-release"
