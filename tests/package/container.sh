#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What linters say of the recipe of the image and of the manifest, where no engine runs them. Those
# of npm are fetched once, into build/package/. The types of the Kubernetes API know every field: one
# that they do not know is a mistake, as is a value of another type.

# shellcheck disable=SC2317 # the checks are called by name

set -euo pipefail
cd "$(dirname "$0")/../.."

CACHE=${BUILD:-build}/package/npm
IMAGE=tools/container/Containerfile
MANIFEST=tools/container/daemonset.yaml
FAILED=0

fetch() {
	local new
	new=$(mktemp -d "$CACHE.XXXXXX")
	npm install --prefix "$new" --no-audit --no-fund --ignore-scripts dockerfilelint@1.8.0 \
		kubernetes-models@4 js-yaml@4 typescript@5 >"$CACHE.log" 2>&1 || {
		rm -rf "$new"
		echo "not ok - container: npm could not fetch the linters; see $CACHE.log"
		exit 1
	}
	mv "$new" "$CACHE"
}

check() { # WHAT CMD...
	local what=$1 out
	shift
	if out=$("$@" 2>&1); then
		echo "ok - container: $what"
	else
		FAILED=1
		echo "not ok - container: $what"
		printf '#   %s\n' "${out//$'\n'/$'\n#   '}"
	fi
}

# FILE: as a value of the type that its kind has.
manifest_is_typed() {
	node - "$1" >"$CACHE/manifest.ts" <<-'EOF'
		const yaml = require(process.cwd() + '/' + process.env.CACHE + '/node_modules/js-yaml');
		const text = require('fs').readFileSync(process.argv[2], 'utf8');
		console.log("import {IDaemonSet} from 'kubernetes-models/apps/v1';");
		console.log('export const it: IDaemonSet = ' + JSON.stringify(yaml.load(text), null, 1) + ';');
	EOF
	"$CACHE/node_modules/.bin/tsc" --noEmit --strict --skipLibCheck --module node16 \
		--moduleResolution node16 "$CACHE/manifest.ts"
}

# The linter itself: an unknown field does not pass.
mistake_is_found() {
	sed 's/readOnlyRootFilesystem/readOnlyRootFolder/' "$MANIFEST" >"$CACHE/wrong.yaml"
	! manifest_is_typed "$CACHE/wrong.yaml" >/dev/null
}

export CACHE
mkdir -p "$(dirname "$CACHE")"
[[ -d $CACHE ]] || fetch
check "the recipe of the image" "$CACHE/node_modules/.bin/dockerfilelint" "$IMAGE"
check "the manifest is YAML" yamllint -s -d '{extends: default, rules: {line-length: {max: 100}}}' \
	"$MANIFEST"
check "the manifest is of the Kubernetes API" manifest_is_typed "$MANIFEST"
check "a wrong manifest is found" mistake_is_found
exit "$FAILED"
