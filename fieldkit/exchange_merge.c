/*
 * exchange_merge -- a coordinator's round: sync, admit who has joined, merge
 * every device into main, push; again when another coordinator was first.
 */
#include "fieldkit/exchange_own.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/clock.h"
#include "sync/base/lang.h"

#define MERGE_MS 30000
#define ROTATE_DAYS 30

/* The first commit of a joiner's chain, with its join line. */
static fault
first_commit(struct home *h, const struct id *device, struct commit *c)
{
	char ref[REF_MAX];
	struct oid head, first;
	fault f;

	ref_device(ref, device);
	if ((f = repo_ref(&head, h->site.repo, ref)) != NULL)
		return f;
	if ((f = chain_at(&first, &h->site, &head, 1)) != NULL)
		return f;
	return site_commit(c, &h->site, &first);
}

/*
 * Does the chain that is held aside at `head` take up m's invitation, with
 * another key than the joiner's?  The join line is the proof: only who held
 * the invitation can have signed it.  Anything else that a hub once showed in
 * this place says nothing about the joiner.
 */
static fault
second_use(struct home *h, const struct member *m, const struct join *joiner,
    const struct oid *head, bool *yes)
{
	struct oid first;
	struct commit c;
	fault f = chain_at(&first, &h->site, head, 1);

	*yes = false;
	if (f == NULL)
		f = site_commit(&c, &h->site, &first);
	if (f != NULL)
		return f->code == FAULT_ABSENT || f->code == FAULT_FORMAT ?
		    NULL : f;
	*yes = c.has_join &&
	    roster_join_fits(h->site.roster, m, &c.join) &&
	    memcmp(c.join.sign_pk, joiner->sign_pk, SIGN_PK) != 0;
	return NULL;
}

/* The invitation was used twice: nobody is admitted for it. */
static fault
used_twice(struct home *h, const struct member *m, const struct join *joiner,
    bool *twice)
{
	struct repo_ref *refs = NULL;
	char hex[ID_HEX], tail[ID_HEX + 16];
	size_t n = 0;
	fault f = repo_refs(&refs, &n, h->site.repo, "refs/apart/",
	    WIRE_REFS_MAX);

	*twice = false;
	snprintf(tail, sizeof tail, "/device/%s", id_hex(hex, &m->device));
	for (size_t i = 0; f == NULL && i < n && !*twice; i++)
		if (strstr(refs[i].name, tail) != NULL)
			f = second_use(h, m, joiner, &refs[i].oid, twice);
	free(refs);
	return f;
}

/* Nobody is refused in silence. */
static void
not_admitted(struct exchange_report *r, const struct id *device)
{
	struct finding f = { .code = FIND_REPLAYED, .device = *device,
	    .seq = 1 };

	snprintf(f.hub, sizeof f.hub, "%.500s", r->hub);
	ref_device(f.ref, device);
	snprintf(f.text, sizeof f.text, "%s", say("this invitation was used "
	    "twice: neither was admitted; invite again"));
	findings_add(&r->findings, &f);
}

/* Is it on its way already? */
static bool
intended(const struct intent *list, size_t n, const struct id *device)
{
	for (size_t i = 0; i < n; i++)
		if (intent_names(&list[i], ITEM_ADMIT, device))
			return true;
	return false;
}

/* Has somebody taken this invitation up, in time and alone? */
static fault
arrived(struct home *h, const struct member *m, struct join *j, bool *yes,
    struct exchange_report *r)
{
	struct commit c;
	bool twice;
	fault f;

	*yes = false;
	if (m->status != MEMBER_INVITED || m->waiting ||
	    m->expires < clock_wall_ms() / 1000)
		return NULL;
	f = first_commit(h, &m->device, &c);
	if (f != NULL)
		return f->code == FAULT_ABSENT ? NULL : f;
	if (!c.has_join || !roster_join_fits(h->site.roster, m, &c.join))
		return NULL;
	if ((f = used_twice(h, m, &c.join, &twice)) != NULL)
		return f;
	if (twice)
		not_admitted(r, &m->device);
	*j = c.join;
	*yes = !twice;
	return NULL;
}

static fault
admit_one(struct home *h, const struct member *m, const struct join *j)
{
	struct intent want = INTENT_EMPTY;
	fault f;

	entry_admit(&want.items, &m->device, j->sign_pk, j->box_pk);
	f = intent_add(&h->store, &want);
	intent_free(&want);
	return f;
}

/* An intent to admit everyone who has joined; *n counts them. */
static fault
admit(struct home *h, size_t *n, struct exchange_report *r)
{
	const struct roster *ro = h->site.roster;
	struct intent *list = NULL;
	size_t nlist = 0;
	struct join j;
	bool yes;
	fault f = intent_list(&h->store, &list, &nlist);

	for (size_t i = 0; f == NULL && i < ro->nmembers; i++) {
		const struct member *m = &ro->members[i];

		if ((f = arrived(h, m, &j, &yes, r)) != NULL || !yes)
			continue;
		++*n;
		if (!intended(list, nlist, &m->device))
			f = admit_one(h, m, &j);
	}
	intents_free(list, nlist);
	return f;
}

/* Verified heads of everyone admitted, up to a cut. */
static fault
heads(struct home *h, struct accepted **out, size_t *n)
{
	const struct roster *ro = h->site.roster;
	struct accepted *at = mem_new(ro->nmembers * sizeof *at);
	struct commit c;
	char ref[REF_MAX];
	fault f = NULL;

	*n = 0;
	for (size_t i = 0; f == NULL && i < ro->nmembers; i++) {
		if (ro->members[i].admitted_at == 0 &&
		    ro->members[i].invited_at != 0)
			continue;
		ref_device(ref, &ro->members[i].device);
		f = site_head(&c, &at[*n].oid, &h->site, ref);
		if (f != NULL && f->code == FAULT_ABSENT) {
			f = NULL;
			continue;
		}
		at[*n].device = ro->members[i].device;
		at[*n].seq = c.seq;
		at[(*n)++].hash = c.hash;
	}
	*out = at;
	return f;
}

