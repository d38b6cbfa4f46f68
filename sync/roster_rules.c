#include "sync/roster_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/lang.h"
#include "sync/base/secret.h"

#define FEATURE 1		/* the highest level that we know */

fault
refuse(const struct apply *a, const char *why)
{
	return fault_new(FAULT_TRUST, "roster entry %" PRIu64 " is refused: "
	    "%s; the roster stays as it was", a->c->seq, say(why));
}

static struct member *
member_of(struct apply *a, const struct id *device)
{
	/* The copy is ours to change. */
	return (struct member *)roster_member(a->r, device);
}

static fault
add_member(struct apply *a, const struct member *m)
{
	struct roster *r = a->r;

	if (r->nmembers == WIRE_MEMBERS_MAX)
		return refuse(a, "the roster is full");
	if (roster_prefix_taken(r, &m->device))
		return refuse(a, "a device id begins like another's");
	r->members = mem_grow(r->members,
	    (r->nmembers + 1) * sizeof *r->members);
	r->members[r->nmembers++] = *m;
	return NULL;
}

static void
hold(struct apply *a, const struct entry_item *it)
{
	struct held h = { .seq = a->c->seq, .author = a->author };

	item_put(&h.item, (enum roster_item)it->kind, it->body);
	a->r->held = mem_grow(a->r->held,
	    (a->r->nheld + 1) * sizeof *a->r->held);
	a->r->held[a->r->nheld++] = h;
}

static fault
apply_project(struct apply *a, const struct entry_item *it)
{
	a->r->project = it->id;
	a->r->feature = it->feature;
	a->r->newer = it->feature > FEATURE;
	a->r->practice = it->flags & 1;
	return NULL;
}

static fault
apply_first(struct apply *a, const struct entry_item *it)
{
	struct member m = { .device = it->id, .status = MEMBER_ACTIVE,
	    .admitted_at = 1, .caps = it->caps };

	memcpy(m.sign_pk, it->sign_pk, sizeof m.sign_pk);
	memcpy(m.box_pk, it->box_pk, sizeof m.box_pk);
	if (memcmp(m.sign_pk, a->c->pk, SIGN_PK) != 0)
		return refuse(a, "another key signed it than its first "
		    "member's");
	if (!(m.caps & CAP_COORDINATE))
		return refuse(a, "its first member may not coordinate");
	a->author = m.device;
	a->coordinates = true;
	return add_member(a, &m);
}

static fault
apply_paper(struct apply *a, const struct entry_item *it)
{
	if (a->c->seq > 1 && !a->approved) {
		hold(a, it);
		return NULL;
	}
	if (roster_key_used(a->r, it->sign_pk, NULL))
		return refuse(a, "its paper key is another key already");
	memcpy(a->r->paper_sign, it->sign_pk, sizeof a->r->paper_sign);
	memcpy(a->r->paper_box, it->box_pk, sizeof a->r->paper_box);
	return NULL;
}

static bool
secret_agrees(const struct keys *k, const struct epoch *e, enum compartment c)
{
	uint8_t *s = secret_new(WIRE_KEY_LEN);
	struct hash h;
	bool ok = true;

	if (keys_get_secret(s, k, c, e->e)) {
		h = keys_commitment(s, c, e->e);
		ok = hash_eq(&h, &e->secret[c]);
	}
	secret_free(s, WIRE_KEY_LEN);
	return ok;
}

static bool
tree_agrees(const struct keys *k, const struct epoch *e)
{
	const struct tree *t = keys_tree(k, e->g);
	struct hash h;

	if (t == NULL)
		return true;
	h = tree_commitment(t);		/* zeros once it is punctured */
	return hash_zero(&h) || hash_eq(&h, &e->tree);
}

/* Is what we hold what everyone holds? */
static bool
keys_agree(const struct keys *k, const struct epoch *e)
{
	for (int c = COMP_LEDGER; c < COMP_COUNT; c++)
		if (!secret_agrees(k, e, (enum compartment)c))
			return false;
	return tree_agrees(k, e);
}

