#!/usr/bin/env bash
# Which lines and branches of each room the tests reach, as a table. What only a process that is killed has reached is not counted.
#
#   tests/coverage.sh [FILTER] [PREFIX]
#
# FILTER  tests to run, as of dotnet test; default all
# PREFIX  of a path below src/LambdaCore: lines of these files of which a branch was not reached are listed
#
# Ends with 1 if Storage, Log, Tables or the swap of layers have less than 95 % of their branches.
set -euo pipefail

cd "$(dirname "$0")/.."
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
dotnet test -c Release ${1:+--filter "$1"} --collect "XPlat Code Coverage" --results-directory "$results" \
  -- 'DataCollectionRunSettings.DataCollectors.DataCollector.Configuration.Include=[LambdaCore]*'
dotnet run tests/Coverage.cs -- "$results"/*/coverage.cobertura.xml ${2:+"$2"}
