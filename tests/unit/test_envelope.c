#include "tests/unit/test.h"

#include "sync/base/file.h"
#include "tests/unit/letters.h"

static size_t
envelopes_in(const struct buf *b)
{
	struct keyring k;

	assert_ok(keyring_decode(&k, buf_view(b)));
	return k.nenvelopes;
}

static struct envelope_result
open_ok(struct keys *into, const struct office *o, const struct someone *p,
    const struct buf *b)
{
	struct envelope_result res;

	assert_ok(opened(into, &res, o, p, buf_view(b)));
	return res;
}

TEST(who_attested_all_gets_no_envelope)
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient to = newcomer(&p, ROLE_WORKER);
	struct keys *k = keys_new();
	struct buf b;

	to.had_role = ROLE_WORKER;
	to.had_epoch = 3;
	assert_false(envelope_lacks(&to, o.r));
	b = made(&o, &to, 1);
	assert_int_equal(b.len, 60);
	assert_int_equal(open_ok(k, &o, &p, &b).found, ENVELOPE_NONE);
	to.had_epoch = 2;
	assert_true(envelope_lacks(&to, o.r));
	keys_free(k);
	buf_free(&b);
	office_close(&o);
}

/* Nobody holds an epoch that is not there: that statement says nothing. */
TEST(a_statement_about_an_epoch_that_is_not_there_says_nothing)
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient to = newcomer(&p, ROLE_WORKER);
	struct keys *k = keys_new();
	struct buf b;

	to.had_role = ROLE_WORKER;
	to.had_epoch = 4;
	b = made(&o, &to, 1);
	assert_int_equal(open_ok(k, &o, &p, &b).secrets, 6);
	keys_free(k);
	buf_free(&b);
	office_close(&o);
}

/* L, T, I, R: S, A or nothing; as protocol.md's table has it. */
static void
role_gets(enum role role, const char *shares, bool trees)
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient to = newcomer(&p, role);
	struct keys *k = keys_new();
	struct buf b = made(&o, &to, 1);
	uint8_t got[32], s[32], want[32];

	assert_int_equal(open_ok(k, &o, &p, &b).found, ENVELOPE_OPENED);
	for (int i = 0; i < 12; i++) {
		enum compartment c = (enum compartment)(i % 4);
		uint32_t e = (uint32_t)i / 4 + 1;

		assert_true(keys_get_secret(s, o.keys, c, e));
		assert_int_equal(keys_get_secret(got, k, c, e),
		    shares[c] == 'S');
		if (shares[c] == 'S')
			assert_memory_equal(got, s, 32);
		assert_int_equal(keys_get_author(got, k, c, e),
		    shares[c] == 'A');
		keys_author(want, s, &p.device);
		if (shares[c] == 'A')
			assert_memory_equal(got, want, 32);
	}
	assert_int_equal(keys_tree(k, 1) != NULL, trees);
	assert_int_equal(keys_tree(k, 2) != NULL, trees);
	assert_int_equal(envelope_complete(k, role, o.r), 3);
	keys_free(k);
	buf_free(&b);
	office_close(&o);
}

TEST(a_role_gets_its_share_of_every_epoch_and_no_more)
{
	role_gets(ROLE_COORDINATOR, "SSSS", true);
	role_gets(ROLE_WORKER, "SSAA", true);
	role_gets(ROLE_ANALYST, "SS-A", true);
	role_gets(ROLE_AUDITOR, "S---", false);
}

/* The keyring for an auditor holds no tree at all. */
TEST(a_tree_that_nobody_lacks_is_in_no_keyring)
{
	struct office o = office();
	struct someone p = someone(3), q = someone(4);
	struct recipient to[] = { newcomer(&p, ROLE_AUDITOR),
	    newcomer(&q, ROLE_WORKER) };
	struct buf b = made(&o, to, 1);
	struct keyring k;

	assert_ok(keyring_decode(&k, buf_view(&b)));
	assert_int_equal(k.nshared, 0);
	buf_free(&b);
	to[1].had_role = ROLE_WORKER;
	to[1].had_epoch = 2;
	b = made(&o, to, 2);
	assert_ok(keyring_decode(&k, buf_view(&b)));
	assert_int_equal(k.nshared, 1);
	buf_free(&b);
	office_close(&o);
}

