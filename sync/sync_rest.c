/*
 * sync_rest -- the other devices' branches and main, fetched and verified.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/lang.h"
#include "sync/branch.h"
#include "sync/pins.h"
#include "sync/sync_own.h"
#include "sync/witness.h"

#define TOLD_NEAR 64		/* how far back a testified hash is compared */
#define HEARD_MAX 512		/* testimonies of one commit that we listen to */

struct listen {
	struct sync	*sync;
	struct tolds	tolds;
	struct id	met;		/* another hub that we know we have met */
};

static const struct member *
by_prefix(const struct roster *r, const uint8_t prefix[4])
{
	for (size_t i = 0; i < r->nmembers; i++)
		if (memcmp(r->members[i].device.b, prefix, 4) == 0)
			return &r->members[i];
	return NULL;
}

/* Have we been there?  A member could invent any number of hubs. */
static fault
hub_met(bool *yes, struct listen *l, const struct id *hub)
{
	struct sync *s = l->sync;
	struct oid met;
	fault f;

	if (id_zero(hub)) {		/* a bundle, no hub */
		*yes = false;
		return NULL;
	}
	if ((*yes = id_eq(hub, &s->hub) || id_eq(hub, &l->met)))
		return NULL;
	f = pin_get(&met, s->site->repo, hub, SYNC_HUB);
	if ((*yes = f == NULL && !oid_zero(&met)))
		l->met = *hub;
	return f;
}

/* What a device testifies in a commit that is new to us. */
static fault
hear(void *arg, const struct chain_step *step)
{
	struct listen *l = arg;
	struct told t = { .by = step->head->device };
	bool met;
	fault f;

	for (size_t i = 0; i < step->head->nseen && i < HEARD_MAX; i++) {
		t.seen = step->head->seen[i];
		if (by_prefix(l->sync->site->roster, t.seen.device) == NULL)
			continue;
		if ((f = hub_met(&met, l, &t.seen.hub)) != NULL)
			return f;
		if (met)
			tolds_add(&l->tolds, &t);
	}
	return NULL;
}

static bool
stranger(const struct sync *s, const char *ref)
{
	const struct member *m;
	struct id device;

	if (ref_kind(ref, &device, NULL) != REF_DEVICE)
		return false;
	m = roster_member(s->site->roster, &device);
	return m == NULL || m->status == MEMBER_UNINVITED;
}

/* Device refs of nobody in the roster: named, and not fetched. */
static void
name_strangers(struct sync *s)
{
	for (size_t i = 0; i < s->nshown; i++)
		if (stranger(s, s->shown[i].name))
			sync_finding(s, FIND_NOT_A_MEMBER, s->shown[i].name,
			    0, say("the roster does not know the device of "
			    "this branch; nothing was taken from it"));
}

static fault
fetch_others(struct sync *s, struct listen *l)
{
	const struct roster *r = s->site->roster;
	char ref[REF_MAX];
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < r->nmembers; i++) {
		struct branch b = { .sync = s, .ref = ref, .each = hear,
		    .arg = l };

		if (id_eq(&r->members[i].device, &s->site->self) ||
		    r->members[i].status == MEMBER_UNINVITED)
			continue;
		ref_device(ref, &r->members[i].device);
		f = branch_follow(&b);
	}
	return f;
}

/* Has this hub shown us, at any time, what is said of it? */
static fault
lived_up(bool *yes, struct sync *s, const struct seen *x, const char *ref)
{
	struct oid pin, at;
	struct commit c;
	uint64_t seq;
	fault f;

	*yes = false;
	if ((f = branch_pin(&pin, s, ref)) != NULL ||
	    (f = branch_seq(&seq, s, &pin)) != NULL || seq < x->seq)
		return f;
	*yes = true;
	if (seq - x->seq > TOLD_NEAR)
		return NULL;
	if ((f = chain_at(&at, s->site, &pin, x->seq)) != NULL ||
	    (f = site_commit(&c, s->site, &at)) != NULL)
		return f;
	*yes = memcmp(c.hash.b, x->hash, sizeof x->hash) == 0;
	return NULL;
}

