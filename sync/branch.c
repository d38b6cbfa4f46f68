#include "sync/branch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/lang.h"
#include "sync/cut.h"
#include "sync/mainline.h"
#include "sync/pins.h"
#include "sync/sync_own.h"

fault
branch_pin(struct oid *out, struct sync *s, const char *ref)
{
	*out = (struct oid){ { 0 } };
	return id_zero(&s->hub) ? NULL :
	    pin_get(out, s->site->repo, &s->hub, ref);
}

fault
branch_pinned(struct sync *s, const char *ref, const struct oid *to)
{
	/* A stranger's hub must not move the pins of the id it claims. */
	return !s->hub_known || oid_zero(to) ? NULL :
	    pin_move(s->site->repo, &s->hub, ref, to);
}

fault
branch_seq(uint64_t *seq, struct sync *s, const struct oid *oid)
{
	struct commit c;
	fault f;

	*seq = 0;
	if (oid_zero(oid))
		return NULL;
	if ((f = site_commit(&c, s->site, oid)) == NULL)
		*seq = c.seq;
	return f;
}

/* --- what was there before ---------------------------------------------- */

/* Kept beside our own, as evidence and so that nothing is lost. */
static fault
keep_apart(struct branch *b, const struct oid *oid)
{
	struct repo *repo = b->sync->site->repo;
	char pin[REF_MAX], name[REF_MAX];
	struct oid now;
	fault f;

	pin_name(pin, &b->sync->hub, b->ref);
	snprintf(name, sizeof name, "refs/apart/%.110s",
	    pin + strlen("refs/pins/"));
	if ((f = ref_get(&now, repo, name)) != NULL || oid_eq(&now, oid))
		return f;
	return ref_put(repo, name, &now, oid);
}

/*
 * A chain that we carried for an invitation which another joiner, with
 * another key, was then admitted for: it makes room.
 */
static fault
make_room(struct branch *b)
{
	struct site *s = b->sync->site;
	const struct member *m;
	struct id device;
	struct commit c;
	fault f;

	if (oid_zero(&b->local) || b->own_pk != NULL ||
	    ref_kind(b->ref, &device, NULL) != REF_DEVICE)
		return NULL;
	m = roster_member(s->roster, &device);
	if (m == NULL || m->admitted_at == 0)
		return NULL;
	if ((f = site_commit(&c, s, &b->local)) != NULL ||
	    memcmp(c.pk, m->sign_pk, SIGN_PK) == 0)
		return f;
	if ((f = keep_apart(b, &b->local)) != NULL ||
	    (f = repo_ref_delete(s->repo, b->ref)) != NULL)
		return f;
	b->local = (struct oid){ { 0 } };
	return NULL;
}

static void
rolled_back(struct branch *b, uint64_t had, uint64_t shows)
{
	char text[300];

	if (shows == 0)
		snprintf(text, sizeof text, say("the hub has shown us this "
		    "branch up to number %" PRIu64 " and no longer shows it; "
		    "it gets back what we hold"), had);
	else
		snprintf(text, sizeof text, say("the hub has shown us number %"
		    PRIu64 " and now shows %" PRIu64 "; nothing was taken from "
		    "it, and it gets back what we hold"), had, shows);
	sync_finding(b->sync, FIND_ROLLBACK, b->ref, had, text);
}

static fault
not_shown(struct branch *b)
{
	uint64_t had;
	fault f = branch_seq(&had, b->sync, &b->pin);

	if (f == NULL && had > 0)
		rolled_back(b, had, 0);
	b->side = CHAIN_BEHIND;
	return f;
}

/* An old place on our own line: has this hub itself been further? */
static fault
behind(struct branch *b)
{
	uint64_t had, shows;
	fault f;

	if ((f = branch_seq(&had, b->sync, &b->pin)) != NULL ||
	    (f = branch_seq(&shows, b->sync, &b->shown)) != NULL)
		return f;
	if (shows >= had)
		return branch_pinned(b->sync, b->ref, &b->shown);
	rolled_back(b, had, shows);
	return NULL;
}

/* --- fetching ----------------------------------------------------------- */

