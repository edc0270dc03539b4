#!/usr/bin/env bash
# Runs every fuzz target for a few seconds, beginning at its corpus. What a run finds goes to a place of its own, so that
# the corpora stay as they are. Without a sanitizer: the program has no unsafe code of its own, and the stable toolchain
# is enough. Usage: check.sh TARGET; builds into the directory TARGET. Needs cargo-fuzz.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
mkdir -p "$1"
target="$(realpath "$1")"
# The same inputs each time for the same program, so that a gate that was green stays so. Another program takes other
# ways and so gets others: after a change to a reader, search for longer, with other seeds.
seed="${FUZZ_SEED:-1}"
most_runs="${FUZZ_RUNS:-10000}"
# Seconds for each target at the most.
seconds=60
# An input that takes longer than this many seconds is a fault, and so is one that needs more megabytes.
longest=5
most_memory=1024

cd "$here/.."
cargo fmt --check --manifest-path fuzz/Cargo.toml
# A lock that has become old is a fault, and not something to be mended here.
cargo fetch --locked --quiet --manifest-path fuzz/Cargo.toml
# By default all of a program is one unit, which one core builds.
cargo fuzz build --codegen-units 16 --sanitizer none --target-dir "$target"
host="$(rustc -vV | sed -n 's/^host: //p')"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
failed=""
for name in $(cargo fuzz list); do
  mkdir "$work/$name"
  mkdir -p "fuzz/artifacts/$name"
  if "$target/$host/release/$name" -seed="$seed" -runs="$most_runs" -max_total_time="$seconds" -timeout="$longest" \
    -rss_limit_mb="$most_memory" -max_len=4096 -print_final_stats=1 \
    -artifact_prefix="fuzz/artifacts/$name/" "$work/$name" "fuzz/corpus/$name" > "$work/$name.log" 2>&1; then
    awk -v name="$name" '/stat::number_of_executed_units/ { printf "%-20s %8d inputs\n", name, $2 }' "$work/$name.log"
  else
    tail -n 40 "$work/$name.log" >&2
    failed="$failed $name"
  fi
done
if [ -n "$failed" ]; then
  echo "failed:$failed; the input is in fuzz/artifacts/<target>: cargo fuzz run -s none <target> <input>" >&2
  exit 1
fi
