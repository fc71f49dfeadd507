#!/bin/sh
# Install a real Chromium for the browser tests where that takes no more than a word; else say that they will be skipped.
set -u
if command -v chromium >/dev/null 2>&1 && command -v chromedriver >/dev/null 2>&1; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing chromium and chromium-driver for the browser tests ..."
  if DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null 2>&1 \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium chromium-driver >/dev/null 2>&1; then
    exit 0
  fi
fi
echo "No chromium with chromedriver here: the browser tests are skipped. On Debian and Ubuntu: apt install chromium chromium-driver"
exit 0
