#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sync/branch.h"
#include "sync/cut.h"
#include "sync/hub_id.h"
#include "sync/mainline.h"
#include "sync/pins.h"
#include "sync/sync_own.h"

#define ROUNDS 8		/* others push too; each round one of us wins */
#define HEADS_MAX 1024

/* --- the hub's id ------------------------------------------------------- */

static bool
pending(const struct sync *s)
{
	const struct member *me = roster_member(s->site->roster,
	    &s->site->self);

	return me == NULL || me->status == MEMBER_INVITED;
}

static fault
make_id(struct oid *oid, struct id *hub, struct sync *s,
    const struct signer *who)
{
	struct hub_id id = { id_random(), s->site->roster->project };
	struct buf blob = BUF_EMPTY;
	struct commit c = { .seq = 0 };
	fault f;

	hub_id_put(&blob, &id);
	f = site_orphan(oid, s->site, SYNC_HUB, &c, buf_view(&blob), who);
	buf_free(&blob);
	*hub = id.hub;
	return f;
}

fault
sync_name_hub(struct sync *s, const struct signer *who)
{
	struct push p = { .ref = SYNC_HUB };
	struct id hub;
	fault f;

	if (!id_zero(&s->hub))
		return NULL;
	if (who == NULL)
		return fault_new(FAULT_LOCKED, "the hub at %s is new; unlock "
		    "the kit and sync once, so that it gets its name",
		    carry_url(s->carry));
	if (pending(s))
		return fault_new(FAULT_HUB, "the hub at %s is new and this "
		    "device is not admitted yet; nothing was sent, sync with "
		    "the coordinator's hub first", carry_url(s->carry));
	if ((f = make_id(&p.new, &hub, s, who)) != NULL ||
	    (f = carry_push(s->carry, s->site->repo, &p, 1)) != NULL)
		return f;
	if (p.result != NULL)	/* another was first: the hub is theirs */
		return sync_relist(s);
	s->hub = hub;
	s->hub_known = true;
	return branch_pinned(s, SYNC_HUB, &p.new);
}

/* --- what the hub lacks ------------------------------------------------- */

struct list {
	struct push	*at;
	size_t		n;
};

static bool
at_home(const struct sync *s)
{
	const struct id *home = &s->site->roster->home;

	return id_zero(home) || id_eq(home, &s->hub);
}

/* Other hubs than the home carry copies of what is bound. */
static fault
target(struct oid *out, struct sync *s, const char *ref)
{
	enum ref_kind kind = ref_kind(ref, NULL, NULL);
	struct oid local;
	uint64_t seq;
	fault f = ref_get(&local, s->site->repo, ref);

	*out = local;
	if (f != NULL || oid_zero(&local) || at_home(s))
		return f;
	if (kind == REF_ROSTER)
		return chain_at(out, s->site, &local, s->site->bound);
	return kind == REF_MAIN ? mainline_bound(out, &seq, s->site) : NULL;
}

static void
add(struct list *l, const char *ref, const struct oid *shown,
    const struct oid *ours)
{
	struct push *p;

	l->at = mem_grow(l->at, (l->n + 1) * sizeof *l->at);
	p = &l->at[l->n++];
	*p = (struct push){ .old = *shown, .new = *ours };
	memcpy(p->ref, ref, strlen(ref) + 1);
}

static fault
consider(struct list *l, struct sync *s, const char *ref)
{
	struct oid shown = sync_shown(s, ref), ours;
	bool yes;
	fault f;

	if ((f = target(&ours, s, ref)) != NULL || oid_zero(&ours))
		return f;
	if (oid_eq(&shown, &ours)) {
		/* A hub may have lost what its ref names. */
		if (s->mending || !carry_has(s->carry, &ours))
			add(l, ref, &shown, &ours);
		return branch_pinned(s, ref, &ours);
	}
	if ((f = sync_gives_way(&yes, s, ref, &shown, &ours)) == NULL && yes)
		add(l, ref, &shown, &ours);
	return f;
}

/* Its id is in no branch of ours; what it has lost of it we may hold. */
static void
consider_id(struct list *l, struct sync *s)
{
	struct oid id = sync_shown(s, SYNC_HUB);

	if (!oid_zero(&id) && s->hub_known && !carry_has(s->carry, &id) &&
	    repo_has(s->site->repo, &id))
		add(l, SYNC_HUB, &id, &id);
}

