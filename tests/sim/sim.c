/*
 * sim -- five devices, two hubs that lie, one seed.
 *
 *	sim [--seeds A..B] [--steps N] [--jobs N]	many runs
 *	sim --seed N [--steps N] [--verbose]		one, step by step
 *	sim --cases					the named cases alone
 *	sim --case PART [--verbose]			those named so
 *
 * The program's own code runs in one process; what it cannot choose itself
 * (time, randomness, waiting, when it is killed) follows from the seed, so a
 * run that fails is repeated exactly by its number.  In every fourth run the
 * hubs are honest: then there may be no alarm at all.
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fieldkit/vault.h"
#include "sync/base/file.h"
#include "sync/base/secret.h"
#include "tests/sim/cases.h"
#include "tests/sim/world.h"

#ifdef SANITIZED
#define SEEDS 20
#else
#define SEEDS 100
#endif
#define STEPS 200
#define ROUNDS 3
#define AGAIN 4			/* seeds that are run twice */
#define JOBS_MAX 64

struct options {
	uint64_t	first, last;
	unsigned	steps, jobs;
	bool		verbose, cases;
	const char	*only;
};

struct result {			/* of some seeds */
	unsigned	runs, failed, again, same, settled_in[ROUNDS + 1];
	struct tally	tally;
};

static uint8_t *masters[DEVICES];

static void
add_tally(struct tally *to, const struct tally *t)
{
	unsigned *a = (unsigned *)to;
	const unsigned *b = (const unsigned *)t;

	for (size_t i = 0; i < sizeof *t / sizeof *a; i++)
		a[i] += b[i];
}

/* True if all was as it must be. */
static bool
run_seed(const struct options *o, uint64_t seed, struct result *r,
    struct hash *traced)
{
	static struct world w;
	fault f = world_begin(&w, seed, masters);

	w.verbose = o->verbose;
	if (f != NULL)
		wrong(&w, "%s", f->text);
	if (f == NULL) {
		world_run(&w, o->steps, seed % 4 != 0);
		world_converge(&w, ROUNDS);
	}
	world_end(&w);
	*traced = w.traced;
	r->runs++;
	if (w.tally.rounds <= ROUNDS)
		r->settled_in[w.tally.rounds]++;
	add_tally(&r->tally, &w.tally);
	if (w.wrong[0] == '\0')
		return true;
	r->failed++;
	printf("# seed %llu: %s\n# again: --seed %llu --steps %u --verbose\n",
	    (unsigned long long)seed, w.wrong, (unsigned long long)seed,
	    o->steps);
	fflush(stdout);
	return false;
}

/* The same seed once more: is it the same to the last commit? */
static void
run_again(const struct options *o, uint64_t seed, const struct hash *before,
    struct result *r)
{
	struct result other = { 0 };
	struct hash traced;

	(void)run_seed(o, seed, &other, &traced);
	r->again++;
	r->same += hash_eq(&traced, before);
}

static struct result
run_share(const struct options *o, unsigned job, unsigned jobs)
{
	struct result r = { 0 };
	struct hash traced;
	char dir[32];

	/* Each in a folder of its own, with the one image. */
	snprintf(dir, sizeof dir, "job%u", job);
	if (file_mkdir(dir, 0700) != NULL || chdir(dir) != 0 ||
	    symlink("../image", "image") != 0) {
		r.failed = 1;
		return r;
	}
	for (uint64_t s = o->first + job; s <= o->last; s += jobs) {
		(void)run_seed(o, s, &r, &traced);
		if (s < o->first + AGAIN)
			run_again(o, s, &traced, &r);
	}
	if (chdir("..") != 0)
		r.failed++;
	return r;
}

static void
add_result(struct result *all, const struct result *one)
{
	all->runs += one->runs;
	all->failed += one->failed;
	all->again += one->again;
	all->same += one->same;
	for (int i = 0; i <= ROUNDS; i++)
		all->settled_in[i] += one->settled_in[i];
	add_tally(&all->tally, &one->tally);
}

struct job {
	pid_t		child;
	int		end;		/* of a pipe, for its result */
};

/* A child that runs its share and sends what came of it. */
static struct job
start_job(const struct options *o, unsigned job)
{
	struct job s;
	struct result one;
	int ends[2];

	if (pipe(ends) != 0)
		exit(1);
	fflush(stdout);
	if ((s.child = fork()) == 0) {
		one = run_share(o, job, o->jobs);
		_exit(write(ends[1], &one, sizeof one) != sizeof one);
	}
	close(ends[1]);
	s.end = ends[0];
	return s;
}

static struct result
end_job(const struct job *s)
{
	struct result one;
	int status;
	bool whole = read(s->end, &one, sizeof one) == sizeof one;

	close(s->end);
	if (waitpid(s->child, &status, 0) == s->child && whole)
		return one;
	printf("# a job did not come to its end: status %d\n", status);
	return (struct result){ .runs = 0, .failed = 1 };
}

