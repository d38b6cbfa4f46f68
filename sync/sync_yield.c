/*
 * sync_yield -- may what a hub shows of a ref give way to what we hold?
 */
#include <string.h>

#include "sync/branch.h"
#include "sync/cut.h"
#include "sync/sync_own.h"

/* Was what is wrong with this ref of a kind that needs no key to write? */
static bool
spoiled(const struct sync *s, const char *ref)
{
	static const enum finding_code codes[] = { FIND_CORRUPT,
	    FIND_BAD_SIGNATURE, FIND_NOT_A_MEMBER, FIND_FOREIGN_PATH,
	    FIND_OVERSIZED };

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (sync_found(s, codes[i], ref))
			return true;
	return false;
}

/* May this key sign what comes after ours, as far as we know? */
static fault
key_fits(bool *yes, struct sync *s, const struct commit *c,
    const struct oid *ours)
{
	const struct roster *r = s->site->roster;
	struct commit own;
	fault f;

	if (ref_kind(c->ref, NULL, NULL) != REF_DEVICE) {
		*yes = c->roster_seq > r->seq || site_coordinates(r, c->pk) ||
		    memcmp(c->pk, r->paper_sign, SIGN_PK) == 0;
		return NULL;
	}
	if ((f = site_commit(&own, s->site, ours)) == NULL)
		*yes = memcmp(c->pk, own.pk, SIGN_PK) == 0;
	return f;
}

/*
 * Junk that anybody who can write to the folder may have put there: its
 * newest commit is not signed by whom the ref belongs to.  A commit that is
 * vouches for all before it, and is never overwritten.
 */
static fault
junk(bool *yes, struct sync *s, const char *ref, const struct oid *shown,
    const struct oid *ours)
{
	struct buf raw = BUF_EMPTY;
	struct commit c = { .seq = 0 };
	bool fits = false;
	fault f = site_commit_raw(&c, &raw, s->site, shown);

	if (f == NULL && strcmp(c.ref, ref) == 0 &&
	    commit_signed(&c, buf_view(&raw)))
		f = key_fits(&fits, s, &c, ours);
	else if (f != NULL && f->code == FAULT_FORMAT)
		f = NULL;
	*yes = !fits;
	buf_free(&raw);
	return f;
}

bool
sync_own_branch(const struct sync *s, const char *ref)
{
	struct id device;

	return ref_kind(ref, &device, NULL) == REF_DEVICE &&
	    id_eq(&device, &s->site->self);
}

/* Is it the chain of a device that was cut? */
static bool
ends(const struct sync *s, const char *ref)
{
	struct id device;

	return ref_kind(ref, &device, NULL) == REF_DEVICE &&
	    cut_ends(roster_member(s->site->roster, &device));
}

/* May what the hub shows give way to ours? */
fault
sync_gives_way(bool *yes, struct sync *s, const char *ref,
    const struct oid *shown, const struct oid *ours)
{
	enum chain_side side;
	struct oid pin, meet;
	fault f = branch_pin(&pin, s, ref);

	/* Ours goes on from every pin, but for a cut; of main and of our own
	 * branch, whose head may have been lost, we make sure. */
	*yes = oid_zero(shown) || (oid_eq(shown, &pin) &&
	    strcmp(ref, SITE_MAIN) != 0 && !ends(s, ref) &&
	    !sync_own_branch(s, ref));
	if (f != NULL || *yes)
		return f;
	if (!repo_has(s->site->repo, shown)) {
		/* It could not be fetched.  Only its owner may say junk. */
		*yes = sync_own_branch(s, ref) && spoiled(s, ref);
		return NULL;
	}
	if ((f = chain_meet(&side, &meet, s->site, ours, shown)) != NULL)
		return f;
	/* A main that a coordinator went on with after its cut is nobody's. */
	*yes = side == CHAIN_BEHIND || (strcmp(ref, SITE_MAIN) == 0 &&
	    sync_found(s, FIND_AFTER_CUT, ref));
	if (*yes || oid_eq(shown, &pin))
		return NULL;
	/* A commit of another ref or project can never be right there. */
	f = chain_foreign(yes, s->site, ref, shown);
	return f != NULL || *yes || !spoiled(s, ref) ? f :
	    junk(yes, s, ref, shown, ours);
}
