/*
 * The index rule (WIRE.md 1): in whatever order changes arrive, the same ones
 * stand, and nobody can spend another's indexes.
 */
#include "tests/unit/store_kit.h"

#include "fieldkit/doctor.h"

/* A change, said in numbers: who, its counter, the record, whose index. */
struct told {
	uint8_t		device;
	uint64_t	n;
	uint8_t		record, creator;
	uint32_t	index;
};

static fault
tell(struct kit *k, const struct told *t)
{
	struct id d = kit_id(t->device), r = kit_id(t->record);
	struct id creator = kit_id(t->creator);
	struct change c = kit_change(&d, t->n, &r, &creator, t->index);
	char text[8];
	fault f;

	snprintf(text, sizeof text, "%u.%u", t->device, (unsigned)t->n);
	kit_set(&c, "narrative", text);
	change_sort(&c);
	f = store_put(&k->st, &c, NULL);
	change_free(&c);
	if (f != NULL && f->code != FAULT_TRUST)
		fail_msg("%s", f->text);
	return f;
}

/* Whole: the doctor finds nothing, and rebuilding changes nothing. */
static struct hash
sound_digest(struct kit *k)
{
	struct buf live = BUF_EMPTY, made = BUF_EMPTY;
	struct hash before = kit_digest(k);
	struct doctor d;

	assert_ok(doctor_check(&d, &k->st));
	if (d.n > 0)
		fail_msg("%s", d.lines[0]);
	doctor_free(&d);
	assert_ok(doctor_rebuild(&k->st));
	kit_rows(k, &live);
	assert_ok(doctor_rebuild(&k->st));
	kit_rows(k, &made);
	assert_string_equal(buf_cstr(&live), buf_cstr(&made));
	assert_memory_equal(before.b, kit_digest(k).b, WIRE_HASH_LEN);
	buf_free(&live);
	buf_free(&made);
	return before;
}

static void
over(struct kit *k)
{
	assert_fault(FAULT_INTERRUPT, db_end(k->db,
	    fault_new(FAULT_INTERRUPT, "the session is over")));
}

/* Step to the next order; false after the last (which is back to the first). */
static bool
next_order(size_t *order, size_t n)
{
	size_t i = n - 1, j = n - 1, x;

	while (i > 0 && order[i - 1] >= order[i])
		i--;
	if (i == 0)
		return false;
	while (order[j] <= order[i - 1])
		j--;
	x = order[i - 1], order[i - 1] = order[j], order[j] = x;
	for (j = n - 1; i < j; i++, j--)
		x = order[i], order[i] = order[j], order[j] = x;
	return true;
}

/* All orders give one digest; that many changes and records stand. */
static void
any_order(const struct told *t, size_t n, uint64_t changes, uint64_t records)
{
	struct id self = kit_id(1);
	size_t order[8];
	struct hash first = { { 0 } }, h;
	struct store_counts sum;
	bool begun = false;
	struct kit k;

	kit_new(&k, &self);
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	do {
		assert_ok(db_begin(k.db));
		for (size_t i = 0; i < n; i++)
			(void)!tell(&k, &t[order[i]]);
		h = sound_digest(&k);
		assert_ok(store_count(&k.st, &sum));
		assert_int_equal(sum.changes, changes);
		assert_int_equal(sum.records, records);
		assert_int_equal(sum.quarantined, n - changes);
		over(&k);
		if (begun)
			assert_memory_equal(first.b, h.b, WIRE_HASH_LEN);
		first = h;
		begun = true;
	} while (next_order(order, n));
	kit_free(&k);
}

#define ANY_ORDER(changes, records, ...) any_order((const struct told[]){ \
	__VA_ARGS__ }, sizeof (const struct told[]){ __VA_ARGS__ } / \
	sizeof(struct told), changes, records)

TEST(two_who_both_say_they_created_a_record_do_not_depend_on_the_order)
{
	/* 2 and 3 vouch each for an index of their own: 2's is the lower. */
	ANY_ORDER(2, 1, { 2, 1, 9, 2, 1 }, { 3, 1, 9, 3, 1 },
	    { 4, 1, 9, 3, 1 }, { 4, 2, 9, 2, 1 }, { 3, 2, 9, 3, 1 });
}

TEST(who_vouches_beats_who_does_not_however_low)
{
	ANY_ORDER(2, 1, { 4, 1, 9, 2, 1 }, { 4, 2, 9, 2, 7 },
	    { 3, 1, 9, 3, 5 }, { 5, 1, 9, 3, 5 });
}

TEST(without_a_creation_the_lowest_index_stands)
{
	ANY_ORDER(2, 1, { 4, 1, 9, 3, 2 }, { 5, 1, 9, 3, 2 },
	    { 6, 1, 9, 3, 4 }, { 6, 2, 9, 5, 1 });
}

TEST(an_index_belongs_to_one_record)
{
	/* 2 created record 9; 3 and 4 write on others with its index. */
	ANY_ORDER(2, 1, { 2, 1, 9, 2, 1 }, { 5, 1, 9, 2, 1 },
	    { 3, 1, 8, 2, 1 }, { 4, 1, 7, 2, 1 });
	/* And a creator that gives one index twice: the lower record. */
	ANY_ORDER(2, 1, { 2, 1, 9, 2, 1 }, { 2, 2, 8, 2, 1 },
	    { 5, 1, 9, 2, 1 }, { 5, 2, 8, 2, 1 }, { 5, 3, 7, 2, 1 });
}

