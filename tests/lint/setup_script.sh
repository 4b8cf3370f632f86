#!/bin/sh
# scripts/setup without root and without sudo prints one apt line and exits 2; with its stamp it does nothing.
# Runs a copy of it, in a folder of its own, against programs that pretend: setup_script.sh ROOT
set -eu

root=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree/scripts" "$work/bin"
cp "$root/scripts/setup" "$root/scripts/unpack_onednn.py" "$root/scripts/requirements-onednn.txt" "$work/tree/scripts/"

sh -n "$root/scripts/setup"

for program in sh cat dirname env grep head mkdir mv rm sed sha256sum tail uname; do
  ln -s "$(command -v "$program")" "$work/bin/$program"
done
pretend() {  # pretend NAME BODY: a program of that name
  printf '#!/bin/sh\n%s\n' "$2" > "$work/bin/$1"
  chmod +x "$work/bin/$1"
}
pretend id 'echo 1000'
pretend dpkg-query 'echo "cmake ii "'
pretend apt-get 'echo "apt-get was called" >&2; exit 9'

fail() { echo "setup_script: $*"; exit 1; }
code=0
output=$(PATH="$work/bin" sh "$work/tree/scripts/setup" --run 2> "$work/errors" < /dev/null) || code=$?
[ "$code" -eq 2 ] || fail "expected exit code 2, got $code: $output $(cat "$work/errors")"
[ "$(echo "$output" | wc -l)" -eq 1 ] || fail "expected one line, got: $output"
case "$output" in
  "apt-get update && apt-get install -y --no-install-recommends "*llvm-19-dev*) ;;
  *) fail "not the apt line: $output" ;;
esac

# With all packages there and the stamp set, nothing is installed or fetched.
packages=$(echo "$output" | sed 's/.*--no-install-recommends //')
pretend dpkg-query "for p in $packages; do echo \"\$p ii \"; done"
mkdir -p "$work/tree/.deps"
( cd "$work/tree/scripts" && cat setup requirements-onednn.txt unpack_onednn.py | sha256sum ) > "$work/tree/.deps/setup-run.stamp"
PATH="$work/bin" sh "$work/tree/scripts/setup" --run || fail "the stamp was not taken"

# A word that it does not know is refused.
code=0
PATH="$work/bin" sh "$work/tree/scripts/setup" --everything 2> /dev/null || code=$?
[ "$code" -eq 1 ] || fail "--everything: expected exit code 1, got $code"
echo "setup behaves"
