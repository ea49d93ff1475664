#!/usr/bin/env bash
# Writes what both virtual environments hold into the constraints files that scripts/setup.sh installs from.
set -euo pipefail
cd "$(dirname "$0")/.."

# A local version (torch 2.13.0+cpu) is left out: pip takes any build of the release, the local one where it is at hand.
freeze() {
    echo "# What $2 holds, at the versions that the tests ran with. Written by: make pin"
    "$1/bin/python" -m pip freeze --disable-pip-version-check --exclude-editable --exclude prelabel 2>/dev/null |
        sed -E 's/^([^ ]+==[^+ ]+)\+[^ ]+$/\1/'
}

freeze .venv ".venv" >constraints.new
freeze "${PRELABEL_LABEL_STUDIO_VENV:-.venv-label-studio}" "the Label Studio environment" >constraints-label-studio.new
mv constraints.new constraints.txt
mv constraints-label-studio.new constraints-label-studio.txt
