#!/bin/sh
# Run a command, and fail where it leaves the repository changed: files that it changed, removed or
# left behind. What git ignores does not count, nor does what was changed before the command ran.
#
#   sh scripts/unchanged_tree.sh COMMAND [ARGUMENT...]
#
# Without a repository (a source archive) the command runs unchecked. Ends with the command's exit
# status where that is not 0, with 1 where the tree changed.
set -u
cd "$(dirname "$0")/.." || exit 1

unchecked() {
    echo "$1: it is not checked whether this run changes the files." >&2
    shift
    exec "$@"
}
[ -e .git ] || unchecked "This is no git repository" "$@"
command -v git >/dev/null 2>&1 || unchecked "git is not installed" "$@"

# A hook of git sets variables that would lead to another index, or to another repository.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_PREFIX
# The repository of a container often belongs to another user than the one who tests it.
repository() { git -c safe.directory="*" -c core.safecrlf=false "$@"; }

index=$(repository rev-parse --git-path index) || exit 1
objects=$(repository rev-parse --path-format=absolute --git-path objects) || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$scratch/objects"

# The tree as git would commit all of it, in an index and an object store of its own.
in_scratch() {
    GIT_INDEX_FILE="$scratch/index" GIT_OBJECT_DIRECTORY="$scratch/objects" \
        GIT_ALTERNATE_OBJECT_DIRECTORIES="$objects" repository "$@"
}
snapshot() {
    cp "$index" "$scratch/index" 2>/dev/null || rm -f "$scratch/index"
    in_scratch add --all . && in_scratch write-tree
}

before=$(snapshot) || exit 1
status=0
"$@" || status=$?
after=$(snapshot) || exit 1
if [ "$before" != "$after" ]; then
    echo "This run changed files of the repository (A added, M modified, D deleted):" >&2
    in_scratch diff-tree -r --no-renames --name-status "$before" "$after" >&2
    [ "$status" -ne 0 ] || status=1
fi
exit "$status"
