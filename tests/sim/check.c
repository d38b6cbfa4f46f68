#include "tests/sim/check.h"

#include <stdlib.h>
#include <string.h>

#include "sync/mainline.h"
#include "sync/pins.h"

#define REFS_MOST 256

/* ---- what was signed ---------------------------------------------------- */

static fault
note_line(struct world *w, int d, int chain)
{
	struct site *s = &w->devices[d].home.site;
	struct commit c;
	struct oid at;
	char ref[REF_MAX];
	bool more;
	fault f;

	model_ref(ref, &w->model, chain);
	if ((f = repo_ref(&at, s->repo, ref)) != NULL)
		return f->code == FAULT_ABSENT ? NULL : f;
	do {
		if (model_commit(&w->model, &at) != NULL)
			return NULL;
		if ((f = site_commit(&c, s, &at)) != NULL)
			return f;
		if (!model_sign(&w->model, &at, chain, c.seq))
			wrong(w, "the model has no room for a commit");
		more = site_before(&at, &c);
	} while (more);
	return NULL;
}

fault
check_signed(struct world *w, int d)
{
	fault f = note_line(w, d, d);

	if (f == NULL && d == 0)
		f = note_line(w, d, CHAIN_ROSTER);
	if (f == NULL && d == 0)
		f = note_line(w, d, CHAIN_MAIN);
	return f;
}

/* ---- refs and pins ------------------------------------------------------ */

/* The ref that a local one or a pin is about. */
static void
about(char to[REF_MAX], const char *name)
{
	struct id hub;

	if (!pin_parse(&hub, to, name))
		memcpy(to, name, strlen(name) + 1);
}

static void
check_ref(struct world *w, int d, const struct repo_ref *now)
{
	const struct signed_commit *c = model_commit(&w->model, &now->oid);
	char ref[REF_MAX];
	int chain;

	about(ref, now->name);
	/* Of one commit each, and no device's work. */
	if (ref_kind(ref, NULL, NULL) == REF_HUB ||
	    ref_kind(ref, NULL, NULL) == REF_KEYRING)
		return;
	chain = model_chain(&w->model, ref);
	if (c == NULL || chain < 0 || c->chain != chain)
		wrong(w, "d%d took a commit that nobody signed as %s", d,
		    now->name);
}

static void
check_before(struct world *w, int d, const struct repo_ref *was,
    const struct repo_ref *at, size_t n)
{
	const struct signed_commit *a, *b;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(at[i].name, was->name) != 0)
			continue;
		a = model_commit(&w->model, &was->oid);
		b = model_commit(&w->model, &at[i].oid);
		if (a != NULL && b != NULL && b->seq < a->seq)
			wrong(w, "d%d: %s went back from %llu to %llu", d,
			    was->name, (unsigned long long)a->seq,
			    (unsigned long long)b->seq);
		return;
	}
	wrong(w, "d%d: %s is gone", d, was->name);
}

static fault
list_refs(struct repo_ref **out, size_t *n, struct repo *r)
{
	struct repo_ref *pins = NULL;
	size_t npins = 0;
	fault f = repo_refs(out, n, r, "refs/heads/", REFS_MOST);

	if (f == NULL)
		f = repo_refs(&pins, &npins, r, "refs/pins/", REFS_MOST);
	if (f == NULL && npins > 0) {
		*out = mem_grow(*out, (*n + npins) * sizeof **out);
		memcpy(*out + *n, pins, npins * sizeof *pins);
		*n += npins;
	}
	free(pins);
	return f;
}

static fault
check_refs(struct world *w, int d)
{
	struct device *dev = &w->devices[d];
	struct repo_ref *now = NULL;
	size_t n = 0;
	fault f = list_refs(&now, &n, dev->home.site.repo);

	if (f != NULL)
		return f;
	for (size_t i = 0; i < n; i++)
		check_ref(w, d, &now[i]);
	for (size_t i = 0; i < dev->npins; i++)
		check_before(w, d, &dev->pins[i], now, n);
	free(dev->pins);
	dev->pins = now;
	dev->npins = n;
	return NULL;
}

/* ---- the store ---------------------------------------------------------- */

