/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sipguard-flood: a SIP flood generator with an honest probe. It lets the kernel make copies of one
 * frame (BPF_PROG_RUN with live frames) and has a BPF program turn each into a different request;
 * here that program is set up, run until the end, and its counters are reported.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>
#include "flood.h"
#include "flood.skel.h"

/* More than any host here sends in a second; only sizes the table of probes. */
#define FLAT_OUT_AT_MOST 5e6
#define PROBES_AT_MOST   (4U << 20)

/* A stranger's copy waits no longer than this for its place, on average. */
#define RETRANSMISSIONS_AT_LEAST 1000.0

/* Time lost to other tasks on a busy host is made good up to this much. */
#define CATCH_UP_SECONDS 0.1

/*
 * Frames for which the clock is read once. Above some rate it is read for half of those that the
 * kernel hands on at once (FLOOD_BULK).
 */
#define STRIDE_FLAT_OUT 64
#define STRIDE_PACED    8
#define PACED_SINGLY    2.5e6

/* In one call: its set-up takes about 35 ms, so there is one call for the whole run. */
#define FRAMES_A_CALL 0x7fffffff

struct run {
	struct flood_options options;
	struct flood_netif netif;
	struct flood_bpf *bpf;
	struct bpf_link *link;
	struct bpf_link *ring;   /* what tells that it was full */
	uint64_t accepted;
	struct flood_caller *probes;
	struct flood_caller *strangers;
	uint32_t probe_max;
	uint32_t stranger_max;
	pthread_t sender;
	bool finished;
};

static volatile sig_atomic_t stopped;

