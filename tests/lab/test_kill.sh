#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kills sipguard with SIGKILL right before each system call that changes something, one run for each,
# and looks at what is left: the state from before or the state after, never a half.
#
# Every scenario runs the command once under strace to learn its calls. Then for each of them: the
# command is run and killed there; the state is compared with "old" and "new"; now and then the command
# is run again to its end, which must give "new"; and the old state is made again.

# TEST_FAULT=error=ENOMEM has the calls fail instead (strace's word for it): then a command that says it
# failed must have left "old", one that says it is done "new".

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the scenarios are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

FAULT=${TEST_FAULT:-signal=KILL}
# The command with programs that are verified in no time: what is killed here is the command. The
# first scenario has the real ones.
SIPGUARD_SHORT=$LAB_ROOT/build/tests/sipguard_short

# What changes something: files, and the BPF commands whose effect can outlive the process or be seen
# from outside. The rest are the first system calls after a store into mapped memory.
CALLS=bpf,mkdir,rename,unlink,rmdir,mount,flock,write,munmap,sendto,exit_group
CHANGES='^sendto\(.*nlmsg_type=RTM_(NEW|DEL)(QDISC|TFILTER)|^bpf\(BPF_(OBJ_PIN|LINK_|RAW_TRACEPOINT_OPEN|MAP_UPDATE|MAP_DELETE|MAP_LOOKUP_BATCH)|^(mkdir|rename|unlink|rmdir|mount)\(|^flock\(.*(LOCK_EX|LOCK_UN)|^exit_group\('
# Of these there are many, and they die with the process: the first and the last are enough.
PASSING='^bpf\(BPF_(PROG_LOAD|MAP_CREATE|BTF_LOAD)|^(write|munmap)\('
# The pins of maps and programs, for scenarios whose kin goes through every one of them: loading the
# guard so many times takes long.
PINS='^(bpf\(BPF_OBJ_PIN|unlink\().*/v[0-9]+/(sg_|guard|reply|connections|notes|places)'

# What a filter of clsact, which has no pin, adds to that; the rest is as with tcx.
CLSACT='^(sendto\(.*nlmsg_type=RTM_(NEW|DEL)|(mkdir|rmdir|rename)\(|(bpf\(BPF_OBJ_PIN|unlink\().*/links/)'

# add_interface NAME: a veth pair of the scenario's own, inside the server's namespace.
add_interface() {
	ip -n "$LAB_NS_SERVER" link add "$1" type veth peer name "$1p"
	ip -n "$LAB_NS_SERVER" link set "$1" up
}

configs() {
	cat >"$1/a.yaml" <<-END
		limits:
		  source: {rate: 111, burst: 222}
		zones:
		  - name: trunk
		    prefixes: [198.51.100.0/24]
	END
	cat >"$1/b.yaml" <<-END
		limits:
		  source: {rate: 333, burst: 444}
		zones:
		  - name: office
		    prefixes: [203.0.113.0/24, "2001:db8:7::/48"]
		  - name: trunk
		    prefixes: [198.51.100.0/24]
	END
	echo 'limits: {source: {rate: 555, burst: 666}}' >"$1/c.yaml"
}

# Configuration A is in force, and in the place where the next one will be written is neither A nor B.
reload_a() {
	sipguard reload --config "$DIR/c.yaml"
	sipguard reload --config "$DIR/a.yaml"
}

# judge_id IFACE: the id of the program that judges what it receives, in words of the kernel alone.
judge_id() {
	ip -n "$LAB_NS_SERVER" -o -d link show "$1" | sed -nE 's/.*prog\/xdp id ([0-9]+).*/\1/p'
	lab_in server "$AT_EGRESS" list-ingress "$1" | awk '$2 == "ingress" { print $1 }'
	tc -n "$LAB_NS_SERVER" filter show dev "$1" ingress |
		sed -nE 's/.* ingress:\[([0-9]+)\].*/\1/p'
}

# The ids of those on the scenario's interfaces.
judge_ids() {
	local name id all=
	for name in "${INTERFACES[@]}"; do
		id=$(judge_id "$name")
		[[ -z $id ]] || all+=" $name=$id"
	done
	echo "${all:1}"
}