/* Attested as had up to e, now role: what comes. */
static void
change_brings(enum role had, uint32_t e, enum role role,
    const size_t brings[3])
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient first = newcomer(&p, had), then = newcomer(&p, role);
	struct keys *k = keys_new();
	struct envelope_result res;
	struct office early = o;
	struct roster *r = roster_copy(o.r);
	struct buf b;

	r->nepochs = e;		/* the world when it attested */
	early.r = r;
	b = made(&early, &first, 1);
	assert_int_equal(open_ok(k, &early, &p, &b).found, ENVELOPE_OPENED);
	assert_int_equal(envelope_complete(k, had, r), e);
	buf_free(&b);
	then.had_role = had;
	then.had_epoch = e;
	b = made(&o, &then, 1);
	res = open_ok(k, &o, &p, &b);
	assert_int_equal(res.secrets, brings[0]);
	assert_int_equal(res.authors, brings[1]);
	assert_int_equal(res.trees, brings[2]);
	assert_int_equal(envelope_complete(k, role, o.r), 3);
	keys_free(k);
	buf_free(&b);
	roster_free(r);
	office_close(&o);
}

TEST(an_envelope_brings_exactly_what_is_lacked)
{
	/* a worker after a revocation; after a mere rotation */
	change_brings(ROLE_WORKER, 2, ROLE_WORKER, (size_t[]){ 2, 2, 1 });
	change_brings(ROLE_WORKER, 1, ROLE_WORKER, (size_t[]){ 4, 4, 1 });
	/* promoted: the S that it never had, and no tree again */
	change_brings(ROLE_WORKER, 3, ROLE_COORDINATOR,
	    (size_t[]){ 6, 0, 0 });
	/* demoted: of the new epoch only a worker's share */
	change_brings(ROLE_COORDINATOR, 2, ROLE_WORKER,
	    (size_t[]){ 2, 2, 1 });
	/* an auditor who comes to work: the trees too */
	change_brings(ROLE_AUDITOR, 3, ROLE_WORKER, (size_t[]){ 3, 6, 2 });
	change_brings(ROLE_ANALYST, 3, ROLE_WORKER, (size_t[]){ 0, 3, 0 });
}

TEST(a_promoted_worker_is_not_complete_until_its_envelope_opens)
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient to = newcomer(&p, ROLE_WORKER);
	struct keys *k = keys_new();
	struct buf b = made(&o, &to, 1);

	open_ok(k, &o, &p, &b);
	assert_int_equal(envelope_complete(k, ROLE_WORKER, o.r), 3);
	assert_int_equal(envelope_complete(k, ROLE_COORDINATOR, o.r), 0);
	assert_int_equal(envelope_complete(k, ROLE_AUDITOR, o.r), 3);
	keys_free(k);
	buf_free(&b);
	office_close(&o);
}

TEST(complete_reaches_to_the_epoch_before_the_first_gap)
{
	struct office o = office();
	struct roster *r = o.r;
	uint8_t s[32], other[32] = { 1 };

	assert_int_equal(envelope_complete(o.keys, ROLE_COORDINATOR, r), 3);
	assert_true(keys_get_secret(s, o.keys, COMP_RESTRICTED, 2));
	keys_drop_epoch(o.keys, 2);
	assert_int_equal(envelope_complete(o.keys, ROLE_COORDINATOR, r), 1);
	office_close(&o);
	o = office();
	keys_drop_tree(o.keys, 2);
	assert_int_equal(envelope_complete(o.keys, ROLE_WORKER, o.r), 2);
	assert_int_equal(envelope_complete(o.keys, ROLE_AUDITOR, o.r), 3);
	office_close(&o);
	o = office();		/* a draft's secret is not the roster's */
	keys_put_secret(o.keys, COMP_TEAM, 3, other);
	assert_int_equal(envelope_complete(o.keys, ROLE_WORKER, o.r), 2);
	keys_put_tree(o.keys, tree_new(1, other));
	assert_int_equal(envelope_complete(o.keys, ROLE_WORKER, o.r), 0);
	office_close(&o);
}

TEST(many_recipients_in_any_order_each_open_their_own)
{
	struct office o = office();
	struct someone p[5] = { someone(9), someone(2), someone(7),
	    someone(1), someone(4) };
	struct recipient to[5];
	struct buf b;

	for (int i = 0; i < 5; i++)
		to[i] = newcomer(&p[i], (enum role)(i % 4 + 1));
	b = made(&o, to, 5);
	assert_int_equal(envelopes_in(&b), 5);
	for (int i = 0; i < 5; i++) {
		struct keys *k = keys_new();

		assert_int_equal(open_ok(k, &o, &p[i], &b).found,
		    ENVELOPE_OPENED);
		assert_int_equal(envelope_complete(k, to[i].role, o.r), 3);
		keys_free(k);
	}
	buf_free(&b);
	office_close(&o);
}

/* ---- who cannot make one ---- */

