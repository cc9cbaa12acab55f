# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# What the lab tests share: checks, the guard, callers. Source it first.

TEST_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../tools/lab/lab.sh
source "$TEST_SRC/../../tools/lab/lab.sh"

SIPGUARD=$LAB_ROOT/build/sipguard
AT_EGRESS=$LAB_ROOT/build/tests/at_egress
TEST_NAME=$(basename "$0" .sh)
TEST_NAME=${TEST_NAME#test_}
TEST_FAILED=0
# The directory of the pins of this version.
# shellcheck disable=SC2034 # for the tests
PINS_OF_ABI=v$(awk '$2 == "SG_ABI_VERSION" { print $3 }' "$LAB_ROOT/include/abi.h")
TEST_DONE=
# Seconds until something that does not happen counts as a hang. No test measures the machine: what
# has to happen is waited for as long as this, and found at once where the machine is fast.
LAB_PATIENCE=120
# SIPp's callers and the server send again only what is really lost: a busy machine that answers
# after a second has lost nothing. Who loses a message still waits for the second one.
# shellcheck disable=SC2034 # for the lab
{
LAB_T1=30000
LAB_SIPSAK_SECONDS=60
}

# shellcheck disable=SC2034 # for the tests
{
# Sums over what "sipguard stats --json" tells, for jq: every packet is in one class, and counted
# there once.
STATS_DROPPED='([.classes[].dropped.packets] | add)'
STATS_PASSED='([.classes[].passed.packets] | add)'
# A packet may be watched for several reasons.
STATS_WATCHED='([.reasons[].watched.packets] | add)'
}

# check WHAT CMD...: one line of the result; the command's output only if it failed. A test whose
# checks do not build on each other defines clean_state, by which each of them begins alike, whatever
# the one before left behind.
check() {
	local what=$1 out status
	shift
	! declare -F clean_state >/dev/null || clean_state
	# Not "out=... || status=$?": that would switch off "set -e" in all that the check runs.
	set +e
	out=$(set -e; "$@" 2>&1)
	status=$?
	set -e
	if [[ $status -eq 0 ]]; then
		echo "ok - lab $TEST_NAME: $what"
		return
	fi
	TEST_FAILED=1
	echo "not ok - lab $TEST_NAME: $what"
	printf '#   %s\n' "$* (exit status $status)" "${out//$'\n'/$'\n#   '}"
}

# What a scenario printed and said is kept there, by its name, until the test ends.
rows_ran() { # OUT NAME COMMAND...
	local out=$1/$2
	"${@:3}" --rows "$2" >"$out" 2>"$out.log" || {
		tail -n 15 "$out.log"
		return 1
	}
}

row_passed() { # OUT NAME ROW
	jq -e .pass <<<"$3" >/dev/null || {
		echo "$3"
		cat "$1/$2.log"
		return 1
	}
}

# check_rows OUT NAME COMMAND...: runs a scenario, which has a lab of its own. Each row with a bar is
# a check.
check_rows() {
	local row
	check "$2 ran to its end" rows_ran "$@"
	while IFS= read -r row; do
		check "$2: $(jq -r .metric <<<"$row")" row_passed "$1" "$2" "$row"
	done < <(jq -c 'select(.bar != null)' "$1/$2")
}

# The last line of a test. One that ended before it, whatever the cause, has failed.
test_done() {
	TEST_DONE=yes
	exit "$TEST_FAILED"
}

test_ended() {
	local status=$?
	lab_down
	[[ -n $TEST_DONE ]] || echo "not ok - lab $TEST_NAME: stopped early (exit status $status)"
}

# The lab with its server, and the test's own last word when it ends.
test_lab() {
	lab_up
	trap test_ended EXIT
	lab_kamailio_start
}

# The guard as it is by default, in enforce mode. TEST_GUARD=none tries the test itself without one.
guard_attach() {
	[[ ${TEST_GUARD:-sipguard} != none ]] || return 0
	[[ -x $SIPGUARD ]] || lab_die "$SIPGUARD is not built: run \"make\" first."
	lab_in server "$SIPGUARD" attach "$LAB_IF_SERVER" --enforce >"$LAB_DIR/attach.log"
}

equal() {
	[[ $1 == "$2" ]] || {
		echo "got $1, wanted $2"
		return 1
	}
}

# until_true CMD...: until the command succeeds. What is said is of its last try.
until_true() {
	local end=$((SECONDS + LAB_PATIENCE)) out status
	while :; do
		set +e
		out=$(set -e; "$@" 2>&1)
		status=$?
		set -e
		[[ $status -ne 0 ]] || return 0
		[[ $SECONDS -lt $end ]] || break
		sleep 0.02
	done
	echo "still so after $LAB_PATIENCE s: $*: $out"
	return 1
}

says_value() {
	local wanted=$1
	shift
	equal "$("$@")" "$wanted"
}

# becomes VALUE CMD...: until the command says so.
becomes() {
	until_true says_value "$@"
}

sipguard() {
	lab_in server "$SIPGUARD" "$@"
}

# fails CODE REGEX ARGUMENT...: sipguard ends with CODE and one sentence on standard error like REGEX.
fails() {
	local code=$1 regex=$2 said status=0
	shift 2
	said=$(sipguard "$@" 2>&1 >/dev/null) || status=$?
	equal "$status" "$code"
	equal "$(wc -l <<<"$said")" 1
	[[ $said =~ $regex ]] || {
		echo "it said: $said"
		return 1
	}
}

# filters_of IFACE: the names of the BPF programs of clsact at egress, in words of tc.
filters_of() {
	tc -n "$LAB_NS_SERVER" filter show dev "$1" egress |
		sed -nE 's/.* handle 0x[0-9a-f]+ ([^ :]+):\[.*/\1/p' | paste -sd' '
}

# egress_of IFACE: the names of all programs at egress, in their order.
egress_of() {
	{
		lab_in server "$AT_EGRESS" list "$1" | cut -d' ' -f2
		filters_of "$1"
	} | grep . | paste -sd' '
}

# egress_ids IFACE: the ids of those of the guard.
egress_ids() {
	{
		lab_in server "$AT_EGRESS" list "$1" | awk '$2 == "reply" { print $1 }'
		tc -n "$LAB_NS_SERVER" filter show dev "$1" egress |
			sed -nE 's/.* reply:\[([0-9]+)\].*/\1/p'
	} | paste -sd' '
}

# Nothing of the guard is in the kernel, neither pinned nor held by a process that is left.
guard_left_nothing() {
	local interface
	[[ ! -e $SIPGUARD_PIN_ROOT ]]
	equal "$(ip -n "$LAB_NS_SERVER" -d link show | grep -c prog/xdp)" 0
	for interface in $(ip -n "$LAB_NS_SERVER" -j link show | jq -r '.[].ifname'); do
		equal "$(egress_ids "$interface")" ""
	done
}

# call_all NAME N: SIPp run NAME is over, made N calls, and not one message had to be sent twice.
call_all() {
	equal "$(lab_sipp_count "$1" 'SuccessfulCall(C)')" "$2"
	equal "$(lab_sipp_count "$1" 'FailedCall(C)')" 0
	equal "$(lab_sipp_count "$1" 'Retransmissions(C)')" 0
}

# sipp_run SCENARIO 4|6 udp|tcp N: N calls at twenty a second, the widest published pace of a trunk.
sipp_run() {
	lab_sipp "$1-$2-$3" "$1" "$2" "$3" -r 20 -m "$4" -timeout "$LAB_PATIENCE"
	wait "$LAB_PID"
	call_all "$1-$2-$3" "$4"
}

# status_is FILTER: what jq makes of the status is true.
status_is() {
	sipguard status --json | jq -e "$1" >/dev/null
}
