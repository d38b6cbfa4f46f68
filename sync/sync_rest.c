/*
 * sync_rest -- the other devices' branches and main, fetched and verified.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/lang.h"
#include "sync/branch.h"
#include "sync/cut.h"
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
	/* Of an invitation that was taken back: known, and left alone. */
	return m == NULL;
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

/* "This hub had number seq of ref", as a device testifies or our inviter. */
struct claim {
	char		ref[REF_MAX];
	uint64_t	seq;
	struct bytes	hash;		/* its beginning, or all of it */
	const struct id	*by;
};

/* Has this hub shown us, at any time, what is said of it? */
static fault
lived_up(bool *yes, struct sync *s, const struct claim *x)
{
	struct oid pin, at;
	struct commit c;
	uint64_t seq;
	fault f;

	*yes = false;
	if ((f = branch_pin(&pin, s, x->ref)) != NULL ||
	    (f = branch_seq(&seq, s, &pin)) != NULL || seq < x->seq)
		return f;
	*yes = true;
	if (seq - x->seq > TOLD_NEAR)
		return NULL;
	if ((f = chain_at(&at, s->site, &pin, x->seq)) != NULL ||
	    (f = site_commit(&c, s->site, &at)) != NULL)
		return f;
	*yes = memcmp(c.hash.b, x->hash.at, x->hash.len) == 0;
	return NULL;
}

static void
withheld(struct sync *s, const struct claim *x)
{
	char by[ID_HEX], text[300];

	snprintf(text, sizeof text, say("device %s testifies that this hub had "
	    "number %" PRIu64 " of this branch; it does not show it to us"),
	    id_hex(by, x->by), x->seq);
	sync_finding(s, FIND_WITHHELD, x->ref, x->seq, text);
}

/*
 * May we look for it?  Not with a device that is nobody's, or that was cut
 * before: nothing would be taken.  Nor with our own branch that a second
 * writer continued: it is there, we did not take it.
 */
static bool
expected(const struct sync *s, const struct member *m, uint64_t seq)
{
	return m != NULL && m->status != MEMBER_UNINVITED &&
	    (!cut_ends(m) || seq <= m->cut_seq) &&
	    !(s->frozen && id_eq(&m->device, &s->site->self));
}

/* A branch that is a fork is there: what is wrong with it is named. */
static fault
judge(bool *done, struct sync *s, const struct claim *x)
{
	fault f = lived_up(done, s, x);

	if (f == NULL && !*done && s->again &&
	    !sync_found(s, FIND_FORK, x->ref))
		withheld(s, x);
	s->doubt |= !*done;
	return f;
}

/* Judge what was said of this hub; what it has lived up to is forgotten. */
static fault
judge_tolds(struct sync *s, struct tolds *ts)
{
	const struct member *m;
	bool done;
	fault f = NULL;

	for (size_t i = ts->n; f == NULL && i-- > 0;) {
		struct told *t = &ts->at[i];
		struct claim x = { .seq = t->seen.seq, .hash = { t->seen.hash,
		    sizeof t->seen.hash }, .by = &t->by };

		if (!id_eq(&t->seen.hub, &s->hub))
			continue;
		m = by_prefix(s->site->roster, t->seen.device);
		done = !expected(s, m, x.seq);
		if (!done) {
			ref_device(x.ref, &m->device);
			f = judge(&done, s, &x);
		}
		if (done)
			*t = ts->at[--ts->n];
	}
	return f;
}

/* The same of what our inviter said of it. */
static fault
judge_pins(struct sync *s)
{
	struct head_pins *ps = &s->head_pins;
	size_t had = ps->n;
	struct id device;
	bool done;
	fault f = NULL;

	if (!id_eq(&ps->hub, &s->hub))
		return NULL;
	for (size_t i = ps->n; f == NULL && i-- > 0;) {
		const struct invite_pin *p = &ps->at[i];
		struct claim x = { .seq = p->seq, .hash = { p->hash.b,
		    WIRE_HASH_LEN }, .by = &ps->by };

		memcpy(x.ref, p->ref, sizeof x.ref);
		done = ref_kind(p->ref, &device, NULL) == REF_DEVICE &&
		    !expected(s, roster_member(s->site->roster, &device),
		    p->seq);
		if (!done)
			f = judge(&done, s, &x);
		if (done)
			head_pins_drop(ps, i);
	}
	return f != NULL || ps->n == had ? f :
	    head_pins_write(ps, s->site->repo);
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
	    (f = judge_tolds(s, heard)) != NULL ||
	    (f = tolds_write(heard, s->site, &s->hub)) != NULL)
		return f;
	return judge_pins(s);
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