static void
makes(enum fault_code want, const struct office *o, const struct recipient *to,
    size_t n)
{
	struct envelope_plan p = plan_of(o, to, n);
	struct buf b = BUF_EMPTY;

	assert_fault(want, envelope_make(&b, &p, o->keys));
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

TEST(who_does_not_hold_what_somebody_lacks_makes_no_keyring)
{
	struct someone p = someone(3), q = someone(4);
	struct recipient to[] = { newcomer(&p, ROLE_AUDITOR),
	    newcomer(&q, ROLE_WORKER) };
	uint8_t other[32] = { 1 };
	struct office o;
	struct buf b;

	o = office();
	keys_drop_epoch(o.keys, 1);
	makes(FAULT_LOCKED, &o, to, 2);
	to[0].had_role = ROLE_AUDITOR;		/* ... but nobody lacks it */
	to[1].had_role = ROLE_WORKER;
	to[0].had_epoch = to[1].had_epoch = 1;
	b = made(&o, to, 2);
	buf_free(&b);
	keys_drop_tree(o.keys, 2);
	makes(FAULT_LOCKED, &o, to, 2);
	b = made(&o, to, 1);			/* auditors need no tree */
	buf_free(&b);
	office_close(&o);
	o = office();
	keys_put_secret(o.keys, COMP_IDENTITY, 3, other);
	makes(FAULT_LOCKED, &o, to, 2);
	office_close(&o);
	o = office();
	keys_put_tree(o.keys, tree_new(2, other));
	makes(FAULT_LOCKED, &o, to, 2);
	office_close(&o);
}

TEST(a_recipient_that_cannot_be_served_is_refused_aloud)
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient to[257] = { newcomer(&p, ROLE_WORKER) };

	to[1] = to[0];
	makes(FAULT_FORMAT, &o, to, 2);		/* one device twice */
	to[0].role = (enum role)0;
	makes(FAULT_LOCKED, &o, to, 1);
	to[0].role = ROLE_WORKER;
	memset(to[0].box_pk, 0, 32);
	makes(FAULT_TRUST, &o, to, 1);
	makes(FAULT_INVALID, &o, to, 257);
	office_close(&o);
}

/* ---- which envelope is ours ---- */

static struct buf
all_of(const struct keys *k)
{
	struct buf b = BUF_EMPTY;

	keys_encode(&b, k);
	return b;
}

TEST(an_envelope_to_another_box_key_is_stale)
{
	struct office o = office();
	struct someone p = someone(3), later = someone(3), mixed;
	struct recipient to = newcomer(&p, ROLE_WORKER);
	struct buf b = made(&o, &to, 1);
	struct keys *k = keys_new();
	struct envelope_reader rd = reader_for(&o, &later);
	struct envelope_result res;

	assert_int_equal(open_ok(k, &o, &later, &b).found, ENVELOPE_STALE);
	mixed = p;			/* the name fits, the secret does not */
	memcpy(mixed.sk, later.sk, 32);
	assert_int_equal(open_ok(k, &o, &mixed, &b).found, ENVELOPE_STALE);
	assert_int_equal(envelope_complete(k, ROLE_AUDITOR, o.r), 0);
	rd.nboxes = 2;			/* the older of two still opens it */
	memcpy(rd.boxes[1].pk, p.pk, 32);
	rd.boxes[1].sk = p.sk;
	assert_ok(envelope_open(k, &res, buf_view(&b), &rd));
	assert_int_equal(res.found, ENVELOPE_OPENED);
	assert_int_equal(res.box, 1);
	rd.nboxes = 0;
	assert_ok(envelope_open(k, &res, buf_view(&b), &rd));
	assert_int_equal(res.found, ENVELOPE_STALE);
	keys_free(k);
	buf_free(&b);
	office_close(&o);
}

TEST(a_keyring_of_an_entry_that_is_not_bound_is_left_alone)
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient to = newcomer(&p, ROLE_WORKER);
	struct envelope_plan plan = plan_of(&o, &to, 1);
	struct keys *k = keys_new();
	struct buf b = BUF_EMPTY;

	plan.head.roster_seq = 3;		/* not yet */
	assert_ok(envelope_make(&b, &plan, o.keys));
	assert_int_equal(open_ok(k, &o, &p, &b).found, ENVELOPE_UNBOUND);
	buf_clear(&b);
	plan.head.roster_seq = 2;		/* lost its race */
	plan.head.roster_hash.b[0] ^= 1;
	assert_ok(envelope_make(&b, &plan, o.keys));
	assert_int_equal(open_ok(k, &o, &p, &b).found, ENVELOPE_UNBOUND);
	assert_int_equal(envelope_complete(k, ROLE_AUDITOR, o.r), 0);
	keys_free(k);
	buf_free(&b);
	office_close(&o);
}