int flood_fail(const char *format, ...)
{
	va_list args;

	fputs("sipguard-flood: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}

static void on_stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void on_wake(int signal)
{
	(void)signal;
}

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN && getenv("SIPGUARD_FLOOD_DEBUG") ?
	       vfprintf(stderr, format, args) : 0;
}

static bool flood_wanted(const struct flood_options *options)
{
	return !options->rate_given || options->rate > 0;
}

static uint32_t size_probe_table(const struct flood_options *options)
{
	double rate = options->rate_given ? options->rate : FLAT_OUT_AT_MOST, probes;

	if (!options->probe.family)
		return 1;
	probes = options->probe_rate ? options->probe_rate : rate / options->probe_every;
	probes = probes * options->seconds * 1.5 + 1024;
	return probes > PROBES_AT_MOST ? PROBES_AT_MOST : probes;
}

static uint32_t size_stranger_table(const struct flood_options *options)
{
	double strangers = options->stranger_rate * options->seconds * 1.5 + 1024;

	if (!options->stranger.family)
		return 1;
	return strangers > PROBES_AT_MOST ? PROBES_AT_MOST : strangers;
}

static void configure_source(const struct flood_options *options, struct flood_config *config)
{
	unsigned int bits = options->dst.family == AF_INET6 ? 128 : 32;
	unsigned int free_bits = bits - options->prefix_len;

	config->source = flood_addr_of(&options->source);
	config->sources = options->random_source ? 1 : options->sources;
	config->sport = options->sport;
	if (!options->random_source)
		return;
	config->random_mask.lo = free_bits >= 64 ? ~0ULL : (1ULL << free_bits) - 1;
	if (free_bits > 64)
		config->random_mask.hi = free_bits >= 128 ? ~0ULL : (1ULL << (free_bits - 64)) - 1;
}

static void configure_pace(const struct flood_options *options, struct flood_config *config)
{
	config->flood_on = flood_wanted(options);
	config->duration = options->seconds * 1e9;
	config->count = options->count;
	config->stride = options->rate_given ? 1 : STRIDE_FLAT_OUT;
	if (options->rate_given && options->rate > 0) {
		config->interval = 1e9 / options->rate * (1 << FLOOD_RATE_SHIFT);
		config->window = (uint64_t)(CATCH_UP_SECONDS * 1e9) << FLOOD_RATE_SHIFT;
		config->queue_window = config->interval * options->queue;
		config->burst_window = FLOOD_FAST(config->interval) * options->burst;
		if (options->rate > PACED_SINGLY)
			config->stride = STRIDE_PACED;
	}
}

static void configure_often(const struct run *run, enum flood_kind kind, double rate)
{
	const struct flood_options *options = &run->options;
	struct flood_config *config = (struct flood_config *)&run->bpf->rodata->config;
	double odds;

	if (!options->rate_given) {
		config->often[kind].share = rate * 4.294967296 * (1 << FLOOD_RATE_SHIFT);
	} else if (options->rate > 0) {
		odds = rate / options->rate;
		run->bpf->bss->tx.odds[kind] = 4294967296.0 * (odds < 0.25 ? odds : 0.25);
	} else {
		config->often[kind].interval = 1e9 / rate;
	}
}

static void configure_probes(const struct run *run, struct flood_config *config)
{
	const struct flood_options *options = &run->options;

	if (!options->probe.family)
		return;
	config->probe_source = flood_addr_of(&options->probe);
	config->probe_sources = options->probe_sources;
	config->probe_port = options->probe_port;
	config->probe_ports = options->probe_ports;
	config->from_probes = options->from_probes / 100 * 4294967296.0;
	config->probe_max = run->probe_max;
	if (options->probe_rate)
		configure_often(run, FLOOD_PROBES, options->probe_rate);
	else
		run->bpf->bss->tx.odds[FLOOD_PROBES] = 4294967296.0 / options->probe_every;
}

static void configure_strangers(const struct run *run, struct flood_config *config)
{
	const struct flood_options *options = &run->options;
	double retries = 2 * FLOOD_RETRIES * options->stranger_rate;

	if (!options->stranger.family)
		return;
	config->stranger_source = flood_addr_of(&options->stranger);
	config->stranger_port = options->stranger_port;
	config->stranger_max = run->stranger_max;
	config->births_end = (options->seconds - FLOOD_STRANGER_LIFE) * 1e9;
	configure_often(run, FLOOD_BIRTHS, options->stranger_rate);
	configure_often(run, FLOOD_RETRANSMISSIONS,
			retries > RETRANSMISSIONS_AT_LEAST ? retries : RETRANSMISSIONS_AT_LEAST);
}

static int build_callers(const struct run *run, struct flood_config *config,
			 struct flood_spec *spec)
{
	const struct flood_options *options = &run->options;

	spec->method = "OPTIONS";
	spec->garbage = false;
	spec->malformed = false;
	spec->mark = FLOOD_MARK_PROBE;
	spec->size = 0;
	spec->sport = options->probe_port;
	spec->via = options->probe.family ? options->probe : options->dst;
	if (flood_frame_build(spec, run->bpf->bss->probe_frame, &config->probe))
		return -1;

	spec->method = options->stranger_method;
	spec->mark = FLOOD_MARK_STRANGER;
	spec->sport = options->stranger_port;
	spec->via = options->stranger.family ? options->stranger : options->dst;
	return flood_frame_build(spec, run->bpf->bss->stranger_frame, &config->stranger);
}

static int build_frames(const struct run *run, struct flood_config *config)
{
	const struct flood_options *options = &run->options;
	uint32_t longest;
	struct flood_spec spec = {
		.method = options->method,
		.garbage = options->garbage,
		.malformed = options->malformed,
		.mark = FLOOD_MARK_FLOOD,
		.size = options->size,
		.sport = options->sport,
		.dport = options->port,
		.dst = options->dst,
		.via = options->source.family ? options->source :
		       options->probe.family ? options->probe : options->dst,
	};

	memcpy(spec.src_mac, run->netif.mac, 6);
	memcpy(spec.dst_mac, options->dst_mac, 6);
	if (flood_frame_build(&spec, run->bpf->bss->flood_frame, &config->flood) ||
	    build_callers(run, config, &spec))
		return -1;
	longest = config->flood.len > config->probe.len ? config->flood.len : config->probe.len;
	if (config->stranger.len > longest)
		longest = config->stranger.len;
	if (longest > run->netif.mtu + 14)
		return flood_fail("frames of %u bytes do not fit the MTU of %s, %u: give a smaller "
				  "--size, or both ends a larger MTU", longest, run->netif.name,
				  run->netif.mtu);
	return 0;
}

static int configure(struct run *run)
{
	const struct flood_options *options = &run->options;
	struct flood_config *config = (struct flood_config *)&run->bpf->rodata->config;
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed) ||
	    getrandom(&config->key, sizeof(config->key), 0) != sizeof(config->key))
		return flood_fail("the kernel gives no random numbers: %s", strerror(errno));
	srandom(seed);
	run->bpf->bss->tx.random = seed;
	run->probe_max = size_probe_table(options);
	run->stranger_max = size_stranger_table(options);
	config->family = options->dst.family == AF_INET6 ? 6 : 4;
	config->ifindex = run->netif.index;
	config->port = options->port;
	configure_source(options, config);
	configure_pace(options, config);
	configure_probes(run, config);
	configure_strangers(run, config);
	return build_frames(run, config);
}