/* A joiner's chain is welcome where the roster holds its invitation. */
static fault
may_push_own(bool *yes, struct sync *s, const struct list *l)
{
	const struct member *me = roster_member(s->site->roster,
	    &s->site->self);
	struct oid pin;
	uint64_t seq;
	fault f;

	*yes = me != NULL && !s->frozen;
	if (!*yes || me->status != MEMBER_INVITED)
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->at[i].ref, SITE_ROSTER) == 0)
			return NULL;	/* it goes there before our chain */
	if ((f = branch_pin(&pin, s, SITE_ROSTER)) != NULL ||
	    (f = branch_seq(&seq, s, &pin)) != NULL)
		return f;
	*yes = seq >= me->invited_at;
	return NULL;
}

static fault
consider_own(struct list *l, struct sync *s)
{
	char ref[REF_MAX];
	struct oid head;
	bool yes;
	fault f;

	ref_device(ref, &s->site->self);
	if ((f = ref_get(&head, s->site->repo, ref)) != NULL ||
	    oid_zero(&head) || (f = may_push_own(&yes, s, l)) != NULL)
		return f;
	s->held_back = !yes && !s->frozen;
	return yes ? consider(l, s, ref) : NULL;
}

/*
 * In an order in which a reader never meets a name before what it names:
 * keyring, roster, devices, main.
 */
static fault
gather(struct list *l, struct sync *s)
{
	struct repo_ref *ours = NULL;
	const char *keyring;
	char own[REF_MAX];
	size_t n = 0;
	fault f = repo_refs(&ours, &n, s->site->repo, "refs/heads/",
	    HEADS_MAX + SYNC_KEYRINGS_MAX);

	ref_device(own, &s->site->self);
	keyring = f == NULL ? sync_newest_keyring(ours, n) : NULL;
	consider_id(l, s);
	if (keyring != NULL)
		f = consider(l, s, keyring);
	if (f == NULL)
		f = consider(l, s, SITE_ROSTER);
	if (f == NULL)
		f = consider_own(l, s);
	for (size_t i = 0; f == NULL && i < n; i++)
		if (ref_kind(ours[i].name, NULL, NULL) == REF_DEVICE &&
		    strcmp(ours[i].name, own) != 0)
			f = consider(l, s, ours[i].name);
	if (f == NULL)
		f = consider(l, s, SITE_MAIN);
	free(ours);
	return f;
}

/* --- after the push ----------------------------------------------------- */

/* Is it our own work, or something given back or passed on? */
static bool
mine(const struct sync *s, const char *ref)
{
	const struct member *me = roster_member(s->site->roster,
	    &s->site->self);

	if (ref_kind(ref, NULL, NULL) == REF_DEVICE)
		return sync_own_branch(s, ref);
	return me != NULL && (me->caps & CAP_COORDINATE) && at_home(s);
}

static fault
count(struct sync *s, const struct push *p)
{
	struct oid pin;
	uint64_t had, old = 0, new;
	enum chain_side side = CHAIN_BEHIND;
	struct oid meet;
	fault f;

	if (ref_kind(p->ref, NULL, NULL) == REF_KEYRING && mine(s, p->ref)) {
		s->sent++;		/* each is a ref of its own */
		return NULL;
	}
	if ((f = branch_pin(&pin, s, p->ref)) != NULL ||
	    (f = branch_seq(&had, s, &pin)) != NULL ||
	    (f = branch_seq(&new, s, &p->new)) != NULL)
		return f;
	/* What was not of our line counts for nothing. */
	if (!oid_zero(&p->old))
		f = chain_meet(&side, &meet, s->site, &p->new, &p->old);
	if (f == NULL && side == CHAIN_BEHIND)
		f = branch_seq(&old, s, &p->old);
	if (f != NULL)
		return f;
	if (mine(s, p->ref))
		s->sent += (size_t)(new - (old > had ? old : had));
	s->healed += !mine(s, p->ref) || had > old || side != CHAIN_BEHIND;
	return NULL;
}

/* Roster or main lost at home: what was built on the old one is not bound. */
static bool
lost_binding(const struct sync *s, const struct push *p)
{
	enum ref_kind kind = ref_kind(p->ref, NULL, NULL);

	return p->result != NULL && p->result->code == FAULT_RACE &&
	    (kind == REF_ROSTER || kind == REF_MAIN) && mine(s, p->ref);
}

static void
set_shown(struct sync *s, const char *ref, const struct oid *oid)
{
	for (size_t i = 0; i < s->nshown; i++)
		if (strcmp(s->shown[i].name, ref) == 0) {
			s->shown[i].oid = *oid;
			return;
		}
	s->shown = mem_grow(s->shown, (s->nshown + 1) * sizeof *s->shown);
	s->shown[s->nshown].oid = *oid;
	memcpy(s->shown[s->nshown++].name, ref, strlen(ref) + 1);
}