TEST(a_keyring_under_another_number_is_refused)
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient to = newcomer(&p, ROLE_WORKER);
	struct buf b = made(&o, &to, 1);
	struct envelope_reader rd = reader_for(&o, &p);
	struct envelope_result res;
	struct keys *k = keys_new();

	rd.n = 6;
	assert_fault(FAULT_TRUST, envelope_open(k, &res, buf_view(&b), &rd));
	assert_int_equal(envelope_complete(k, ROLE_AUDITOR, o.r), 0);
	keys_free(k);
	buf_free(&b);
	office_close(&o);
}

TEST(a_keyring_cut_anywhere_is_refused)
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient to = newcomer(&p, ROLE_WORKER);
	struct buf b = made(&o, &to, 1);
	struct envelope_result res;
	struct keys *k = keys_new();

	for (size_t n = 0; n < b.len; n++)
		assert_fault(FAULT_FORMAT, opened(k, &res, &o, &p,
		    (struct bytes){ b.at, n }));
	keys_free(k);
	buf_free(&b);
	office_close(&o);
}

/* One flipped bit of every byte, in turn: never another key. */
TEST(a_flipped_bit_never_brings_another_key)
{
	struct office o = office();
	struct someone p = someone(3), q = someone(4);
	struct recipient to[] = { newcomer(&p, ROLE_WORKER),
	    newcomer(&q, ROLE_AUDITOR) };
	struct keys *all = keys_new();
	struct buf b = made(&o, to, 2), want, none, got;

	none = all_of(all);
	open_ok(all, &o, &p, &b);
	want = all_of(all);
	for (size_t i = 0; i < b.len; i++) {
		struct keys *k = keys_new();
		struct envelope_result res = { .found = ENVELOPE_NONE };
		fault f;

		b.at[i] ^= (uint8_t)(1u << i % 8);
		f = opened(k, &res, &o, &p, buf_view(&b));
		b.at[i] ^= (uint8_t)(1u << i % 8);
		got = all_of(k);
		assert_true(bytes_eq(buf_view(&got), buf_view(f == NULL &&
		    res.found == ENVELOPE_OPENED ? &want : &none)));
		buf_wipe(&got);
		keys_free(k);
	}
	keys_free(all);
	buf_wipe(&want);
	buf_free(&none);
	buf_free(&b);
	office_close(&o);
}

/* ---- what a forger could write ---- */

static const struct index erased = { { { 0x44 } }, 17 };
static const struct index living = { { { 0x44 } }, 18 };

static struct buf
state_of(const struct tree *t)
{
	struct buf b = BUF_EMPTY;

	tree_encode(&b, t);
	return b;
}

/* The forgery, behind a good item, is refused and even that is not taken. */
static void
refused(enum fault_code want, struct forgery *x, const struct office *o,
    struct keys *into)
{
	struct someone p = someone(3);
	struct envelope_result res = { .box = 77 };
	struct buf before = all_of(into), after, b = forged(x, o, &p);

	assert_fault(want, opened(into, &res, o, &p, buf_view(&b)));
	after = all_of(into);
	assert_true(bytes_eq(buf_view(&before), buf_view(&after)));
	assert_int_equal(res.box, 77);
	buf_wipe(&before);
	buf_wipe(&after);
	buf_free(&b);
}

/* S of the ledger in epoch 1, as it is. */
static struct forgery
good_start(const struct office *o)
{
	struct forgery x = { .nboxes = 0 };
	uint8_t s[32];

	assert_true(keys_get_secret(s, o->keys, COMP_LEDGER, 1));
	forge_secret(&x, KEYRING_SECRET, COMP_LEDGER, 1, s);
	return x;
}

TEST(a_good_start_alone_is_taken)
{
	struct office o = office();
	struct someone p = someone(3);
	struct forgery x = good_start(&o);
	struct keys *k = keys_new();
	struct buf b = forged(&x, &o, &p);

	assert_int_equal(open_ok(k, &o, &p, &b).secrets, 1);
	assert_int_equal(open_ok(k, &o, &p, &b).secrets, 0);	/* again */
	assert_true(keys_has_secret(k, COMP_LEDGER, 1));
	keys_free(k);
	buf_free(&b);
	office_close(&o);
}

