# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A real browser (Chromium, without a window) on the network of the lab's server, driven by the
# DevTools protocol through a pipe: messages of JSON, each ended by a NUL. Source watch.sh first.

BROWSER_SESSION=
BROWSER_PID=

browser_start() {
	mkdir -p "$LAB_DIR/browser"
	mkfifo "$LAB_DIR/browser/to" "$LAB_DIR/browser/from"
	# Its own sandbox needs a user that is not root; what it is shown is ours alone.
	HOME=$LAB_DIR/browser nsenter --net="/run/netns/$LAB_NS_SERVER" -- chromium --headless \
		--no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--user-data-dir="$LAB_DIR/browser/profile" --remote-debugging-pipe about:blank \
		3<"$LAB_DIR/browser/to" 4>"$LAB_DIR/browser/from" >"$LAB_DIR/browser/log" 2>&1 &
	BROWSER_PID=$!
	exec {BROWSER_TO}>"$LAB_DIR/browser/to" {BROWSER_FROM}<"$LAB_DIR/browser/from"
	browser_attach
}

browser_attach() {
	local target
	target=$(browser Target.createTarget '{"url": "about:blank"}' | jq -r .targetId)
	BROWSER_SESSION=$(browser Target.attachToTarget \
		"{\"targetId\": \"$target\", \"flatten\": true}" | jq -r .sessionId)
}

browser_stop() {
	browser Browser.close '{}' >/dev/null
	wait "$BROWSER_PID" || true
}

# browser METHOD PARAMETERS: its result, as JSON.
browser() {
	local id=$((RANDOM * 32768 + RANDOM)) said end=$((SECONDS + LAB_PATIENCE))
	jq -cnj --argjson id "$id" --arg method "$1" --argjson params "$2" --arg session \
		"$BROWSER_SESSION" '{$id, $method, $params} + if $session == "" then {} else
		{sessionId: $session} end' >&"$BROWSER_TO"
	printf '\0' >&"$BROWSER_TO"
	while [[ $SECONDS -lt $end ]] && IFS= read -r -t "$LAB_PATIENCE" -d '' said <&"$BROWSER_FROM"
	do
		[[ $said == "{\"id\":$id,"* ]] || continue
		jq -ce '.result // (.error | halt_error)' <<<"$said"
		return
	done
	echo "the browser does not answer $1" >&2
	return 1
}

# evaluate EXPRESSION: what it is in the page, as JSON.
evaluate() {
	browser Runtime.evaluate "$(jq -cn --arg expression "$1" '{$expression, returnByValue: true,
		awaitPromise: true}')" | jq -c .result.value
}

# picture FILE WIDTH HEIGHT light|dark
picture() {
	browser Emulation.setDeviceMetricsOverride "{\"width\": $2, \"height\": $3,
		\"deviceScaleFactor\": 1, \"mobile\": false}" >/dev/null
	browser Emulation.setEmulatedMedia "{\"features\": [{\"name\": \"prefers-color-scheme\",
		\"value\": \"$4\"}]}" >/dev/null
	sleep 0.5 # it is drawn anew
	browser Page.captureScreenshot '{"captureBeyondViewport": true}' | jq -r .data |
		base64 -d >"$1"
}