static void
withheld(struct sync *s, const struct told *t, const char *ref)
{
	char by[ID_HEX], text[300];

	snprintf(text, sizeof text, say("device %s testifies that this hub had "
	    "number %" PRIu32 " of this branch; it does not show it to us"),
	    id_hex(by, &t->by), t->seen.seq);
	sync_finding(s, FIND_WITHHELD, ref, t->seen.seq, text);
}

/* Judge what was said of this hub; what it has lived up to is forgotten. */
static fault
judge(struct sync *s, struct tolds *ts)
{
	const struct member *m;
	char ref[REF_MAX];
	bool yes;
	fault f = NULL;

	for (size_t i = ts->n; f == NULL && i-- > 0;) {
		struct told *t = &ts->at[i];

		if (!id_eq(&t->seen.hub, &s->hub))
			continue;
		m = by_prefix(s->site->roster, t->seen.device);
		/* Of nobody: nothing to compare with.  Of our own branch that a
		 * second writer continued: it is there, we did not take it. */
		yes = true;
		if (m != NULL && !(s->frozen &&
		    id_eq(&m->device, &s->site->self))) {
			ref_device(ref, &m->device);
			f = lived_up(&yes, s, &t->seen, ref);
		}
		if (f == NULL && !yes && s->again)
			withheld(s, t, ref);
		s->doubt |= !yes;
		if (yes)
			*t = ts->at[--ts->n];
	}
	return f;
}

/* What heard says of one hub, beside what waits for it already. */
static fault
add_to(struct sync *s, const struct tolds *heard, const struct id *hub)
{
	struct tolds ts = { NULL, 0 };
	fault f = tolds_read(&ts, s->site, hub);

	for (size_t i = 0; f == NULL && i < heard->n; i++)
		if (id_eq(&heard->at[i].seen.hub, hub))
			tolds_add(&ts, &heard->at[i]);
	if (f == NULL)
		f = tolds_write(&ts, s->site, hub);
	tolds_free(&ts);
	return f;
}

/* What is said of other hubs waits for their turn. */
static fault
remember(struct sync *s, const struct tolds *heard)
{
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < heard->n; i++) {
		const struct id *hub = &heard->at[i].seen.hub;
		bool done = id_eq(hub, &s->hub);

		for (size_t k = 0; k < i && !done; k++)
			done = id_eq(&heard->at[k].seen.hub, hub);
		if (!done)
			f = add_to(s, heard, hub);
	}
	return f;
}

/* Of this hub: what waited and what is new. */
static fault
settle(struct sync *s, struct tolds *heard)
{
	fault f;

	if ((f = remember(s, heard)) != NULL || id_zero(&s->hub) ||
	    (f = tolds_read(heard, s->site, &s->hub)) != NULL ||
	    (f = judge(s, heard)) != NULL)
		return f;
	return tolds_write(heard, s->site, &s->hub);
}

static fault
rest(struct sync *s)
{
	struct listen l = { .sync = s };
	fault f = NULL;

	if (s->again)
		f = sync_fetch_roster(s);
	if (f == NULL)
		f = fetch_others(s, &l);
	if (f == NULL)
		f = branch_follow(&(struct branch){ .sync = s,
		    .ref = SITE_MAIN });
	if (f == NULL)
		f = settle(s, &l.tolds);
	if (f == NULL && (s->again || !s->doubt))
		name_strangers(s);
	tolds_free(&l.tolds);
	return f;
}

fault
sync_fetch_rest(struct sync *s)
{
	return sync_pass(s, rest);
}

fault
sync_delivered(uint64_t *out, struct site *s, const struct id *device)
{
	struct repo_ref *pins = NULL;
	struct commit c;
	char ref[REF_MAX];
	size_t n = 0;
	fault f;

	*out = 0;
	ref_device(ref, device);
	f = pin_all(&pins, &n, s->repo, ref);
	for (size_t i = 0; f == NULL && i < n; i++) {
		f = site_commit(&c, s, &pins[i].oid);
		if (f == NULL && c.seq > *out)
			*out = c.seq;
	}
	free(pins);
	return f;
}