size_t
roster_drop_strange(const struct roster *r, struct keys *k)
{
	const struct epoch *last = roster_epoch(r);
	size_t n = 0;

	for (size_t i = 0; i < r->nepochs; i++) {
		const struct epoch *e = &r->epochs[i];

		if (!tree_agrees(k, e)) {
			keys_drop_tree(k, e->g);
			n++;
		}
		if (!keys_agree(k, e)) {
			keys_drop_epoch(k, e->e);
			n++;
		}
	}
	for (uint32_t e = last->e + 1; keys_has_secret(k, COMP_LEDGER, e); e++) {
		keys_drop_epoch(k, e);
		n++;
	}
	for (uint32_t g = last->g + 1; keys_tree(k, g) != NULL; g++) {
		keys_drop_tree(k, g);
		n++;
	}
	return n;
}

static fault
apply_epoch(struct apply *a, const struct entry_item *it)
{
	const struct epoch *last = roster_epoch(a->r);
	struct epoch e = it->epoch;
	struct roster *r = a->r;

	if (a->opened || e.e != r->nepochs + 1)
		return refuse(a, "its epoch does not follow");
	if (last == NULL ? e.g != 1 : e.g != last->g && e.g != last->g + 1)
		return refuse(a, "its tree does not follow");
	if (last != NULL && e.g == last->g && !hash_eq(&e.tree, &last->tree))
		return refuse(a, "it changes a tree");
	r->unreadable += a->keys != NULL && !keys_agree(a->keys, &e);
	e.opened_at = a->c->seq;
	a->opened = true;
	r->epochs = mem_grow(r->epochs, (r->nepochs + 1) * sizeof e);
	r->epochs[r->nepochs++] = e;
	return NULL;
}

/* A coordinator's invitation stands from the start, but waits. */
static fault
apply_invite(struct apply *a, const struct entry_item *it)
{
	struct member m = { .device = it->id, .status = MEMBER_INVITED,
	    .caps = it->caps, .expires = it->time, .file = it->hash,
	    .invited_at = a->c->seq };
	struct member *waits = member_of(a, &it->id);

	if (a->approved) {
		if (waits != NULL)
			waits->waiting = false;
		return NULL;
	}
	if (roster_key_used(a->r, it->sign_pk, NULL))
		return refuse(a, "its one-time key is another key already");
	memcpy(m.once_pk, it->sign_pk, sizeof m.once_pk);
	m.waiting = (it->caps & CAP_COORDINATE) != 0;
	if (m.waiting)
		hold(a, it);
	return add_member(a, &m);
}

static fault
apply_uninvite(struct apply *a, const struct entry_item *it)
{
	struct member *m = member_of(a, &it->id);

	if (m == NULL || m->status != MEMBER_INVITED)
		return refuse(a, "it takes back an invitation that is not "
		    "open");
	m->status = MEMBER_UNINVITED;
	m->waiting = false;
	return NULL;
}

/* Whether it has expired is for its author's clock: nobody else judges. */
static fault
apply_admit(struct apply *a, const struct entry_item *it)
{
	struct member *m = member_of(a, &it->id);

	if (m == NULL || m->status != MEMBER_INVITED)
		return refuse(a, "it admits a device whose invitation is not "
		    "open");
	if (m->waiting)
		return refuse(a, "it admits a coordinator whose invitation "
		    "lacks the second signature");
	if (roster_key_used(a->r, it->sign_pk, NULL))
		return refuse(a, "it admits a key that is another's");
	if (!sign_box_usable(it->box_pk))
		return refuse(a, "it admits a key that nothing can be sealed "
		    "to");
	memcpy(m->sign_pk, it->sign_pk, sizeof m->sign_pk);
	memcpy(m->box_pk, it->box_pk, sizeof m->box_pk);
	m->status = MEMBER_ACTIVE;
	m->admitted_at = a->c->seq;
	return NULL;
}

