#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The alerts and the dashboard on the real Prometheus, which scrapes a real guard. Grafana is in no
# package of Debian: what can be known without it is that each query of the dashboard is one that
# Prometheus answers with something.

# shellcheck source-path=SCRIPTDIR disable=SC2317,SC2119 # the checks are called by name

# shellcheck source=watch.sh
source "$(dirname "$0")/watch.sh"

RULES=$LAB_ROOT/tools/prometheus/sipguard.rules.yml
DASHBOARD=$LAB_ROOT/tools/grafana/sipguard.json
PROMETHEUS=http://127.0.0.1:9090

# Rules are good, and each alert has a test of when it fires and of when it does not.
rules_hold() {
	promtool check rules "$RULES"
	promtool test rules "${RULES%.yml}.test.yml"
	equal "$(sed -n 's/^ *- alert: //p' "$RULES" | sort)" \
		"$(sed -n 's/^ *alertname: //p' "${RULES%.yml}.test.yml" | sort)"
}

# The rules as they are, but nothing has to last: a minute's patience is tested by rules_hold.
prometheus_start() {
	sed '/^ *for: /d' "$RULES" >"$LAB_DIR/rules.yml"
	cat >"$LAB_DIR/prometheus.yml" <<-END
		global: {scrape_interval: 300ms, evaluation_interval: 300ms}
		rule_files: [rules.yml]
		scrape_configs:
		  - job_name: sipguard
		    static_configs: [{targets: ["$WATCH_AT"]}]
	END
	server_job prometheus prometheus --config.file "$LAB_DIR/prometheus.yml" \
		--storage.tsdb.path "$LAB_DIR/tsdb" --web.listen-address 127.0.0.1:9090
	becomes 1 value sipguard_up
}

# query EXPRESSION: the results, as JSON.
query() {
	lab_in server curl -sSf --max-time "$LAB_PATIENCE" --data-urlencode "query=$1" \
		"$PROMETHEUS/api/v1/query" | jq -c .data.result
}

value() {
	query "$1" | jq -r '.[0].value[1]'
}

firing() {
	query "ALERTS{alertstate=\"firing\",alertname=\"$1\"}" | jq -r '.[] | .metric.interface // "-"'
}

# All queries are answered; those of what is there, with something.
dashboard_asks_what_there_is() {
	local expression queries
	lab_in client bash -c "echo not SIP at all >/dev/udp/$LAB_SERVER4/5060"
	mapfile -t queries < <(jq -r '.panels[].targets[].expr' "$DASHBOARD")
	[[ ${#queries[@]} -ge 28 ]]
	for expression in "${queries[@]}"; do
		expression=${expression//\$__rate_interval/10s}
		expression=${expression//\$instance/.*}
		if [[ $expression == *"> 0" ]]; then
			query "$expression" >/dev/null
			expression=${expression% > 0}
		fi
		until_true some_result "$expression"
	done
}

some_result() {
	local result
	result=$(query "$1")
	[[ $result != "[]" ]] || {
		echo "nothing for $1"
		return 1
	}
}

alerts_fire() {
	equal "$(firing SipguardInterfaceLost)" ""
	sipguard ban 198.51.100.7 >/dev/null
	becomes 1 value sipguard_bans_sources
	ip -n "$LAB_NS_SERVER" link del "sg-$$p"
	becomes "sg-$$o" firing SipguardInterfaceLost
	sipguard detach --all >/dev/null
	becomes - firing SipguardNotGuarding
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	becomes "" firing SipguardNotGuarding
}

test_lab
ip -n "$LAB_NS_SERVER" link add name "sg-$$o" type veth peer name "sg-$$p"
echo "figures: yes" >"$LAB_DIR/figures.yaml"
sipguard attach "$LAB_IF_SERVER" "sg-$$o" --enforce --config "$LAB_DIR/figures.yaml" >/dev/null
watch_start
check "each alert fires when it should" rules_hold
check "Prometheus scrapes the guard" prometheus_start
check "each query of the dashboard finds something" dashboard_asks_what_there_is
check "an interface is lost, then the guard, and Prometheus says so" alerts_fire
end_job prometheus TERM >/dev/null
watch_stop
test_done
