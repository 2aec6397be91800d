#!/bin/sh
# Builds neurolupus from SOURCE and installs it with every optional part into a new virtual environment VENV, at the
# versions of constraints.txt. The Dockerfile, the Apptainer definition and the test of both run this file.
# usage: install.sh SOURCE VENV
set -eu
source=$1
venv=$2
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT

python3 -m venv "$venv"
"$venv/bin/pip" wheel --quiet --no-cache-dir --no-deps --wheel-dir "$wheels" "$source"
extras=formats,web,postgresql,oidc,fhir,dicom,dask
# Only wheels: the slim image has no compiler, and nothing of a dependency runs while it is installed.
"$venv/bin/pip" install --quiet --no-cache-dir --only-binary :all: --constraint "$source/constraints.txt" \
    "$(ls "$wheels"/neurolupus-*.whl)[$extras]"
"$venv/bin/pip" check
