/*
 * exchange_bind -- what this coordinator wants of the roster becomes entries
 * on the home hub, before anything is sealed.
 *
 * Entries that no hub holds are drafts of nobody but us.  They are made anew
 * from their intents at every attempt, on top of what is bound: next number,
 * next epoch, fresh secrets.  So a kill anywhere, and a race lost, end the
 * same way.
 */
#include "fieldkit/exchange_own.h"

#include <stdlib.h>

#include "fieldkit/intent.h"
#include "sync/pins.h"

bool
exchange_may_coordinate(const struct home *h)
{
	const struct member *me = roster_member(h->site.roster, &h->device);

	return h->master != NULL && me != NULL &&
	    me->status == MEMBER_ACTIVE && (me->caps & CAP_COORDINATE);
}

/* --- what is done, what was only a draft ---------------------------------- */

static bool
is_bound(const struct home *h, const struct intent *in)
{
	const struct hash *entry = in->made_seq == 0 ? NULL :
	    roster_entry(h->site.roster, in->made_seq);

	return entry != NULL && in->made_seq <= h->site.bound &&
	    hash_eq(entry, &in->made);
}

/* The intents that are left; those whose entry is bound go. */
static fault
outstanding(struct home *h, struct intent **list, size_t *n)
{
	size_t left = 0;
	fault f = intent_list(&h->store, list, n);

	for (size_t i = 0; f == NULL && i < *n; i++) {
		struct intent *in = &(*list)[i];

		if (!is_bound(h, in)) {
			(*list)[left++] = *in;
			continue;
		}
		f = intent_done(&h->store, in);
		intent_free(in);
	}
	if (f == NULL)
		*n = left;
	return f;
}

/* Back to the newest entry that a hub holds. */
static fault
drop_drafts(struct home *h)
{
	struct site *s = &h->site;
	struct oid head, to;
	fault f;

	if (s->bound >= s->roster->seq)
		return NULL;
	if ((f = repo_ref(&head, s->repo, SITE_ROSTER)) != NULL ||
	    (f = chain_at(&to, s, &head, s->bound)) != NULL ||
	    (f = ref_put(s->repo, SITE_ROSTER, &head, &to)) != NULL)
		return f;
	return site_reload(s);
}

/*
 * Secrets that were drawn for an epoch which another coordinator's took the
 * place of, or which never was: nothing was sealed under them.
 */
static fault
drop_drawn(struct home *h)
{
	fault f;

	if (roster_drop_strange(h->site.roster, h->keys) == 0)
		return NULL;
	if ((f = home_save_keys(h)) != NULL)
		return f;
	return site_reload(&h->site);
}

/* --- one entry of one intent ----------------------------------------------- */

static void
copy_items(struct entry *to, const struct entry *from)
{
	buf_add_bytes(&to->clear, buf_view(&from->clear));
	buf_add_bytes(&to->sealed, buf_view(&from->sealed));
	to->nclear = from->nclear;
	to->nsealed = from->nsealed;
}

/* Secrets are safe on disk before anybody can read that they are in use. */
static fault
open_epoch(struct home *h, struct entry *e, bool tree)
{
	const struct epoch *last = roster_epoch(h->site.roster);
	uint32_t next = last->e + 1, g = last->g + tree;
	fault f;

	keys_drop_epoch(h->keys, next);
	keys_draw_epoch(h->keys, next);
	if (tree) {
		keys_drop_tree(h->keys, g);
		keys_draw_tree(h->keys, g);
	}
	if ((f = home_save_keys(h)) != NULL)
		return f;
	return entry_epoch(e, &(struct epoch_plan){ next, g,
	    tree ? NULL : &last->tree, h->site.roster->paper_box }, h->keys);
}

/* The items in e, in the next entry; the intent knows it again. */
static fault
append(struct home *h, const struct intent *in, struct entry *e,
    unsigned flags)
{
	const struct roster *ro = h->site.roster;
	struct buf blob = BUF_EMPTY;
	struct commit c = { .seq = 0 };
	struct oid oid;
	uint32_t under = roster_epoch(ro)->e;
	fault f = NULL;

	if (flags & INTENT_EPOCH) {
		f = open_epoch(h, e, (flags & INTENT_TREE) != 0);
		under++;
	}
	if (f == NULL &&
	    (f = entry_finish(&blob, e, under, h->keys,
	    h->site.squeeze)) == NULL &&
	    (f = site_append(&oid, &h->site, SITE_ROSTER, &c, buf_view(&blob),
	    &h->signer)) == NULL)
		f = intent_made(&h->store, in, c.seq, &c.hash);
	buf_free(&blob);
	return f;
}

/* Does the newest entry wait for a second signature?  And for a cut? */
static bool
waits(const struct roster *ro, bool *cut)
{
	bool yes = false;

	*cut = false;
	for (size_t i = 0; i < ro->nheld; i++)
		if (ro->held[i].seq == ro->seq) {
			struct reader r = reader_of(
			    buf_view(&ro->held[i].item));

			yes = true;
			*cut |= item_next(&r).kind == ITEM_CUT;
		}
	return yes;
}