/* Of two cuts the lower holds; a demotion's is followed by any other. */
static void
set_cut(struct apply *a, struct member *m, const struct entry_item *it)
{
	bool first = m->status != MEMBER_CUT;

	if (first || it->seq < m->cut_seq) {
		m->cut_seq = it->seq;
		m->cut_hash = it->hash;
	}
	if (first || it->main_seq < m->cut_main_seq) {
		m->cut_main_seq = it->main_seq;
		m->cut_main_hash = it->main_hash;
	}
	if (first) {
		m->cut_at = a->c->seq;
		m->cut_reason = (enum cut_reason)it->reason;
	}
	if (it->reason != CUT_DEMOTED)
		m->status = MEMBER_CUT;
}

static fault
apply_cut(struct apply *a, const struct entry_item *it)
{
	struct member *m = member_of(a, &it->id);

	if (m == NULL || m->admitted_at == 0)
		return refuse(a, "it cuts a device that was never admitted");
	if (!(m->caps & CAP_COORDINATE) && it->main_seq != 0)
		return refuse(a, "it cuts main for a device that did not "
		    "coordinate");
	if ((m->caps & CAP_COORDINATE) && m->status == MEMBER_ACTIVE &&
	    !a->approved)
		hold(a, it);
	else
		set_cut(a, m, it);
	return NULL;
}

static fault
apply_caps(struct apply *a, const struct entry_item *it)
{
	struct member *m = member_of(a, &it->id);

	if (m == NULL || m->status != MEMBER_ACTIVE)
		return refuse(a, "it changes the rights of a device that is "
		    "no member");
	if (((m->caps ^ it->caps) & CAP_COORDINATE) && !a->approved)
		hold(a, it);
	else
		m->caps = it->caps;
	return NULL;
}

static fault
apply_home(struct apply *a, const struct entry_item *it)
{
	if (!id_zero(&a->r->home) && !a->approved)
		hold(a, it);
	else
		a->r->home = it->id;
	return NULL;
}

static fault
apply_feature(struct apply *a, const struct entry_item *it)
{
	if (it->feature <= a->r->feature)
		return refuse(a, "its feature level is not above the last");
	a->r->feature = it->feature;
	if (it->feature > FEATURE)
		a->r->newer = true;
	return NULL;
}

/* Signed by the paper key, or by the device with the paper key's word. */
static fault
apply_recover(struct apply *a, const struct entry_item *it)
{
	struct member *m = member_of(a, &it->id);
	struct buf b = BUF_EMPTY;
	bool ok;

	if (m == NULL || m->status != MEMBER_ACTIVE)
		return refuse(a, "it makes a device coordinator that is no "
		    "member");
	if (!a->by_paper && !id_eq(&a->author, &m->device))
		return refuse(a, "a recovery is signed by the paper key or "
		    "by the device itself");
	buf_add(&b, a->r->project.b, WIRE_ID_LEN);
	buf_add(&b, m->device.b, WIRE_ID_LEN);
	buf_add(&b, a->c->prev.b, WIRE_HASH_LEN);
	ok = sign_ok(it->sig, a->r->paper_sign, SIGN_ROSTER, buf_view(&b));
	buf_free(&b);
	if (!ok)
		return refuse(a, "the paper key did not sign its recovery");
	m->caps = CAP_WRITE | CAP_COORDINATE;
	return NULL;
}

/* Only a new paper key needs what the one before it could open. */
static fault
apply_old_epoch(struct apply *a, const struct entry_item *it)
{
	for (size_t i = 0; i < a->r->nepochs; i++)
		if (a->r->epochs[i].e == it->epoch.e) {
			memcpy(a->r->epochs[i].to_paper, it->epoch.to_paper,
			    sizeof it->epoch.to_paper);
			return NULL;
		}
	return refuse(a, "it names an epoch that is not there");
}

static fault apply_approve(struct apply *, const struct entry_item *);

