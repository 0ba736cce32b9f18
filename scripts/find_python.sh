#!/bin/sh
# Print the newest Python that Carrel runs on and that works: a name of one that is not installed,
# or of a version manager that has it switched off, is passed over. Prints python3.11 where there
# is none, so that the error names what to install.
#
#   sh scripts/find_python.sh          the newest
#   sh scripts/find_python.sh --all    one for each version that is there, newest first
set -u
supported="13 12 11"

# The program, where it is Python 3.N and can make environments.
works() {
    "$1" -c "import sys, ensurepip, venv; sys.exit(sys.version_info[:2] != (3, $2))" 2>/dev/null
}

found=""
for minor in $supported; do
    for program in "python3.$minor" python3 python \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3."$minor".*/bin/python; do
        # Without --all a version manager's choice is respected: only what is on the path counts.
        case "$program" in
        */*) [ "${1:-}" = "--all" ] || continue ;;
        esac
        works "$program" "$minor" || continue
        echo "$program"
        [ "${1:-}" = "--all" ] || exit 0
        found=yes
        break
    done
done
[ -n "$found" ] || [ "${1:-}" = "--all" ] || echo python3.11
