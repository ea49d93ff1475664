#!/usr/bin/env bash
# Makes the virtual environments: scripts/setup.sh [project|label-studio|all]
#
#   project       .venv, with this project (editable) and its tools
#   label-studio  .venv-label-studio, or the folder that PRELABEL_LABEL_STUDIO_VENV names, with Label Studio
#
# May be run again and again, also by several processes at once: an environment whose pins have not changed is left
# alone. PYTHON names the interpreter to use (3.11 or newer).
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-all}
label_studio_venv=${PRELABEL_LABEL_STUDIO_VENV:-.venv-label-studio}

fail() {
    printf 'setup: %s\n' "$1" >&2
    exit 1
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed. Debian 12: apt-get install python3 python3-venv"
}

# Digest of all that decides what an environment holds.
digest() {
    cat "$@" | sha256sum | cut -d' ' -f1
}

# What a pip log says of how far it is.
progress() {
    local packages
    packages=$(grep -c -E '^(Collecting|Requirement already)' "$1" || true)
    if grep -q '^Installing collected' "$1"; then
        printf 'installing %d packages' "$(($(grep '^Installing collected' "$1" | tail -n 1 | wc -w) - 3))"
    elif [ "$packages" -gt 0 ]; then
        printf 'finding and fetching, %d packages so far' "$packages"
    else
        printf 'working'
    fi
}

# Runs a command with its output in a log file; shows how far it is, and the log only when it fails.
quietly() {
    local title=$1 log=$2 start=$SECONDS status=0 shown=0 child
    shift 2
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 &
    child=$!
    trap 'kill "$child" 2>/dev/null || true; exit 130' INT TERM
    while kill -0 "$child" 2>/dev/null; do
        sleep 0.2
        if [ -t 1 ]; then
            printf '\r\033[K  %s: %s, %d s' "$title" "$(progress "$log")" "$((SECONDS - start))"
        elif [ "$((SECONDS - start))" -ge "$((shown + 15))" ]; then
            shown=$((SECONDS - start))
            printf '  %s: %s, %d s\n' "$title" "$(progress "$log")" "$shown"
        fi
    done
    wait "$child" || status=$?
    trap - INT TERM
    if [ -t 1 ]; then printf '\r\033[K'; fi
    if [ "$status" -ne 0 ]; then
        grep -v -E '^WARNING' "$log" | tail -n 40 >&2 || true
        fail "$title failed (status $status); the whole log is in $log"
    fi
    printf '  %s: done in %d s\n' "$title" "$((SECONDS - start))"
}

# Nothing is compiled ahead: Python compiles what is imported, and keeps that.
pip_options=(--disable-pip-version-check --no-input --no-compile)

# make_venv FOLDER DIGEST PIP-ARGUMENTS...
make_venv() {
    local venv=$1 wanted=$2 python name
    shift 2
    [ "$(cat "$venv/.stamp" 2>/dev/null)" = "$wanted" ] && return
    name=$(basename "$venv")
    name=${name#.}
    mkdir -p var/setup
    exec 9>"var/setup/$name.lock" # held by pip too, so that nobody starts beside one whose setup was killed
    if command -v flock >/dev/null && ! flock --nonblock 9; then
        echo "setup: waiting for another setup of $venv"
        flock 9
    fi
    if [ "$(cat "$venv/.stamp" 2>/dev/null)" != "$wanted" ]; then
        echo "setup: $venv"
        rm -f "$venv/.stamp"
        if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
            python=$(find_python)
            "$python" -c 'import ensurepip, venv' 2>/dev/null ||
                fail "$python cannot make virtual environments. Debian: apt-get install python3-venv"
            quietly "virtual environment" "var/setup/$name-venv.log" "$python" -m venv --clear "$venv"
        fi
        quietly "packages" "var/setup/$name-pip.log" \
            "$venv/bin/python" -m pip install "${pip_options[@]}" "$@"
        if [ -n "$alone" ]; then
            quietly "$alone" "var/setup/$name-pip-alone.log" \
                "$venv/bin/python" -m pip install "${pip_options[@]}" -c constraints.txt --no-deps "$alone"
        fi
        echo "$wanted" >"$venv/.stamp"
    fi
    exec 9>&-
}

# A package to install without what it asks for. rapid-layout asks for opencv-python, which needs the libraries of a
# display; opencv-python-headless, which rapidocr brings, does as well and stands in the same folder.
alone=''

project() {
    alone=rapid-layout
    make_venv .venv "$(digest pyproject.toml constraints.txt)" -c constraints.txt -e '.[dev]'
    alone=''
}

label_studio() {
    make_venv "$label_studio_venv" "$(digest constraints-label-studio.txt)" \
        -c constraints-label-studio.txt label-studio
}

case $what in
    project) project ;;
    label-studio) label_studio ;;
    all)
        project
        label_studio
        ;;
    *) fail "what is '$what'? Say project, label-studio or all" ;;
esac