TEST(a_secret_that_the_roster_does_not_commit_to_is_refused)
{
	struct office o = office();
	struct forgery x = good_start(&o);
	struct keys *k = keys_new();
	uint8_t s[32];

	assert_true(keys_get_secret(s, o.keys, COMP_TEAM, 3));
	forge_secret(&x, KEYRING_SECRET, COMP_TEAM, 2, s);
	refused(FAULT_TRUST, &x, &o, k);
	x = good_start(&o);
	forge_secret(&x, KEYRING_SECRET, COMP_IDENTITY, 3, s);
	refused(FAULT_TRUST, &x, &o, k);
	x = good_start(&o);
	forge_secret(&x, KEYRING_SECRET, COMP_TEAM, 4, s);
	refused(FAULT_TRUST, &x, &o, k);	/* no such epoch */
	keys_free(k);
	office_close(&o);
}

TEST(an_own_secret_that_contradicts_what_is_held_is_refused)
{
	struct office o = office();
	struct id self = someone(3).device;
	struct forgery x = good_start(&o);
	struct keys *k = keys_new();
	uint8_t s[32], a[32], other[32] = { 0x66 };

	assert_true(keys_get_secret(s, o.keys, COMP_IDENTITY, 1));
	keys_author(a, s, &self);
	forge_secret(&x, KEYRING_AUTHOR, COMP_IDENTITY, 4, a);
	refused(FAULT_TRUST, &x, &o, k);	/* no such epoch */
	keys_put_author(k, COMP_IDENTITY, 1, a);
	x = good_start(&o);
	forge_secret(&x, KEYRING_AUTHOR, COMP_IDENTITY, 1, other);
	refused(FAULT_TRUST, &x, &o, k);	/* another than ours */
	keys_drop_epoch(k, 1);
	keys_put_secret(k, COMP_IDENTITY, 1, s);
	x = good_start(&o);
	forge_secret(&x, KEYRING_AUTHOR, COMP_IDENTITY, 1, other);
	refused(FAULT_TRUST, &x, &o, k);	/* not what our S makes */
	keys_drop_epoch(k, 1);
	x = good_start(&o);
	forge_secret(&x, KEYRING_SECRET, COMP_IDENTITY, 1, s);
	forge_secret(&x, KEYRING_AUTHOR, COMP_IDENTITY, 1, other);
	refused(FAULT_TRUST, &x, &o, k);	/* nor what its own S makes */
	keys_free(k);
	office_close(&o);
}

TEST(a_tree_that_is_not_the_roster_s_is_refused)
{
	struct office o = office();
	struct keys *k = keys_new();
	struct tree *other = tree_new(2, (uint8_t[32]){ 5 });
	struct tree *third = tree_new(3, (uint8_t[32]){ 5 });
	struct buf wrong = state_of(other), unknown = state_of(third),
	    right = state_of(keys_tree(o.keys, 2)), torn;
	struct forgery x = good_start(&o);

	tree_puncture(keys_tree(o.keys, 2), &erased);
	torn = state_of(keys_tree(o.keys, 2));
	forge_tree(&x, 2, buf_view(&wrong));
	refused(FAULT_TRUST, &x, &o, k);	/* not the committed one */
	x = good_start(&o);
	forge_tree(&x, 3, buf_view(&unknown));
	refused(FAULT_TRUST, &x, &o, k);	/* of no epoch */
	x = good_start(&o);
	forge_tree(&x, 1, buf_view(&right));
	refused(FAULT_TRUST, &x, &o, k);	/* under another's number */
	x = good_start(&o);
	forge_tree(&x, 1, buf_view(&torn));
	refused(FAULT_TRUST, &x, &o, k);	/* nor when it is punctured */
	x = good_start(&o);
	forge_tree(&x, 2, buf_view(&right));
	x.box[0].at[20] ^= 1;
	refused(FAULT_TRUST, &x, &o, k);	/* its box does not open */
	x = good_start(&o);
	memset(buf_room(&right, 40), 0, 40);
	right.len += 40;
	forge_tree(&x, 2, buf_view(&right));
	refused(FAULT_FORMAT, &x, &o, k);	/* bytes behind it */
	tree_free(other);
	tree_free(third);
	buf_wipe(&wrong);
	buf_wipe(&unknown);
	buf_wipe(&right);
	buf_wipe(&torn);
	keys_free(k);
	office_close(&o);
}

TEST(an_envelope_s_text_is_whole_and_in_order)
{
	struct office o = office();
	struct keys *k = keys_new();
	uint8_t s[32];
	struct forgery x = good_start(&o);

	put_u8(&x.text, 1);
	refused(FAULT_FORMAT, &x, &o, k);
	assert_true(keys_get_secret(s, o.keys, COMP_LEDGER, 1));
	x = good_start(&o);
	forge_secret(&x, KEYRING_SECRET, COMP_LEDGER, 1, s);
	refused(FAULT_FORMAT, &x, &o, k);	/* twice */
	x = good_start(&o);
	forge_secret(&x, (enum keyring_kind)4, COMP_LEDGER, 1, s);
	refused(FAULT_FORMAT, &x, &o, k);
	keys_free(k);
	office_close(&o);
}

