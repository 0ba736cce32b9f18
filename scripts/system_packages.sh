#!/bin/sh
# Make sure that the programs the tests drive are there: Chromium for the page, tesseract for
# scanned documents. Installs them where that is allowed (root, or sudo without a password) and
# otherwise names the packages and fails.
set -eu

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v tesseract >/dev/null 2>&1 || missing="$missing tesseract-ocr"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
    as_root="sudo -n"
else
    as_root="none"
fi

if [ "$as_root" = "none" ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need the system packages$missing: install them and run 'make test' again." >&2
    exit 1
fi

echo "Installing the system packages$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086 # both are lists of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing
