#include "tests/sim/world.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/base/clock.h"
#include "sync/base/file.h"
#include "sync/base/secret.h"
#include "tests/sim/check.h"
#include "tests/sim/device.h"
#include "tests/sim/hub.h"

void
wrong(struct world *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (w->wrong[0] != '\0')
		return;
	n = snprintf(w->wrong, sizeof w->wrong, "step %u: ", w->step);
	va_start(ap, fmt);
	vsnprintf(w->wrong + n, sizeof w->wrong - (size_t)n, fmt, ap);
	va_end(ap);
}

void
trace(struct world *w, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	crypto_generichash_update(&w->trace, (const uint8_t *)line,
	    strlen(line) + 1);
	if (w->verbose)
		printf("# %s\n", line);
}

/* ---- beginning and end -------------------------------------------------- */

fault
world_masters(uint8_t *masters[DEVICES])
{
	struct bytes pass = bytes_of("practice");
	struct home h;
	char path[32];
	fault f = NULL;

	for (int d = 0; f == NULL && d < DEVICES; d++) {
		snprintf(path, sizeof path, "image/d%d", d);
		if ((f = home_open(&h, path)) == NULL)
			f = keyfile_unlock(&masters[d], &h.keyfile, pass);
		home_close(&h);
	}
	return f;
}

static fault
begin_device(struct world *w, int d, uint8_t *master)
{
	struct device *dev = &w->devices[d];
	char from[32];
	fault f;

	snprintf(dev->path, sizeof dev->path, "d%d", d);
	snprintf(from, sizeof from, "image/d%d", d);
	dev->master = master;
	if ((f = image_copy(from, dev->path)) != NULL ||
	    (f = device_open(dev)) != NULL)
		return f;
	w->model.device[d] = dev->home.device;
	home_add_hub(&dev->home, "second", "h1");
	return home_save_hubs(&dev->home);
}

