/*
 * Many changes in one transaction make what they make one by one: the same
 * changes stand, with the same rows, and the same words find them.
 */
#include "tests/unit/store_kit.h"

#include "fieldkit/doctor.h"

#define CHANGES	16
#define ROUNDS	400

/* Who, its counter, the record, whose index; the word it writes is its own. */
struct told {
	uint8_t		device;
	uint64_t	n;
	uint8_t		record, creator;
	uint32_t	index;
	uint64_t	follows;	/* of the same device; 0: nothing */
};

static uint32_t
draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % below;
}

static void
word_of(char word[24], const struct told *t)
{
	/* None is the beginning of another. */
	snprintf(word, 24, "woord%ux%02u", t->device, (unsigned)t->n);
}

static void
tell(struct kit *k, const struct told *t)
{
	struct id d = kit_id(t->device), r = kit_id(t->record);
	struct id creator = kit_id(t->creator);
	struct change c = kit_change(&d, t->n, &r, &creator, t->index);
	struct dot before = { d, t->follows };
	struct change_field *field;
	char word[24];
	fault f;

	word_of(word, t);
	field = kit_set(&c, "narrative", word);
	if (t->follows > 0)
		change_add_sup(field, &before, BYTES_EMPTY);
	change_sort(&c);
	f = store_put(&k->st, &c, NULL);
	change_free(&c);
	if (f != NULL && f->code != FAULT_TRUST)
		fail_msg("%s", f->text);
}

/* Three devices, four records, two indexes each: they often clash. */
static void
draw_changes(struct told *t, uint64_t *seed)
{
	uint64_t n[5] = { 0 };

	for (size_t i = 0; i < CHANGES; i++) {
		uint8_t device = (uint8_t)(2 + draw(seed, 3));

		t[i] = (struct told){ device, ++n[device],
		    (uint8_t)(7 + draw(seed, 4)), (uint8_t)(2 + draw(seed, 3)),
		    1 + draw(seed, 2), 0 };
		/* Mostly as it should be: an index for each record. */
		if (draw(seed, 4) > 0) {
			t[i].creator = (uint8_t)(2 + t[i].record % 3);
			t[i].index = t[i].record;
		}
		for (size_t j = 0; j < i; j++)
			if (t[j].device == device &&
			    t[j].record == t[i].record && draw(seed, 2) > 0)
				t[i].follows = t[j].n;
	}
}

static void
put_single(struct kit *k, const struct told *t, uint64_t *seed)
{
	for (size_t i = 0; i < CHANGES; i++) {
		tell(k, &t[i]);
		if (draw(seed, 4) == 0)
			assert_ok(search_update(&k->st));
	}
}

/* Batches end, and the index is brought up to date, anywhere. */
static void
put_batches(struct kit *k, const struct told *t, uint64_t *seed)
{
	assert_ok(store_begin(&k->st));
	for (size_t i = 0; i < CHANGES; i++) {
		tell(k, &t[i]);
		if (draw(seed, 4) == 0)
			assert_ok(search_update(&k->st));
		if (draw(seed, 8) == 0) {
			assert_ok(store_end(&k->st, NULL));
			assert_ok(store_begin(&k->st));
		}
	}
	if (draw(seed, 2) == 0)
		assert_ok(search_update(&k->st));
	assert_ok(store_end(&k->st, NULL));
}

/* The rows of records alone: positions differ, and with them the index's. */
static void
put_rows(struct buf *out, struct kit *k)
{
	struct stmt *s = db_prepare(k->db, "SELECT hex(id) || ' ' || "
	    "(SELECT hex(d.id) FROM device d WHERE d.ref = creator) || ' ' || "
	    "idx || ' ' || hex(type) || ' ' || withdrawn || ' ' || conflicts "
	    "|| ' ' || newest || ' ' || nchanges FROM record ORDER BY id");
	bool row;

	buf_clear(out);
	for (;;) {
		assert_ok(stmt_step(s, &row));
		if (!row)
			break;
		buf_add_bytes(out, stmt_get(s, 0));
		put_u8(out, '\n');
	}
}

/* Which record each word finds: at most one has it. */
static void
put_hits(struct buf *out, struct kit *k, const struct told *t)
{
	struct search_result r;
	char word[24];

	for (size_t i = 0; i < CHANGES; i++) {
		word_of(word, &t[i]);
		buf_text(out, "%s:", word);
		assert_ok(search(&k->st, word, 0, &r));
		for (size_t j = 0; j < r.n; j++)
			buf_text(out, " %u", r.hits[j].id.b[0]);
		put_u8(out, '\n');
		search_free(&r);
	}
}

static void
sound(struct kit *k)
{
	struct doctor d;

	assert_ok(doctor_check(&d, &k->st));
	if (d.n > 0)
		fail_msg("%s", d.lines[0]);
	doctor_free(&d);
}

static void
over(struct kit *k)
{
	assert_fault(FAULT_INTERRUPT, db_end(k->db,
	    fault_new(FAULT_INTERRUPT, "the round is over")));
}