/* Objects that the hub cannot give, or may not: a finding, no fault. */
static fault
fetch(struct branch *b, bool *got)
{
	struct sync *s = b->sync;
	char text[300];
	fault f = carry_fetch(s->carry, s->site->repo, b->ref, &b->local,
	    &b->shown);

	*got = f == NULL;
	if (f == NULL)
		b->part = *carry_reached(s->carry);
	if (f == NULL || f->code != FAULT_FORMAT)
		return f;
	snprintf(text, sizeof text, "%.290s", f->text);
	sync_finding(s, carry_why(s->carry), b->ref, 0, text);
	return NULL;
}

static fault
compare(struct branch *b, struct oid *meet, bool *got)
{
	struct site *s = b->sync->site;
	fault f;

	*got = true;
	b->part = b->shown;
	if (repo_has(s->repo, &b->shown)) {
		f = chain_meet(&b->side, meet, s, &b->local, &b->shown);
		if (f != NULL || b->side == CHAIN_SAME ||
		    b->side == CHAIN_BEHIND)
			return f;
	}
	if ((f = fetch(b, got)) != NULL || !*got)
		return f;
	return chain_meet(&b->side, meet, s, &b->local, &b->part);
}

/* --- verifying ---------------------------------------------------------- */

/* May what we hold after `meet` give way?  Only if no hub ever held it. */
static fault
are_drafts(bool *drafts, struct branch *b, const struct oid *meet)
{
	struct sync *s = b->sync;
	enum ref_kind kind = ref_kind(b->ref, NULL, NULL);
	uint64_t bound = s->site->bound, seq;
	struct oid at;
	fault f = NULL;

	*drafts = false;
	if (b->side != CHAIN_APART ||
	    (kind != REF_ROSTER && kind != REF_MAIN))
		return NULL;
	if (kind == REF_MAIN)
		f = mainline_bound(&at, &bound, s->site);
	if (f == NULL && (f = branch_seq(&seq, s, meet)) == NULL)
		*drafts = seq >= bound;
	return f;
}

static fault
verify(struct branch *b, struct chain_check *check)
{
	struct sync *s = b->sync;
	fault f = ref_kind(b->ref, NULL, NULL) == REF_MAIN ?
	    mainline_verify(s->site, check, &s->findings) :
	    chain_verify(s->site, check, &s->findings, b->each, b->arg);

	b->second = check->twice;
	if (f != NULL || !check->ahead)
		return f;
	s->doubt = true;
	/* With a second writer on our branch, what is named may be what we did
	 * not take: no lie of the hub. */
	if (s->again && !s->frozen)
		sync_finding(s, FIND_WITHHELD, b->ref, check->good_seq + 1,
		    say("this commit names a roster entry or another device's "
		    "commit that this hub should have and does not show"));
	return NULL;
}

/*
 * Is it the line that our inviter saw?  Another one may have left it at any
 * commit before, so nothing of it is taken.
 */
static fault
unlike_pin(bool *other, struct branch *b, const struct chain_check *check)
{
	const struct invite_pin *p = head_pin(&b->sync->head_pins, b->ref);
	char text[300];
	struct commit c;
	struct oid at;
	fault f;

	*other = false;
	if (p == NULL || check->good_seq < p->seq ||
	    check->good_seq - check->steps >= p->seq)
		return NULL;
	if ((f = chain_at(&at, b->sync->site, &check->good, p->seq)) != NULL ||
	    (f = site_commit(&c, b->sync->site, &at)) != NULL)
		return f;
	*other = !hash_eq(&c.hash, &p->hash);
	snprintf(text, sizeof text, say("who invited us had seen another commit "
	    "with number %" PRIu64 "; this one is kept apart, and nothing of "
	    "its line was taken; tell the coordinator"), p->seq);
	if (*other)
		sync_finding(b->sync, FIND_FORK, b->ref, p->seq, text);
	return NULL;
}

