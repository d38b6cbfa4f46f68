#include "tests/unit/test.h"

#include <sodium.h>

#include "sync/paper.h"
#include "sync/roster.h"

struct person {
	struct id	device;
	uint8_t		pk[32], sk[64], box[32];
};

/* A project and its line of entries, as a test writes it. */
struct world {
	struct roster	*r;
	struct keys	*keys;
	struct paper	paper;
	struct person	noor, amira, bas;	/* noor coordinates */
	struct id	project;
	struct commit	last;
	struct buf	blob;			/* of the last entry */
};

static struct person
person(uint8_t n)
{
	struct person p;

	memset(p.device.b, n, 16);
	sign_keypair(p.pk, p.sk);
	memset(p.box, n + 100, 32);
	return p;
}

static struct member
as_member(const struct person *p, uint8_t caps)
{
	struct member m = { .device = p->device, .caps = caps };

	memcpy(m.sign_pk, p->pk, 32);
	memcpy(m.box_pk, p->box, 32);
	return m;
}

/* The commit that would carry blob as the next entry, signed by who. */
static struct commit
next_commit(const struct world *w, struct bytes blob, const struct person *who)
{
	struct commit c = { .seq = w->r->seq + 1, .roster_seq = w->r->seq,
	    .generation = w->r->seq + 1 };
	struct buf object = BUF_EMPTY, armor = BUF_EMPTY;

	snprintf(c.ref, sizeof c.ref, "refs/heads/roster");
	c.seg = hash_of(blob);
	if (w->r->seq > 0) {
		c.genesis = w->r->genesis;
		c.prev = *roster_entry(w->r, w->r->seq);
		c.roster_hash = c.prev;
		c.nparents = 1;
	}
	commit_sign(&object, &armor, &c, who->pk, who->sk);
	buf_free(&object);
	buf_free(&armor);
	return c;
}

static fault
write_entry(struct world *w, struct entry *e, const struct person *who)
{
	uint32_t epoch = roster_epoch(w->r) == NULL ? 1 : roster_epoch(w->r)->e;
	fault f;

	buf_clear(&w->blob);
	f = entry_finish(&w->blob, e, epoch, w->keys, NULL);
	entry_free(e);
	if (f != NULL)
		return f;
	w->last = next_commit(w, buf_view(&w->blob), who);
	return roster_apply(w->r, &w->last, buf_view(&w->blob), w->keys, NULL);
}

static void
put_raw(struct entry *e, enum roster_item kind, struct buf *body)
{
	item_put(&e->clear, kind, buf_view(body));
	e->nclear++;
	buf_free(body);
}

/* A tree whose commitment comes from what is held. */
static fault
open_epoch(struct entry *e, uint32_t n, uint32_t g, struct keys *k,
    const uint8_t paper_box[32])
{
	return entry_epoch(e, &(struct epoch_plan){ n, g, NULL, paper_box },
	    k);
}

static struct entry
genesis_entry(struct world *w)
{
	struct member m = as_member(&w->noor, CAP_WRITE | CAP_COORDINATE);
	struct entry e = ENTRY_EMPTY;

	entry_project(&e, &w->project, true);
	entry_member(&e, &m);
	entry_paper(&e, w->paper.sign_pk, w->paper.box_pk);
	assert_ok(open_epoch(&e, 1, 1, w->keys, w->paper.box_pk));
	entry_title(&e, "Veldwerk Noord");
	entry_name(&e, &w->noor.device, ROLE_COORDINATOR, "Noor");
	entry_pack(&e, bytes_of("{\"types\":[]}"));
	return e;
}

static struct world
blank(void)
{
	struct world w = { .r = roster_new(), .keys = keys_new() };

	keys_draw_epoch(w.keys, 1);
	keys_draw_tree(w.keys, 1);
	paper_draw(&w.paper);
	w.noor = person(1);
	w.amira = person(2);
	w.bas = person(3);
	memset(w.project.b, 9, 16);
	return w;
}

static struct world
founded(void)
{
	struct world w = blank();
	struct entry e = genesis_entry(&w);

	assert_ok(write_entry(&w, &e, &w.noor));
	return w;
}

static fault
invite(struct world *w, const struct person *p, uint8_t caps, const char *name)
{
	struct member m = { .device = p->device, .caps = caps,
	    .expires = 2000000000 };
	struct entry e = ENTRY_EMPTY;

	memset(m.once_pk, p->device.b[0] + 200, 32);
	memset(m.file.b, 7, 32);
	entry_invite(&e, &m);
	if (name != NULL)
		entry_name(&e, &p->device, ROLE_WORKER, name);
	return write_entry(w, &e, &w->noor);
}

static fault
admit(struct world *w, const struct person *p)
{
	struct entry e = ENTRY_EMPTY;

	entry_admit(&e, &p->device, p->pk, p->box);
	return write_entry(w, &e, &w->noor);
}

/* Noor coordinates; Amira works; Bas is invited. */
static struct world
peopled(void)
{
	struct world w = founded();

	assert_ok(invite(&w, &w.amira, CAP_WRITE, "Amira"));
	assert_ok(admit(&w, &w.amira));
	assert_ok(invite(&w, &w.bas, CAP_WRITE, "Bas"));
	return w;
}

static void
leave(struct world *w)
{
	roster_free(w->r);
	keys_free(w->keys);
	buf_free(&w->blob);
}

