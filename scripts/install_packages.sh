#!/bin/sh
# Install packages into an environment, ready-made wheels only: uv does it several times as fast as
# pip; pip does it where pip is configured with an index of its own, which uv would not ask, and
# where uv fails.
#
#   sh scripts/install_packages.sh PYTHON torch PIN      torch alone, in the build for this machine
#   sh scripts/install_packages.sh PYTHON packages ...   what follows, as pip takes it
#
# torch comes in builds for processors and for each CUDA. TORCH_INDEX_URL names the index of one;
# without it uv takes the processor build where there is no NVIDIA GPU, and the build for the
# driver where there is one. Where that cannot be had, pip's is installed, with gigabytes of CUDA, or
# nothing if TORCH_FOR_THIS_MACHINE is set.
set -u
python=$1
what=$2
shift 2

by_pip() {
    "$python" -m pip install --quiet --disable-pip-version-check --only-binary=:all: "$@"
}
by_uv() {
    "$python" -m uv pip install --quiet --python "$python" --only-binary=:all: "$@"
}
# pip's configuration, from files and environment.
pip_says() {
    "$python" -m pip config list 2>/dev/null | grep -Eq "$1"
}
has_uv() {
    ! pip_says '[.]no-index=' || return 1
    "$python" -m uv --version >/dev/null 2>&1 ||
        by_pip --no-deps "$(grep '^uv==' requirements-build.txt)" 2>/dev/null
}
has_gpu() {
    [ -e "${NVIDIA_DRIVER:-/proc/driver/nvidia/version}" ] || nvidia-smi -L >/dev/null 2>&1
}

install_torch() {
    if [ -n "${TORCH_INDEX_URL:-}" ]; then
        by_pip --no-deps --index-url "$TORCH_INDEX_URL" "$1"
        return
    fi
    # pip's own index has the one build that there is for macOS.
    if [ "$(uname -s)" != Linux ] || pip_says '[.]no-index='; then
        by_pip --no-deps "$1"
        return
    fi
    backend=cpu
    if has_gpu; then backend=auto; fi
    if has_uv && by_uv --no-deps --torch-backend="$backend" "$1" 2>/dev/null; then
        return
    fi
    if [ -n "${TORCH_FOR_THIS_MACHINE:-}" ]; then return 1; fi
    echo "PyTorch's index of builds ($backend) cannot be reached: installing the torch that pip finds, on Linux often with gigabytes of CUDA; TORCH_INDEX_URL=... names another index" >&2
    by_pip --no-deps "$1"
}

install_packages() {
    if ! pip_says '[.](index-url|no-index)=' && has_uv; then
        by_uv "$@" && return
        echo "uv could not install them: trying pip" >&2
    fi
    by_pip "$@"
}

case "$what" in
torch) install_torch "$@" ;;
packages) install_packages "$@" ;;
*) echo "install_packages.sh: '$what' is neither torch nor packages" >&2; exit 2 ;;
esac
