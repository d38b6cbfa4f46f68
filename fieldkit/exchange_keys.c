/*
 * exchange_keys -- envelopes: open our own, and as a coordinator make those
 * that others lack.
 */
#include "fieldkit/exchange_own.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fieldkit/box.h"
#include "sync/attest.h"
#include "sync/base/lang.h"
#include "sync/envelope.h"
#include "sync/pins.h"

#define KEYRINGS_MAX 8192
#define KEYRINGS_BACK 9		/* as many as a sync may bring */

/* --- the newest keyring here --------------------------------------------- */

struct ring {			/* n 0: there is none */
	uint64_t	n;
	struct buf	blob;
	struct keyring	text;		/* borrows from blob */
};

static void
ring_free(struct ring *r)
{
	buf_free(&r->blob);
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = 0, y = 0;

	ref_kind(((const struct repo_ref *)a)->name, NULL, &x);
	ref_kind(((const struct repo_ref *)b)->name, NULL, &y);
	return x < y ? 1 : x > y ? -1 : 0;
}

static fault
read_one(struct ring *r, struct home *h, const char *ref)
{
	struct commit c;
	struct oid oid;
	fault f;

	ring_free(r);
	*r = (struct ring){ .n = 0 };
	ref_kind(ref, NULL, &r->n);
	if ((f = site_head(&c, &oid, &h->site, ref)) == NULL &&
	    (f = site_blob(&r->blob, &h->site, &c)) == NULL)
		f = keyring_decode(&r->text, buf_view(&r->blob));
	return f;
}

/* One that names an entry which no hub has bound is a draft of somebody's. */
static bool
ring_bound(const struct ring *r, const struct home *h)
{
	const struct hash *entry = roster_entry(h->site.roster,
	    r->text.head.roster_seq);

	return entry != NULL && r->text.head.roster_seq <= h->site.bound &&
	    hash_eq(entry, &r->text.head.roster_hash);
}

/*
 * The newest that counts; n 0: there is none.  *last is the greatest number
 * that is in use.
 */
static fault
ring_read(struct ring *r, uint64_t *last, struct home *h)
{
	struct repo_ref *refs = NULL;
	size_t n = 0;
	bool bound = false;
	fault f = repo_refs(&refs, &n, h->site.repo, "refs/heads/keyring/",
	    KEYRINGS_MAX);

	*r = (struct ring){ .n = 0 };
	*last = 0;
	if (f == NULL && n > 0) {
		qsort(refs, n, sizeof *refs, by_number);
		ref_kind(refs[0].name, NULL, last);
	}
	for (size_t i = 0; f == NULL && !bound && i < n &&
	    i < KEYRINGS_BACK; i++) {
		f = read_one(r, h, refs[i].name);
		bound = f == NULL && ring_bound(r, h);
	}
	if (f != NULL || !bound) {
		ring_free(r);
		*r = (struct ring){ .n = 0 };
	}
	free(refs);
	return f;
}

/* --- opening our own ------------------------------------------------------ */

static void
raise_stale(struct home *h, struct exchange_report *r, uint64_t n)
{
	struct finding f = { .code = FIND_STALE, .device = h->device,
	    .seq = n };

	snprintf(f.hub, sizeof f.hub, "%.500s", r->hub);
	snprintf(f.ref, sizeof f.ref, "refs/heads/keyring/%" PRIu64, n);
	snprintf(f.text, sizeof f.text, "%s", say("the newest keys were sealed "
	    "to a key that this device no longer has; it says so with its next "
	    "commit, and the coordinator's next sync lets it in again"));
	findings_add(&r->findings, &f);
}

/* What opened with the newer key makes the older superfluous. */
static fault
opened(struct home *h, const struct envelope_result *got)
{
	fault f;

	if ((f = home_save_keys(h)) != NULL || got->box > 0)
		return f;
	return (f = box_forget_old(h)) != NULL ? f : box_renew(h);
}

static fault
open_ring(struct home *h, const struct ring *ring, struct exchange_report *r)
{
	struct envelope_reader who = { .self = h->device,
	    .roster = h->site.roster, .n = ring->n };
	struct envelope_result got = { .found = ENVELOPE_NONE };
	struct boxes b;
	fault f;

	if ((f = box_read(&b, h)) != NULL)
		return f;
	for (; who.nboxes < b.n; who.nboxes++) {
		memcpy(who.boxes[who.nboxes].pk, b.at[who.nboxes].pk, BOX_LEN);
		who.boxes[who.nboxes].sk = b.at[who.nboxes].sk;
	}
	f = envelope_open(h->keys, &got, buf_view(&ring->blob), &who);
	box_free(&b);
	if (f != NULL)
		return f;
	if (got.found == ENVELOPE_STALE) {
		raise_stale(h, r, ring->n);
		return box_repeat(h);
	}
	if (got.found != ENVELOPE_OPENED)
		return NULL;
	/* More of the roster's sealed parts may open now. */
	return (f = opened(h, &got)) != NULL ? f : site_reload(&h->site);
}