static const struct member *
member(const struct world *w, const struct person *p)
{
	return roster_member(w->r, &p->device);
}

static struct buf
device_body(const struct id *device)
{
	struct buf b = BUF_EMPTY;

	buf_add(&b, device->b, 16);
	return b;
}

/* Bodies of items that no builder makes yet, straight from WIRE.md. */
static struct entry
cut_entry(const struct id *device, uint64_t seq, uint8_t reason)
{
	struct entry e = ENTRY_EMPTY;
	struct buf b = device_body(device);
	uint8_t hash[32], none[32] = { 0 };

	memset(hash, seq == 0 ? 0 : 0x77, 32);
	put_u64(&b, seq);
	buf_add(&b, hash, 32);
	put_u64(&b, 0);
	buf_add(&b, none, 32);
	put_u8(&b, reason);
	put_raw(&e, ITEM_CUT, &b);
	return e;
}

static struct entry
caps_entry(const struct id *device, uint8_t caps)
{
	struct entry e = ENTRY_EMPTY;
	struct buf b = device_body(device);

	put_u8(&b, caps);
	put_raw(&e, ITEM_CAPS, &b);
	return e;
}

static struct entry
approve_entry(const struct world *w, uint64_t seq, bool paper)
{
	struct entry e = ENTRY_EMPTY;
	struct buf b = BUF_EMPTY;
	const struct hash *h = roster_entry(w->r, seq);
	uint8_t sig[64];

	put_u64(&b, seq);
	buf_add(&b, h->b, 32);
	put_u8(&b, paper ? 2 : 1);
	if (paper) {
		sign(sig, w->paper.sign_sk, SIGN_ROSTER,
		    (struct bytes){ h->b, 32 });
		buf_add(&b, sig, 64);
	}
	put_raw(&e, ITEM_APPROVE, &b);
	return e;
}

TEST(a_genesis_founds_a_project)
{
	struct world w = founded();
	const struct member *noor = member(&w, &w.noor);
	const struct epoch *e = roster_epoch(w.r);

	assert_int_equal(w.r->seq, 1);
	assert_true(hash_eq(&w.r->genesis, &w.last.hash));
	assert_true(id_eq(&w.r->project, &w.project));
	assert_true(w.r->practice);
	assert_int_equal(w.r->feature, 1);
	assert_false(w.r->newer);
	assert_int_equal(noor->status, MEMBER_ACTIVE);
	assert_int_equal(noor->caps, CAP_WRITE | CAP_COORDINATE);
	assert_string_equal(noor->name, "Noor");
	assert_int_equal(noor->role, ROLE_COORDINATOR);
	assert_int_equal(e->e, 1);
	assert_int_equal(e->g, 1);
	assert_string_equal(w.r->title, "Veldwerk Noord");
	assert_true(bytes_is(buf_view(&w.r->pack), "{\"types\":[]}"));
	assert_int_equal(w.r->pack_at, 1);
	assert_int_equal(roster_coordinators(w.r), 1);
	assert_true(id_zero(&w.r->home));
	leave(&w);
}

TEST(the_paper_key_opens_the_secrets_of_an_epoch)
{
	struct world w = founded();
	uint8_t all[128], want[32];

	assert_int_equal(crypto_box_seal_open(all, roster_epoch(w.r)->to_paper,
	    176, w.paper.box_pk, w.paper.box_sk), 0);
	for (int c = 0; c < COMP_COUNT; c++) {
		assert_true(keys_get_secret(want, w.keys,
		    (enum compartment)c, 1));
		assert_memory_equal(all + 32 * c, want, 32);
	}
	leave(&w);
}

TEST(without_keys_the_roster_is_complete_but_for_names)
{
	struct world w = founded();
	struct roster *r = roster_new();
	struct keys *none = keys_new();

	assert_ok(roster_apply(r, &w.last, buf_view(&w.blob), NULL, NULL));
	assert_null(r->title);
	assert_null(r->members[0].name);
	assert_int_equal(r->pack.len, 0);
	assert_int_equal(r->members[0].caps, CAP_WRITE | CAP_COORDINATE);
	roster_free(r);
	r = roster_new();
	assert_ok(roster_apply(r, &w.last, buf_view(&w.blob), none, NULL));
	assert_null(r->title);
	roster_free(r);
	keys_free(none);
	leave(&w);
}

/* Which keys a device holds never decides what the roster is. */
TEST(keys_of_another_project_are_noticed)
{
	struct world w = founded(), other = blank();
	struct roster *r = roster_new();

	assert_ok(roster_apply(r, &w.last, buf_view(&w.blob), other.keys,
	    NULL));
	assert_int_equal(r->seq, 1);
	assert_int_equal(r->unreadable, 2);	/* the epoch, the names */
	assert_null(r->title);
	assert_null(r->members[0].name);
	roster_free(r);
	r = roster_new();
	keys_free(other.keys);
	other.keys = keys_new();
	keys_draw_tree(other.keys, 1);		/* the tree alone too */
	assert_ok(roster_apply(r, &w.last, buf_view(&w.blob), other.keys,
	    NULL));
	assert_int_equal(r->unreadable, 1);
	assert_true(hash_eq(roster_entry(r, 1), roster_entry(w.r, 1)));
	assert_int_equal(w.r->unreadable, 0);
	roster_free(r);
	leave(&w);
	leave(&other);
}