/* S of 1024 epochs and of all compartments are as many as may be. */
TEST(an_envelope_of_more_than_4096_items_is_refused)
{
	struct office o = office();
	struct someone p = someone(3);
	struct keys *k = keys_new();
	struct forgery x = { .nboxes = 0 };
	uint8_t s[32];
	struct buf b;

	while (o.r->nepochs < 1025)
		open_epoch(&o, 2);
	for (int more = 0; more < 2; more++) {
		for (int i = 0; i < 4096 + more; i++) {
			enum compartment c = (enum compartment)(i / 1025);
			uint32_t e = (uint32_t)i % 1025 + 1;

			assert_true(keys_get_secret(s, o.keys, c, e));
			forge_secret(&x, KEYRING_SECRET, (uint8_t)c, e, s);
		}
		if (more) {
			refused(FAULT_FORMAT, &x, &o, k);
			break;
		}
		b = forged(&x, &o, &p);
		assert_int_equal(open_ok(k, &o, &p, &b).secrets, 4096);
		buf_free(&b);
	}
	keys_free(k);
	office_close(&o);
}

/* ---- trees ---- */

TEST(a_punctured_tree_does_not_come_back)
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient to = newcomer(&p, ROLE_WORKER);
	struct keys *k = keys_new();
	struct buf b = made(&o, &to, 1);	/* before the erasure */

	assert_int_equal(open_ok(k, &o, &p, &b).trees, 2);
	tree_puncture(keys_tree(k, 1), &erased);
	assert_int_equal(open_ok(k, &o, &p, &b).trees, 0);
	assert_false(tree_has(keys_tree(k, 1), &erased));
	assert_true(tree_has(keys_tree(k, 1), &living));
	keys_free(k);
	buf_free(&b);
	office_close(&o);
}

/* A device that lost its trees and opens last year's keyring. */
TEST(what_the_roster_says_is_erased_goes_from_a_new_tree_too)
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient to = newcomer(&p, ROLE_WORKER);
	struct keys *k = keys_new();
	struct buf b = made(&o, &to, 1), pairs = BUF_EMPTY;
	struct entry_item it = { .id = { { 1 } } };

	put_u32(&pairs, 1);
	buf_add(&pairs, erased.creator.b, 16);
	put_u32(&pairs, erased.n);
	it.pairs = buf_view(&pairs);
	assert_true(erasures_add(&o.r->erased, &it, 2, &it.id));
	open_ok(k, &o, &p, &b);
	assert_false(tree_has(keys_tree(k, 1), &erased));
	assert_true(tree_has(keys_tree(k, 1), &living));
	assert_true(tree_has(keys_tree(k, 2), &erased));
	assert_int_equal(roster_puncture(o.r, k), 0);
	assert_int_equal(roster_puncture(o.r, o.keys), 1);
	assert_false(tree_has(keys_tree(o.keys, 1), &erased));
	keys_free(k);
	buf_free(&b);
	buf_free(&pairs);
	office_close(&o);
}

TEST(a_tree_goes_out_as_it_is_after_all_punctures)
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient to = newcomer(&p, ROLE_WORKER);
	struct keys *k = keys_new();
	struct buf b, mine, theirs;

	tree_puncture(keys_tree(o.keys, 2), &erased);
	b = made(&o, &to, 1);
	open_ok(k, &o, &p, &b);
	mine = state_of(keys_tree(o.keys, 2));
	theirs = state_of(keys_tree(k, 2));
	assert_true(bytes_eq(buf_view(&mine), buf_view(&theirs)));
	assert_int_equal(envelope_complete(k, ROLE_WORKER, o.r), 3);
	buf_wipe(&mine);
	buf_wipe(&theirs);
	keys_free(k);
	buf_free(&b);
	office_close(&o);
}

/* A coordinator whose draft lost its race holds what never was. */
TEST(a_draft_s_secrets_and_tree_give_way_to_the_roster_s)
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient to = newcomer(&p, ROLE_COORDINATOR);
	struct keys *k = keys_new();
	struct buf b;
	struct hash got, want = o.r->epochs[2].tree;

	keys_draw_epoch(k, 3);
	keys_draw_tree(k, 2);
	b = made(&o, &to, 1);
	assert_int_equal(open_ok(k, &o, &p, &b).trees, 2);
	got = tree_commitment(keys_tree(k, 2));
	assert_true(hash_eq(&got, &want));
	assert_int_equal(envelope_complete(k, ROLE_COORDINATOR, o.r), 3);
	keys_free(k);
	buf_free(&b);
	office_close(&o);
}