static fault
took(struct sync *s, const struct push *p)
{
	fault f;

	if ((f = count(s, p)) != NULL ||
	    (f = branch_pinned(s, p->ref, &p->new)) != NULL)
		return f;
	set_shown(s, p->ref, &p->new);
	/* What was a draft is bound now. */
	if (strcmp(p->ref, SITE_ROSTER) != 0)
		return NULL;
	return (f = site_reload(s->site)) != NULL ? f : cut_apply(s->site);
}

/* Send the list; *lost: something of ours did not bind. */
static fault
send_list(struct sync *s, struct list *l, bool *raced, bool *lost)
{
	fault f = l->n == 0 ? NULL :
	    carry_push(s->carry, s->site->repo, l->at, l->n);

	*raced = *lost = false;
	for (size_t i = 0; f == NULL && i < l->n; i++) {
		if (l->at[i].result == NULL)
			f = took(s, &l->at[i]);
		else if (l->at[i].result->code == FAULT_RACE)
			*raced = true;
		*lost |= lost_binding(s, &l->at[i]);
	}
	return f;
}

static fault
round_once(struct sync *s, bool *raced, bool *lost)
{
	struct list l = { NULL, 0 };
	fault f;

	*raced = *lost = false;
	if ((f = gather(&l, s)) == NULL)
		f = send_list(s, &l, raced, lost);
	free(l.at);
	return f;
}

/* Has an audit found that this hub lost objects further back? */
static fault
look_for_loss(struct sync *s, char ref[REF_MAX], struct oid *noted)
{
	fault f;

	lost_name(ref, &s->hub);
	if ((f = ref_get(noted, s->site->repo, ref)) != NULL)
		return f;
	s->mending = !oid_zero(noted);
	if (s->mending)
		carry_thorough(s->carry);
	return NULL;
}

static fault
was_second(void)
{
	return fault_new(FAULT_RACE, "another coordinator's device was first; "
	    "nothing was lost, sync again");
}

fault
sync_push(struct sync *s, const struct signer *who)
{
	bool raced = true, lost = false;
	char loss[REF_MAX];
	struct oid noted;
	fault f;

	if ((f = sync_name_hub(s, who)) != NULL ||
	    (f = look_for_loss(s, loss, &noted)) != NULL)
		return f;
	for (int i = 0; i < ROUNDS && f == NULL && raced; i++) {
		if (i > 0)
			f = sync_relist(s);
		if (f == NULL)
			f = round_once(s, &raced, &lost);
		if (f == NULL && lost)
			return was_second();
	}
	return f != NULL || !s->mending ? f :
	    repo_ref_delete(s->site->repo, loss);
}

/* Our newest keyring, if it is newer than the hub's. */
static fault
bind_keyring(struct list *l, struct sync *s)
{
	struct repo_ref *ours = NULL;
	const char *newest;
	size_t n = 0;
	fault f = repo_refs(&ours, &n, s->site->repo, "refs/heads/keyring/",
	    SYNC_KEYRINGS_MAX);

	newest = f == NULL ? sync_newest_keyring(ours, n) : NULL;
	if (newest != NULL)
		f = consider(l, s, newest);
	free(ours);
	return f;
}

/*
 * Older keyrings go where the hub lets us, so that it has less to hand to who
 * steals a device later.  One that stays does no harm: it is never read again.
 */
static void
drop_old_keyrings(struct sync *s)
{
	const char *newest = sync_newest_keyring(s->shown, s->nshown);
	struct push p;

	for (size_t i = 0; newest != NULL && i < s->nshown; i++) {
		if (ref_kind(s->shown[i].name, NULL, NULL) != REF_KEYRING ||
		    oid_zero(&s->shown[i].oid) ||
		    strcmp(s->shown[i].name, newest) == 0)
			continue;
		p = (struct push){ .old = s->shown[i].oid };
		memcpy(p.ref, s->shown[i].name, sizeof p.ref);
		if (carry_push(s->carry, s->site->repo, &p, 1) != NULL)
			return;
	}
}

fault
sync_bind(struct sync *s)
{
	struct list keyring = { NULL, 0 }, roster = { NULL, 0 };
	bool raced = false, lost;
	fault f;

	/* An envelope must be there before the entry that it serves. */
	if ((f = bind_keyring(&keyring, s)) == NULL)
		f = send_list(s, &keyring, &raced, &lost);
	if (f == NULL && !raced &&
	    (f = consider(&roster, s, SITE_ROSTER)) == NULL)
		f = send_list(s, &roster, &raced, &lost);
	if (f == NULL && !raced && keyring.n > 0)
		drop_old_keyrings(s);
	free(keyring.at);
	free(roster.at);
	return f == NULL && raced ? was_second() : f;
}
