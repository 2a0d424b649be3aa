#!/usr/bin/env bash
# Makes build/gpu/carried: all that call1.sh, call2.sh and call3.sh need besides this tree, for a machine with a GPU, without Node and
# without a net. Checks that tree and folder are small enough to travel.
#   prepare.sh [--keep-bundles]       does not record the bundles anew
#   prepare.sh --small                for rehearsals on a device in software: networks on small images
#   SLIMNET_GPU_LIMIT                 MiB that may travel (64)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
carried="$root/build/gpu/carried"
bundles="$root/build/gpu/bundles"
native="$root/build/gpu/native"
limit="${SLIMNET_GPU_LIMIT:-64}"

small=()
[ "${1:-}" != --small ] || { small=(--small) && bundles="$bundles.small" && carried="$carried.small"; }
mkdir -p "$carried"
if [ "${1:-}" != --keep-bundles ] || [ ! -e "$bundles/training.bundle" ]; then
  node "$here/record_bundles.mjs" "${small[@]}" "$bundles"
fi

# Without oneDNN: what is carried computes on the GPU, and plainly.
cmake -S "$root" -B "$native" -DCMAKE_BUILD_TYPE=Release -DSLIMNET_ADDON=OFF -DSLIMNET_ONEDNN=OFF > "$root/build/gpu/cmake.txt"
cmake --build "$native" --parallel "${SLIMNET_JOBS:-$(nproc)}"
rm -f "$carried"/*
for tool in slimnet_replay slimnet_bench_plan; do strip -o "$carried/$tool" "$native/Release/$tool"; done
if [ -e "$native/Release/slimnet_cudnn.so" ]; then
  strip -o "$carried/slimnet_cudnn.so" "$native/Release/slimnet_cudnn.so"
else
  echo "slimnet_cudnn.so was not built (it needs CUDA's compiler, nvcc): there is nothing to try on a GPU." >&2
fi
python3 - "$bundles" "$carried/bundles.tar.xz" <<'END'
import os, sys, tarfile
with tarfile.open(sys.argv[2], 'w:xz', preset=6) as archive:
    for name in sorted(os.listdir(sys.argv[1])):
        archive.add(os.path.join(sys.argv[1], name), name)
END

# What would not start elsewhere shows here: no libraries but the system's own.
for file in "$carried"/slimnet_*; do
  foreign="$(ldd "$file" | grep -vE 'linux-vdso|ld-linux|libc\.so|libm\.so|libdl\.so|libpthread\.so|librt\.so|statically linked' || true)"
  [ -z "$foreign" ] || { echo "$file needs $foreign" >&2; exit 1; }
done

# What they need of the C library there; older ones have the programs built there.
glibc="$(objdump -T "$carried"/slimnet_* 2> /dev/null | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -1 | tr _ ' ')"
echo "the programs need ${glibc:-no certain GLIBC} there"
tree=$( (cd "$root" && git ls-files -z --cached --others --exclude-standard | du -cb --files0-from=-) | tail -1 | cut -f1)
own=$(du -cb "$carried"/* | tail -1 | cut -f1)
du -h "$carried"/*
awk -v tree="$tree" -v own="$own" -v limit="$limit" 'BEGIN {
  printf "the tree %.1f MiB, carried %.1f MiB, of %d MiB\n", tree / 2^20, own / 2^20, limit
  if ((tree + own) / 2^20 > limit) { print "That is too much."; exit 1 }
}'
