// SPDX-License-Identifier: GPL-2.0-only
/*
 * One program on two CPUs at once: what they take from each other, by lines of memory that both
 * write.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "bench.h"
#include "object.h"

struct both {
	int program;
	enum message message;
	unsigned int repeat;
	unsigned int bursts;
	int other_cpu;
	unsigned int arrived; /* at the beginning of bursts, of both threads together */
	double ns[2];         /* of the burst that was last */
};

int bind_and_find_other(void)
{
	cpu_set_t mine;
	int here;

	if (sched_getaffinity(0, sizeof(mine), &mine))
		bench_die("The CPUs of the process cannot be told (%s).", strerror(errno));
	/* A thread that moves to another CPU finds cold caches there. */
	here = stay_on_this_cpu();
	if (here < 0)
		bench_die("The process cannot be bound to its CPU.");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (cpu != here && CPU_ISSET(cpu, &mine))
			return cpu;
	return -1;
}

/* Both begin within some nanoseconds: whom a scheduler has to wake would come too late. */
static void meet(struct both *both, unsigned int meeting)
{
	__atomic_add_fetch(&both->arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&both->arrived, __ATOMIC_ACQUIRE) < 2 * meeting)
		;
}

static void *run_other(void *argument)
{
	struct both *both = argument;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(both->other_cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set))
		bench_die("A thread cannot be bound to CPU %d.", both->other_cpu);
	for (unsigned int burst = 0; burst < both->bursts; burst++) {
		meet(both, 2 * burst + 1);
		both->ns[1] = program_run(both->program, both->message, 1, both->repeat);
		meet(both, 2 * burst + 2);
	}
	return NULL;
}

double program_run_both(int program, enum message message, unsigned int repeat,
			unsigned int bursts, int other_cpu)
{
	struct both both = {.program = program, .message = message, .repeat = repeat,
			    .bursts = bursts, .other_cpu = other_cpu};
	double least = INFINITY;
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_other, &both))
		bench_die("A thread cannot be started.");
	for (unsigned int burst = 0; burst < bursts; burst++) {
		meet(&both, 2 * burst + 1);
		both.ns[0] = program_run(program, message, 0, repeat);
		meet(&both, 2 * burst + 2);
		least = fmin(least, fmax(both.ns[0], both.ns[1]));
	}
	pthread_join(thread, NULL);
	return least;
}
