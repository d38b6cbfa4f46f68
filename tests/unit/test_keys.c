#include "tests/unit/test.h"

#include "sync/base/id.h"
#include "sync/keys.h"
#include "sync/shelf.h"

/* Expected values: Python's hashlib, from the text of WIRE.md 2. */
static const char COMMITMENT[] =
    "6464bb1e5031cb0408df2cc536ed07f4c616673a24d7923e58a4c5fa648a905c";
static const char LEDGER[] =
    "ed5ff505268f218bb2eab8d53ff3173aef2e4f3f8e989a97e6557cb95b78ba3d";
static const char AUTHOR[] =
    "462ab0d0579b7a3333224f1eed134860aac7930d9f369d4f01ab7c930b375e4d";
static const char ENTRY_IDENTITY[] =
    "e2a541effc3b7b58be9e922b5f860c0347a23ec20b22a1ce7442b4dbce3cdf26";
static const char ENTRY_TEAM[] =
    "d003b07cec43e6bd1ecd379e05eee63c1a8dae99f03a606fdf5dd891ec6bdb91";

static void
count_up(uint8_t to[32], uint8_t from)
{
	for (int i = 0; i < 32; i++)
		to[i] = (uint8_t)(from + i);
}

static struct id
device_of(uint8_t from)
{
	struct id d;

	for (int i = 0; i < WIRE_ID_LEN; i++)
		d.b[i] = (uint8_t)(from + i);
	return d;
}

/* S of all compartments in epoch 5 = 40 41 ...; tree 7 = 00 01 ... */
static struct keys *
some_keys(void)
{
	struct keys *k = keys_new();
	uint8_t s[32];

	count_up(s, 0x40);
	for (int c = 0; c < COMP_COUNT; c++)
		keys_put_secret(k, (enum compartment)c, 5, s);
	count_up(s, 0);
	keys_put_tree(k, tree_new(7, s));
	return k;
}

static struct entry_place
place_of(enum compartment c)
{
	return (struct entry_place){ 7, 5, c, device_of(0xa0),
	    device_of(0xa0), { device_of(0xa0), 0x010203 } };
}

static void
assert_hex(const char *want, const uint8_t *at)
{
	uint8_t bin[32];

	assert_true(hex_parse(bin, 32, bytes_of(want)));
	assert_memory_equal(bin, at, 32);
}

TEST(commitment_ledger_key_and_author_are_the_prescribed_ones)
{
	struct keys *k = some_keys();
	struct id d = device_of(0xa0);
	uint8_t s[32], out[32];
	struct hash h;

	count_up(s, 0x40);
	h = keys_commitment(s, COMP_IDENTITY, 5);
	assert_hex(COMMITMENT, h.b);
	assert_ok(keys_ledger(out, k, 5));
	assert_hex(LEDGER, out);
	keys_author(out, s, &d);
	assert_hex(AUTHOR, out);
	keys_free(k);
}

TEST(entry_keys_are_the_prescribed_ones)
{
	struct keys *k = some_keys();
	struct entry_place p = place_of(COMP_IDENTITY);
	uint8_t out[32];

	assert_ok(keys_entry(out, k, &p));
	assert_hex(ENTRY_IDENTITY, out);
	p = place_of(COMP_TEAM);
	assert_ok(keys_entry(out, k, &p));
	assert_hex(ENTRY_TEAM, out);
	keys_free(k);
}

TEST(every_part_of_a_place_changes_the_key)
{
	struct keys *k = some_keys();
	struct entry_place p[7];
	uint8_t key[7][32], s[32];

	count_up(s, 0x40);
	keys_put_secret(k, COMP_RESTRICTED, 6, s);
	count_up(s, 0);
	keys_put_tree(k, tree_new(8, s));
	for (int i = 0; i < 7; i++)
		p[i] = place_of(COMP_RESTRICTED);
	p[1].g = 8;
	p[2].e = 6;
	p[3].comp = COMP_IDENTITY;
	p[4].sealer.b[15] ^= 1;
	p[5].index.n++;
	p[6].index.creator.b[0] ^= 1;
	for (int i = 0; i < 7; i++) {
		assert_ok(keys_entry(key[i], k, &p[i]));
		for (int n = 0; n < i; n++)
			assert_memory_not_equal(key[i], key[n], 32);
	}
	keys_free(k);
}

