#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What linters say of the recipe of the image and of the manifests, where no engine runs them. Those
# of npm are fetched once, into build/package/. The types of the Kubernetes API know every field: one
# that they do not know is a mistake, as is a value of another type. Its schemas know formats and
# what has to be there, and a few lines here what the API server looks at beyond both: names that
# have to be those of something else. (pod.sh runs what is in them.)

# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # the checks are called by name

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=lib.sh
source tests/package/lib.sh

CACHE=${BUILD:-build}/package/npm
SIPGUARD=${BUILD:-build}/sipguard
IMAGE=tools/container/Containerfile
DAEMONSET=tools/container/daemonset.yaml
CONFIGMAP=tools/container/configmap.yaml
FAILED=0
SUITE=container

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

# KIND FILE: as a value of the type that it has to have, and by the schema of that.
is_of_the_api() {
	node - "$@" >"$CACHE/manifest.ts" <<-'EOF' && "$CACHE/node_modules/.bin/tsc" --noEmit --strict \
		--skipLibCheck --module node16 --moduleResolution node16 "$CACHE/manifest.ts"
		const [kind, file] = process.argv.slice(2);
		const modules = process.cwd() + '/' + process.env.CACHE + '/node_modules/';
		const yaml = require(modules + 'js-yaml');
		const it = yaml.load(require('fs').readFileSync(file, 'utf8'));
		const from = 'kubernetes-models/' + it.apiVersion;
		const json = JSON.stringify(it, null, 1);
		new (require(modules + from)[kind])(it).validate();
		console.log(`import {I${kind}} from '${from}';\nexport const it: I${kind} = ${json};`);
	EOF
}

# FILE: mounts are of volumes that are there, each of which is mounted; the selector selects.
is_whole() {
	node - "$1" "$CONFIGMAP" <<-'EOF'
		const yaml = require(process.cwd() + '/' + process.env.CACHE + '/node_modules/js-yaml');
		const [it, map] = process.argv.slice(2).map(
			file => yaml.load(require('fs').readFileSync(file, 'utf8')));
		const assert = require('assert');
		const {spec, metadata} = it.spec.template;
		const volumes = spec.volumes.map(volume => volume.name).sort();
		const containers = [...spec.initContainers, ...spec.containers];
		const mounted = containers.flatMap(c => c.volumeMounts.map(mount => mount.name));
		assert.deepStrictEqual([...new Set(mounted)].sort(), volumes);
		assert.deepStrictEqual(it.spec.selector.matchLabels, metadata.labels);
		assert.strictEqual(new Set(containers.map(c => c.name)).size, containers.length);
		assert.strictEqual(it.metadata.namespace, map.metadata.namespace);
		assert(spec.volumes.some(v => v.configMap && v.configMap.name === map.metadata.name));
	EOF
}

# The fleet taken out by the line that the manifest says, with nothing of it left.
is_whole_alone() {
	local line
	line=$(sed -n "s/^# *\(sed '.*' daemonset.yaml\) | kubectl.*/\1/p" "$DAEMONSET")
	[[ -n $line ]]
	(cd tools/container && bash -c "$line") >"$CACHE/alone.yaml"
	is_of_the_api DaemonSet "$CACHE/alone.yaml"
	is_whole "$CACHE/alone.yaml"
	! grep -q 'args: \[fleet' "$CACHE/alone.yaml"
}

# What the nodes are told is what the command takes, as far as it can be tried alone.
configuration_is_read() {
	local key
	for key in sipguard.yaml fleet.yaml; do
		node -e 'const fs = require("fs"), yaml = require("./" + process.env.CACHE +
			"/node_modules/js-yaml"); process.stdout.write(yaml.load(
			fs.readFileSync(process.argv[1], "utf8")).data[process.argv[2]])' \
			"$CONFIGMAP" "$key" >"$CACHE/$key"
	done
	"$SIPGUARD" check-config "$CACHE/sipguard.yaml"
	# The command wants the files of the secret to be there.
	mkdir -p "$CACHE/secret"
	grep -o '/run/secrets/sipguard/[a-z.-]*' "$CACHE/fleet.yaml" |
		while read -r file; do
			echo secret >"$CACHE/secret/${file##*/}"
		done
	sed -i "s|/run/secrets/sipguard/|$CACHE/secret/|" "$CACHE/fleet.yaml"
	SIPGUARD_MEMBER=edge1.example.com "$SIPGUARD" fleet check --config "$CACHE/fleet.yaml"
}

# The linters themselves: none of these passes.
mistakes_are_found() {
	local mistake
	for mistake in 's/readOnlyRootFilesystem/readOnlyRootFolder/' 's/runAsUser: 0/runAsUser: root/' \
		's/^kind: DaemonSet/&\nstatus: {}/'; do
		sed "$mistake" "$DAEMONSET" >"$CACHE/wrong.yaml"
		! is_of_the_api DaemonSet "$CACHE/wrong.yaml" >/dev/null 2>&1 || { echo "$mistake"; return 1; }
	done
	sed 's/name: secret, mountPath/name: secrets, mountPath/' "$DAEMONSET" >"$CACHE/wrong.yaml"
	! is_whole "$CACHE/wrong.yaml" >/dev/null 2>&1
}

export CACHE
mkdir -p "$(dirname "$CACHE")"
[[ -d $CACHE ]] || fetch
check "the recipe of the image" "$CACHE/node_modules/.bin/dockerfilelint" "$IMAGE"
check "the manifests are YAML" yamllint -s -d '{extends: default, rules: {line-length: {max: 100}}}' \
	"$DAEMONSET" "$CONFIGMAP"
check "the DaemonSet is of the Kubernetes API" is_of_the_api DaemonSet "$DAEMONSET"
check "its parts belong together" is_whole "$DAEMONSET"
check "without the fleet it is whole, too" is_whole_alone
check "the ConfigMap is of the Kubernetes API" is_of_the_api ConfigMap "$CONFIGMAP"
check "what is in it is what the command reads" configuration_is_read
check "wrong manifests are found" mistakes_are_found
exit "$FAILED"
