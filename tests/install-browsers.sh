#!/bin/sh
# What the tests need from Debian: Chromium, Firefox with a sound card to speak into, ffmpeg, a voice, the letters of every
# language, PostgreSQL, Redis, and what else is named. Says the one command where it may not install.
set -eu
wanted="chromium ffmpeg espeak-ng fonts-dejavu-core fonts-noto-core fonts-noto-color-emoji firefox-esr pulseaudio postgresql redis-server $*"
missing=""
for package in $wanted; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing$missing…"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
  echo "The tests need some packages. Run this once:"
  echo "  sudo apt-get install -y --no-install-recommends$missing"
  exit 1
fi