/* The reader's own identity never matters to who holds S. */
TEST(a_coordinator_opens_what_anyone_sealed)
{
	struct keys *k = some_keys();
	struct entry_place p = place_of(COMP_RESTRICTED), q = p;
	uint8_t a[32], b[32];

	q.self = device_of(1);
	assert_ok(keys_entry(a, k, &p));
	assert_ok(keys_entry(b, k, &q));
	assert_memory_equal(a, b, 32);
	keys_free(k);
}

static void
role_opens(enum role role, bool team, bool own_identity, bool own_restricted)
{
	struct keys *k = some_keys(), *mine;
	struct entry_place p;
	struct id d = device_of(0xa0);
	uint8_t a[32], b[32];
	bool opens[] = { false, team, own_identity, own_restricted };

	mine = keys_for_role(k, role, &d);
	assert_ok(keys_ledger(a, mine, 5));
	for (int c = COMP_TEAM; c < COMP_COUNT; c++) {
		p = place_of((enum compartment)c);
		assert_ok(keys_entry(a, k, &p));
		if (opens[c]) {
			assert_ok(keys_entry(b, mine, &p));
			assert_memory_equal(a, b, 32);
		} else {
			assert_fault(FAULT_LOCKED, keys_entry(b, mine, &p));
		}
		/* Another's, in the sealer's own compartments: never. */
		p.sealer = device_of(0x10);
		if (c != COMP_TEAM)
			assert_fault(FAULT_LOCKED, keys_entry(b, mine, &p));
	}
	assert_int_equal(keys_tree(mine, 7) != NULL, role != ROLE_AUDITOR);
	keys_free(k);
	keys_free(mine);
}

TEST(a_role_is_handed_what_it_may_hold_and_no_more)
{
	role_opens(ROLE_WORKER, true, true, true);
	role_opens(ROLE_COORDINATOR, true, true, true);
	role_opens(ROLE_ANALYST, true, false, true);
	role_opens(ROLE_AUDITOR, false, false, false);
}

TEST(a_role_never_holds_the_secret_of_a_sealers_own_compartment)
{
	struct keys *k = some_keys(), *mine;
	struct id d = device_of(0xa0);

	for (int role = ROLE_COORDINATOR; role <= ROLE_AUDITOR; role++) {
		mine = keys_for_role(k, (enum role)role, &d);
		assert_false(keys_has_secret(mine, COMP_IDENTITY, 5));
		assert_false(keys_has_secret(mine, COMP_RESTRICTED, 5));
		keys_free(mine);
	}
	keys_free(k);
}

TEST(what_is_not_held_is_locked_and_what_is_punctured_is_erased)
{
	struct keys *k = some_keys(), *worker;
	struct entry_place p = place_of(COMP_IDENTITY), other = p;
	struct id d = device_of(0x10);
	uint8_t out[32];

	worker = keys_for_role(k, ROLE_WORKER, &d);
	p.self = other.self = d;
	assert_fault(FAULT_LOCKED, keys_ledger(out, k, 6));
	other.g = 8;
	assert_fault(FAULT_LOCKED, keys_entry(out, k, &other));
	assert_fault(FAULT_LOCKED, keys_entry(out, worker, &p));
	tree_puncture(keys_tree(k, 7), &p.index);
	tree_puncture(keys_tree(worker, 7), &p.index);
	assert_fault(FAULT_ERASED, keys_entry(out, k, &p));
	assert_fault(FAULT_ERASED, keys_entry(out, worker, &p));
	p.index.n++;
	assert_ok(keys_entry(out, k, &p));
	keys_free(k);
	keys_free(worker);
}