static void
check_change(struct world *w, int d, int by, uint64_t n, struct bytes body)
{
	struct model *m = &w->model;
	struct hash h = hash_of(body);
	struct made *made;

	if (by < 0 || n == 0 || n >= CHANGES_MAX) {
		wrong(w, "d%d holds a change of nobody", d);
		return;
	}
	made = &m->made[by][n];
	/* Saved, and killed before anybody was told. */
	if (!made->there && by == d && w->devices[d].waits &&
	    n == m->top[d] + 1) {
		*made = (struct made){ .there = true, .closed = true,
		    .body = h };
		m->top[d] = n;
	}
	if (!made->there)
		wrong(w, "d%d holds change %d.%llu that nobody made", d, by,
		    (unsigned long long)n);
	else if (!hash_eq(&h, &made->body) && (!made->closed || by == d))
		wrong(w, "d%d holds change %d.%llu with other content", d, by,
		    (unsigned long long)n);
	m->knows[d][by][n] = true;
}

static fault
check_changes(struct world *w, int d)
{
	static bool had[DEVICES][CHANGES_MAX];
	struct model *m = &w->model;
	struct stmt *s = db_prepare(w->devices[d].home.db, "SELECT d.id, c.n, "
	    "c.body FROM change c JOIN device d ON d.ref = c.device");
	struct id id;
	bool row;
	fault f;

	memcpy(had, m->knows[d], sizeof had);
	memset(m->knows[d], 0, sizeof m->knows[d]);
	while ((f = stmt_step(s, &row)) == NULL && row) {
		memcpy(id.b, stmt_get(s, 0).at, sizeof id.b);
		check_change(w, d, model_device(m, &id),
		    (uint64_t)stmt_get_int(s, 1), stmt_get(s, 2));
	}
	for (int by = 0; by < DEVICES; by++)
		for (uint64_t n = 1; n <= m->top[by]; n++)
			if (!m->knows[d][by][n] && (had[by][n] ||
			    (by == d && m->made[by][n].acked)))
				wrong(w, "d%d has lost change %d.%llu", d, by,
				    (unsigned long long)n);
	return f;
}

static fault
check_digest(struct world *w, int d)
{
	struct hash known = model_knowledge(&w->model, d);
	struct digest now;
	fault f = store_digest(&w->devices[d].home.store, &now);

	if (f != NULL)
		return f;
	for (size_t i = 0; i < w->ndigests; i++) {
		if (!hash_eq(&w->digests[i].knowledge, &known))
			continue;
		if (!hash_eq(&w->digests[i].digest, &now.all))
			wrong(w, "d%d: another digest of the same changes", d);
		return NULL;
	}
	w->digests = mem_grow(w->digests,
	    (w->ndigests + 1) * sizeof *w->digests);
	w->digests[w->ndigests++] = (struct known_digest){ known, now.all };
	return NULL;
}

static fault
check_store(struct world *w, int d)
{
	struct store_counts c;
	struct hash before = model_knowledge(&w->model, d), after;
	fault f;

	if ((f = check_changes(w, d)) != NULL ||
	    (f = store_count(&w->devices[d].home.store, &c)) != NULL)
		return f;
	if (c.quarantined > 0 && !w->cut)
		wrong(w, "d%d put an honest change into quarantine", d);
	after = model_knowledge(&w->model, d);
	return hash_eq(&before, &after) && w->step % 8 != 0 ? NULL :
	    check_digest(w, d);
}

fault
check_device(struct world *w, int d, bool refs)
{
	fault f;

	if (refs && ((f = check_signed(w, d)) != NULL ||
	    (f = check_refs(w, d)) != NULL))
		return f;
	return w->devices[d].locked ? NULL : check_store(w, d);
}

/* ---- alarms ------------------------------------------------------------- */

/* The id of the hub whose refs/heads/hub is at `shown`, as d pinned it. */
static bool
pinned_as(struct id *hub, const struct device *dev, const struct oid *shown)
{
	char ref[REF_MAX];

	for (size_t i = 0; i < dev->npins; i++)
		if (oid_eq(&dev->pins[i].oid, shown) &&
		    pin_parse(hub, ref, dev->pins[i].name) &&
		    strcmp(ref, "refs/heads/hub") == 0)
			return true;
	return false;
}

static const struct oid *
shown_at(const struct repo_ref *at, size_t n, const char *ref)
{
	static const struct oid none;

	for (size_t i = 0; i < n; i++)
		if (strcmp(at[i].name, ref) == 0)
			return &at[i].oid;
	return &none;
}

