#include <stdlib.h>
#include <string.h>

#include "sync/base/lang.h"
#include "sync/branch.h"
#include "sync/cut.h"
#include "sync/pins.h"
#include "sync/sync_own.h"

#define KEYRINGS_BACK 8

/*
 * Signed by a member?  Asked once the roster is here, since the hub may have
 * been made by one whom we have not heard of yet.
 */
static fault
know_hub(struct sync *s)
{
	struct chain_check check = { .ref = SYNC_HUB,
	    .to = sync_shown(s, SYNC_HUB), .hub = carry_url(s->carry) };
	struct oid pin;
	fault f;

	if (id_zero(&s->hub) || s->hub_known)
		return NULL;
	if ((f = branch_pin(&pin, s, SYNC_HUB)) != NULL)
		return f;
	s->hub_known = oid_eq(&pin, &check.to);
	/* Whom should we ask whose key it is, if its roster is damaged? */
	if (s->hub_known || (s->site->roster->seq == 0 &&
	    sync_found(s, FIND_CORRUPT, SITE_ROSTER)))
		return NULL;
	if ((f = chain_verify(s->site, &check, &s->findings, NULL,
	    NULL)) != NULL)
		return f;
	if (check.steps == 0 && !check.ahead)
		return fault_new(FAULT_TRUST, "the hub at %s was not made by a "
		    "member of this project; nothing was taken from it and "
		    "nothing given to it", carry_url(s->carry));
	s->doubt |= check.ahead;
	s->hub_known = true;
	return check.ahead ? NULL : branch_pinned(s, SYNC_HUB, &check.to);
}

fault
sync_relist(struct sync *s)
{
	struct oid hub;
	fault f;

	if ((f = sync_list(s)) != NULL || !id_zero(&s->hub))
		return f;
	hub = sync_shown(s, SYNC_HUB);
	if (oid_zero(&hub) || (f = sync_read_hub(s, &hub)) != NULL)
		return f;
	return know_hub(s);
}

fault
sync_pass(struct sync *s, fault (*once)(struct sync *))
{
	fault f;

	s->doubt = s->again = false;
	if ((f = once(s)) != NULL || !s->doubt)
		return f;
	if ((f = sync_relist(s)) != NULL)
		return f;
	s->again = true;
	f = once(s);
	s->again = false;
	return f;
}

/* --- roster, own branch, keyring ---------------------------------------- */

fault
sync_fetch_roster(struct sync *s)
{
	struct branch b = { .sync = s, .ref = SITE_ROSTER };
	fault f = branch_follow(&b);

	if (f != NULL)
		return f;
	s->roster_moved |= b.moved;
	/* A pin may have bound what was our draft. */
	if ((b.moved || s->site->bound < s->site->roster->seq) &&
	    ((f = site_reload(s->site)) != NULL ||
	    (f = cut_apply(s->site)) != NULL))
		return f;
	return sync_found(s, FIND_WRONG_PROJECT, SITE_ROSTER) ?
	    fault_new(FAULT_TRUST, "the hub at %s holds another project's "
	    "roster; nothing was taken from it and nothing given to it",
	    carry_url(s->carry)) : NULL;
}

/* Our key as far as it is known while locked: that of our own chain. */
static fault
own_key(uint8_t pk[SIGN_PK], bool *known, struct sync *s, const char *ref)
{
	struct commit c;
	struct oid head;
	fault f;

	*known = s->site->signer != NULL;
	if (*known) {
		memcpy(pk, s->site->signer->pk, SIGN_PK);
		return NULL;
	}
	f = site_head(&c, &head, s->site, ref);
	*known = f == NULL;
	if (*known)
		memcpy(pk, c.pk, SIGN_PK);
	return f != NULL && f->code == FAULT_ABSENT ? NULL : f;
}

static fault
fetch_own(struct sync *s)
{
	const struct member *me = roster_member(s->site->roster,
	    &s->site->self);
	struct branch b = { .sync = s };
	uint8_t pk[SIGN_PK];
	char ref[REF_MAX];
	bool known;
	fault f;

	if (me == NULL)
		return NULL;
	ref_device(ref, &s->site->self);
	if ((f = own_key(pk, &known, s, ref)) != NULL)
		return f;
	b.ref = ref;
	b.own_pk = known ? pk : NULL;
	if (known && me->status != MEMBER_INVITED &&
	    me->status != MEMBER_UNINVITED &&
	    memcmp(me->sign_pk, pk, SIGN_PK) != 0) {
		sync_finding(s, FIND_REPLAYED, ref, 1, say("this device's "
		    "invitation was used by another device before; your work "
		    "is kept here, tell the coordinator"));
		s->frozen = true;
		return NULL;
	}
	if ((f = branch_follow(&b)) != NULL)
		return f;
	s->adopted |= b.moved;
	/* Anybody may write there: only our own key makes a second writer. */
	s->frozen |= b.second || sync_found(s, FIND_FORK, ref);
	return NULL;
}