static struct result
run_all(const struct options *o)
{
	struct result all = { 0 }, one;
	struct job list[JOBS_MAX];

	for (unsigned j = 0; j < o->jobs; j++)
		list[j] = start_job(o, j);
	for (unsigned j = 0; j < o->jobs; j++) {
		one = end_job(&list[j]);
		add_result(&all, &one);
	}
	return all;
}

/* In a child beside the runs, in a folder of its own. */
static pid_t
start_cases(const struct options *o)
{
	pid_t child;

	fflush(stdout);
	if ((child = fork()) != 0)
		return child;
	if (file_mkdir("cases", 0700) != NULL || chdir("cases") != 0 ||
	    symlink("../image", "image") != 0 ||
	    freopen("../cases.out", "w", stdout) == NULL)
		_exit(1);
	cases_run(masters, o->only, o->verbose);
	fflush(stdout);
	_exit(0);
}

static void
end_cases(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || status != 0 ||
	    !tap_take("cases.out"))
		tap(false, "the cases ran to their end");
}

static void
report(const struct options *o, const struct result *r)
{
	const struct tally *t = &r->tally;
	uint64_t n = o->last - o->first + 1;

	tap(r->failed == 0 && r->runs == n, "in %u runs of %u steps nothing "
	    "was lost, forged or taken back, and all agreed within %d honest "
	    "rounds", r->runs, o->steps, ROUNDS);
	tap(r->again > 0 && r->same == r->again, "%u runs were repeated to the "
	    "last commit", r->same);
	printf("# campaign: %u steps, %u saves, %u syncs, %u merges, %u "
	    "killed, %u lies, %u alarms (%u of them foretold), %u audits, %u "
	    "fscks; settled in 1/2/3 rounds: %u/%u/%u\n", t->steps, t->saves,
	    t->syncs, t->merges, t->crashes, t->lies, t->alarms, t->expected,
	    t->audits, t->fscks, r->settled_in[1], r->settled_in[2],
	    r->settled_in[3]);
}

static struct options
read_options(int argc, char **argv)
{
	struct options o = { .first = 1, .last = SEEDS, .steps = STEPS };
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	char *dots;

	o.jobs = cores < 1 ? 1 : cores > JOBS_MAX ? JOBS_MAX : (unsigned)cores;
	for (int i = 1; i < argc; i++) {
		const char *v = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--verbose") == 0)
			o.verbose = true;
		else if (strcmp(argv[i], "--cases") == 0)
			o.cases = true;
		else if (strcmp(argv[i], "--case") == 0) {
			o.cases = true;
			o.only = v;
		} else if (strcmp(argv[i], "--steps") == 0)
			o.steps = (unsigned)strtoul(v, NULL, 10);
		else if (strcmp(argv[i], "--jobs") == 0)
			o.jobs = (unsigned)strtoul(v, NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0)
			o.first = o.last = strtoull(v, NULL, 10);
		else if (strcmp(argv[i], "--seeds") == 0 &&
		    (dots = strstr(argv[i + 1], "..")) != NULL) {
			o.first = strtoull(v, NULL, 10);
			o.last = strtoull(dots + 2, NULL, 10);
		}
	}
	if (o.jobs < 1 || o.jobs > JOBS_MAX)
		o.jobs = 1;
	return o;
}

static void
run(const struct options *o)
{
	struct result all = { 0 };
	struct hash traced;
	pid_t cases;

	if (o->cases) {
		cases_run(masters, o->only, o->verbose);
	} else if (o->first == o->last && o->verbose) {
		tap(run_seed(o, o->first, &all, &traced), "seed %llu",
		    (unsigned long long)o->first);
	} else if (o->first == o->last) {
		all = run_all(o);
		report(o, &all);
	} else {
		cases = start_cases(o);
		all = run_all(o);
		end_cases(cases);
		report(o, &all);
	}
}

int
main(int argc, char **argv)
{
	struct options o = read_options(argc, argv);
	char dir[64] = "/dev/shm/kit-sim-XXXXXX";
	fault f;

	umask(077);
	/* Memory that is given back and asked for again costs more than all
	 * else, where each of its pages is copied after a fork. */
	mallopt(M_TRIM_THRESHOLD, 512 << 20);
	mallopt(M_MMAP_THRESHOLD, 512 << 20);
	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(dir) == NULL &&
	    mkdtemp(strcpy(dir, "/tmp/kit-sim-XXXXXX")) == NULL)
		return 1;
	port_start();
	if (chdir(dir) != 0)
		return 1;
	if ((f = secret_start()) == NULL && (f = vault_start(NULL)) == NULL &&
	    (f = image_make()) == NULL &&
	    (f = world_masters(masters)) == NULL)
		run(&o);
	if (f != NULL)
		tap(false, "the image was made: %s", f->text);
	if (chdir("/") != 0 || file_remove_tree(dir) != NULL)
		fprintf(stderr, "%s was left behind\n", dir);
	return tap_end();
}
