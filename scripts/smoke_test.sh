#!/bin/sh
# Install Carrel with each Python that it supports and that is here, beside the one of .venv, and
# ask it about a document with the bundled model: the answer has to cite the document.
#
#   sh scripts/smoke_test.sh [MOST [SECONDS]]
#
# MOST is how many other Pythons, newest first; without it all. With SECONDS a Python is passed over
# with one line where its packages cannot be installed, or not within that time: what is installed
# by then counts for the next run. CUDA is then not fetched for a machine without GPU. A wrong answer
# fails in either case.
#
# The environments are kept in $SMOKE_HOME (build/smoke) while their requirements stay the same.
set -eu
cd "$(dirname "$0")/.."
most=${1:-9}
seconds=${2:-}
homes=${SMOKE_HOME:-build/smoke}
version_of='import sys; print("%d.%d" % sys.version_info[:2])'
own=$(.venv/bin/python -c "$version_of" 2>/dev/null) ||
    own=$("$(sh scripts/find_python.sh)" -c "$version_of" 2>/dev/null) || own=none
tried=0
if [ -n "$seconds" ]; then export TORCH_FOR_THIS_MACHINE=yes; fi

limited() {
    if [ -n "$seconds" ] && command -v timeout >/dev/null 2>&1; then
        timeout "$seconds" "$@"
    else
        "$@"
    fi
}

for program in $(sh scripts/find_python.sh --all); do
    version=$("$program" -c "$version_of")
    if [ "$version" = "$own" ]; then continue; fi
    if [ "$tried" -ge "$most" ]; then break; fi
    tried=$((tried + 1))
    if ! limited sh scripts/smoke_environment.sh "$program" "$homes/$version"; then
        if [ -z "$seconds" ]; then exit 1; fi
        echo "Python $version is not tried: its packages could not be installed in $seconds s (make smoke takes its time)."
        continue
    fi
    "$homes/$version/bin/python" scripts/ask_once.py
done
if [ "$tried" -eq 0 ]; then
    echo "No Python of 3.11 to 3.13 is here beside that of .venv ($own): nothing to try."
fi