TEST(a_genesis_that_another_signs_is_refused)
{
	struct world w = blank();
	struct entry e = genesis_entry(&w);

	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.amira));
	assert_int_equal(w.r->seq, 0);
	assert_int_equal(w.r->nmembers, 0);
	leave(&w);
}

TEST(a_genesis_lacks_nothing_and_has_nothing_else)
{
	struct world w = blank();
	struct member m = as_member(&w.noor, CAP_WRITE | CAP_COORDINATE);

	for (int without = 1; without <= 4; without++) {
		struct entry e = ENTRY_EMPTY;

		if (without != 1)
			entry_project(&e, &w.project, true);
		if (without != 2)
			entry_member(&e, &m);
		if (without != 3)
			entry_paper(&e, w.paper.sign_pk, w.paper.box_pk);
		if (without != 4)
			assert_ok(open_epoch(&e, 1, 1, w.keys, w.paper.box_pk));
		assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.noor));
	}
	struct entry e = genesis_entry(&w);

	entry_home(&e, &w.project);
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.noor));
	m.caps = CAP_WRITE;
	e = (struct entry)ENTRY_EMPTY;
	entry_project(&e, &w.project, true);
	entry_member(&e, &m);
	entry_paper(&e, w.paper.sign_pk, w.paper.box_pk);
	assert_ok(open_epoch(&e, 1, 1, w.keys, w.paper.box_pk));
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.noor));
	leave(&w);
}

TEST(an_invitation_and_its_admission_make_a_member)
{
	struct world w = founded();
	const struct member *m;

	assert_ok(invite(&w, &w.amira, CAP_WRITE, "Amira"));
	m = member(&w, &w.amira);
	assert_int_equal(m->status, MEMBER_INVITED);
	assert_int_equal(m->invited_at, 2);
	assert_int_equal(m->admitted_at, 0);
	assert_string_equal(m->name, "Amira");
	assert_int_equal(m->once_pk[0], 202);
	assert_null(roster_signer(w.r, w.amira.pk));
	assert_ok(admit(&w, &w.amira));
	m = member(&w, &w.amira);
	assert_int_equal(m->status, MEMBER_ACTIVE);
	assert_int_equal(m->admitted_at, 3);
	assert_memory_equal(m->sign_pk, w.amira.pk, 32);
	assert_memory_equal(m->box_pk, w.amira.box, 32);
	assert_ptr_equal(roster_signer(w.r, w.amira.pk), m);
	assert_int_equal(roster_coordinators(w.r), 1);
	leave(&w);
}

TEST(who_may_not_coordinate_writes_no_entry)
{
	struct world w = peopled();
	struct entry e = ENTRY_EMPTY;
	uint64_t seq = w.r->seq;

	entry_home(&e, &w.project);
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.amira));
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.amira)); /* empty */
	entry_title(&e, "mine");
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.amira));
	entry_home(&e, &w.project);
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.bas));
	e = caps_entry(&w.amira.device, 3);
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.amira));
	assert_int_equal(w.r->seq, seq);
	leave(&w);
}

TEST(an_entry_is_applied_once_and_in_order)
{
	struct world w = founded();
	struct buf first = BUF_EMPTY;
	struct commit c = w.last;
	struct roster *r = roster_new();

	buf_add_bytes(&first, buf_view(&w.blob));
	assert_fault(FAULT_TRUST,
	    roster_apply(w.r, &c, buf_view(&first), w.keys, NULL));
	assert_ok(invite(&w, &w.amira, CAP_WRITE, "Amira"));
	assert_fault(FAULT_TRUST, roster_apply(w.r, &w.last,
	    buf_view(&w.blob), w.keys, NULL));
	assert_fault(FAULT_TRUST, roster_apply(r, &w.last, buf_view(&w.blob),
	    w.keys, NULL));
	assert_ok(roster_apply(r, &c, buf_view(&first), w.keys, NULL));
	assert_ok(roster_apply(r, &w.last, buf_view(&w.blob), w.keys, NULL));
	assert_int_equal(r->seq, 2);
	roster_free(r);
	buf_free(&first);
	leave(&w);
}

TEST(an_entry_that_does_not_follow_is_refused)
{
	struct world w = founded();
	struct entry e = ENTRY_EMPTY;
	struct commit good, c;

	entry_home(&e, &w.project);
	buf_clear(&w.blob);
	assert_ok(entry_finish(&w.blob, &e, 1, w.keys, NULL));
	entry_free(&e);
	good = next_commit(&w, buf_view(&w.blob), &w.noor);
	c = good;
	c.prev.b[0] ^= 1;
	assert_fault(FAULT_TRUST, roster_apply(w.r, &c, buf_view(&w.blob),
	    NULL, NULL));
	c = good;
	c.genesis.b[0] ^= 1;
	assert_fault(FAULT_TRUST, roster_apply(w.r, &c, buf_view(&w.blob),
	    NULL, NULL));
	c = good;
	c.roster_hash.b[0] ^= 1;
	assert_fault(FAULT_TRUST, roster_apply(w.r, &c, buf_view(&w.blob),
	    NULL, NULL));
	c = good;
	c.seq = 3;
	assert_fault(FAULT_TRUST, roster_apply(w.r, &c, buf_view(&w.blob),
	    NULL, NULL));
	c = good;
	snprintf(c.ref, sizeof c.ref, "refs/heads/main");
	assert_fault(FAULT_TRUST, roster_apply(w.r, &c, buf_view(&w.blob),
	    NULL, NULL));
	assert_ok(roster_apply(w.r, &good, buf_view(&w.blob), NULL, NULL));
	assert_true(id_eq(&w.r->home, &w.project));
	leave(&w);
}

