#include "tests/sim/cases.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/hub.h"

static int count, bad;

void
tap(bool ok, const char *fmt, ...)
{
	va_list ap;

	bad += !ok;
	printf("%sok %d - ", ok ? "" : "not ", ++count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void
tap_skip(const char *name, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++count, name, why);
}

bool
tap_take(const char *path)
{
	char line[1024];
	FILE *in = fopen(path, "r");
	int before = count;

	while (in != NULL && fgets(line, sizeof line, in) != NULL) {
		count += strncmp(line, "ok ", 3) == 0 ||
		    strncmp(line, "not ok ", 7) == 0;
		bad += strncmp(line, "not ok ", 7) == 0;
		fputs(line, stdout);
	}
	if (in != NULL)
		fclose(in);
	return count > before;
}

int
tap_end(void)
{
	printf("1..%d\n", count);
	return bad > 0;
}

/* Empty, or what was wrong. */
static const char *
run_case(const struct one_case *c, uint8_t *masters[DEVICES], bool verbose)
{
	static struct world w;
	static uint64_t seed = 1000000;
	fault f = world_begin(&w, seed++, masters);

	w.verbose = verbose;
	if (f != NULL)
		wrong(&w, "%s", f->text);
	else
		c->run(&w);
	world_end(&w);
	return w.wrong;
}

static void
run_cases(const struct one_case *c, uint8_t *masters[DEVICES],
    const char *only, bool verbose)
{
	const char *what;

	for (; c->name != NULL; c++) {
		if (only != NULL && strstr(c->name, only) == NULL)
			continue;
		what = run_case(c, masters, verbose);
		tap(what[0] == '\0', "%s", c->name);
		if (what[0] != '\0')
			printf("# %s\n", what);
	}
}

static void
try_not_yet(const struct not_yet *n, uint8_t *masters[DEVICES],
    const char *only, bool verbose)
{
	const char *what;

	for (; n->one.name != NULL; n++) {
		if (only != NULL && strstr(n->one.name, only) == NULL)
			continue;
		what = run_case(&n->one, masters, verbose);
		if (verbose)
			printf("# %s\n", what);
		if (what[0] != '\0')
			tap_skip(n->one.name, n->why);
		else
			tap(true, "%s (strike it from not_yet)", n->one.name);
	}
}

void
cases_run(uint8_t *masters[DEVICES], const char *only, bool verbose)
{
	run_cases(hub_cases, masters, only, verbose);
	run_cases(copy_cases, masters, only, verbose);
	run_cases(clock_cases, masters, only, verbose);
	run_cases(damage_cases, masters, only, verbose);
	try_not_yet(not_yet, masters, only, verbose);
}

/* ---- words -------------------------------------------------------------- */

void
must(struct world *w, bool ok, const char *what)
{
	if (!ok)
		wrong(w, "%s", what);
}

void
must_work(struct world *w, fault f)
{
	if (f != NULL)
		wrong(w, "fault %d: %s", (int)f->code, f->text);
}

static void
show(struct world *w, const char *what, const struct findings *fs)
{
	char all[300] = "";
	size_t n = 0;

	for (size_t i = 0; i < fs->n && n + 90 < sizeof all; i++)
		n += (size_t)snprintf(all + n, sizeof all - n, " %s %.50s",
		    finding_name(fs->at[i].code), fs->at[i].ref);
	wrong(w, "%.100s; found:%.250s", what, all);
}

fault
looks(struct world *w, int d, int hub, struct findings *fs)
{
	*fs = (struct findings)FINDINGS_EMPTY;
	return world_act(w, d, ACT_SYNC, hub, fs);
}

bool
found(const struct findings *fs, enum finding_code code, const char *ref)
{
	for (size_t i = 0; i < fs->n; i++)
		if (fs->at[i].code == code && strcmp(fs->at[i].ref, ref) == 0)
			return true;
	return false;
}

void
quiet(struct world *w, int d, int hub)
{
	struct findings fs;

	must_work(w, looks(w, d, hub, &fs));
	if (fs.n > 0)
		show(w, "a sync should be quiet", &fs);
	findings_free(&fs);
}

void
writes(struct world *w, int d, unsigned n, int hub)
{
	while (n-- > 0)
		must_work(w, world_act(w, d, ACT_ADD, 0, NULL));
	if (hub >= 0)
		quiet(w, d, hub);
}

void
raises_at(struct world *w, int d, int hub, enum finding_code code,
    const char *ref)
{
	struct findings fs;
	bool others = false;
	fault f = looks(w, d, hub, &fs);

	if (f != NULL && f->code != FAULT_TRUST)
		must_work(w, f);
	for (size_t i = 0; i < fs.n; i++)
		others |= fs.at[i].code != code;
	if (!found(&fs, code, ref) || others)
		show(w, finding_name(code), &fs);
	findings_free(&fs);
}

void
raises(struct world *w, int d, int hub, enum finding_code code, int chain)
{
	char ref[REF_MAX];

	model_ref(ref, &w->model, chain);
	raises_at(w, d, hub, code, ref);
}

void
in_step(struct world *w)
{
	for (int round = 0; round < 4; round++) {
		for (int d = 0; d < DEVICES; d++)
			writes(w, d, round < 3, 0);
		must_work(w, world_act(w, 0, ACT_MERGE, 0, NULL));
	}
	for (int h = 0; h < HUBS; h++) {
		/* From here on a case says itself what is to be found. */
		w->hubs[h].may = ~0u;
		must_work(w, hub_remember(&w->hubs[h]));
	}
}

void
back(struct world *w, const char *dir, int chain, unsigned n)
{
	char ref[REF_MAX];
	struct oid old;

	must(w, w->model.head[chain] > n, "a chain is too short");
	old = model_at(&w->model, chain, w->model.head[chain] - n);
	model_ref(ref, &w->model, chain);
	must_work(w, hub_put(dir, ref, &old));
}

struct oid
forge(struct world *w, int chain, const char *dir, int ahead, int late)
{
	struct site *s = &w->devices[chain].home.site;
	struct segment_head h = { .flags = SEGMENT_ANNOUNCEMENT,
	    .project = s->project, .device = s->self };
	struct commit c = { .seq = 0 }, last;
	struct buf blob = BUF_EMPTY;
	struct tree_entry e;
	struct oid upon, oid = { { 0 } };

	ref_device(c.ref, &s->self);
	must_work(w, site_head(&last, &upon, s, c.ref));
	h.seq = c.seq = last.seq + (uint64_t)ahead;
	/* Beside its head, if it has its number. */
	if (ahead == 0 && site_before(&upon, &last))
		must_work(w, site_commit(&last, s, &upon));
	c.generation = last.generation + 1 + (uint64_t)late;
	h.prev = c.prev = last.hash;
	c.parents[c.nparents++] = upon;
	site_quote(s, &c);
	segment_put_head(&blob, &h);
	memset(buf_room(&blob, 512), 7, 512);
	blob.len = 512;		/* as long as the shortest segment */
	c.seg = hash_of(buf_view(&blob));
	must(w, ref_entry(e.name, c.ref), "no entry");
	must_work(w, repo_write(&e.blob, s->repo, OBJECT_BLOB,
	    buf_view(&blob)));
	must_work(w, repo_write_tree(&c.tree, s->repo, &e, 1));
	must_work(w, site_sign(&oid, s, &c, &w->devices[chain].home.signer));
	must_work(w, hub_plant(s->repo, dir, c.ref, &oid));
	buf_free(&blob);
	return oid;
}
