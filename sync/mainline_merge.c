/*
 * mainline_merge -- accepted heads into the next commits of main.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sync/mainline.h"
#include "sync/mainline_own.h"
#include "sync/pins.h"

#define BATCH (WIRE_PARENTS_MAX - 1)

struct run {
	struct site	*site;
	const struct signer *who;
	struct mainline	state;
	struct leaves	tree;
	struct commit	last;		/* main's newest; seq 0: none */
	struct accepted	*moved;		/* by device */
	size_t		nmoved;
	struct merged_head *merged;
	size_t		nmerged;
};

/* --- what moved --------------------------------------------------------- */

static bool
mergeable(const struct run *r, const struct accepted *a)
{
	const struct member *m = roster_member(r->site->roster, &a->device);
	const struct accepted *last = mainline_find(&r->state, &a->device);

	return mainline_admitted(m, r->site->bound) &&
	    (!roster_ends(m) || a->seq <= m->cut_seq) &&
	    (last == NULL || a->seq > last->seq);
}

/* Only what goes on from what main has may be accepted. */
static fault
continues(const struct run *r, const struct accepted *a)
{
	const struct accepted *last = mainline_find(&r->state, &a->device);
	char hex[ID_HEX];
	struct oid at;
	fault f;

	if (last == NULL)
		return NULL;
	f = chain_at(&at, r->site, &a->oid, last->seq);
	if (f == NULL && !oid_eq(&at, &last->oid))
		f = fault_new(FAULT_TRUST, "commit %" PRIu64 " of device %s "
		    "does not go on from what main accepted; main is "
		    "unchanged", a->seq, id_hex(hex, &a->device));
	return f;
}

static int
by_device(const void *a, const void *b)
{
	return id_cmp(&((const struct accepted *)a)->device,
	    &((const struct accepted *)b)->device);
}

static fault
choose(struct run *r, const struct accepted *heads, size_t n)
{
	fault f = NULL;

	r->moved = mem_new(n * sizeof *r->moved);
	for (size_t i = 0; f == NULL && i < n; i++) {
		if (!mergeable(r, &heads[i]))
			continue;
		f = continues(r, &heads[i]);
		r->moved[r->nmoved++] = heads[i];
	}
	if (r->nmoved > 1)
		qsort(r->moved, r->nmoved, sizeof *r->moved, by_device);
	return f;
}

/* --- one commit --------------------------------------------------------- */

/* The tree of what was accepted before is the common ancestor. */
static fault
merge_tree(struct oid *tree, struct run *r, const struct accepted *a,
    const struct oid *theirs)
{
	const struct accepted *last = mainline_find(&r->state, &a->device);
	struct commit before;
	fault f;

	if (oid_zero(tree)) {
		*tree = *theirs;
		return NULL;
	}
	if (last != NULL &&
	    (f = site_commit(&before, r->site, &last->oid)) != NULL)
		return f;
	return repo_merge_trees(tree, r->site->repo,
	    last == NULL ? NULL : &before.tree, tree, theirs);
}

static fault
add_head(struct commit *c, struct run *r, const struct accepted *a)
{
	struct commit device;
	struct tree_entry leaf;
	fault f;

	if ((f = site_commit(&device, r->site, &a->oid)) != NULL ||
	    (f = leaf_of(&leaf, r->site, &device)) != NULL ||
	    (f = merge_tree(&c->tree, r, a, &device.tree)) != NULL)
		return f;
	leaves_set(&r->tree, &leaf);
	c->parents[c->nparents++] = a->oid;
	c->accepts[c->naccepts++] = (struct accept){ a->device, a->seq,
	    a->hash };
	if (c->generation <= device.generation)
		c->generation = device.generation + 1;
	return NULL;
}

static struct commit
next_commit(const struct run *r)
{
	struct commit c = { .seq = r->last.seq + 1,
	    .generation = r->last.generation + 1 };

	memcpy(c.ref, SITE_MAIN, sizeof SITE_MAIN);
	if (r->last.seq > 0) {
		c.prev = r->last.hash;
		c.tree = r->last.tree;
		c.parents[c.nparents++] = r->state.head;
	}
	site_quote(r->site, &c);
	return c;
}

/* Two ways to the tree, ours and libgit2's: they must agree. */
static fault
same_tree(struct run *r, const struct commit *c)
{
	struct oid tree;
	fault f = repo_write_tree(&tree, r->site->repo, r->tree.at,
	    r->tree.n);

	if (f == NULL && !oid_eq(&tree, &c->tree))
		f = fault_new(FAULT_DECIDE, "the merge of the devices' files "
		    "is not what their accepted commits make: somebody wrote "
		    "another's file; main is unchanged");
	return f;
}

static void
merged(struct run *r, const struct commit *c, const struct oid *oid)
{
	r->merged = mem_grow(r->merged, (r->nmerged + c->naccepts) *
	    sizeof *r->merged);
	for (size_t i = 0; i < c->naccepts; i++) {
		struct accepted a = mainline_accept(c, i);
		const struct accepted *last = mainline_find(&r->state,
		    &a.device);

		r->merged[r->nmerged++] = (struct merged_head){ a.device,
		    last == NULL ? 0 : last->seq, a.seq };
		mainline_set(&r->state, &a);
	}
	r->state.head = *oid;
	r->state.seq = c->seq;
	r->last = *c;
}

static fault
merge_batch(struct run *r, const struct accepted *at, size_t n)
{
	struct commit c = next_commit(r);
	struct oid oid;
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < n; i++)
		f = add_head(&c, r, &at[i]);
	if (f != NULL || (f = same_tree(r, &c)) != NULL ||
	    (f = site_sign(&oid, r->site, &c, r->who)) != NULL ||
	    (f = ref_put(r->site->repo, SITE_MAIN, &r->state.head, &oid)) !=
	    NULL)
		return f;
	merged(r, &c, &oid);
	return NULL;
}

static fault
begin(struct run *r)
{
	struct oid head;
	fault f;

	if (!site_coordinates(r->site->roster, r->who->pk))
		return fault_new(FAULT_LOCKED, "only a coordinator's device "
		    "can merge");
	if ((f = ref_get(&head, r->site->repo, SITE_MAIN)) != NULL ||
	    (f = mainline_read(&r->state, r->site, &head)) != NULL ||
	    oid_zero(&head))
		return f;
	if ((f = site_commit(&r->last, r->site, &head)) != NULL)
		return f;
	return leaves_read(&r->tree, r->site, &r->last.tree);
}

fault
mainline_merge(struct site *s, const struct accepted *heads, size_t n,
    const struct signer *who, struct merged_head **out, size_t *nout)
{
	struct run r = { .site = s, .who = who };
	size_t some;
	fault f;

	if ((f = begin(&r)) == NULL)
		f = choose(&r, heads, n);
	for (size_t i = 0; f == NULL && i < r.nmoved; i += some) {
		some = r.nmoved - i < BATCH ? r.nmoved - i : BATCH;
		f = merge_batch(&r, &r.moved[i], some);
	}
	*out = NULL;
	*nout = 0;
	if (f == NULL) {
		*out = r.merged;
		*nout = r.nmerged;
		r.merged = NULL;
	}
	free(r.merged);
	free(r.moved);
	leaves_free(&r.tree);
	mainline_free(&r.state);
	return f;
}
