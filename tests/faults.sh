#!/usr/bin/env bash
# Real faults at length. As root, on Linux.
#
#   tests/faults.sh [KIND] [TIMES]
#
# KIND   kill (of processes, in every phase), calls (system calls that fail), power (cut under ext4 and xfs), full (disks), memory (limits), or all; default all
# TIMES  how many times as much as CI does; default 10. A kill of three stores in kill, a fault in calls, a cut in power take about half a second each.
#
# Each run has seeds of its own, which it prints; LAMBDACORE_SEED repeats one. Ends at the first failure.
set -euo pipefail

kind=${1:-all}
times=${2:-10}
most=10 # in one run of the test program, which ends a test of more than 25 minutes
declare -A tests=([kill]=PhaseKillTests [calls]=InjectionTests [power]=PowerCutTests [full]=FullDiskTests [memory]=MemoryLimitTests)

if [ "$kind" = all ]; then
  kinds=(kill calls power full memory)
elif [ -n "${tests[$kind]:-}" ]; then
  kinds=("$kind")
else
  sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
  exit 1
fi

cd "$(dirname "$0")/.."
dotnet build tests/LambdaCore.Tests -c Release -v q
while [ "$times" -gt 0 ]; do
  now=$((times < most ? times : most))
  for kind in "${kinds[@]}"; do
    echo "+ $kind, $now times as much as CI"
    LAMBDACORE_FAULTS=$now dotnet test tests/LambdaCore.Tests -c Release --no-build --filter "FullyQualifiedName~Faults.${tests[$kind]}" --logger "console;verbosity=detailed"
  done
  times=$((times - now))
done