TEST(a_device_id_that_begins_like_another_s_is_refused)
{
	struct world w = peopled();
	struct person p = person(1);

	p.device.b[4] ^= 1;		/* the first four bytes are Noor's */
	assert_fault(FAULT_TRUST, invite(&w, &p, CAP_WRITE, NULL));
	p.device.b[3] ^= 1;
	assert_ok(invite(&w, &p, CAP_WRITE, NULL));
	leave(&w);
}

TEST(an_invitation_is_used_once)
{
	struct world w = peopled();

	assert_fault(FAULT_TRUST, admit(&w, &w.amira));	/* is a member */
	assert_fault(FAULT_TRUST, invite(&w, &w.bas, CAP_WRITE, NULL));
	w.bas = person(77);
	assert_fault(FAULT_TRUST, admit(&w, &w.bas));	/* never invited */
	leave(&w);
}

TEST(one_key_is_one_member_s)
{
	struct world w = peopled();

	memcpy(w.bas.pk, w.amira.pk, 32);
	assert_fault(FAULT_TRUST, admit(&w, &w.bas));
	memcpy(w.bas.pk, w.paper.sign_pk, 32);
	assert_fault(FAULT_TRUST, admit(&w, &w.bas));
	memset(w.bas.pk, 0, 32);
	assert_fault(FAULT_TRUST, admit(&w, &w.bas));
	leave(&w);
}

TEST(a_box_key_of_low_order_is_not_admitted)
{
	struct world w = peopled();
	uint8_t good[32];

	memcpy(good, w.bas.box, 32);
	memset(w.bas.box, 0, 32);
	assert_fault(FAULT_TRUST, admit(&w, &w.bas));
	w.bas.box[0] = 1;
	assert_fault(FAULT_TRUST, admit(&w, &w.bas));
	memset(w.bas.box, 0xff, 32);		/* p - 1, of order 4 */
	w.bas.box[0] = 0xec;
	w.bas.box[31] = 0x7f;
	assert_fault(FAULT_TRUST, admit(&w, &w.bas));
	memcpy(w.bas.box, good, 32);
	assert_ok(admit(&w, &w.bas));
	leave(&w);
}

TEST(an_invitation_can_be_taken_back)
{
	struct world w = peopled();
	struct entry e = ENTRY_EMPTY;
	struct buf b = device_body(&w.bas.device);

	put_u8(&b, 1);
	put_raw(&e, ITEM_UNINVITE, &b);
	assert_ok(write_entry(&w, &e, &w.noor));
	assert_int_equal(member(&w, &w.bas)->status, MEMBER_UNINVITED);
	assert_fault(FAULT_TRUST, admit(&w, &w.bas));
	leave(&w);
}

TEST(a_cut_ends_a_membership_and_the_lower_one_holds)
{
	struct world w = peopled();
	struct entry e = cut_entry(&w.amira.device, 9, CUT_REVOKED);
	const struct member *m;

	assert_ok(write_entry(&w, &e, &w.noor));
	e = cut_entry(&w.amira.device, 5, CUT_LEFT);
	assert_ok(write_entry(&w, &e, &w.noor));
	e = cut_entry(&w.amira.device, 7, CUT_LEFT);
	assert_ok(write_entry(&w, &e, &w.noor));
	m = member(&w, &w.amira);
	assert_int_equal(m->status, MEMBER_CUT);
	assert_int_equal(m->cut_seq, 5);
	assert_int_equal(m->cut_at, 5);
	assert_int_equal(m->cut_reason, CUT_REVOKED);
	assert_null(roster_signer(w.r, w.amira.pk));
	assert_fault(FAULT_TRUST, admit(&w, &w.amira));
	e = cut_entry(&w.bas.device, 1, CUT_REVOKED);	/* not admitted */
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.noor));
	leave(&w);
}

TEST(a_demotion_s_cut_leaves_the_member_active)
{
	struct world w = peopled();
	struct entry e = cut_entry(&w.amira.device, 9, CUT_DEMOTED);
	struct entry caps = caps_entry(&w.amira.device, 0);

	buf_add_bytes(&e.clear, buf_view(&caps.clear));
	e.nclear++;
	entry_free(&caps);
	assert_ok(write_entry(&w, &e, &w.noor));
	assert_int_equal(member(&w, &w.amira)->status, MEMBER_ACTIVE);
	assert_int_equal(member(&w, &w.amira)->caps, 0);
	assert_int_equal(member(&w, &w.amira)->cut_seq, 9);
	leave(&w);
}