/* The one with the greatest number; NULL: there is none. */
const char *
sync_newest_keyring(const struct repo_ref *refs, size_t n)
{
	const char *newest = NULL;
	uint64_t one, best = 0;

	for (size_t i = 0; i < n; i++)
		if (ref_kind(refs[i].name, NULL, &one) == REF_KEYRING &&
		    one > best) {
			best = one;
			newest = refs[i].name;
		}
	return newest;
}

/*
 * A keyring of ours that no hub ever held lost its race: its number may be
 * another's by now.
 */
static fault
drop_draft_keyrings(struct sync *s)
{
	struct repo_ref *ours = NULL, *pins = NULL;
	size_t n = 0, npins = 0;
	fault f = repo_refs(&ours, &n, s->site->repo, "refs/heads/keyring/",
	    SYNC_KEYRINGS_MAX);

	for (size_t i = 0; f == NULL && i < n; i++) {
		f = pin_all(&pins, &npins, s->site->repo, ours[i].name);
		if (f == NULL && npins == 0)
			f = repo_ref_delete(s->site->repo, ours[i].name);
		free(pins);
		pins = NULL;
	}
	free(ours);
	return f;
}

/*
 * Behind a newest one whose entry lost its race stands the one that counts:
 * a few older ones that the hub still shows are taken too.
 */
static fault
fetch_older(struct sync *s, uint64_t newest)
{
	size_t said = s->findings.n;
	uint64_t one;
	fault f = NULL;

	/* What is wrong with them is nobody's trouble: they may not count. */
	for (size_t i = 0; f == NULL && i < s->nshown; i++)
		if (ref_kind(s->shown[i].name, NULL, &one) == REF_KEYRING &&
		    one < newest && newest - one <= KEYRINGS_BACK)
			f = branch_follow(&(struct branch){ .sync = s,
			    .ref = s->shown[i].name });
	s->findings.n = said;
	return f;
}

/* Older ones go as new ones come; only the newest can be rolled back. */
static fault
fetch_keyring(struct sync *s)
{
	const char *newest = sync_newest_keyring(s->shown, s->nshown), *held;
	struct repo_ref *ours = NULL;
	uint64_t shows = 0, has = 0;
	size_t n = 0;
	fault f = drop_draft_keyrings(s);

	if (f == NULL)
		f = repo_refs(&ours, &n, s->site->repo, "refs/heads/keyring/",
		    SYNC_KEYRINGS_MAX);
	held = f == NULL ? sync_newest_keyring(ours, n) : NULL;
	if (held != NULL)
		ref_kind(held, NULL, &has);
	if (newest != NULL)
		ref_kind(newest, NULL, &shows);
	if (f == NULL && newest != NULL)
		f = branch_follow(&(struct branch){ .sync = s,
		    .ref = newest });
	if (f == NULL && newest != NULL)
		f = fetch_older(s, shows);
	if (f == NULL && has > shows)
		f = branch_follow(&(struct branch){ .sync = s, .ref = held });
	free(ours);
	return f;
}

fault
sync_fetch_keyrings(struct sync *s)
{
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < s->nshown; i++)
		if (ref_kind(s->shown[i].name, NULL, NULL) == REF_KEYRING)
			f = branch_follow(&(struct branch){ .sync = s,
			    .ref = s->shown[i].name });
	return f;
}

static fault
first(struct sync *s)
{
	bool known = s->hub_known;
	fault f;

	if ((f = sync_fetch_roster(s)) != NULL || (f = know_hub(s)) != NULL)
		return f;
	/* Only now may the roster's pin move. */
	if (!known && s->hub_known && (f = sync_fetch_roster(s)) != NULL)
		return f;
	if ((f = fetch_own(s)) != NULL)
		return f;
	return fetch_keyring(s);
}

fault
sync_fetch_first(struct sync *s)
{
	return sync_pass(s, first);
}