static fault
merge_heads(struct home *h, struct merge_report *r)
{
	struct accepted *at = NULL;
	struct merged_head *more = NULL;
	size_t n = 0, nmore = 0;
	fault f;

	if ((f = heads(h, &at, &n)) == NULL)
		f = mainline_merge(&h->site, at, n, &h->signer, &more, &nmore);
	if (f == NULL && nmore > 0) {
		r->merged = mem_grow(r->merged,
		    (r->nmerged + nmore) * sizeof *more);
		memcpy(r->merged + r->nmerged, more, nmore * sizeof *more);
		r->nmerged += nmore;
	}
	free(more);
	free(at);
	return f;
}

void
merge_report_free(struct merge_report *r)
{
	exchange_report_free(&r->sync);
	free(r->merged);
	*r = (struct merge_report){ .merged = NULL };
}

/* main binds on the home hub alone: elsewhere two could disagree. */
static fault
at_home(struct home *h, const struct merge_report *r)
{
	if (id_eq(&h->site.roster->home, &r->sync.hub_id))
		return NULL;
	return fault_new(FAULT_HUB, "%s is not the project's home hub; "
	    "everything was synced, nothing was merged; merge with the home "
	    "hub", r->sync.hub);
}

/* Is this commit on the line of our main?  Zeros are on any. */
static fault
on_main(bool *yes, struct home *h, const struct oid *oid)
{
	enum chain_side side;
	struct oid now, meet;
	fault f;

	*yes = oid_zero(oid);
	if (*yes || (f = exchange_main(h, &now)) != NULL)
		return *yes ? NULL : f;
	f = chain_meet(&side, &meet, &h->site, &now, oid);
	*yes = side == CHAIN_SAME || side == CHAIN_BEHIND;
	return f;
}

/*
 * What was merged goes to the hub.  If another coordinator was first, what has
 * bound takes the place of ours, here or in the sync already; nobody has seen
 * ours, and the next round makes it again on top.
 */
static fault
bind_main(struct home *h, struct carry *c, struct merge_report *r,
    size_t before)
{
	struct oid ours;
	bool kept;
	fault f, g;

	if ((f = exchange_main(h, &ours)) != NULL)
		return f;
	f = exchange_with(h, c, &r->sync);
	if (f != NULL && f->code != FAULT_RACE)
		return f;
	if ((f != NULL && (g = mainline_drop(&h->site)) != NULL) ||
	    (g = on_main(&kept, h, &ours)) != NULL)
		return g;
	if (kept)
		return f;
	r->nmerged = before;
	return f != NULL ? f : fault_new(FAULT_RACE, "another coordinator's "
	    "device was first; nothing was lost, sync again");
}

/* Fresh keys once a month, so that a stolen device reads little. */
static fault
rotate_by_age(struct home *h, bool *rotated)
{
	struct intent want = { .flags = INTENT_EPOCH, .items = ENTRY_EMPTY };
	struct intent *list = NULL;
	bool waits = false;
	size_t n = 0;
	int64_t days;
	fault f;

	*rotated = false;
	if ((f = exchange_epoch_age(h, &days)) != NULL ||
	    (f = intent_list(&h->store, &list, &n)) != NULL)
		return f;
	for (size_t i = 0; i < n; i++)
		waits |= (list[i].flags & INTENT_EPOCH) != 0;
	*rotated = days >= ROTATE_DAYS;
	if (*rotated && !waits)
		f = intent_add(&h->store, &want);
	intents_free(list, n);
	return f;
}

/* One round: sync, admit and bind, import, merge, push. */
static fault
merge_round(struct home *h, struct carry *c, struct merge_report *r)
{
	size_t admitted = 0, before = r->nmerged;
	bool rotated = false;
	fault f;

	if ((f = exchange_with(h, c, &r->sync)) != NULL ||
	    (f = at_home(h, r)) != NULL)
		return f;
	if ((f = admit(h, &admitted, &r->sync)) != NULL ||
	    (f = rotate_by_age(h, &rotated)) != NULL)
		return f;
	if ((admitted > 0 || rotated) && (f = exchange_with(h, c, &r->sync)) != NULL)
		return f;
	r->admitted += admitted;
	if ((f = merge_heads(h, r)) != NULL)
		return f;
	return bind_main(h, c, r, before);
}

static fault
merge_locked(struct home *h, const char *url, struct merge_report *r)
{
	uint64_t until = clock_wall_ms() + MERGE_MS;
	struct carry *c = NULL;
	fault f;

	if ((f = exchange_open_hub(&c, h, url, &r->sync)) != NULL)
		return f;
	if ((f = home_site(h)) != NULL)
		goto done;
	while ((f = repo_tidy(h->site.repo)) == NULL &&
	    (f = merge_round(h, c, r)) != NULL && f->code == FAULT_RACE &&
	    clock_wall_ms() <= until)
		poll(NULL, 0, 50 + (int)random_below(200));
	if (f == NULL)
		f = exchange_main(h, &r->main);
done:
	carry_close(c);
	return f;
}

fault
exchange_merge(struct home *h, const char *url, struct merge_report *r)
{
	struct file_lock lock = FILE_LOCK_NONE;
	fault f;

	*r = (struct merge_report){ .sync = { .hub = mem_text(url) } };
	if ((f = home_lock(&lock, h)) != NULL)
		return f;
	f = merge_locked(h, url, r);
	file_unlock(&lock);
	return f;
}