TEST(an_index_that_a_record_leaves_goes_to_the_next)
{
	/* 8 would have (3,1), but its creation says (4,2); then it is 9's,
	 * since 10's claim is on (3,1) by its name alone. */
	ANY_ORDER(3, 2, { 5, 1, 8, 3, 1 }, { 4, 1, 8, 4, 2 },
	    { 5, 2, 9, 3, 1 }, { 6, 1, 9, 3, 1 }, { 6, 2, 10, 3, 1 });
	/* 9 may not have it: it has an index of its own. */
	ANY_ORDER(3, 3, { 5, 1, 8, 3, 1 }, { 4, 1, 8, 4, 2 },
	    { 5, 2, 9, 3, 1 }, { 6, 1, 9, 6, 1 }, { 6, 2, 10, 3, 1 });
}

TEST(many_sets_of_claims_do_not_depend_on_the_order)
{
	struct id self = kit_id(1);
	struct told t[12], x;
	struct hash h[2];
	uint64_t seed = 5;
	struct kit k;

	kit_new(&k, &self);
	for (int round = 0; round < 300; round++) {
		for (size_t i = 0; i < 12; i++) {
			uint32_t d[4];

			for (int j = 0; j < 4; j++) {
				seed = seed * 6364136223846793005u + 1;
				d[j] = (uint32_t)(seed >> 33);
			}
			t[i] = (struct told){ (uint8_t)(2 + d[0] % 3), i + 1,
			    (uint8_t)(7 + d[1] % 3),
			    (uint8_t)(2 + d[2] % 3), 1 + d[3] % 2 };
		}
		for (int way = 0; way < 2; way++) {
			assert_ok(db_begin(k.db));
			for (size_t i = 0; i < 12; i++)
				(void)!tell(&k, &t[i]);
			h[way] = sound_digest(&k);
			over(&k);
			for (size_t i = 0; i < 11; i++) {
				seed = seed * 6364136223846793005u + 1;
				size_t j = i + (seed >> 33) % (12 - i);
				x = t[i], t[i] = t[j], t[j] = x;
			}
		}
		assert_memory_equal(h[0].b, h[1].b, WIRE_HASH_LEN);
	}
	kit_free(&k);
}

TEST(nobody_can_spend_the_indexes_of_another)
{
	struct id self = kit_id(5);
	struct store_counts n;
	struct index index;
	struct kit k;

	kit_new(&k, &self);
	kit_note(&k, "een", NULL);
	assert_fault(FAULT_TRUST, tell(&k,
	    &(struct told){ 2, 1, 9, 5, WIRE_INDEX_MAX }));
	assert_ok(store_next_index(&k.st, &index));
	assert_int_equal(index.n, 2);
	/* The very next one, in a record that came before ours. */
	assert_fault(FAULT_TRUST, tell(&k, &(struct told){ 2, 2, 8, 5, 2 }));
	kit_note(&k, "twee", NULL);
	assert_ok(store_next_index(&k.st, &index));
	assert_int_equal(index.n, 3);
	assert_ok(store_count(&k.st, &n));
	assert_int_equal(n.records, 2);
	assert_int_equal(n.quarantined, 2);
	sound_digest(&k);
	kit_free(&k);
}

TEST(an_index_of_ours_is_not_given_again_when_its_record_is_aside)
{
	struct id self = kit_id(5), record;
	struct store_counts n;
	struct index index;
	struct change c;
	struct id two = kit_id(2);
	struct kit k;

	kit_new(&k, &self);
	record = kit_note(&k, "een", NULL);
	/* 2 says that it created our record, and is the lower. */
	c = kit_change(&two, 1, &record, &two, 1);
	kit_set(&c, "place", "GM0308");
	kit_put(&k, &c);
	assert_ok(store_count(&k.st, &n));
	assert_int_equal(n.quarantined, 1);
	assert_ok(store_next_index(&k.st, &index));
	assert_int_equal(index.n, 2);
	kit_free(&k);
}

TEST(edits_of_our_records_that_come_before_our_own_chain_are_kept)
{
	struct id self = kit_id(5), record = kit_id(9);
	struct kit k;

	kit_new(&k, &self);
	assert_fault(FAULT_TRUST, tell(&k, &(struct told){ 2, 1, 9, 5, 3 }));
	assert_ok(tell(&k, &(struct told){ 5, 1, 9, 5, 3 }));
	assert_int_equal(kit_standing(&k, &record, "narrative", NULL), 2);
	sound_digest(&k);
	kit_free(&k);
}

int
main(void)
{
	return RUN(
	    T(two_who_both_say_they_created_a_record_do_not_depend_on_the_order),
	    T(who_vouches_beats_who_does_not_however_low),
	    T(without_a_creation_the_lowest_index_stands),
	    T(an_index_belongs_to_one_record),
	    T(an_index_that_a_record_leaves_goes_to_the_next),
	    T(many_sets_of_claims_do_not_depend_on_the_order),
	    T(nobody_can_spend_the_indexes_of_another),
	    T(an_index_of_ours_is_not_given_again_when_its_record_is_aside),
	    T(edits_of_our_records_that_come_before_our_own_chain_are_kept));
}
