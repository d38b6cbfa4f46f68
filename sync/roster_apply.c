/*
 * roster_apply -- one entry, whole or not at all.  It works on a copy of the roster, which
 * takes its place when everything has held: place and signer first, then the
 * items in clear, then the sealed ones, which need the changed roster (a
 * name belongs to the member whom the same entry invites).
 */
#include "sync/roster_rules.h"

#include <string.h>

#define FOUNDING 4		/* project, member, paper, epoch: in that order */

/* The genesis founds; later entries never do.  A recovery stands alone. */
static bool
stands_there(const struct apply *a, const struct entry_item *it, size_t i, size_t n)
{
	if (a->c->seq == 1)
		return i < FOUNDING ? it->kind == ITEM_PROJECT + i :
		    !it->known;
	if (it->kind == ITEM_PROJECT || it->kind == ITEM_MEMBER)
		return false;
	return it->kind != ITEM_RECOVER || n == 1;
}

static bool
recovers(const struct entry_text *t)
{
	return t->nitems == 1 && t->items.at[0] == ITEM_RECOVER;
}

bool
roster_recovers(struct bytes blob)
{
	struct entry_text t;

	return item_split(&t, blob) == NULL && recovers(&t);
}

/* Only the paper key's word lets an entry in that no coordinator signed. */
static bool
may_write(const struct apply *a, const struct entry_text *t)
{
	return a->c->seq == 1 || a->coordinates || recovers(t);
}

static fault
clear_item(struct apply *a, const struct entry_item *it, size_t i, size_t n)
{
	if (!stands_there(a, it, i, n))
		return refuse(a, "an item stands where it may not");
	if (!it->known) {
		a->r->newer = true;
		return NULL;
	}
	return apply_clear(a, it);
}

static fault
clear_items(struct apply *a, const struct entry_text *t)
{
	struct reader r = reader_of(t->items);
	fault f = NULL;

	if (!may_write(a, t))
		return refuse(a, "its signer may not coordinate");
	if (a->c->seq == 1 && t->nitems < FOUNDING)
		return refuse(a, "it does not found a project");
	for (size_t i = 0; i < t->nitems && f == NULL; i++) {
		struct entry_item it = item_next(&r);

		if (!reader_ok(&r))
			f = fault_new(FAULT_FORMAT, "item %zu of a roster "
			    "entry is damaged", i + 1);
		else
			f = clear_item(a, &it, i, t->nitems);
	}
	return f;
}

/* All of it or nothing: a defect leaves what was known before. */
static bool
sealed_items(struct apply *a, struct bytes text, bool apply)
{
	struct reader r = reader_of(text);

	while (reader_left(&r) > 0) {
		struct entry_item it = item_next(&r);

		if (!reader_ok(&r) || (it.known && !sealed_fits(a, &it)))
			return false;
		if (apply && !it.known)
			a->r->newer = true;
		else if (apply)
			apply_sealed(a, &it);
	}
	return true;
}

/* Who holds other keys, or none, must not judge the entry otherwise. */
static fault
read_sealed(struct apply *a, const struct entry_text *t, struct squeeze *z)
{
	struct buf text = BUF_EMPTY;
	fault f = item_unseal(&text, t, a->keys, z);
	bool whole = f == NULL && sealed_items(a, buf_view(&text), false);

	if (whole)
		sealed_items(a, buf_view(&text), true);
	else if (f == NULL || f->code == FAULT_FORMAT ||
	    f->code == FAULT_TRUST) {
		a->r->unreadable++;
		f = NULL;
	}
	buf_wipe(&text);
	return f;
}

/* Sealed under the epoch before the entry, or the one that it opens. */
static fault
open_sealed(struct apply *a, const struct entry_text *t, struct squeeze *z)
{
	const struct epoch *now = roster_epoch(a->r);

	if (t->sealed_epoch == 0)
		return NULL;
	if (!a->coordinates || now == NULL || !(t->sealed_epoch == now->e ||
	    (a->opened && t->sealed_epoch + 1 == now->e)))
		return refuse(a, "it is sealed under another epoch");
	if (a->keys == NULL ||
	    !keys_has_secret(a->keys, COMP_LEDGER, t->sealed_epoch))
		return NULL;
	return read_sealed(a, t, z);
}

static fault
check_place(struct apply *a)
{
	const struct commit *c = a->c;
	const struct roster *r = a->r;
	const struct hash *last = roster_entry(r, r->seq);

	if (ref_kind(c->ref, NULL, NULL) != REF_ROSTER)
		return refuse(a, "its commit is of another ref");
	if (c->seq != r->seq + 1)
		return refuse(a, "it is not the next one");
	if (last == NULL)
		return NULL;
	if (!hash_eq(&c->genesis, &r->genesis))
		return refuse(a, "it belongs to another project");
	if (!hash_eq(&c->prev, last) || c->roster_seq != r->seq ||
	    !hash_eq(&c->roster_hash, last))
		return refuse(a, "it does not follow the one before it");
	return NULL;
}

static fault
check_signer(struct apply *a)
{
	const struct member *m = roster_signer(a->r, a->c->pk);

	if (a->c->seq == 1)
		return NULL;	/* by apply_first, which knows who */
	a->by_paper = memcmp(a->r->paper_sign, a->c->pk, SIGN_PK) == 0;
	if (m == NULL && !a->by_paper)
		return refuse(a, "its signer is no member");
	if (m == NULL)
		return NULL;
	a->author = m->device;
	a->coordinates = (m->caps & CAP_COORDINATE) != 0;
	return NULL;
}

static enum role
standing(const struct member *m)
{
	/* A lesser role, too, waits for the second signature. */
	if (m->role != 0 && m->coordinates)
		return ROLE_COORDINATOR;
	return m->role == ROLE_COORDINATOR ? ROLE_WORKER : m->role;
}

static void
settle_rights(struct member *m, uint64_t seq)
{
	bool may = m->status == MEMBER_ACTIVE && (m->caps & CAP_COORDINATE);

	if (may && !m->coordinates)
		m->coordinates_at = seq;
	m->coordinates = may;
}

static void
settle_standings(struct roster *r, uint64_t seq)
{
	for (size_t i = 0; i < r->nmembers; i++) {
		struct member *m = &r->members[i];
		enum role now;

		settle_rights(m, seq);
		now = standing(m);

		if (m->standing != 0 && m->standing != now) {
			m->standing_before = m->standing;
			m->standing_at = seq;
		}
		m->standing = now;
	}
}

static void
append(struct roster *r, const struct commit *c)
{
	r->entries = mem_grow(r->entries, (r->seq + 1) * sizeof *r->entries);
	r->entries[r->seq++] = c->hash;
	if (r->seq == 1)
		r->genesis = c->hash;
}

fault
roster_apply(struct roster *r, const struct commit *c, struct bytes blob,
    struct keys *keys, struct squeeze *z)
{
	struct apply a = { .r = roster_copy(r), .c = c, .keys = keys };
	struct roster old;
	struct entry_text t;
	fault f;

	if ((f = check_place(&a)) != NULL ||
	    (f = check_signer(&a)) != NULL ||
	    (f = item_split(&t, blob)) != NULL ||
	    (f = clear_items(&a, &t)) != NULL ||
	    (f = open_sealed(&a, &t, z)) != NULL)
		goto done;
	settle_standings(a.r, c->seq);
	append(a.r, c);
	old = *r;
	*r = *a.r;
	*a.r = old;
done:
	roster_free(a.r);
	return f;
}
