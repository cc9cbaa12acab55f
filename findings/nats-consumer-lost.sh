#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# nats-server 2.9.10 (Debian 12, 2.9.10-1+b3) with libnats 3.4.1 (3.4.1-1+b1): a pull consumer that
# lives in the memory of one server of three, whose server dies and comes back.
#
# A good guess: who fetches hears that his consumer is gone (no responders, or an error of JetStream)
# and makes another one; when the server is back, the consumer is not, since it was in memory.
# Seen: natsSubscription_Fetch() says Timeout, the same as where there is nothing to read, with no
# error of JetStream, for as long as the server is away. A request with a heartbeat is told by Missed
# Server Heartbeat. When the server is back so is the consumer, under its old name, and from its
# deliver policy on: all that was read is delivered a second time. So who reads needs heartbeats, and
# has to know what he has read.
#
# Output seen:
#   read 10; server killed: Fetch Timeout, with heartbeat Missed Server Heartbeat
#   server back: read 10, again from 1
#
# Needs root, apt, gcc, iproute2, jq and curl. The packages are unpacked in a temporary folder, and
# run in a network namespace of their own. Exit status: 0 as above, 1 if the behaviour has changed, 2
# if it could not be tried.
set -uo pipefail
WORK=$(mktemp -d)
NS=srv-find$$
cleanup() {
	# shellcheck disable=SC2046 # one argument for each process
	kill $(ip netns pids "$NS" 2>/dev/null) 2>/dev/null
	wait 2>/dev/null
	ip netns del "$NS" 2>/dev/null
	rm -rf --one-file-system "$WORK"
}
trap cleanup EXIT
cd "$WORK" || exit 2
if ! apt-get download nats-server=2.9.10-1+b3 {libnats-dev,libnats3.4}=3.4.1-1+b1 \
	libprotobuf-c1 >install.log 2>&1; then
	cat install.log
	exit 2
fi
for package in *.deb; do
	dpkg -x "$package" root || exit 2
done
export LD_LIBRARY_PATH=$WORK/root/usr/lib/x86_64-linux-gnu
cat >probe.c <<'END'
#include <nats/nats.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static natsSubscription *sub;
static unsigned long first;

static int read_all(void)
{
	natsMsgList list;
	int count = 0;

	while (natsSubscription_Fetch(&list, sub, 100, 1000, NULL) == NATS_OK) {
		for (int i = 0; i < list.Count; i++) {
			jsMsgMetaData *data;

			if (natsMsg_GetMetaData(&data, list.Msgs[i]) == NATS_OK) {
				if (!count++)
					first = data->Sequence.Stream;
				jsMsgMetaData_Destroy(data);
			}
		}
		natsMsgList_Destroy(&list);
	}
	return count;
}

static void wait_for(const char *file)
{
	while (access(file, F_OK))
		usleep(100000);
}

static const char *said(natsStatus status)
{
	return natsStatus_GetText(status);
}

int main(void)
{
	const char *servers[] = {"nats://127.0.0.1:4221", "nats://127.0.0.1:4222",
				 "nats://127.0.0.1:4223"}, *subject = "told.*";
	jsFetchRequest beat = {.Expires = 3000000000LL, .Batch = 10, .Heartbeat = 500000000LL};
	jsConsumerInfo *consumer = NULL;
	jsStreamConfig stream;
	natsConnection *nc;
	jsSubOptions sub_options;
	natsMsgList list;
	natsOptions *options;
	natsStatus fetch;
	FILE *file;
	jsCtx *js;
	int count;

	natsOptions_Create(&options);
	natsOptions_SetServers(options, servers, 3);
	natsOptions_SetMaxReconnect(options, -1);
	natsOptions_SetReconnectWait(options, 100);
	if (natsConnection_Connect(&nc, options) || natsConnection_JetStream(&js, nc, NULL))
		return 2;
	jsStreamConfig_Init(&stream);
	stream.Name = "TOLD";
	stream.Subjects = &subject;
	stream.SubjectsLen = 1;
	stream.Replicas = 3;
	if (js_AddStream(NULL, js, &stream, NULL, NULL))
		return 3;
	for (int i = 0; i < 10; i++) {
		if (js_Publish(NULL, js, "told.a", "x", 1, NULL, NULL))
			return 2;
	}
	jsSubOptions_Init(&sub_options);
	sub_options.Stream = "TOLD";
	sub_options.Config.AckPolicy = js_AckNone;
	sub_options.Config.MemoryStorage = true;
	sub_options.Config.Replicas = 1;
	sub_options.Config.InactiveThreshold = 600000000000LL;
	if (js_PullSubscribe(&sub, js, "told.*", NULL, NULL, &sub_options, NULL) ||
	    natsSubscription_GetConsumerInfo(&consumer, sub, NULL, NULL))
		return 2;
	count = read_all();
	file = fopen("leader.new", "w");
	fprintf(file, "%s", consumer->Cluster->Leader);
	fclose(file);
	rename("leader.new", "leader");
	wait_for("killed");
	sleep(3);
	fetch = natsSubscription_Fetch(&list, sub, 10, 1000, NULL);
	printf("read %d; server killed: Fetch %s, with heartbeat %s\n", count, said(fetch),
	       said(natsSubscription_FetchRequest(&list, sub, &beat)));
	fflush(stdout);
	fclose(fopen("asked", "w"));
	wait_for("back");
	for (int i = 0; i < 30 && !(count = read_all()); i++)
		;
	printf("server back: read %d, again from %lu\n", count, first);
	return 0;
}
END
if ! gcc -Wall -o probe probe.c -I root/usr/include -L "$LD_LIBRARY_PATH" -l:libnats.so.3.4 \
	>build.log 2>&1; then
	cat build.log
	exit 2
fi
ip netns add "$NS" || exit 2
ip -n "$NS" link set lo up
start() {
	cat >"s$1.conf" <<END
server_name: s$1
listen: "127.0.0.1:422$1"
http: "127.0.0.1:822$1"
jetstream {store_dir: "$WORK/store$1"}
cluster {name: c, listen: "127.0.0.1:622$1",
	routes: ["nats://127.0.0.1:6221", "nats://127.0.0.1:6222", "nats://127.0.0.1:6223"]}
END
	ip netns exec "$NS" root/usr/sbin/nats-server -c "s$1.conf" -l "s$1.log" >/dev/null 2>&1 &
	pid[$1]=$!
	disown
}
pid=()
for i in 1 2 3; do
	start "$i"
done
ready() {
	ip netns exec "$NS" curl -s http://127.0.0.1:8221/jsz | jq -e '.meta_cluster.leader' >/dev/null
}
for _ in {1..200}; do
	! ready || break
	sleep 0.1
done
sleep 2
ip netns exec "$NS" ./probe >seen &
probe=$!
for _ in {1..600}; do
	[[ ! -e leader ]] || break
	kill -0 $probe 2>/dev/null || exit 2
	sleep 0.1
done
number=$(tr -dc 0-9 <leader)
kill -KILL "${pid[$number]}" || exit 2
touch killed
for _ in {1..600}; do
	[[ ! -e asked ]] || break
	sleep 0.1
done
start "$number"
touch back
wait $probe || exit 2
cat seen
diff seen - <<'END' || { echo "the behaviour has changed"; exit 1; }
read 10; server killed: Fetch Timeout, with heartbeat Missed Server Heartbeat
server back: read 10, again from 1
END