/* Noor alone can neither make a coordinator nor unmake one. */
TEST(a_coordinator_is_made_by_two_signatures)
{
	struct world w = peopled();
	struct entry e = caps_entry(&w.amira.device, 3);
	uint64_t seq;

	assert_ok(write_entry(&w, &e, &w.noor));
	seq = w.r->seq;
	assert_int_equal(member(&w, &w.amira)->caps, CAP_WRITE);
	assert_int_equal(w.r->nheld, 1);
	e = approve_entry(&w, seq, false);
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.noor));
	e = approve_entry(&w, seq, false);
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.amira));
	e = approve_entry(&w, seq - 1, true);
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.noor));
	e = approve_entry(&w, seq, true);
	e.clear.at[e.clear.len - 1] ^= 1;
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.noor));
	assert_int_equal(w.r->nheld, 1);
	e = approve_entry(&w, seq, true);
	assert_ok(write_entry(&w, &e, &w.noor));
	assert_int_equal(member(&w, &w.amira)->caps, 3);
	assert_int_equal(w.r->nheld, 0);
	assert_int_equal(roster_coordinators(w.r), 2);
	/* And the second may now stand behind the first. */
	e = cut_entry(&w.noor.device, 4, CUT_LEFT);
	assert_ok(write_entry(&w, &e, &w.noor));
	assert_int_equal(member(&w, &w.noor)->status, MEMBER_ACTIVE);
	e = approve_entry(&w, w.r->seq, false);
	assert_ok(write_entry(&w, &e, &w.amira));
	assert_int_equal(member(&w, &w.noor)->status, MEMBER_CUT);
	e = caps_entry(&w.amira.device, 3);
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.noor));
	leave(&w);
}

TEST(a_coordinator_s_invitation_waits_for_its_second_signature)
{
	struct world w = founded();
	struct entry e;

	assert_ok(invite(&w, &w.amira, 3, "Amira"));
	assert_true(member(&w, &w.amira)->waiting);
	assert_fault(FAULT_TRUST, admit(&w, &w.amira));
	e = approve_entry(&w, 2, true);
	assert_ok(write_entry(&w, &e, &w.noor));
	assert_false(member(&w, &w.amira)->waiting);
	assert_ok(admit(&w, &w.amira));
	assert_int_equal(roster_coordinators(w.r), 2);
	leave(&w);
}

TEST(the_first_home_is_named_at_once_and_a_move_waits)
{
	struct world w = founded();
	struct entry e = ENTRY_EMPTY;
	struct id a = id_random(), b = id_random();

	entry_home(&e, &a);
	assert_ok(write_entry(&w, &e, &w.noor));
	assert_true(id_eq(&w.r->home, &a));
	entry_home(&e, &b);
	assert_ok(write_entry(&w, &e, &w.noor));
	assert_true(id_eq(&w.r->home, &a));
	e = approve_entry(&w, 3, true);
	assert_ok(write_entry(&w, &e, &w.noor));
	assert_true(id_eq(&w.r->home, &b));
	leave(&w);
}

TEST(a_new_paper_key_waits_too)
{
	struct world w = founded();
	struct entry e = ENTRY_EMPTY;
	struct paper p;

	paper_draw(&p);
	entry_paper(&e, p.sign_pk, p.box_pk);
	assert_ok(write_entry(&w, &e, &w.noor));
	assert_memory_equal(w.r->paper_sign, w.paper.sign_pk, 32);
	e = approve_entry(&w, 2, true);
	assert_ok(write_entry(&w, &e, &w.noor));
	assert_memory_equal(w.r->paper_sign, p.sign_pk, 32);
	assert_memory_equal(w.r->paper_box, p.box_pk, 32);
	leave(&w);
}

static struct entry
recover_entry(const struct world *w, const struct person *p)
{
	struct entry e = ENTRY_EMPTY;
	struct buf said = BUF_EMPTY, b = device_body(&p->device);
	uint8_t sig[64];

	buf_add(&said, w->project.b, 16);
	buf_add(&said, p->device.b, 16);
	buf_add(&said, roster_entry(w->r, w->r->seq)->b, 32);
	sign(sig, w->paper.sign_sk, SIGN_ROSTER, buf_view(&said));
	buf_add(&b, sig, 64);
	put_raw(&e, ITEM_RECOVER, &b);
	buf_free(&said);
	return e;
}

TEST(the_paper_key_makes_a_member_coordinator)
{
	struct world w = peopled();
	struct person paper = person(50);
	struct entry e = recover_entry(&w, &w.amira);

	memcpy(paper.pk, w.paper.sign_pk, 32);
	memcpy(paper.sk, w.paper.sign_sk, 64);
	e.clear.at[e.clear.len - 1] ^= 1;
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.amira));
	e = recover_entry(&w, &w.bas);			/* no member yet */
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &paper));
	entry_home(&e, &w.project);			/* nothing else */
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &paper));
	e = recover_entry(&w, &w.amira);
	entry_home(&e, &w.project);
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &paper));
	e = recover_entry(&w, &w.amira);
	assert_ok(write_entry(&w, &e, &paper));
	assert_int_equal(member(&w, &w.amira)->caps, 3);
	leave(&w);

	w = peopled();
	e = recover_entry(&w, &w.amira);
	assert_ok(write_entry(&w, &e, &w.amira));
	assert_int_equal(member(&w, &w.amira)->caps, 3);
	leave(&w);
}