static void
predict_pin(struct predicted *p, const struct world *w,
    const struct repo_ref *pin, const char *ref, const struct oid *shown)
{
	const struct signed_commit *had = model_commit(&w->model, &pin->oid);
	const struct signed_commit *now = model_commit(&w->model, shown);

	if (had == NULL || p->n == CHAINS)
		return;
	if (oid_zero(shown) || (now != NULL && now->chain == had->chain &&
	    now->seq < had->seq))
		memcpy(p->refs[p->n++], ref, strlen(ref) + 1);
}

void
check_predict(struct world *w, struct visit *v)
{
	const struct hub *hub = &w->hubs[v->hub];
	struct device *dev = &w->devices[v->d];
	struct repo_ref *at = NULL;
	struct repo *r = NULL;
	struct id id, of;
	char ref[REF_MAX];
	size_t n = 0;

	v->predicted.n = 0;
	/* One that has never lied has nothing to be caught at. */
	if (hub->away || hub->may == 0 || repo_open(&r, hub->url) != NULL)
		return;
	if (repo_refs(&at, &n, r, "refs/heads/", REFS_MOST) == NULL &&
	    pinned_as(&id, dev, shown_at(at, n, "refs/heads/hub")))
		for (size_t i = 0; i < dev->npins; i++)
			if (pin_parse(&of, ref, dev->pins[i].name) &&
			    id_eq(&of, &id))
				predict_pin(&v->predicted, w, &dev->pins[i],
				    ref, shown_at(at, n, ref));
	free(at);
	repo_close(r);
}

static bool
reported(const struct exchange_report *r, const char *ref)
{
	for (size_t i = 0; i < r->findings.n; i++)
		if (r->findings.at[i].code == FIND_ROLLBACK &&
		    strcmp(r->findings.at[i].ref, ref) == 0)
			return true;
	return false;
}

/* Some faults are as it should be; which, depends on the hub. */
static bool
fault_fits(const struct world *w, const struct visit *v)
{
	const struct hub *h = &w->hubs[v->hub];
	enum fault_code code = v->fault->code;

	if (h->away)
		return code == FAULT_HUB;
	if (code == FAULT_TRUST)
		return h->may != 0;
	/* A hub that has no name yet, a merge that is not at home. */
	return (code == FAULT_HUB || code == FAULT_LOCKED) &&
	    (id_zero(&v->report.hub_id) || (v->merge && v->hub != 0));
}

static void
check_alarms(struct world *w, const struct visit *v)
{
	unsigned may = w->hubs[v->hub].may |
	    (w->clocks ? MAY(FIND_CLOCK) : 0);

	for (size_t i = 0; i < v->report.findings.n; i++) {
		const struct finding *x = &v->report.findings.at[i];

		trace(w, "  d%d: %s %s %llu", v->d, finding_name(x->code),
		    x->ref, (unsigned long long)x->seq);
		if ((may & MAY(x->code)) == 0)
			wrong(w, "d%d at h%d: undeserved alarm %s %s: %s",
			    v->d, v->hub, finding_name(x->code), x->ref,
			    x->text);
	}
	w->tally.alarms += (unsigned)v->report.findings.n;
}

void
check_report(struct world *w, const struct visit *v)
{
	const struct exchange_report *r = &v->report;

	check_alarms(w, v);
	if (v->fault != NULL) {
		if (!fault_fits(w, v))
			wrong(w, "d%d at h%d: fault %d: %s", v->d, v->hub,
			    (int)v->fault->code, v->fault->text);
		return;
	}
	for (int i = 0; i < v->predicted.n; i++)
		if (!reported(r, v->predicted.refs[i]))
			wrong(w, "d%d at h%d: no rollback alarm for %s", v->d,
			    v->hub, v->predicted.refs[i]);
	w->tally.expected += (unsigned)v->predicted.n;
	/* The keys of a new epoch may still be on their way. */
	if (r->stopped.code != 0 && r->stopped.code != FAULT_LOCKED)
		wrong(w, "d%d: a chain did not open: %s", v->d,
		    r->stopped.text);
	if (r->frozen)
		wrong(w, "d%d is frozen, and has no second writer", v->d);
}
