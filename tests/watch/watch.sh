# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# What the tests of `sipguard watch` share: starting it in a lab, and asking it. Source it first.

# shellcheck source=../lab/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lab/lib.sh"

WATCH_AT=

# server_job NAME CMD...: on the network of the server, with its process id and, when it has ended,
# its exit status in files: a check is a subshell, and the next one knows nothing of its jobs.
server_job() {
	local name=$1
	shift
	rm -f "$LAB_DIR/$name".{pid,status,out}
	(
		nsenter --net="/run/netns/$LAB_NS_SERVER" -- "$@" \
			>"$LAB_DIR/$name.out" 2>"$LAB_DIR/$name.err" &
		echo $! >"$LAB_DIR/$name.pid"
		status=0
		wait $! || status=$?
		echo "$status" >"$LAB_DIR/$name.status"
	) >/dev/null 2>&1 &
	until_true test -s "$LAB_DIR/$name.pid"
}

# end_job NAME SIGNAL: its exit status.
end_job() {
	kill "-$2" "$(<"$LAB_DIR/$1.pid")" 2>/dev/null || true
	until_true test -s "$LAB_DIR/$1.status"
	cat "$LAB_DIR/$1.status"
	rm "$LAB_DIR/$1.pid"
}

watch_pid() {
	cat "$LAB_DIR/watch.pid"
}

watch_listens() {
	WATCH_AT=$(jq -r .listening "$LAB_DIR/watch.out")
	[[ -n $WATCH_AT ]]
}

# watch_start OPTION...: at a port that the kernel chooses, WATCH_AT.
watch_start() {
	server_job watch "$SIPGUARD" watch --metrics 127.0.0.1:0 --json "$@"
	until_true watch_listens
	watch_listens
}

# It ends when it is told to, and that is no failure.
watch_stop() {
	[[ ! -e $LAB_DIR/watch.pid ]] || equal "$(end_job watch TERM)" 0
}

# ask PATH CURL-OPTION...: what it answers. The time limit is for what hangs.
ask() {
	local path=$1
	shift
	lab_in server curl -sS --max-time "$LAB_PATIENCE" "$@" "http://$WATCH_AT$path"
}

status_of() {
	ask "$@" -o "$LAB_DIR/body" -w '%{http_code}'
}

# metric SERIES: its value, as sipguard_up or 'sipguard_mode{mode="enforce"}'.
metric() {
	ask /metrics | SERIES=$1 awk '{ series = ENVIRON["SERIES"] " " }
		index($0, series) == 1 { print substr($0, length(series) + 1) }'
}
