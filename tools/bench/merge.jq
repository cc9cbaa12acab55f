# SPDX-License-Identifier: GPL-2.0-only
#
# bench.json of what was measured. Of the runs of ours ($runs) and of the base ($base_runs), which
# took turns, each entry of prog_run is the one in the middle; $two has it on two CPUs at once.

def middle: sort_by(.ns) | .[length / 2 | floor];
def by_name: add // [] | group_by(.name) | map({key: .[0].name, value: middle}) | from_entries;
def of_base: if . == null then {} else
	{base_ns: .ns} + if .over_bare_drop then {base_over_bare_drop: .over_bare_drop} else {} end end;
def of_two: if .two_cpus then {two_cpus: .two_cpus} else {} end;

($runs | by_name) as $ours | ($base_runs | by_name) as $older | ($two | by_name) as $both
| {kernel: $kernel, clang: $clang}
+ if $base == "" then {} else {base: $base} end
+ {prog_run: [(if ($runs | length) > 0 then $runs[0] else $two[0] end)[]? | .name as $name
	| ($ours[$name] // $both[$name]) + ($older[$name] | of_base) + ($both[$name] | of_two)],
   flood: ($flood[0] // []),
   in_situ: ($in_situ[0] // [])}