#define HELD_FOR "keys/role"	/* the role that our keys were last made for */

/*
 * In another role: what it may not read is forgotten; and what was closed may
 * open now, so every chain is opened again.
 */
static fault
other_role(struct home *h, enum role now, bool lesser)
{
	const struct roster *ro = h->site.roster;
	struct keys *less;
	fault f;

	if (lesser) {
		less = keys_reduced(h->keys, now, &h->device);
		keys_free(h->keys);
		h->keys = h->site.keys = less;
	}
	if ((f = db_begin(h->db)) != NULL)
		return f;
	f = home_save_keys(h);
	for (size_t i = 0; f == NULL && i < ro->nmembers; i++)
		if (!id_eq(&ro->members[i].device, &h->device))
			f = store_set_opened(&h->store,
			    &ro->members[i].device, 0);
	return db_end(h->db, f);
}

static fault
follow_role(struct home *h)
{
	const struct epoch *e = roster_epoch_at(h->site.roster, h->site.bound);
	uint8_t now = (uint8_t)exchange_role(h);
	struct buf b = BUF_EMPTY;
	fault f = store_get(&h->store, HELD_FOR, &b);

	if (f != NULL || now == 0 || (b.len == 1 && b.at[0] == now))
		goto done;
	/* More rights count once the keys for them are here. */
	if (b.len == 1 && (now > b.at[0] ||
	    envelope_complete(h->keys, now, h->site.roster) >= e->e))
		f = other_role(h, now, now > b.at[0]);
	else if (b.len == 1)
		goto done;
	/* What our chain said of our keys was said in the other role. */
	if (f == NULL && b.len == 1)
		f = store_set(&h->store, EXCHANGE_STATED, BYTES_EMPTY);
	if (f == NULL)
		f = store_set(&h->store, HELD_FOR, (struct bytes){ &now, 1 });
done:
	buf_free(&b);
	return f;
}

static fault
take_envelope(struct home *h, struct exchange_report *r)
{
	const struct epoch *e = roster_epoch_at(h->site.roster, h->site.bound);
	struct ring ring;
	uint64_t last;
	fault f;

	if (e == NULL || exchange_role(h) == 0 || envelope_complete(h->keys,
	    exchange_role(h), h->site.roster) >= e->e)
		return NULL;
	if ((f = ring_read(&ring, &last, h)) != NULL)
		return f;
	if (ring.n > 0)
		f = open_ring(h, &ring, r);
	ring_free(&ring);
	return f;
}

fault
exchange_open_envelope(struct home *h, struct exchange_report *r)
{
	fault f = take_envelope(h, r);

	return f != NULL ? f : follow_role(h);
}

/* --- what others lack ----------------------------------------------------- */

struct guests {
	struct recipient *at;
	size_t		n;
};

static fault
said(struct attest *a, struct home *h, const struct member *m)
{
	struct buf b = BUF_EMPTY;
	char name[ID_HEX + 8], hex[ID_HEX];
	uint64_t had;
	fault f;

	*a = (struct attest){ .seq = 0 };
	snprintf(name, sizeof name, "said/%s", id_hex(hex, &m->device));
	if ((f = store_get(&h->store, name, &b)) != NULL)
		goto done;
	if (!attest_decode(a, buf_view(&b)))
		*a = (struct attest){ .seq = 0 };
	had = a->seq;
	if ((f = attest_read(a, &h->site, m)) != NULL || a->seq == had)
		goto done;
	buf_clear(&b);
	attest_encode(&b, a);
	f = store_set(&h->store, name, buf_view(&b));
done:
	buf_free(&b);
	return f;
}

/* Who has said nothing yet holds what its invitation brought. */
static void
held(struct recipient *to, const struct roster *ro, const struct member *m,
    const struct attest *a)
{
	const struct epoch *e;
	uint64_t at = a->epoch != 0 ? a->roster_seq :
	    m->invited_at == 0 ? 1 : m->invited_at - 1;

	e = roster_epoch_at(ro, at);
	to->had_epoch = a->epoch != 0 ? a->epoch : e == NULL ? 0 : e->e;
	to->had_role = m->standing_at == 0 || at >= m->standing_at ?
	    m->standing : m->standing_before;
}