TEST(drawn_secrets_differ_and_are_found_again)
{
	struct keys *k = keys_new();
	uint8_t s[4][32], t[32];
	struct hash a, b;

	keys_draw_epoch(k, 1);
	keys_draw_epoch(k, 2);
	for (int c = 0; c < COMP_COUNT; c++) {
		assert_true(keys_get_secret(s[c], k, (enum compartment)c, 1));
		assert_true(keys_get_secret(t, k, (enum compartment)c, 2));
		assert_memory_not_equal(s[c], t, 32);
		for (int i = 0; i < c; i++)
			assert_memory_not_equal(s[c], s[i], 32);
	}
	assert_false(keys_get_secret(t, k, COMP_TEAM, 3));
	keys_draw_tree(k, 1);
	keys_draw_tree(k, 2);
	a = tree_commitment(keys_tree(k, 1));
	b = tree_commitment(keys_tree(k, 2));
	assert_false(hash_eq(&a, &b));
	keys_free(k);
}

TEST(a_tree_of_the_same_generation_takes_the_place_of_the_old)
{
	struct keys *k = some_keys();
	uint8_t root[32];
	struct hash old = tree_commitment(keys_tree(k, 7)), new;

	count_up(root, 0x77);
	keys_put_tree(k, tree_new(7, root));
	new = tree_commitment(keys_tree(k, 7));
	assert_false(hash_eq(&old, &new));
	assert_null(keys_tree(k, 6));
	keys_free(k);
}

/* Years of rotations must fit beside all else that is in locked memory. */
TEST(a_hundred_epochs_and_generations_fit)
{
	struct keys *k = keys_new();
	uint8_t out[32];

	for (uint32_t e = 100; e > 0; e--) {
		keys_draw_epoch(k, e);
		keys_draw_tree(k, e);
	}
	for (uint32_t e = 1; e <= 100; e++) {
		struct entry_place p = place_of(COMP_TEAM);

		p.e = p.g = e;
		assert_ok(keys_entry(out, k, &p));
	}
	keys_free(k);
}

static struct buf
encoded(const struct keys *k)
{
	struct buf b = BUF_EMPTY;

	keys_encode(&b, k);
	return b;
}

/* All S of 5 and 6, one tree punctured, an own A. */
static struct buf
some_set(void)
{
	struct keys *k = some_keys();
	struct index x = { device_of(3), 9 };
	struct buf b;
	uint8_t a[32];

	keys_draw_epoch(k, 6);
	keys_draw_tree(k, 2);
	count_up(a, 9);
	keys_put_author(k, COMP_IDENTITY, 4, a);
	tree_puncture(keys_tree(k, 2), &x);
	b = encoded(k);
	keys_free(k);
	return b;
}

TEST(a_key_set_is_read_as_it_was_written)
{
	struct buf a = some_set(), b;
	struct reader r = reader_of(buf_view(&a));
	struct keys *k;

	assert_ok(keys_decode(&k, &r));
	assert_true(reader_whole(&r));
	b = encoded(k);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.at, b.at, a.len);
	keys_free(k);
	buf_wipe(&a);
	buf_wipe(&b);
}

TEST(a_key_set_cut_anywhere_is_refused)
{
	struct buf a = some_set();
	struct keys *k;

	for (size_t n = 0; n < a.len; n++) {
		uint8_t *at = test_cut(a.at, n);
		struct reader r = reader_of((struct bytes){ at, n });

		assert_fault(FAULT_FORMAT, keys_decode(&k, &r));
		free(at);
	}
	buf_wipe(&a);
}

TEST(a_key_set_with_any_bit_flipped_is_refused_or_read_to_the_letter)
{
	struct buf a = some_set(), b;
	struct keys *k;

	for (size_t i = 0; i < a.len; i++) {
		struct reader r = reader_of(buf_view(&a));

		a.at[i] ^= (uint8_t)(1u << (i % 8));
		if (keys_decode(&k, &r) == NULL) {
			b = encoded(k);
			assert_int_equal(r.pos, b.len);
			assert_memory_equal(a.at, b.at, b.len);
			keys_free(k);
			buf_wipe(&b);
		}
		a.at[i] ^= (uint8_t)(1u << (i % 8));
	}
	buf_wipe(&a);
}