/* With the paper key at hand the second signature follows at once. */
static fault
approve(struct home *h, const struct intent *in)
{
	const struct roster *ro = h->site.roster;
	struct entry e = ENTRY_EMPTY;
	bool cut;
	fault f;

	if (h->paper_sk == NULL || !waits(ro, &cut))
		return NULL;
	entry_approve_paper(&e, ro->seq, roster_entry(ro, ro->seq),
	    h->paper_sk);
	f = append(h, in, &e, cut ? INTENT_EPOCH | INTENT_TREE : 0);
	entry_free(&e);
	return f;
}

static fault
make(struct home *h, const struct intent *in)
{
	struct entry e = ENTRY_EMPTY;
	fault f;

	copy_items(&e, &in->items);
	if ((f = exchange_pairs(h, &e)) == NULL)
		f = append(h, in, &e, in->flags);
	entry_free(&e);
	if (f == NULL && (in->flags & INTENT_PAPER))
		f = approve(h, in);
	return f;
}

/*
 * What the roster no longer allows (a member whom another coordinator has
 * revoked already) is given up, and said.
 */
static fault
make_all(struct home *h, struct intent *list, size_t n,
    struct exchange_report *r)
{
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < n; i++) {
		f = make(h, &list[i]);
		/* Another's epoch whose keys have not come yet: it waits. */
		if (f != NULL && f->code == FAULT_LOCKED)
			return NULL;
		if (f == NULL || f->code != FAULT_TRUST)
			continue;
		r->given_up = *f;
		f = intent_done(&h->store, &list[i]);
	}
	return f;
}

/* --- binding --------------------------------------------------------------- */

/*
 * While the roster names no home there is one coordinator, and the first hub
 * that it syncs with becomes the home.
 */
static fault
settle_home(struct home *h, const struct id *hub)
{
	struct site *s = &h->site;
	struct entry e = ENTRY_EMPTY;
	struct buf blob = BUF_EMPTY;
	struct commit c = { .seq = 0 };
	struct oid oid;
	fault f;

	if (hub == NULL || !id_zero(&s->roster->home))
		return NULL;
	entry_home(&e, hub);
	if ((f = entry_finish(&blob, &e, roster_epoch(s->roster)->e, h->keys,
	    s->squeeze)) == NULL)
		f = site_append(&oid, s, SITE_ROSTER, &c, buf_view(&blob),
		    &h->signer);
	entry_free(&e);
	buf_free(&blob);
	return f;
}

fault
exchange_make_entries(struct home *h, const struct id *hub,
    struct exchange_report *r)
{
	struct intent *list = NULL;
	size_t n = 0;
	fault f;

	if ((f = drop_drafts(h)) != NULL || (f = drop_drawn(h)) != NULL ||
	    (f = settle_home(h, hub)) != NULL ||
	    (f = outstanding(h, &list, &n)) != NULL)
		goto done;
	f = make_all(h, list, n, r);
done:
	intents_free(list, n);
	return f;
}

static bool
is_home(const struct home *h, const struct id *hub)
{
	const struct id *home = &h->site.roster->home;

	return id_zero(home) || (!id_zero(hub) && id_eq(home, hub));
}

fault
exchange_bind(struct home *h, struct sync *s, struct exchange_report *r)
{
	struct intent *list = NULL;
	size_t n = 0;
	bool keyring;
	fault f;

	if (!exchange_may_coordinate(h) || !is_home(h, &s->hub) || s->frozen)
		return NULL;
	if ((f = sync_name_hub(s, &h->signer)) != NULL ||
	    (!h->drafts_stand &&
	    (f = exchange_make_entries(h, &s->hub, r)) != NULL) ||
	    (f = exchange_keyring(h, &keyring)) != NULL)
		return f;
	if (!keyring && h->site.bound >= h->site.roster->seq)
		return NULL;
	if ((f = sync_bind(s)) != NULL)
		return f;
	f = outstanding(h, &list, &n);
	intents_free(list, n);
	return f != NULL ? f : exchange_remember(h);
}

static fault
intend(struct home *h, struct intent *in)
{
	struct exchange_report r = { .hub = NULL };
	fault f;

	if ((f = intent_add(&h->store, in)) != NULL ||
	    !id_zero(&h->site.roster->home))
		return f;
	f = exchange_make_entries(h, NULL, &r);
	return f != NULL || r.given_up.code == 0 ? f :
	    fault_new(r.given_up.code, "%s", r.given_up.text);
}

fault
exchange_intend(struct home *h, struct intent *in)
{
	struct file_lock lock = FILE_LOCK_NONE;
	fault f = home_lock(&lock, h);

	if (f != NULL)
		return f;
	f = intend(h, in);
	file_unlock(&lock);
	return f;
}