TEST(epochs_and_trees_follow_each_other)
{
	struct world w = founded();
	struct entry e = ENTRY_EMPTY;

	keys_draw_epoch(w.keys, 2);
	keys_draw_epoch(w.keys, 3);
	keys_draw_tree(w.keys, 2);
	keys_draw_tree(w.keys, 3);
	assert_ok(open_epoch(&e, 3, 1, w.keys, w.paper.box_pk));
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.noor));
	assert_ok(open_epoch(&e, 2, 3, w.keys, w.paper.box_pk));
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.noor));
	assert_ok(open_epoch(&e, 2, 2, w.keys, w.paper.box_pk));
	assert_ok(open_epoch(&e, 3, 2, w.keys, w.paper.box_pk));
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.noor)); /* two */
	assert_ok(open_epoch(&e, 2, 1, w.keys, w.paper.box_pk));
	assert_ok(write_entry(&w, &e, &w.noor));		/* by age */
	assert_ok(open_epoch(&e, 3, 2, w.keys, w.paper.box_pk));
	assert_ok(write_entry(&w, &e, &w.noor));
	assert_int_equal(roster_epoch(w.r)->e, 3);
	assert_int_equal(roster_epoch_of(w.r, 2)->g, 1);
	assert_int_equal(roster_epoch_of(w.r, 2)->opened_at, 2);
	assert_null(roster_epoch_of(w.r, 4));
	assert_null(roster_epoch_of(w.r, 0));
	leave(&w);
}

TEST(the_same_generation_is_the_same_tree)
{
	struct world w = founded(), other = blank();
	struct entry e = ENTRY_EMPTY;
	struct roster *r = w.r;

	keys_draw_epoch(other.keys, 2);
	assert_ok(open_epoch(&e, 2, 1, other.keys, w.paper.box_pk));
	buf_clear(&w.blob);
	assert_ok(entry_finish(&w.blob, &e, 1, w.keys, NULL));
	w.last = next_commit(&w, buf_view(&w.blob), &w.noor);
	assert_fault(FAULT_TRUST, roster_apply(r, &w.last, buf_view(&w.blob),
	    NULL, NULL));
	entry_free(&e);
	leave(&w);
	leave(&other);
}

TEST(an_item_of_a_newer_kit_is_passed_over_and_told)
{
	struct world w = founded();
	struct entry e = ENTRY_EMPTY;
	struct buf b = BUF_EMPTY;

	put_u16(&b, 2);
	put_raw(&e, ITEM_FEATURE, &b);
	buf_text(&b, "what nobody knows");
	put_raw(&e, (enum roster_item)40, &b);
	entry_title(&e, "New title");
	item_put(&e.sealed, (enum roster_item)99, bytes_of("sealed too"));
	assert_ok(write_entry(&w, &e, &w.noor));
	assert_true(w.r->newer);
	assert_int_equal(w.r->feature, 2);
	assert_string_equal(w.r->title, "New title");
	assert_true(hash_eq(roster_entry(w.r, 2), &w.last.hash));
	assert_ok(invite(&w, &w.amira, CAP_WRITE, "Amira"));
	assert_true(w.r->newer);
	leave(&w);
}

TEST(a_lower_feature_level_is_refused)
{
	struct world w = founded();
	struct entry e = ENTRY_EMPTY;
	struct buf b = BUF_EMPTY;

	put_u16(&b, 1);
	put_raw(&e, ITEM_FEATURE, &b);
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.noor));
	leave(&w);
}

/* Each row: kind and a body that is short, long or out of bounds. */
TEST(a_body_that_is_not_as_its_kind_says_is_refused)
{
	static const struct {
		enum roster_item kind;
		size_t	good;		/* its true length */
	} rows[] = {
		{ ITEM_PROJECT, 19 }, { ITEM_MEMBER, 81 }, { ITEM_PAPER, 64 },
		{ ITEM_EPOCH, 344 }, { ITEM_INVITE, 89 }, { ITEM_UNINVITE, 17 },
		{ ITEM_ADMIT, 80 }, { ITEM_CUT, 97 }, { ITEM_CAPS, 17 },
		{ ITEM_HOME, 16 }, { ITEM_APPROVE, 41 }, { ITEM_FEATURE, 2 },
		{ ITEM_RECOVER, 80 }, { ITEM_OLD_EPOCH, 180 },
		{ ITEM_ERASE, 16 + 8 + 2 + 2 + 2 + 1 },
	};
	uint8_t body[400];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		memset(body, 1, sizeof body);
		if (rows[i].kind == ITEM_CUT) {		/* seqs in bounds */
			memset(body + 20, 0, 4);
			memset(body + 60, 0, 4);
		}
		if (rows[i].kind == ITEM_APPROVE)
			memset(body + 4, 0, 4);
		if (rows[i].kind == ITEM_ERASE)
			body[30] = 0;			/* no pairs */
		for (size_t n = rows[i].good - 1; n <= rows[i].good + 1; n++) {
			struct buf b = BUF_EMPTY;
			struct reader r;
			struct entry_item it;

			item_put(&b, rows[i].kind, (struct bytes){ body, n });
			r = reader_of(buf_view(&b));
			it = item_next(&r);
			assert_true(it.known);
			assert_int_equal(reader_whole(&r), n == rows[i].good);
			buf_free(&b);
		}
	}
}

static bool
name_is_read(const char *name, size_t len)
{
	struct buf b = BUF_EMPTY, body = BUF_EMPTY;
	struct reader r;
	bool ok;

	memset(buf_room(&body, 16), 1, 16);
	body.len = 16;
	put_u8(&body, ROLE_WORKER);
	buf_add(&body, name, len);
	item_put(&b, ITEM_NAME, buf_view(&body));
	r = reader_of(buf_view(&b));
	item_next(&r);
	ok = reader_whole(&r);
	buf_free(&b);
	buf_free(&body);
	return ok;
}