/* A valid branch of ours that our key did not write: used twice. */
static fault
second_joiner(struct branch *b, const struct oid *good)
{
	struct commit c;
	fault f;

	if (b->own_pk == NULL)
		return NULL;
	if ((f = site_commit(&c, b->sync->site, good)) != NULL)
		return f;
	b->second = memcmp(c.pk, b->own_pk, SIGN_PK) != 0;
	if (b->second)
		sync_finding(b->sync, FIND_REPLAYED, b->ref, 1, say("this "
		    "device's invitation was used by another device before; "
		    "your work is kept here, tell the coordinator"));
	return NULL;
}

static fault
take(struct branch *b, const struct chain_check *check)
{
	struct repo *repo = b->sync->site->repo;
	fault f;

	if (check->steps == 0)
		return NULL;
	b->sync->received += check->steps;
	if ((f = second_joiner(b, &check->good)) != NULL || b->second)
		return f;
	if ((f = ref_put(repo, b->ref, &b->local, &check->good)) != NULL)
		return f;
	b->moved = true;
	b->local = check->good;
	return branch_pinned(b->sync, b->ref, &check->good);
}

/* What a device wrote after its cut is verified all the same, and kept. */
static fault
beyond_cut(struct branch *b, const struct chain_check *check)
{
	struct chain_check more = { .ref = b->ref, .from = check->good,
	    .to = b->part, .hub = check->hub, .beyond = true };
	struct findings unsaid = { NULL, 0 };
	struct id device;
	fault f;

	if (!check->cut || ref_kind(b->ref, &device, NULL) != REF_DEVICE)
		return NULL;
	f = chain_verify(b->sync->site, &more, &unsaid, NULL, NULL);
	if (f == NULL && more.steps > 0)
		f = cut_keep(b->sync->site, &device, &more.good);
	findings_free(&unsaid);
	return f;
}

static fault
advance(struct branch *b, const struct oid *meet)
{
	struct chain_check check = { .ref = b->ref, .from = *meet,
	    .to = b->part, .hub = carry_url(b->sync->carry) };
	bool other;
	fault f;

	if ((f = are_drafts(&check.drafts, b, meet)) != NULL ||
	    (f = verify(b, &check)) != NULL ||
	    (f = beyond_cut(b, &check)) != NULL ||
	    (f = unlike_pin(&other, b, &check)) != NULL)
		return f;
	if (other)
		return keep_apart(b, &b->part);
	if (b->side == CHAIN_AHEAD)
		return take(b, &check);
	/* Another's entry has bound: our draft is made anew by its author. */
	if (check.drafts && oid_eq(&check.good, &b->part))
		return take(b, &check);
	return check.drafts ? NULL : keep_apart(b, &b->part);
}

static fault
follow_part(struct branch *b)
{
	struct oid meet;
	bool got;
	fault f;

	if ((f = compare(b, &meet, &got)) != NULL || !got)
		return f;
	if (b->side == CHAIN_BEHIND)
		return behind(b);
	return b->side == CHAIN_SAME ?
	    branch_pinned(b->sync, b->ref, &b->shown) : advance(b, &meet);
}

fault
branch_follow(struct branch *b)
{
	struct sync *s = b->sync;
	fault f;

	b->moved = b->second = false;
	b->side = CHAIN_BEHIND;
	b->shown = sync_shown(s, b->ref);
	if ((f = branch_pin(&b->pin, s, b->ref)) != NULL ||
	    (f = ref_get(&b->local, s->site->repo, b->ref)) != NULL)
		return f;
	if (oid_zero(&b->shown))
		return not_shown(b);
	/* Nothing new; but a head of ours that was lost is taken up again. */
	if (oid_eq(&b->shown, &b->pin) && !oid_zero(&b->local)) {
		b->side = oid_eq(&b->shown, &b->local) ? CHAIN_SAME :
		    CHAIN_BEHIND;
		return NULL;
	}
	if ((f = make_room(b)) != NULL)
		return f;
	/* Each part is verified before the next is asked for. */
	for (unsigned i = 0; i < WIRE_PARTS_MAX; i++)
		if ((f = follow_part(b)) != NULL ||
		    oid_eq(&b->part, &b->shown) || !oid_eq(&b->local, &b->part))
			break;
	return f;
}