# The ids of the programs at egress of the scenario's interfaces, in words of the kernel alone.
egress_now() {
	local name ids
	for name in "${INTERFACES[@]}"; do
		ids=$(egress_ids "$name")
		[[ -z $ids ]] || echo "$name=$ids"
	done
}

# Whether the kernel agrees: each guarded interface has the pinned program at egress, and no other.
egress_agrees() {
	local id name wanted=
	if [[ $STATE != none ]]; then
		id=$(bpftool prog show pinned "$SIPGUARD_PIN_ROOT/$PINS_OF_ABI/reply" --json | jq .id)
		for name in "${INTERFACES[@]}"; do
			[[ " $IDS" != *" $name="* ]] || wanted+="$name=$id"$'\n'
		done
	fi
	equal "$(egress_now)" "${wanted%$'\n'}"
}

# Each interface runs a program of its own, loaded after the clock of the same version: no upgrade is
# left half done.
judges_agree() {
	local pair clock
	[[ $STATE != none ]] || return 0
	clock=$(bpftool prog show pinned "$SIPGUARD_PIN_ROOT/$PINS_OF_ABI/guard_clock" --json | jq .id)
	for pair in $IDS; do
		[[ ${pair#*=} -gt $clock ]] || {
			echo "an older program: $pair, clock $clock"
			return 1
		}
	done
}

# Everything a user would look at, as one line, without program ids, since an upgrade makes new ones. Also what the kernel should say, in IDS.
look() {
	local json status=0
	json=$(sipguard status --json) || status=$?
	STATE=none
	IDS=
	[[ $status -ne 3 ]] || return 0
	equal "$status" 0
	{
		read -r STATE
		read -r IDS || true
	} < <(jq -cr '[.mode, (.config // "" | split("/") | last), [.zones[].name],
		.zones[0].limits.source.rate, .lists, [.interfaces[].name],
		([.interfaces[] | [.program, .state]] | unique),
		[.interfaces[].replies], .connections.counted],
		([.interfaces[] | .name + "=" + (.program_id | tostring)] | join(" "))' <<<"$json")
}

# The state now, which must be clean: the kernel agrees, and no journal or leftover is there.
look_closely() {
	local left
	look
	equal "$(judge_ids)" "$IDS"
	egress_agrees
	judges_agree
	if [[ $STATE == none ]]; then
		[[ ! -e $SIPGUARD_PIN_ROOT/$PINS_OF_ABI ]] || {
			echo "pins are left"
			return 1
		}
	else
		left=$(find "$SIPGUARD_PIN_ROOT" -name staged -o -name commit)
		equal "$left" ""
	fi
}

# One "CALL N" for each place to be killed at.
places() {
	lab_in server strace -qq -e trace="$CALLS" -o "$DIR/trace" "$SIPGUARD" "${COMMAND[@]}" >/dev/null
	awk -v changes="$CHANGES" -v passing="$PASSING${SHORT:+|$PINS}" -v only="${ONLY:-.}" '
		{ name = $0; sub(/\(.*/, "", name); n[name]++ }
		$0 !~ only { next }
		$0 ~ passing {
			kind = $0
			sub(/[,"].*/, "", kind)
			if (!(kind in first)) { first[kind] = 1; print name, n[name] }
			else last[kind] = name " " n[name]
			next
		}
		$0 ~ changes { print name, n[name] }
		END { for (kind in last) print last[kind] }' "$DIR/trace"
}

# Runs the command and kills it when it begins the Nth call of that name.
kill_at() {
	STATUS=0
	lab_in server strace -qq -e trace="$1" -e inject="$1:$FAULT:when=$2" -o /dev/null \
		"$SIPGUARD" "${COMMAND[@]}" >/dev/null 2>&1 || STATUS=$?
	[[ $FAULT != signal=KILL ]] || equal "$STATUS" 137
}

# What a killed command leaves when only one thing was to change: the kernel says old or new at once,
# before any command has had a chance to clean up.
check_at_once() {
	local before=$1 i
	[[ -n $STRICT ]] || return 0
	for ((i = 0; i < 50 * LAB_PATIENCE; i++)); do
		[[ $before != "$IDS" ]] || return 0
		sleep 0.02 # the last reference to a link ends a little after its process
		before=$(judge_ids)
	done
	echo "before any other command the kernel had: $1, status said: $IDS"
	return 1
}

one_kill() {
	local ids
	kill_at "$1" "$2"
	ids=$(judge_ids)
	look_closely
	check_at_once "$ids"
	case $STATUS in
	0) equal "$STATE" "$NEW" ;;
	137) [[ $STATE == "$OLD" ]] || equal "$STATE" "$NEW" ;;
	*) equal "$STATE" "$OLD" ;;
	esac
	[[ $STATE == none ]] || sipguard stats >/dev/null
	if [[ $STATE == "$OLD" && $3 -eq 0 ]]; then
		sipguard "${COMMAND[@]}" >/dev/null
		look_closely
		equal "$STATE" "$NEW"
	fi
	make_old >/dev/null
}

# Tcx of the scenario's interfaces is full, so clsact is used, as on older kernels.
fill_tcx() {
	local name
	for name in "${INTERFACES[@]}"; do
		lab_in server "$AT_EGRESS" fill "$name" 63 "$LAB_DIR/bpf/foreign-${name/./-}"
		lab_in server "$AT_EGRESS" fill-ingress "$name" 63 \
			"$LAB_DIR/bpf/foreign-in-${name/./-}"
	done
}

# Says where it was, if it does not come to its end. COMMAND and make_old are set by scenario_NAME.
# The variants are: clsact at egress; the guard at tc ingress; both, as on Linux 6.1.
# scenario NAME strict|short|"" [clsact|tc|ingress]
scenario() {
	local call n count=0
	WHERE="in the preparations"
	trap '[[ -z $WHERE ]] || printf "%s\n" "failed $WHERE, old: ${OLD-}, new: ${NEW-}"' EXIT
	DIR=$LAB_DIR/kill-$1${3-}
	[[ $1${3-} == a ]] || SIPGUARD=$SIPGUARD_SHORT
	STRICT=${2#short}
	SHORT=${2#strict}
	mkdir "$DIR"
	export SIPGUARD_PIN_ROOT=$LAB_DIR/bpf/kill-$1${3-}
	configs "$DIR"
	INTERFACES=("sg-$$$1${3:0:1}" "sg-$$$1${3:0:1}.2")
	add_interface "${INTERFACES[0]}"
	add_interface "${INTERFACES[1]}"
	ONLY=
	XDP=native
	if [[ ${3-} == clsact || ${3-} == ingress ]]; then
		ONLY=$CLSACT
		fill_tcx
	fi
	if [[ ${3-} == tc || ${3-} == ingress ]]; then
		XDP=generic
	fi
	"scenario_$1"
	make_old >/dev/null
	look_closely
	OLD=$STATE
	places >"$DIR/places"
	look_closely
	NEW=$STATE
	make_old >/dev/null
	while read -r call n; do
		WHERE="when killed at $call number $n of: sipguard ${COMMAND[*]}"
		one_kill "$call" "$n" $((count % 16))
		count=$((count + 1))
	done <"$DIR/places"
	WHERE="at the end"
	[[ ! -e $SIPGUARD_PIN_ROOT/$PINS_OF_ABI ]] || sipguard detach --all >/dev/null
	look_closely
	equal "$STATE" none
	[[ ! -e $SIPGUARD_PIN_ROOT ]]
	[[ $count -ge 10 || -n $ONLY && $count -ge 5 ]]
	echo "$count" >"$DIR/count"
	WHERE=
}

scenario_a() {
	COMMAND=(attach "${INTERFACES[0]}" --xdp "$XDP" --config "$DIR/b.yaml" --enforce)
	make_old() { [[ ! -e $SIPGUARD_PIN_ROOT/$PINS_OF_ABI ]] || sipguard detach --all; }
}

scenario_b() {
	COMMAND=(attach "${INTERFACES[@]}" --xdp "$XDP" --config "$DIR/b.yaml" --enforce)
	make_old() { [[ ! -e $SIPGUARD_PIN_ROOT/$PINS_OF_ABI ]] || sipguard detach --all; }
}

# The guard with configuration A, in monitor mode, on these interfaces.
guard_a() {
	[[ ! -e $SIPGUARD_PIN_ROOT/$PINS_OF_ABI ]] || sipguard detach --all
	sipguard attach "$@" --xdp "$XDP" --config "$DIR/a.yaml"
	reload_a
	sipguard deny add 198.18.0.0/15
}

scenario_c() {
	COMMAND=(attach "${INTERFACES[1]}" --xdp "$XDP")
	make_old() {
		if compgen -G "$SIPGUARD_PIN_ROOT/$PINS_OF_ABI/links/*:${INTERFACES[1]/./%2E}" >/dev/null; then
			sipguard detach "${INTERFACES[1]}"
		elif [[ ! -e $SIPGUARD_PIN_ROOT/$PINS_OF_ABI ]]; then
			guard_a "${INTERFACES[0]}"
		fi
	}
}

scenario_d() {
	COMMAND=(attach "${INTERFACES[@]}" --xdp "$XDP" --config "$DIR/b.yaml" --enforce)
	make_old() {
		if [[ -e $SIPGUARD_PIN_ROOT/$PINS_OF_ABI ]]; then
			sipguard mode monitor
			reload_a
		else
			guard_a "${INTERFACES[@]}"
		fi
	}
}

scenario_e() {
	COMMAND=(reload --config "$DIR/b.yaml")
	make_old() {
		if [[ -e $SIPGUARD_PIN_ROOT/$PINS_OF_ABI ]]; then
			reload_a
		else
			guard_a "${INTERFACES[@]}"
		fi
	}
}

scenario_f() {
	COMMAND=(detach "${INTERFACES[0]}")
	make_old() { [[ -e $SIPGUARD_PIN_ROOT/$PINS_OF_ABI ]] || guard_a "${INTERFACES[0]}"; }
}

scenario_g() {
	COMMAND=(detach --all)
	make_old() { [[ -e $SIPGUARD_PIN_ROOT/$PINS_OF_ABI ]] || guard_a "${INTERFACES[@]}"; }
}

# All scenarios run at once: most of the time is spent in waiting for the kernel. Not "if (scenario)",
# which would switch off "set -e" in all that it runs. start NAME strict|short|"" [clsact]
start() {
	(
		set +e
		(
			set -e
			scenario "$1" "$2" "${3-}"
		) >"$LAB_DIR/kill-$1${3-}.out" 2>&1
		echo $? >"$LAB_DIR/kill-$1${3-}.status"
	) &
	STARTED+=($!)
}

end() {
	kill "${STARTED[@]}" 2>/dev/null || true
	test_ended
}

result() {
	cat "$LAB_DIR/kill-$1.out"
	return "$(cat "$LAB_DIR/kill-$1.status" 2>/dev/null || echo 1)"
}

# named NAME TEXT: its result, with the number of places it was killed at.
named() {
	local count="killed, with a failure,"
	[[ ! -e $LAB_DIR/kill-$1/count ]] || count="killed at $(cat "$LAB_DIR/kill-$1/count") calls"
	check "$2, $count: old state or new" result "$1"
}

command -v strace >/dev/null || lab_die "strace is missing: apt-get install strace."
[[ -x $SIPGUARD && -x $SIPGUARD_SHORT ]] ||
	lab_die "$SIPGUARD or $SIPGUARD_SHORT is not built: run \"make test-programs\" first."
lab_up
STARTED=()
trap end EXIT
start a strict
start b short
start c strict
start d short
start e ""
start f strict
start g short
start a short clsact
start d short clsact
start f strict clsact
start g short clsact
start c strict tc
start d short tc
start f strict tc
start a short ingress
start d short ingress
start f short ingress
start g short ingress
wait "${STARTED[@]}"
named a "attach one interface"
named b "attach two interfaces"
named c "attach one more"
named d "upgrade two, with a new configuration and mode"
named e "reload with zones"
named f "detach one interface"
named g "detach two interfaces"
named aclsact "attach one interface, clsact"
named dclsact "upgrade two, clsact"
named fclsact "detach one interface, clsact"
named gclsact "detach two interfaces, clsact"
named ctc "attach one more, at tc ingress"
named dtc "upgrade two, at tc ingress"
named ftc "detach one interface, at tc ingress"
named aingress "attach one interface, clsact at ingress, too"
named dingress "upgrade two, clsact at ingress, too"
named fingress "detach one interface, clsact at ingress, too"
named gingress "detach two interfaces, clsact at ingress, too"
test_done