fault
world_begin(struct world *w, uint64_t seed, uint8_t *masters[DEVICES])
{
	struct bytes json;
	fault f;

	*w = (struct world){ .seed = seed, .now = IMAGE_CLOCK,
	    .dice.state = seed };
	/* Far from the next seed's: one stream shifted by a throw is no other
	 * run. */
	w->dice.state = dice_next(&w->dice);
	crypto_generichash_init(&w->trace, NULL, 0, sizeof w->traced.b);
	port_seed(seed, 0);
	clock_set(w->now);
	w->out = mmap(NULL, sizeof *w->out, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if ((f = pack_builtin(&json, "default")) != NULL ||
	    (f = pack_read(&w->pack, json)) != NULL)
		return f;
	for (int d = 0; f == NULL && d < DEVICES; d++)
		f = begin_device(w, d, masters[d]);
	for (int d = 0; f == NULL && d < DEVICES; d++)
		f = check_signed(w, d);
	for (int d = 0; f == NULL && d < DEVICES; d++)
		f = check_device(w, d, true);
	for (int h = 0; f == NULL && h < HUBS; h++)
		f = hub_begin(w, h);
	return f;
}

void
world_end(struct world *w)
{
	fault f = NULL;
	char dir[16];

	crypto_generichash_final(&w->trace, w->traced.b, sizeof w->traced.b);
	for (int d = 0; d < DEVICES; d++) {
		device_close(&w->devices[d]);
		free(w->devices[d].pins);
		if (f == NULL)
			f = file_remove_tree(w->devices[d].path);
	}
	for (int h = 0; h < HUBS; h++) {
		hub_end(&w->hubs[h]);
		for (int view = 0; f == NULL && view < 2; view++) {
			snprintf(dir, sizeof dir, "h%d.%d", h, view);
			f = file_remove_tree(dir);
		}
		snprintf(dir, sizeof dir, "broken.h%d", h);
		unlink(dir);
	}
	if (f != NULL)
		wrong(w, "%s", f->text);
	pack_free(w->pack);
	free(w->digests);
	munmap(w->out, sizeof *w->out);
}

/* ---- one act ------------------------------------------------------------ */

struct doing {
	int		d, hub;
	enum act	act;
	struct dice	dice;		/* for its content */
	struct visit	visit;		/* of a sync or merge */
	struct findings	*keep;		/* NULL: nobody asks */
};

/* With a hub, which is shown.  A fault here is judged, not passed on. */
static void
visit(struct world *w, struct doing *g)
{
	struct home *h = &w->devices[g->d].home;
	struct visit *v = &g->visit;
	struct merge_report m;

	if (!v->merge) {
		v->fault = exchange_sync(h, w->hubs[g->hub].url, &v->report);
		return;
	}
	v->fault = exchange_merge(h, w->hubs[g->hub].url, &m);
	v->report = m.sync;
	m.sync = (struct exchange_report){ .hub = NULL };
	merge_report_free(&m);
}

static fault
act(struct world *w, struct doing *g)
{
	struct home *h = &w->devices[g->d].home;
	struct file_lock lock = FILE_LOCK_NONE;
	size_t changes, commits;
	bool saved;
	fault f;

	switch (g->act) {
	case ACT_SYNC:
	case ACT_MERGE:
		visit(w, g);
		return NULL;
	case ACT_SEAL:
		if ((f = home_lock(&lock, h)) == NULL) {
			f = exchange_seal(h, &changes, &commits);
			file_unlock(&lock);
		}
		/* The keys of a new epoch may still be on their way. */
		return f != NULL && f->code == FAULT_LOCKED ? NULL : f;
	case ACT_REBUILD:
		return store_rebuild(&h->store);
	case ACT_LOCK:
		return NULL;
	default:
		return device_save(w, g->d, g->act, g->dice, &saved);
	}
}

/* What its author was told, now that it is over. */
static void
take_outcome(struct world *w, int d)
{
	const struct outcome *o = w->out;
	struct model *m = &w->model;

	if (!o->acked)
		return;
	if (o->n != m->top[d] + 1 || o->n >= CHANGES_MAX) {
		wrong(w, "d%d saved change %llu after %llu", d,
		    (unsigned long long)o->n, (unsigned long long)m->top[d]);
		return;
	}
	m->top[d] = o->n;
	m->made[d][o->n] = (struct made){ true, true, o->closed, o->body };
	w->tally.saves++;
}

/* A child does it and is killed; we go on from what is on the disk. */
static fault
act_and_die(struct world *w, struct doing *g, unsigned when)
{
	struct device *dev = &w->devices[g->d];
	int status;
	pid_t child;
	fault f;

	device_close(dev);
	fflush(stdout);
	if ((child = fork()) == 0) {
		f = device_open(dev);
		port_die_at(when);
		if (f == NULL)
			f = act(w, g);
		w->out->finished = f == NULL;
		kill(getpid(), SIGKILL);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return fault_errno(FAULT_FAIL, "cannot wait for a child");
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		wrong(w, "d%d ended with status %d", g->d, status);
	w->tally.crashes++;
	return device_open(dev);
}

static bool
visits(enum act a)
{
	return a == ACT_SYNC || a == ACT_MERGE;
}

static void
end_visit(struct world *w, struct doing *g, bool judge)
{
	struct visit *v = &g->visit;

	if (judge)
		check_report(w, v);
	for (size_t i = 0; g->keep != NULL && i < v->report.findings.n; i++)
		findings_add(g->keep, &v->report.findings.at[i]);
	exchange_report_free(&v->report);
}

static fault
do_visit(struct world *w, struct doing *g, unsigned dies)
{
	struct hub *hub = &w->hubs[g->hub];
	fault f, h;

	g->visit = (struct visit){ .d = g->d, .hub = g->hub,
	    .merge = g->act == ACT_MERGE };
	if ((f = hub_show(hub, g->d)) != NULL)
		return f;
	check_predict(w, &g->visit);
	f = dies > 0 ? act_and_die(w, g, dies) : act(w, g);
	h = hub_hide(hub, g->d);
	end_visit(w, g, f == NULL && dies == 0);
	return f != NULL ? f : h;
}

/* dies: its process is killed at its dies-th write; 0: never. */
static void
do_act(struct world *w, struct doing *g, unsigned dies)
{
	bool visiting = visits(g->act);
	fault f;

	*w->out = (struct outcome){ .n = 0 };
	w->devices[g->d].waits = dies > 0;
	device_clock(w, g->d);
	port_seed(w->seed, 2 * (w->step + 1));
	if (visiting)
		f = do_visit(w, g, dies);
	else
		f = dies > 0 ? act_and_die(w, g, dies) : act(w, g);
	take_outcome(w, g->d);
	/* A save touches no ref. */
	if (f == NULL)
		f = check_device(w, g->d, visiting || g->act == ACT_SEAL);
	if (f != NULL)
		wrong(w, "d%d %s: %s", g->d, act_names[g->act], f->text);
}

static void
trace_act(struct world *w, const struct doing *g, unsigned dies)
{
	const struct model *m = &w->model;
	struct hash known = model_knowledge(m, g->d);
	char hex[HASH_HEX];

	trace(w, "%u d%d %s%s h%d fault %d%s known %.8s heads %llu %llu %llu "
	    "%llu %llu roster %llu main %llu", w->step, g->d,
	    act_names[g->act], w->devices[g->d].locked ? " locked" : "",
	    g->hub, g->visit.fault == NULL ? 0 :
	    (int)g->visit.fault->code,
	    dies > 0 ? " killed" : "", hash_hex(hex, &known),
	    (unsigned long long)m->head[0], (unsigned long long)m->head[1],
	    (unsigned long long)m->head[2], (unsigned long long)m->head[3],
	    (unsigned long long)m->head[4],
	    (unsigned long long)m->head[CHAIN_ROSTER],
	    (unsigned long long)m->head[CHAIN_MAIN]);
	for (size_t i = 0; i < w->devices[g->d].npins; i++) {
		char oid[41];

		oid_hex(oid, &w->devices[g->d].pins[i].oid);
		crypto_generichash_update(&w->trace, (uint8_t *)oid, 40);
	}
}

fault
world_act(struct world *w, int d, enum act a, int hub, struct findings *keep)
{
	struct doing g = { .d = d, .hub = hub, .act = a, .keep = keep,
	    .dice.state = dice_next(&w->dice) };

	if (w->wrong[0] != '\0')
		return NULL;
	w->now += 60000;
	do_act(w, &g, 0);
	trace_act(w, &g, 0);
	w->step++;
	return g.visit.fault;
}

/* ---- steps of chance ---------------------------------------------------- */

static enum act
some_act(struct world *w, int d)
{
	static const unsigned char often[ACT_COUNT] = { 18, 20, 8, 4, 6, 2,
	    34, 5, 2, 1 };
	unsigned k = dice_below(&w->dice, 100);
	int a = 0;

	/* Nobody keeps the kit locked for long, or has a merge wait. */
	if (w->devices[d].locked && dice_percent(&w->dice, 30))
		return ACT_LOCK;
	if (!w->devices[d].locked && d == 0 && dice_percent(&w->dice, 15))
		return ACT_MERGE;
	while (k >= often[a])
		k -= often[a++];
	if (w->devices[d].locked && a != ACT_LOCK)
		return ACT_SYNC;
	return a == ACT_MERGE && d != 0 ? ACT_SYNC : (enum act)a;
}

/* Wrong by years, or right again. */
static void
some_clock(struct world *w, int d)
{
	static const int64_t year = INT64_C(31557600000);
	const int64_t skews[] = { 0, 10 * year, -10 * year,
	    INT64_C(2147483648000) - (int64_t)IMAGE_CLOCK,
	    INT64_C(4294967296000) - (int64_t)IMAGE_CLOCK,
	    1000 - (int64_t)IMAGE_CLOCK, 3600000, -60000 };

	w->devices[d].skew = skews[dice_below(&w->dice, 8)];
	w->clocks |= w->devices[d].skew != 0;
	trace(w, "%u d%d clock %lld", w->step, d,
	    (long long)w->devices[d].skew);
}

static void
some_lie(struct world *w)
{
	int hub = (int)dice_below(&w->dice, HUBS);
	enum lie lie = (enum lie)dice_below(&w->dice, LIE_COUNT);
	bool honest = dice_percent(&w->dice, 30);
	fault f;

	port_seed(w->seed, 2 * w->step + 1);
	trace(w, "%u h%d %s", w->step, hub, honest ? "honest" :
	    lie_names[lie]);
	f = honest ? hub_honest(w, hub) : hub_lie(w, hub, lie);
	if (f != NULL)
		wrong(w, "h%d %s: %s", hub, lie_names[lie], f->text);
}

static void
step(struct world *w)
{
	struct doing g = { .d = (int)dice_below(&w->dice, DEVICES) };
	unsigned dies = 0;
	fault f;

	w->now += 1000 + dice_below(&w->dice, 600000);
	if (dice_percent(&w->dice, 1))
		some_clock(w, g.d);
	g.hub = (int)dice_below(&w->dice, HUBS);
	g.act = some_act(w, g.d);
	g.dice.state = dice_next(&w->dice);
	if (g.act == ACT_MERGE && dice_percent(&w->dice, 80))
		g.hub = 0;
	if (dice_percent(&w->dice, 6))
		dies = 1 + dice_below(&w->dice, 1u << dice_below(&w->dice, 9));
	if (g.act == ACT_LOCK && (f = device_toggle(w, g.d)) != NULL)
		wrong(w, "d%d cannot be opened: %s", g.d, f->text);
	do_act(w, &g, dies);
	w->tally.steps++;
	w->tally.syncs += g.act == ACT_SYNC;
	w->tally.merges += g.act == ACT_MERGE;
	trace_act(w, &g, dies);
}

static void
remember_hubs(struct world *w)
{
	for (int h = 0; h < HUBS; h++) {
		fault f = hub_remember(&w->hubs[h]);

		if (f != NULL)
			wrong(w, "%s", f->text);
	}
}

void
world_run(struct world *w, unsigned steps, bool lies)
{
	for (w->step = 1; w->step <= steps && w->wrong[0] == '\0'; w->step++) {
		if (lies && w->step % 10 == 0)
			remember_hubs(w);
		if (lies && dice_percent(&w->dice, 8))
			some_lie(w);
		step(w);
	}
}