/* A draft that lost its race: nothing of it may be used again. */
TEST(a_dropped_epoch_and_tree_are_gone_and_others_stay)
{
	struct keys *k = some_keys();
	uint8_t s[32], a[32];

	keys_draw_epoch(k, 4);
	keys_draw_epoch(k, 6);
	count_up(a, 9);
	keys_put_author(k, COMP_IDENTITY, 5, a);
	keys_put_author(k, COMP_IDENTITY, 6, a);
	keys_draw_tree(k, 6);
	keys_draw_tree(k, 8);
	keys_drop_epoch(k, 5);
	keys_drop_tree(k, 7);
	for (int c = 0; c < COMP_COUNT; c++) {
		assert_true(keys_has_secret(k, (enum compartment)c, 4));
		assert_false(keys_has_secret(k, (enum compartment)c, 5));
		assert_true(keys_has_secret(k, (enum compartment)c, 6));
	}
	assert_false(keys_get_author(s, k, COMP_IDENTITY, 5));
	assert_true(keys_get_author(s, k, COMP_IDENTITY, 6));
	assert_memory_equal(s, a, 32);
	assert_null(keys_tree(k, 7));
	assert_non_null(keys_tree(k, 6));
	assert_non_null(keys_tree(k, 8));
	keys_drop_epoch(k, 99);
	keys_drop_tree(k, 99);
	assert_true(keys_has_secret(k, COMP_LEDGER, 4));
	keys_free(k);
}

/* Seen from inside: the room behind what is left holds no secret. */
TEST(what_is_dropped_is_zeroed)
{
	static const uint8_t zeros[sizeof(struct held_key)];
	struct shelf s = { NULL, 0, 0 };
	uint8_t key[32];

	count_up(key, 1);
	for (uint32_t e = 1; e <= 8; e++)
		shelf_put(&s, COMP_TEAM, e, key);
	shelf_drop(&s, 3);
	shelf_drop(&s, 8);
	assert_int_equal(s.n, 6);
	for (size_t i = s.n; i < s.room; i++)
		assert_memory_equal(&s.at[i], zeros, sizeof zeros);
	assert_null(shelf_find(&s, COMP_TEAM, 3));
	assert_non_null(shelf_find(&s, COMP_TEAM, 4));
	shelf_free(&s);
}

TEST(taking_over_replaces_secrets_and_keeps_trees_that_are_held)
{
	struct keys *k = some_keys(), *from = some_keys();
	struct index x = { device_of(3), 9 };
	uint8_t s[32], want[32];

	tree_puncture(keys_tree(k, 7), &x);
	keys_draw_tree(from, 8);
	count_up(want, 0x99);
	keys_put_secret(from, COMP_TEAM, 5, want);
	keys_put_secret(from, COMP_TEAM, 6, want);
	keys_put_author(from, COMP_RESTRICTED, 6, want);
	keys_take(k, from);
	for (uint32_t e = 5; e <= 6; e++) {
		assert_true(keys_get_secret(s, k, COMP_TEAM, e));
		assert_memory_equal(s, want, 32);
	}
	assert_true(keys_get_author(s, k, COMP_RESTRICTED, 6));
	assert_false(tree_has(keys_tree(k, 7), &x));
	assert_true(tree_has(keys_tree(k, 8), &x));
	assert_false(keys_has_secret(from, COMP_TEAM, 5));
	assert_null(keys_tree(from, 7));
	keys_free(from);
	keys_free(k);
}

int
main(void)
{
	return RUN(T(commitment_ledger_key_and_author_are_the_prescribed_ones),
	    T(entry_keys_are_the_prescribed_ones),
	    T(every_part_of_a_place_changes_the_key),
	    T(a_coordinator_opens_what_anyone_sealed),
	    T(a_role_is_handed_what_it_may_hold_and_no_more),
	    T(a_role_never_holds_the_secret_of_a_sealers_own_compartment),
	    T(what_is_not_held_is_locked_and_what_is_punctured_is_erased),
	    T(drawn_secrets_differ_and_are_found_again),
	    T(a_tree_of_the_same_generation_takes_the_place_of_the_old),
	    T(a_hundred_epochs_and_generations_fit),
	    T(a_dropped_epoch_and_tree_are_gone_and_others_stay),
	    T(what_is_dropped_is_zeroed),
	    T(taking_over_replaces_secrets_and_keeps_trees_that_are_held),
	    T(a_key_set_is_read_as_it_was_written),
	    T(a_key_set_cut_anywhere_is_refused),
	    T(a_key_set_with_any_bit_flipped_is_refused_or_read_to_the_letter));
}