static fault
guest(struct guests *g, struct home *h, const struct member *m)
{
	struct recipient to = { .device = m->device, .role = m->standing };
	struct attest a;
	fault f;

	if (id_eq(&m->device, &h->device) || m->standing == 0 ||
	    (m->status != MEMBER_ACTIVE && m->status != MEMBER_INVITED))
		return NULL;
	if ((f = said(&a, h, m)) != NULL)
		return f;
	if (!a.has_box && m->status == MEMBER_INVITED)
		return NULL;		/* nobody has taken it up yet */
	memcpy(to.box_pk, a.has_box ? a.box_pk : m->box_pk, sizeof to.box_pk);
	held(&to, h->site.roster, m, &a);
	if (!sign_box_usable(to.box_pk) ||
	    !envelope_lacks(&to, h->site.roster))
		return NULL;
	g->at = mem_grow(g->at, (g->n + 1) * sizeof *g->at);
	g->at[g->n++] = to;
	return NULL;
}

static fault
guests(struct guests *g, struct home *h)
{
	const struct roster *ro = h->site.roster;
	fault f = NULL;

	*g = (struct guests){ NULL, 0 };
	for (size_t i = 0; f == NULL && i < ro->nmembers; i++)
		f = guest(g, h, &ro->members[i]);
	if (f != NULL)
		free(g->at);
	return f;
}

/* Does the newest keyring hold exactly these envelopes? */
static bool
served(const struct ring *ring, const struct guests *g)
{
	uint8_t name[BOX_NAME_LEN];
	size_t hits = 0;

	for (size_t i = 0; i < g->n; i++) {
		const struct keyring_envelope *e = keyring_for(&ring->text,
		    &g->at[i].device);

		keyring_box_name(name, g->at[i].box_pk);
		hits += e != NULL &&
		    memcmp(e->box_name, name, sizeof name) == 0;
	}
	return hits == g->n && hits == ring->text.nenvelopes;
}

/* Since then an epoch was opened, or a leaf must go from the trees in it. */
static bool
overtaken(const struct ring *ring, const struct roster *ro)
{
	uint64_t made_for = ring->text.head.roster_seq;

	return ring->text.nenvelopes > 0 &&
	    (roster_epoch(ro)->opened_at > made_for ||
	    ro->erased.seq > made_for);
}

static fault
write_ring(struct home *h, uint64_t n, const struct guests *g)
{
	const struct roster *ro = h->site.roster;
	struct envelope_plan plan = { .roster = ro, .to = g->at, .nto = g->n,
	    .head = { .n = n, .roster_seq = ro->seq,
	    .roster_hash = *roster_entry(ro, ro->seq) } };
	struct oid none = { { 0 } }, oid;
	struct commit c = { .seq = n };
	struct buf blob = BUF_EMPTY;
	char ref[REF_MAX];
	fault f;

	snprintf(ref, sizeof ref, "refs/heads/keyring/%" PRIu64, n);
	if ((f = envelope_make(&blob, &plan, h->keys)) == NULL &&
	    (f = site_orphan(&oid, &h->site, ref, &c, buf_view(&blob),
	    &h->signer)) == NULL)
		f = ref_put(h->site.repo, ref, &none, &oid);
	buf_free(&blob);
	return f;
}

/*
 * Who does not hold all that others lack leaves it to the next coordinator;
 * what is there already stays.
 */
fault
exchange_keyring(struct home *h, bool *made)
{
	const struct roster *ro = h->site.roster;
	struct guests g;
	struct ring ring;
	uint64_t last;
	fault f;

	*made = false;
	if (envelope_complete(h->keys, ROLE_COORDINATOR, ro) <
	    roster_epoch(ro)->e)
		return NULL;
	if ((f = guests(&g, h)) != NULL)
		return f;
	if ((f = ring_read(&ring, &last, h)) != NULL) {
		free(g.at);
		return f;
	}
	if (!(ring.n == 0 ? g.n == 0 && last == 0 : served(&ring, &g) &&
	    !overtaken(&ring, ro) && ring.n == last)) {
		*made = true;
		f = write_ring(h, last + 1, &g);
	}
	ring_free(&ring);
	free(g.at);
	return f;
}