/* ---- sizes ---- */

/* A revocation in a project of fifty: the figure that issue and BENCH name. */
TEST(an_envelope_costs_at_most_400_bytes_a_device)
{
	enum { N = 49 };
	struct office o = office();
	struct recipient to[N];
	struct buf b;

	for (int i = 0; i < N; i++) {
		struct someone p = someone((uint8_t)(i + 1));

		to[i] = newcomer(&p, i < 2 ? ROLE_COORDINATOR : ROLE_WORKER);
		to[i].had_role = to[i].role;
		to[i].had_epoch = 2;
	}
	b = made(&o, to, N);
	assert_int_equal(envelopes_in(&b), N);
	print_message("# %zu bytes for %d devices: %zu each\n", b.len, N,
	    (b.len + N - 1) / N);
	assert_in_range(b.len, 1, 400 * N);
	buf_free(&b);
	office_close(&o);
}

/* Rounds of keyring and attestation until nothing is lacked. */
static int
rounds(const struct office *o, enum role role)
{
	struct someone p = someone(3);
	struct recipient to = newcomer(&p, role);
	struct keys *k = keys_new();
	int n = 0;

	while (envelope_lacks(&to, o->r) && n < 10) {
		struct buf b = made(o, &to, 1);
		uint32_t before = to.had_epoch;

		assert_int_equal(open_ok(k, o, &p, &b).found,
		    ENVELOPE_OPENED);
		to.had_role = role;
		to.had_epoch = envelope_complete(k, role, o->r);
		assert_true(to.had_epoch > before);
		buf_free(&b);
		n++;
	}
	keys_free(k);
	return n;
}

TEST(more_epochs_than_an_envelope_holds_come_in_turn)
{
	struct office o = office();

	while (o.r->nepochs < 1100)
		open_epoch(&o, 2);
	assert_int_equal(rounds(&o, ROLE_WORKER), 2);	/* 4402 items */
	assert_int_equal(rounds(&o, ROLE_AUDITOR), 1);
	office_close(&o);
}

TEST(more_trees_than_a_keyring_holds_come_in_turn)
{
	struct office o = office();

	for (uint32_t g = 3; g <= 64; g++)
		open_epoch(&o, g);
	assert_int_equal(rounds(&o, ROLE_WORKER), 1);
	open_epoch(&o, 65);
	assert_int_equal(rounds(&o, ROLE_WORKER), 2);
	office_close(&o);
}

/* n roots, every other subtree at depth 20: as after very many erasures. */
static struct tree *
tattered(uint32_t g, uint32_t n)
{
	struct buf b = BUF_EMPTY;
	struct reader r;
	struct tree *t;

	put_u32(&b, g);
	put_u32(&b, n);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t path = (uint64_t)(2 * i) << 36;
		uint8_t node[32] = { 1 };

		put_u8(&b, 20);
		for (int shift = 48; shift >= 0; shift -= 8)
			put_u8(&b, (uint8_t)(path >> shift));
		buf_add(&b, node, 32);
	}
	r = reader_of(buf_view(&b));
	assert_ok(tree_decode(&t, &r));
	buf_wipe(&b);
	return t;
}

TEST(trees_that_are_too_large_together_come_in_turn)
{
	struct office o = office();

	keys_put_tree(o.keys, tattered(1, 120000));
	keys_put_tree(o.keys, tattered(2, 120000));
	assert_int_equal(rounds(&o, ROLE_WORKER), 2);
	office_close(&o);
}

TEST(a_tree_that_fits_into_no_keyring_is_told)
{
	struct office o = office();
	struct someone p = someone(3);
	struct recipient to = newcomer(&p, ROLE_WORKER);

	keys_put_tree(o.keys, tattered(1, 210000));
	makes(FAULT_INVALID, &o, &to, 1);
	office_close(&o);
}

/* ---- the golden keyring: tests/golden/make-keyring shares no code with us */

static struct buf
golden(const char *reader, const char *name)
{
	struct buf b = BUF_EMPTY;
	char path[80];

	snprintf(path, sizeof path, "tests/golden/keyring/%s/%s", reader,
	    name);
	assert_ok(file_read(&b, path, 1 << 16));
	return b;
}

static struct keys *
golden_keys(const char *reader)
{
	struct buf b = golden(reader, "keys");
	struct reader r = reader_of(buf_view(&b));
	struct keys *k;

	assert_ok(keys_decode(&k, &r));
	assert_true(reader_whole(&r));
	buf_wipe(&b);
	return k;
}