fault
apply_clear(struct apply *a, const struct entry_item *it)
{
	switch (it->kind) {
	case ITEM_PROJECT:	return apply_project(a, it);
	case ITEM_MEMBER:	return apply_first(a, it);
	case ITEM_PAPER:	return apply_paper(a, it);
	case ITEM_EPOCH:	return apply_epoch(a, it);
	case ITEM_INVITE:	return apply_invite(a, it);
	case ITEM_UNINVITE:	return apply_uninvite(a, it);
	case ITEM_ADMIT:	return apply_admit(a, it);
	case ITEM_CUT:		return apply_cut(a, it);
	case ITEM_CAPS:		return apply_caps(a, it);
	case ITEM_HOME:		return apply_home(a, it);
	case ITEM_APPROVE:	return apply_approve(a, it);
	case ITEM_FEATURE:	return apply_feature(a, it);
	case ITEM_RECOVER:	return apply_recover(a, it);
	case ITEM_OLD_EPOCH:	return apply_old_epoch(a, it);
	}
	return refuse(a, "an item in clear should be sealed");
}

/* Another coordinator than the author, or the paper key, stands behind it. */
static fault
check_approval(struct apply *a, const struct held *h, const struct entry_item *it)
{
	const struct hash *hash = roster_entry(a->r, h->seq);

	if (hash == NULL || !hash_eq(hash, &it->hash))
		return refuse(a, "it approves another entry than that one");
	if (it->how == APPROVE_COORDINATOR && id_eq(&h->author, &a->author))
		return refuse(a, "it approves its own author's action");
	if (it->how == APPROVE_PAPER && !sign_ok(it->sig, a->r->paper_sign,
	    SIGN_ROSTER, (struct bytes){ it->hash.b, WIRE_HASH_LEN }))
		return refuse(a, "the paper key did not sign its approval");
	return NULL;
}

/* One held action takes effect now; h is no longer in the list. */
static fault
release(struct apply *a, struct held *h, const struct entry_item *it)
{
	struct reader r = reader_of(buf_view(&h->item));
	struct entry_item what = item_next(&r);
	fault f;

	if ((f = check_approval(a, h, it)) == NULL) {
		a->approved = true;
		f = apply_clear(a, &what);
		a->approved = false;
	}
	buf_free(&h->item);
	return f;
}

static fault
apply_approve(struct apply *a, const struct entry_item *it)
{
	struct roster *r = a->r;
	size_t found = 0;
	fault f = NULL;

	for (size_t i = 0; i < r->nheld && f == NULL;) {
		struct held h = r->held[i];

		if (h.seq != it->seq || h.seq == a->c->seq) {
			i++;
			continue;
		}
		memmove(r->held + i, r->held + i + 1,
		    (--r->nheld - i) * sizeof h);
		found++;
		f = release(a, &h, it);
	}
	if (f == NULL && found == 0)
		f = refuse(a, "it approves what does not wait for it");
	return f;
}

bool
sealed_fits(const struct apply *a, const struct entry_item *it)
{
	switch (it->kind) {
	case ITEM_NAME:
		return roster_member(a->r, &it->id) != NULL;
	case ITEM_TITLE:
	case ITEM_PACK:
	case ITEM_REASON:
	case ITEM_ERASE:
		return true;
	}
	return false;
}

static void
apply_name(struct apply *a, const struct entry_item *it)
{
	struct member *m = member_of(a, &it->id);

	free(m->name);
	m->name = bytes_dup(it->text);
	m->role = (enum role)it->role;
}

void
apply_sealed(struct apply *a, const struct entry_item *it)
{
	struct roster *r = a->r;

	switch (it->kind) {
	case ITEM_NAME:
		apply_name(a, it);
		break;
	case ITEM_TITLE:
		free(r->title);
		r->title = bytes_dup(it->text);
		break;
	case ITEM_PACK:
		buf_clear(&r->pack);
		buf_add_bytes(&r->pack, it->text);
		r->pack_at = a->c->seq;
		break;
	case ITEM_ERASE:
		r->unreadable += !erasures_add(&r->erased, it,
		    a->c->seq, &a->author);
		break;
	}
}
