/*
 * liar -- a hub that is not honest: its refs set by hand; and the audit by
 * somebody who only has the genesis.
 */
#ifndef TESTS_UNIT_LIAR_H
#define TESTS_UNIT_LIAR_H

#include "tests/unit/world.h"

struct hub_copy {		/* its refs at one moment */
	struct repo_ref	*refs;
	size_t		n;
};

static inline struct hub_copy
hub_refs(const char *hub)
{
	struct hub_copy h;
	struct repo *r;

	assert_ok(repo_open(&r, hub));
	assert_ok(repo_refs(&h.refs, &h.n, r, "refs/heads/", 1000));
	repo_close(r);
	return h;
}

/* Put ref of the hub at oid (zeros: delete it), whatever it was. */
static inline void
hub_set(const char *hub, const char *ref, const struct oid *oid)
{
	struct repo *r;

	assert_ok(repo_open(&r, hub));
	assert_ok(repo_ref_delete(r, ref));
	if (!oid_zero(oid))
		assert_ok(repo_ref_move(r, ref, NULL, oid));
	repo_close(r);
}

static inline struct oid
hub_get(const char *hub, const char *ref)
{
	struct oid oid;
	struct repo *r;

	assert_ok(repo_open(&r, hub));
	assert_ok(ref_get(&oid, r, ref));
	repo_close(r);
	return oid;
}

/* What a device would have to do to put these objects there itself. */
static inline void
hub_push_raw(struct kit *k, const char *hub, const char *ref,
    const struct oid *oid)
{
	struct repo *r;

	assert_ok(repo_open(&r, hub));
	assert_ok(repo_pack(k->site.repo, oid, 1, repo_dir(r),
	    WIRE_SEGMENT_MAX));
	repo_close(r);
	hub_set(hub, ref, oid);
}

/* All refs of the hub as they were. */
static inline void
hub_restore(const char *hub, const struct hub_copy *was)
{
	struct hub_copy now = hub_refs(hub);
	struct oid none = { { 0 } };

	for (size_t i = 0; i < now.n; i++)
		hub_set(hub, now.refs[i].name, &none);
	for (size_t i = 0; i < was->n; i++)
		hub_set(hub, was->refs[i].name, &was->refs[i].oid);
	free(now.refs);
}

/* An audit by somebody who only has the genesis. */
static inline struct audit
world_audit(struct world *w, const char *hub)
{
	struct audit a;
	char path[160];

	snprintf(path, sizeof path, "%s/audit%u", w->dir, w->audits++);
	assert_ok(audit(&a, hub, &w->noor.site.genesis, path));
	return a;
}

#endif
