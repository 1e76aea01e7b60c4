#!/usr/bin/env bash
# Installs what the tests need besides Node and npm, through apt (Debian, Ubuntu): only what is
# missing, without questions. Says what it could not get. Running it twice does nothing. Knows
# nothing of what the tools are used for.
#
#   scripts/setup.sh           all of it
#   scripts/setup.sh python    Python and its modules only, as scripts/python.mjs finds them
set -u

part=${1:-all}
case $part in
  all | python) ;;
  *)
    printf 'setup: no such part: %s; there is python\n' "$part" >&2
    exit 2
    ;;
esac
python_packages=$(dirname "$0")/python-packages.txt

say() { printf 'setup: %s\n' "$*"; }

# ---- is it there? ------------------------------------------------------------------------------

has_command() { command -v "$1" >/dev/null; }

has_package() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# In Debian's own Python: another one may come first in PATH.
has_module() { /usr/bin/python3 -c "import $1" 2>/dev/null; }

has_clang_runtime() {
  printf 'int main(void) { return 0; }' |
    clang -fsanitize=address,undefined -x c - -o /dev/null 2>/dev/null
}

has_file() { [ -n "$(compgen -G "$1")" ]; }

# ---- where does it come from? ------------------------------------------------------------------

available() { [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]; }

# clang's sanitizers and libFuzzer are in a package named after clang's version.
clang_runtime() {
  local dependency='s/^ *Depends: clang-\([0-9]*\)$/\1/p' version
  version=$(apt-cache depends clang 2>/dev/null | sed -n "$dependency" | head -n 1)
  echo "libclang-rt-$version-dev libclang-common-$version-dev"
}

# Does `$1 $2` hold? If not, the first available one of the packages that follow is wanted.
wanted=()
absent=()
need() {
  local check=$1 what=$2 name
  shift 2
  "$check" "$what" && return
  for name in "$@"; do
    if available "$name"; then
      [[ " ${wanted[*]} " == *" $name "* ]] || wanted+=("$name")
      return
    fi
  done
  absent+=("$what")
}

list_needs() {
  wanted=()
  absent=()
  need_python
  [ "$part" = python ] || need_tools
}

need_python() {
  local module package
  need has_command python3 python3
  while read -r module package; do
    need has_module "$module" "$package"
  done <"$python_packages"
}

need_tools() {
  need has_command gcc gcc
  need has_file '/usr/include/*/sys/types.h' libc6-dev
  need has_command nm binutils
  need has_command clang clang
  # shellcheck disable=SC2046 # a list of names
  need has_clang_runtime "clang's sanitizers" $(clang_runtime)
  need has_command clang-format clang-format
  need has_command emcc emscripten
  need has_command chromium chromium
  need has_command firefox-esr firefox-esr
  need has_command redis-server redis-server
  # Compilers and emulators of microcontrollers, and what builds an exported project.
  need has_command make make
  need has_command ninja ninja-build
  need has_command cmake cmake
  need has_command ccache ccache
  need has_command arm-none-eabi-gcc gcc-arm-none-eabi
  need has_package libnewlib-arm-none-eabi libnewlib-arm-none-eabi
  need has_command qemu-system-arm qemu-system-arm
  need has_command qemu-system-riscv32 qemu-system-riscv qemu-system-misc
  need has_command qemu-system-xtensa qemu-system-xtensa qemu-system-misc
  need has_command riscv64-unknown-elf-gcc gcc-riscv64-unknown-elf
  need has_package picolibc-riscv64-unknown-elf picolibc-riscv64-unknown-elf
  need has_command xtensa-lx106-elf-gcc gcc-xtensa-lx106
  need has_package picolibc-xtensa-lx106-elf picolibc-xtensa-lx106-elf
}

# ---- installing --------------------------------------------------------------------------------

may_install() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# apt-get says thousands of lines; they are shown only when it fails.
apt() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null >"$log" 2>&1 && return
  tail -n 30 "$log"
  return 1
}

install() { apt install -y --no-install-recommends "$@"; }

install_each() {
  local name status=0
  for name in "$@"; do
    install "$name" && continue
    say "could not install $name"
    status=1
  done
  return "$status"
}

if ! has_command apt-get; then
  say "no apt-get here; install by hand: gcc, clang with its sanitizers, clang-format 14, binutils,"
  say "Emscripten 3.1.6, Python 3 with numpy, torch and onnx, Chromium, and for the microcontrollers QEMU"
  say "with gcc for arm-none-eabi, riscv64-unknown-elf and xtensa-lx106-elf, make and CMake"
  exit 1
fi

list_needs
if [ "${#wanted[@]}" = 0 ] && [ "${#absent[@]}" = 0 ]; then
  say "nothing to install"
  exit 0
fi
if ! may_install; then
  say "missing: ${wanted[*]} ${absent[*]}"
  say "to install it: sudo scripts/setup.sh"
  exit 1
fi
say "updating the package lists"
apt update || say "apt-get update failed"
list_needs
status=0
if [ "${#wanted[@]}" != 0 ]; then
  say "installing ${wanted[*]}; this takes a few minutes"
  install "${wanted[@]}" || install_each "${wanted[@]}" || status=1
fi
[ "${#absent[@]}" = 0 ] || say "not packaged here: ${absent[*]}"
exit "$status"