TEST(a_name_is_one_line_of_at_most_100_bytes)
{
	char x[101];

	memset(x, 'x', sizeof x);
	assert_true(name_is_read(x, 100));
	assert_false(name_is_read(x, 101));
	assert_false(name_is_read(x, 0));
	assert_true(name_is_read("Zoë van 't Hof", strlen("Zoë van 't Hof")));
	assert_false(name_is_read("a\nb", 3));
	assert_false(name_is_read("a\x1b[2J", 5));
	assert_false(name_is_read("a\0b", 3));
	assert_false(name_is_read("\xff", 1));
}

TEST(what_is_sealed_stays_there_and_what_is_clear_too)
{
	struct world w = founded();
	struct entry e = ENTRY_EMPTY;

	entry_title(&e, "in clear");
	buf_add_bytes(&e.clear, buf_view(&e.sealed));
	e.nclear = 1;
	buf_clear(&e.sealed);
	assert_fault(FAULT_TRUST, write_entry(&w, &e, &w.noor));
	entry_home(&e, &w.project);
	buf_add_bytes(&e.sealed, buf_view(&e.clear));
	buf_clear(&e.clear);
	e.nclear = 0;
	entry_title(&e, "beside it");
	assert_ok(write_entry(&w, &e, &w.noor));	/* locked ones take it */
	assert_int_equal(w.r->seq, 2);
	assert_int_equal(w.r->unreadable, 1);
	assert_true(id_zero(&w.r->home));
	assert_string_not_equal(w.r->title, "beside it");
	leave(&w);
}

/* Locked and unlocked devices take the same entries, whatever is sealed. */
TEST(a_sealed_part_that_does_not_open_leaves_the_entry_valid)
{
	struct world w = founded();
	struct roster *locked = roster_copy(w.r);
	struct entry e = ENTRY_EMPTY;

	entry_title(&e, "lost");
	buf_clear(&w.blob);
	assert_ok(entry_finish(&w.blob, &e, 1, w.keys, NULL));
	entry_free(&e);
	w.blob.at[w.blob.len - 1] ^= 1;
	w.last = next_commit(&w, buf_view(&w.blob), &w.noor);
	assert_ok(roster_apply(w.r, &w.last, buf_view(&w.blob), w.keys,
	    NULL));
	assert_ok(roster_apply(locked, &w.last, buf_view(&w.blob), NULL,
	    NULL));
	assert_int_equal(w.r->unreadable, 1);
	assert_string_not_equal(w.r->title, "lost");
	assert_true(hash_eq(roster_entry(w.r, 2), roster_entry(locked, 2)));
	assert_ok(invite(&w, &w.amira, CAP_WRITE, "Amira"));
	assert_int_equal(w.r->unreadable, 1);
	roster_free(locked);
	leave(&w);
}

TEST(a_sealed_part_is_under_the_epoch_of_its_entry)
{
	struct world w = founded();
	struct entry e = ENTRY_EMPTY;

	keys_draw_epoch(w.keys, 2);
	entry_title(&e, "too early");
	buf_clear(&w.blob);
	assert_ok(entry_finish(&w.blob, &e, 2, w.keys, NULL));
	entry_free(&e);
	w.last = next_commit(&w, buf_view(&w.blob), &w.noor);
	assert_fault(FAULT_TRUST, roster_apply(w.r, &w.last,
	    buf_view(&w.blob), w.keys, NULL));
	for (uint32_t under = 1; under <= 2; under++) {
		struct roster *r = roster_copy(w.r);

		assert_ok(open_epoch(&e, 2, 1, w.keys, w.paper.box_pk));
		entry_title(&e, "in time");
		buf_clear(&w.blob);
		assert_ok(entry_finish(&w.blob, &e, under, w.keys, NULL));
		entry_free(&e);
		w.last = next_commit(&w, buf_view(&w.blob), &w.noor);
		assert_ok(roster_apply(r, &w.last, buf_view(&w.blob), w.keys,
		    NULL));
		assert_string_equal(r->title, "in time");
		roster_free(r);
	}
	leave(&w);
}

TEST(an_entry_without_secrets_cannot_be_made)
{
	struct world w = founded();
	struct entry e = ENTRY_EMPTY;
	struct buf b = BUF_EMPTY;

	entry_title(&e, "x");
	assert_fault(FAULT_LOCKED, entry_finish(&b, &e, 2, w.keys, NULL));
	assert_fault(FAULT_LOCKED, open_epoch(&e, 2, 1, w.keys, w.paper.box_pk));
	assert_fault(FAULT_LOCKED, open_epoch(&e, 1, 2, w.keys, w.paper.box_pk));
	assert_int_equal(b.len, 0);
	entry_free(&e);
	leave(&w);
}

TEST(an_entry_above_its_bound_cannot_be_made)
{
	struct world w = founded();
	struct entry e = ENTRY_EMPTY;
	struct buf b = BUF_EMPTY, big = BUF_EMPTY;

	memset(buf_room(&big, WIRE_ROSTER_MAX), 'x', WIRE_ROSTER_MAX);
	big.len = WIRE_ROSTER_MAX;
	entry_pack(&e, buf_view(&big));
	assert_fault(FAULT_INVALID, entry_finish(&b, &e, 1, w.keys, NULL));
	entry_free(&e);
	buf_free(&big);
	buf_free(&b);
	leave(&w);
}