static struct flood_caller *map_callers(const struct bpf_map *map, uint32_t callers)
{
	void *memory = mmap(NULL, callers * sizeof(struct flood_caller), PROT_READ, MAP_SHARED,
			    bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int load(struct run *run)
{
	int err;

	libbpf_set_print(print_libbpf);
	run->bpf = flood_bpf__open();
	if (!run->bpf)
		return flood_fail("cannot read its own BPF object: %s", strerror(errno));
	if (configure(run))
		return -1;
	bpf_map__set_max_entries(run->bpf->maps.probes, run->probe_max);
	bpf_map__set_max_entries(run->bpf->maps.strangers, run->stranger_max);
	bpf_program__set_autoload(run->bpf->progs.watch_ring, run->options.queue > 0);
	err = flood_bpf__load(run->bpf);
	if (err)
		return flood_fail("the kernel does not load the generator's BPF programs (%s): run "
				  "as root on a kernel of 5.18 or newer; SIPGUARD_FLOOD_DEBUG=1 "
				  "shows why", strerror(-err));
	run->link = bpf_program__attach_xdp(run->bpf->progs.take_answers, run->netif.index);
	if (!run->link)
		return flood_fail("cannot attach to %s (%s): it must have no XDP program yet, and "
				  "an MTU of at most 3400", run->netif.name, strerror(errno));
	if (run->options.queue)
		run->ring = bpf_program__attach(run->bpf->progs.watch_ring);
	if (run->options.queue && !run->ring)
		return flood_fail("cannot watch the interface's ring (%s): the kernel needs BTF "
				  "(CONFIG_DEBUG_INFO_BTF)", strerror(errno));
	run->probes = map_callers(run->bpf->maps.probes, run->probe_max);
	run->strangers = map_callers(run->bpf->maps.strangers, run->stranger_max);
	if (!run->probes || !run->strangers)
		return flood_fail("cannot map the tables of probes and strangers: %s",
				  strerror(errno));
	return 0;
}

/*
 * The call that sends only ends by itself after FRAMES_A_CALL frames, or by a signal to its thread.
 * The signal is repeated: one that comes before the call begins would be lost.
 */
static void *watch(void *arg)
{
	struct run *run = arg;
	struct flood_tx *tx = &run->bpf->bss->tx;

	while (!__atomic_load_n(&run->finished, __ATOMIC_ACQUIRE)) {
		if (stopped)
			__atomic_store_n(&tx->done, 1, __ATOMIC_RELAXED);
		if (__atomic_load_n(&tx->done, __ATOMIC_RELAXED))
			pthread_kill(run->sender, SIGUSR1);
		usleep(2000);
	}
	return NULL;
}

static int send_until_done(struct run *run)
{
	/* restore_flood puts the whole frame in place, so what a page starts with is no matter. */
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		.data_in = run->bpf->bss->flood_frame,
		.data_size_in = run->bpf->rodata->config.flood.len,
		.repeat = FRAMES_A_CALL,
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		.batch_size = run->options.batch,
	);
	int fd = bpf_program__fd(run->bpf->progs.send_flood), err;

	while (!__atomic_load_n(&run->bpf->bss->tx.done, __ATOMIC_RELAXED)) {
		err = bpf_prog_test_run_opts(fd, &opts);
		if (err && err != -EINTR)
			return flood_fail("the kernel refuses to send live frames (%s): this needs "
					  "a kernel of 5.18 or newer", strerror(-err));
	}
	return 0;
}

static int pin_to_cpu(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return flood_fail("cannot run on CPU %d (%s): give one that is online", cpu,
				  strerror(errno));
	return 0;
}

static void handle_signals(void)
{
	struct sigaction stop = { .sa_handler = on_stop }, wake = { .sa_handler = on_wake };

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGUSR1, &wake, NULL);
}

