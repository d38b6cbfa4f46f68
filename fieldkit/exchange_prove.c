/*
 * exchange_prove -- every key that is held here, tried on everything of one
 * record that is in the history here.
 */
#include "fieldkit/exchange.h"

#include <stdlib.h>

#define REFS_MAX 2048

static fault
try_commit(struct home *h, const struct commit *c, struct segment_trial *t)
{
	struct buf blob = BUF_EMPTY;
	fault f = site_blob(&blob, &h->site, c);

	if (f == NULL)
		f = segment_prove(t, buf_view(&blob), h->keys,
		    h->site.squeeze);
	buf_free(&blob);
	/* What is closed or damaged shows no record to try anything on. */
	return f != NULL && (f->code == FAULT_LOCKED ||
	    f->code == FAULT_FORMAT || f->code == FAULT_TRUST) ? NULL : f;
}

static fault
try_line(struct home *h, const char *ref, struct segment_trial *t)
{
	struct commit c;
	struct oid at;
	fault f = site_head(&c, &at, &h->site, ref);

	while (f == NULL && (f = try_commit(h, &c, t)) == NULL &&
	    site_before(&at, &c))
		f = site_commit(&c, &h->site, &at);
	return f;
}

/* Chains, what lies beyond cuts, and what was kept apart. */
static fault
try_refs(struct home *h, const char *prefix, struct segment_trial *t)
{
	struct repo_ref *refs = NULL;
	size_t n = 0;
	fault f = repo_refs(&refs, &n, h->site.repo, prefix, REFS_MAX);

	for (size_t i = 0; f == NULL && i < n; i++)
		f = try_line(h, refs[i].name, t);
	free(refs);
	return f;
}

fault
exchange_prove(struct home *h, struct segment_trial *t)
{
	const struct epoch *e = roster_epoch(h->site.roster);
	fault f;

	t->self = h->device;
	t->epochs = e->e;
	t->trees = e->g;
	if ((f = try_refs(h, "refs/heads/device/", t)) == NULL)
		f = try_refs(h, "refs/beyond/", t);
	return f;
}