TEST(an_entry_cut_anywhere_is_refused_and_changes_nothing)
{
	struct world w = founded();
	struct roster *r = roster_new();

	for (size_t n = 0; n < w.blob.len; n++) {
		uint8_t *p = test_cut(w.blob.at, n);

		assert_fault(FAULT_FORMAT, roster_apply(r, &w.last,
		    (struct bytes){ p, n }, w.keys, NULL));
		assert_int_equal(r->seq + r->nmembers + r->nepochs, 0);
		free(p);
	}
	roster_free(r);
	leave(&w);
}

/*
 * The commit's hash of the blob guards every bit; here it is not looked at.
 * Who holds the secret does not need it: all before the box is in its AD.  And
 * who does not hold it judges the entry alike.
 */
TEST(a_flipped_bit_is_refused_or_noticed_by_who_holds_the_secret)
{
	struct world w = founded();

	for (size_t i = 0; i < w.blob.len; i++) {
		uint8_t *p = test_cut(w.blob.at, w.blob.len);
		struct roster *r = roster_new(), *locked = roster_new();
		struct bytes blob = { p, w.blob.len };
		fault f;

		p[i] ^= (uint8_t)(1u << i % 8);
		f = roster_apply(r, &w.last, blob, w.keys, NULL);
		assert_true(f != NULL || r->unreadable > 0);
		assert_null(r->title);
		assert_int_equal(r->seq, f == NULL);
		assert_true((f == NULL) ==
		    (roster_apply(locked, &w.last, blob, NULL, NULL) == NULL));
		roster_free(locked);
		roster_free(r);
		free(p);
	}
	leave(&w);
}

TEST(a_full_roster_takes_no_more)
{
	struct world w = founded();

	for (unsigned i = 2; i <= WIRE_MEMBERS_MAX; i++) {
		struct member m = { .expires = 1, .caps = 1 };
		struct entry e = ENTRY_EMPTY;

		m.device.b[0] = 0xee;
		m.device.b[1] = (uint8_t)i;
		m.device.b[2] = (uint8_t)(i >> 8);
		memset(m.once_pk, 0xdd, 32);
		m.once_pk[1] = (uint8_t)i;
		m.once_pk[2] = (uint8_t)(i >> 8);
		entry_invite(&e, &m);
		assert_ok(write_entry(&w, &e, &w.noor));
	}
	assert_int_equal(w.r->nmembers, WIRE_MEMBERS_MAX);
	assert_fault(FAULT_TRUST, invite(&w, &w.bas, CAP_WRITE, NULL));
	leave(&w);
}

TEST(roles_have_names_and_rights)
{
	static const uint8_t caps[] = { 0, 3, 1, 1, 0 };
	enum role role;

	for (int i = ROLE_COORDINATOR; i <= ROLE_AUDITOR; i++) {
		assert_true(role_parse(&role, role_name((enum role)i)));
		assert_int_equal(role, i);
		assert_int_equal(role_caps(role), caps[i]);
	}
	assert_false(role_parse(&role, "boss"));
	assert_string_equal(role_name((enum role)0), "unknown");
}

int
main(void)
{
	return RUN(
	    T(a_genesis_founds_a_project),
	    T(the_paper_key_opens_the_secrets_of_an_epoch),
	    T(without_keys_the_roster_is_complete_but_for_names),
	    T(keys_of_another_project_are_noticed),
	    T(a_genesis_that_another_signs_is_refused),
	    T(a_genesis_lacks_nothing_and_has_nothing_else),
	    T(an_invitation_and_its_admission_make_a_member),
	    T(who_may_not_coordinate_writes_no_entry),
	    T(an_entry_is_applied_once_and_in_order),
	    T(an_entry_that_does_not_follow_is_refused),
	    T(a_device_id_that_begins_like_another_s_is_refused),
	    T(an_invitation_is_used_once),
	    T(one_key_is_one_member_s),
	    T(a_box_key_of_low_order_is_not_admitted),
	    T(an_invitation_can_be_taken_back),
	    T(a_cut_ends_a_membership_and_the_lower_one_holds),
	    T(a_demotion_s_cut_leaves_the_member_active),
	    T(a_coordinator_is_made_by_two_signatures),
	    T(a_coordinator_s_invitation_waits_for_its_second_signature),
	    T(the_first_home_is_named_at_once_and_a_move_waits),
	    T(a_new_paper_key_waits_too),
	    T(the_paper_key_makes_a_member_coordinator),
	    T(epochs_and_trees_follow_each_other),
	    T(the_same_generation_is_the_same_tree),
	    T(an_item_of_a_newer_kit_is_passed_over_and_told),
	    T(a_lower_feature_level_is_refused),
	    T(a_body_that_is_not_as_its_kind_says_is_refused),
	    T(a_name_is_one_line_of_at_most_100_bytes),
	    T(what_is_sealed_stays_there_and_what_is_clear_too),
	    T(a_sealed_part_that_does_not_open_leaves_the_entry_valid),
	    T(a_sealed_part_is_under_the_epoch_of_its_entry),
	    T(an_entry_without_secrets_cannot_be_made),
	    T(an_entry_above_its_bound_cannot_be_made),
	    T(an_entry_cut_anywhere_is_refused_and_changes_nothing),
	    T(a_flipped_bit_is_refused_or_noticed_by_who_holds_the_secret),
	    T(a_full_roster_takes_no_more),
	    T(roles_have_names_and_rights));
}