static int send_flood(struct run *run)
{
	pthread_t watcher;
	uint64_t before;
	int err;

	if (flood_netif_accepted(&run->netif, &before))
		return -1;
	run->sender = pthread_self();
	handle_signals();
	/* Before pinning, so that the watcher is not tied to the CPU it has to stop. */
	err = pthread_create(&watcher, NULL, watch, run);
	if (err)
		return flood_fail("cannot start a thread: %s", strerror(err));
	err = pin_to_cpu(run->options.cpu);
	if (!err)
		err = send_until_done(run);
	__atomic_store_n(&run->finished, true, __ATOMIC_RELEASE);
	pthread_join(watcher, NULL);
	if (err || flood_netif_accepted(&run->netif, &run->accepted))
		return -1;
	run->accepted -= before;
	return 0;
}

static void wait_for_answers(const struct run *run)
{
	const struct flood_tx *tx = &run->bpf->bss->tx;
	const volatile struct flood_rx *rx = &run->bpf->bss->rx;

	for (double left = run->options.drain; left > 0; left -= 0.01) {
		if (rx->probe_answers >= tx->probes && rx->stranger_answers >= tx->strangers)
			return;
		usleep(10000);
	}
}

static int finish(const struct run *run)
{
	const struct flood_tx *tx = &run->bpf->bss->tx;
	struct flood_results results = {
		.tx = tx, .rx = &run->bpf->bss->rx, .probes = run->probes,
		.strangers = run->strangers, .accepted = run->accepted,
	};

	if (flood_report(&results, run->options.json))
		return -1;
	if (tx->probes_exhausted)
		flood_fail("the table of probes was full after %u: the later ones are missing, "
			   "send fewer or for a shorter time", run->probe_max);
	if (tx->strangers_exhausted)
		flood_fail("the table of strangers was full after %u: the later ones are missing, "
			   "send fewer or for a shorter time", run->stranger_max);
	if (tx->flood + tx->probes + tx->strangers && !run->accepted)
		return flood_fail("the other end of %s took no frame at all: attach an XDP program "
				  "there, or turn GRO on with 'ethtool -K PEER gro on'",
				  run->netif.name);
	return 0;
}

static int flood(struct run *run)
{
	struct flood_options *options = &run->options;

	if (flood_netif_open(&run->netif, options->dev))
		return -1;
	if (!options->dst_mac_given &&
	    flood_netif_resolve(&run->netif, &options->dst, options->dst_mac))
		return -1;
	if (load(run) || send_flood(run))
		return -1;
	wait_for_answers(run);
	return finish(run);
}

int main(int argc, char **argv)
{
	struct run run = {};
	int err = flood_options_parse(argc, argv, &run.options);

	if (err)
		return err > 0 ? 0 : 2;
	err = flood(&run);
	bpf_link__destroy(run.ring);
	bpf_link__destroy(run.link);
	flood_bpf__destroy(run.bpf);
	return err ? 1 : 0;
}