/* The roster that commits to the golden secrets: its coordinator has all. */
static struct office
golden_office(void)
{
	struct office o = { roster_new(), golden_keys("coordinator") };

	o.r->entries = mem_new(2 * sizeof *o.r->entries);
	o.r->seq = 2;
	memset(&o.r->entries[1], 0xe2, 32);
	o.r->epochs = mem_new(2 * sizeof *o.r->epochs);
	o.r->nepochs = 2;
	for (uint32_t i = 0; i < 2; i++) {
		struct epoch *e = &o.r->epochs[i];
		uint8_t s[32];

		e->e = e->g = i + 1;
		for (int c = 0; c < COMP_COUNT; c++) {
			assert_true(keys_get_secret(s, o.keys,
			    (enum compartment)c, e->e));
			e->secret[c] = keys_commitment(s,
			    (enum compartment)c, e->e);
		}
		e->tree = tree_commitment(keys_tree(o.keys, e->g));
	}
	return o;
}

static void
opens_to_its_keys(const char *name)
{
	struct office o = golden_office();
	struct buf blob = golden(name, "blob"), box = golden(name, "box"),
	    device = golden(name, "device"), want = golden(name, "keys"), got;
	struct keys *k = keys_new();
	struct someone p;

	assert_int_equal(box.len, 32);
	assert_int_equal(device.len, 16);
	memcpy(p.sk, box.at, 32);
	memcpy(p.device.b, device.at, 16);
	crypto_scalarmult_base(p.pk, p.sk);
	assert_int_equal(open_ok(k, &o, &p, &blob).found, ENVELOPE_OPENED);
	got = all_of(k);
	assert_true(bytes_eq(buf_view(&got), buf_view(&want)));
	buf_free(&blob);
	buf_free(&device);
	buf_wipe(&box);
	buf_wipe(&want);
	buf_wipe(&got);
	keys_free(k);
	office_close(&o);
}

TEST(the_golden_keyring_opens_to_what_its_readers_should_hold)
{
	struct index gone = { { { 1, 2, 3, 4 } }, 10 };
	struct keys *k = golden_keys("worker");

	assert_false(tree_has(keys_tree(k, 1), &gone));
	assert_true(tree_has(keys_tree(k, 2), &gone));
	keys_free(k);
	opens_to_its_keys("coordinator");
	opens_to_its_keys("worker");
	opens_to_its_keys("auditor");
}

int
main(void)
{
	return RUN(T(who_attested_all_gets_no_envelope),
	    T(a_statement_about_an_epoch_that_is_not_there_says_nothing),
	    T(a_role_gets_its_share_of_every_epoch_and_no_more),
	    T(a_tree_that_nobody_lacks_is_in_no_keyring),
	    T(an_envelope_brings_exactly_what_is_lacked),
	    T(a_promoted_worker_is_not_complete_until_its_envelope_opens),
	    T(complete_reaches_to_the_epoch_before_the_first_gap),
	    T(many_recipients_in_any_order_each_open_their_own),
	    T(who_does_not_hold_what_somebody_lacks_makes_no_keyring),
	    T(a_recipient_that_cannot_be_served_is_refused_aloud),
	    T(an_envelope_to_another_box_key_is_stale),
	    T(a_keyring_of_an_entry_that_is_not_bound_is_left_alone),
	    T(a_keyring_under_another_number_is_refused),
	    T(a_keyring_cut_anywhere_is_refused),
	    T(a_flipped_bit_never_brings_another_key),
	    T(a_good_start_alone_is_taken),
	    T(a_secret_that_the_roster_does_not_commit_to_is_refused),
	    T(an_own_secret_that_contradicts_what_is_held_is_refused),
	    T(a_tree_that_is_not_the_roster_s_is_refused),
	    T(an_envelope_s_text_is_whole_and_in_order),
	    T(an_envelope_of_more_than_4096_items_is_refused),
	    T(a_punctured_tree_does_not_come_back),
	    T(what_the_roster_says_is_erased_goes_from_a_new_tree_too),
	    T(a_tree_goes_out_as_it_is_after_all_punctures),
	    T(a_draft_s_secrets_and_tree_give_way_to_the_roster_s),
	    T(an_envelope_costs_at_most_400_bytes_a_device),
	    T(more_epochs_than_an_envelope_holds_come_in_turn),
	    T(more_trees_than_a_keyring_holds_come_in_turn),
	    T(trees_that_are_too_large_together_come_in_turn),
	    T(a_tree_that_fits_into_no_keyring_is_told),
	    T(the_golden_keyring_opens_to_what_its_readers_should_hold));
}