TEST(a_batch_makes_what_its_changes_make_one_by_one)
{
	struct id self = kit_id(2);	/* others spend its indexes too */
	struct buf rows[2] = { BUF_EMPTY, BUF_EMPTY };
	struct buf hits[2] = { BUF_EMPTY, BUF_EMPTY }, anew = BUF_EMPTY;
	struct told t[CHANGES];
	struct hash h[2];
	uint64_t seed = 77;
	struct kit k;

	kit_new(&k, &self);
	for (int round = 0; round < ROUNDS; round++) {
		draw_changes(t, &seed);
		for (int way = 0; way < 2; way++) {
			assert_ok(db_begin(k.db));
			if (way == 0)
				put_single(&k, t, &seed);
			else
				put_batches(&k, t, &seed);
			put_rows(&rows[way], &k);
			buf_clear(&hits[way]);
			put_hits(&hits[way], &k, t);
			assert_ok(search_rebuild(&k.st));
			buf_clear(&anew);
			put_hits(&anew, &k, t);
			assert_string_equal(buf_cstr(&hits[way]),
			    buf_cstr(&anew));
			h[way] = kit_digest(&k);
			sound(&k);
			over(&k);
		}
		assert_string_equal(buf_cstr(&rows[0]), buf_cstr(&rows[1]));
		assert_string_equal(buf_cstr(&hits[0]), buf_cstr(&hits[1]));
		assert_memory_equal(h[0].b, h[1].b, WIRE_HASH_LEN);
	}
	buf_free(&anew);
	for (int way = 0; way < 2; way++) {
		buf_free(&rows[way]);
		buf_free(&hits[way]);
	}
	kit_free(&k);
}

TEST(a_batch_that_ends_with_a_fault_leaves_nothing)
{
	struct id self = kit_id(1);
	struct store_counts n;
	struct hash before;
	struct kit k;

	kit_new(&k, &self);
	tell(&k, &(struct told){ 2, 1, 9, 2, 1, 0 });
	before = kit_digest(&k);
	assert_ok(store_begin(&k.st));
	tell(&k, &(struct told){ 2, 2, 9, 2, 1, 1 });
	tell(&k, &(struct told){ 3, 1, 8, 3, 1, 0 });
	assert_fault(FAULT_INTERRUPT, store_end(&k.st,
	    fault_new(FAULT_INTERRUPT, "a kill")));
	assert_memory_equal(before.b, kit_digest(&k).b, WIRE_HASH_LEN);
	sound(&k);
	/* And once more, with the small number of device 3 given anew. */
	assert_ok(store_begin(&k.st));
	tell(&k, &(struct told){ 2, 2, 9, 2, 1, 1 });
	tell(&k, &(struct told){ 3, 1, 8, 3, 1, 0 });
	assert_ok(store_end(&k.st, NULL));
	assert_ok(store_count(&k.st, &n));
	assert_int_equal(n.changes, 3);
	assert_int_equal(n.records, 2);
	sound(&k);
	kit_free(&k);
}

TEST(a_text_is_kept_until_the_index_has_it_and_only_while_it_is_true)
{
	struct id self = kit_id(1), nine = kit_id(9), seven = kit_id(7);
	struct bytes text;
	struct kit k;

	kit_new(&k, &self);
	assert_ok(store_begin(&k.st));
	tell(&k, &(struct told){ 2, 1, 9, 2, 1, 0 });
	assert_true(store_batch_text(&k.st, 1, &nine, &text));
	assert_true(bytes_is(text, "woord2x01\n"));
	assert_false(store_batch_text(&k.st, 2, &nine, &text));
	assert_false(store_batch_text(&k.st, 1, &self, &text));
	/* Record 8 has the same index and is the lower: 9 leaves. */
	tell(&k, &(struct told){ 2, 2, 8, 2, 1, 0 });
	assert_false(store_batch_text(&k.st, 1, &nine, &text));
	tell(&k, &(struct told){ 3, 1, 7, 3, 1, 0 });
	assert_true(store_batch_text(&k.st, 3, &seven, &text));
	assert_ok(search_update(&k.st));
	assert_false(store_batch_text(&k.st, 3, &seven, &text));
	assert_ok(store_end(&k.st, NULL));
	sound(&k);
	kit_free(&k);
}

TEST(a_record_that_is_edited_often_in_a_batch_is_right_at_its_end)
{
	struct id self = kit_id(1), nine = kit_id(9);
	struct record r;
	struct kit k;

	kit_new(&k, &self);
	assert_ok(store_begin(&k.st));
	for (uint64_t n = 1; n <= 1000; n++)
		tell(&k, &(struct told){ 2, n, 9, 2, 1, n - 1 });
	assert_ok(store_end(&k.st, NULL));
	assert_ok(store_record(&k.st, &r, &nine));
	assert_int_equal(r.nchanges, 1000);
	record_free(&r);
	assert_int_equal(kit_standing(&k, &nine, "narrative", "woord2x1000"), 1);
	sound(&k);
	kit_free(&k);
}

int
main(void)
{
	return RUN(
	    T(a_batch_makes_what_its_changes_make_one_by_one),
	    T(a_batch_that_ends_with_a_fault_leaves_nothing),
	    T(a_text_is_kept_until_the_index_has_it_and_only_while_it_is_true),
	    T(a_record_that_is_edited_often_in_a_batch_is_right_at_its_end));
}
