# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# The lab as a command, for trying things by hand. Sourced by lab.sh.

lab_usage() {
	cat <<END
Usage: lab.sh COMMAND

  shell          make a lab, open a shell in it, take it down when the shell ends
  up             make a lab and leave it there; "down" takes it away
  down           take down every lab that nobody is using
  list           the labs there are
  server CMD...  run CMD on the server's side of the lab that "up" made
  client CMD...  run CMD on the callers' side

In the shell: \$LAB_IF_SERVER is the interface to guard, "server CMD" and "client CMD" run CMD on
either side, "call" places ten calls, "ping" sends one OPTIONS.
END
}

lab_dirs() {
	local id
	for id in "$LAB_RUN"/sipguard-lab.*/id; do
		[[ ! -e $id ]] || echo "${id%/id}"
	done
}

# A lab has an owner while its reaper lives.
lab_owned() {
	[[ -e $1/reaper ]] && kill -0 "$(<"$1/id")" 2>/dev/null
}

lab_command_down() {
	local dir
	for dir in $(lab_dirs); do
		if lab_owned "$dir"; then
			echo "lab: $dir is in use by process $(<"$dir/id"), left alone."
		else
			lab_destroy "$dir"
		fi
	done
}

lab_command_list() {
	local dir
	for dir in $(lab_dirs); do
		lab_use "$dir"
		echo "$dir namespaces $LAB_NS_SERVER, $LAB_NS_CLIENT, interface $LAB_IF_SERVER"
	done
}

# The lab "up" made, for the commands that need one.
lab_command_enter() {
	local dir
	for dir in $(lab_dirs); do
		if ! lab_owned "$dir"; then
			lab_use "$dir"
			return
		fi
	done
	lab_die "there is no lab: make one with \"lab.sh up\"."
}

lab_command_shell() {
	lab_up
	lab_kamailio_start
	export PATH=$LAB_ROOT/build:$PATH
	cat >"$LAB_DIR/rc" <<END
source "$LAB_SRC/lab.sh"
set +eu +o pipefail
lab_use "$LAB_DIR"
server() { lab_in server "\$@"; }
client() { lab_in client "\$@"; }
call() { lab_call; }
ping() { lab_sipsak udp >/dev/null && echo answered || echo "no answer"; }
PS1='(sipguard lab) \\w # '
END
	cat <<END
Kamailio answers on $LAB_SERVER4 and $LAB_SERVER6, port 5060, in namespace $LAB_NS_SERVER.
Try:  ping; call; server sipguard attach \$LAB_IF_SERVER; server sipguard stats
Leave the shell (exit) and everything is taken down.
END
	bash --rcfile "$LAB_DIR/rc" -i || true
}

lab_command() {
	local command=${1:-help}
	[[ $# -eq 0 ]] || shift
	case $command in
	help | --help | -h)
		lab_usage
		return
		;;
	esac
	lab_need_root
	case $command in
	up)
		# shellcheck disable=SC2034 # lab_up reads it
		LAB_KEEP=yes
		lab_up
		lab_kamailio_start
		disown -a
		lab_command_list
		;;
	shell) lab_command_shell ;;
	down) lab_command_down ;;
	list) lab_command_list ;;
	server | client)
		lab_command_enter
		lab_in "$command" "$@"
		;;
	reap) lab_destroy "$1" ;;
	*)
		lab_usage >&2
		exit 2
		;;
	esac
}
