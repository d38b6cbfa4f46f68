#include "tests/unit/test.h"

#include "tests/unit/segments.h"

/* ---- hostile bytes ---- */

TEST(a_segment_cut_anywhere_is_refused)
{
	struct world w = sealed_world(2);
	struct segment s;

	for (size_t n = 0; n < w.blob.len; n++) {
		uint8_t *at = test_cut(w.blob.at, n);

		assert_non_null(open_as(&s, &w, (struct bytes){ at, n },
		    w.keys, 0xc0));
		free(at);
	}
	world_free(&w);
}

TEST(a_segment_with_a_byte_more_is_refused)
{
	struct world w = sealed_world(2);
	struct segment s;

	put_u8(&w.blob, 0);
	assert_fault(FAULT_FORMAT, open_world(&s, &w));
	world_free(&w);
}

/* Everything but the filler; that is held by the commit's hash of the blob. */
static size_t
sealed_len(const struct world *w)
{
	struct segment_head h;
	struct buf plain = BUF_EMPTY;
	struct reader r;
	struct box b = { .seed = w->blob.at + 92 };
	uint8_t key[32];
	size_t n;

	assert_ok(segment_read_head(&h, buf_view(&w->blob)));
	b.header = hash_of((struct bytes){ w->blob.at, h.len });
	assert_ok(keys_ledger(key, w->keys, 2));
	assert_true(box_open(&plain, &b, key,
	    (struct bytes){ w->blob.at + h.len, 24 }));
	r = reader_of(buf_view(&plain));
	n = h.len + 24 + get_u32(&r);
	n += get_u32(&r);
	buf_free(&plain);
	return n;
}

TEST(a_bit_flipped_in_any_byte_is_detected_or_lies_in_the_filler)
{
	struct world w = sealed_world(3);
	struct segment s;
	size_t end = sealed_len(&w);

	assert_true(end > 700 && end < w.blob.len);
	for (size_t i = 0; i < w.blob.len; i++) {
		uint8_t bit = (uint8_t)(1u << random_below(8));
		fault f;

		w.blob.at[i] ^= bit;
		memset(&s, 0, sizeof s);
		f = open_world(&s, &w);
		assert_int_equal(f != NULL, i < end);
		if (f == NULL)
			assert_same_change(&s.changes[2], &w.changes[2]);
		segment_free(&s);
		w.blob.at[i] ^= bit;
	}
	world_free(&w);
}

/* Text that does not get smaller by much. */
static void
put_noise(struct buf *out, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";
	uint8_t *at = buf_room(out, n);

	random_fill(at, n);
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)letters[at[i] & 63];
	out->len += n;
}

static void
give_narrative(struct change *c, struct bytes text)
{
	for (size_t i = 0; i < c->nfields; i++)
		if (bytes_is(c->fields[i].name, "narrative"))
			c->fields[i].val[0] = text;
}

/*
 * In 64 KiB and more, of notes as long as they may be: one bit of each byte.
 * Nothing of a segment that is refused comes out.
 */
TEST(a_bit_flipped_in_any_byte_of_64_kib_is_detected)
{
	static const struct segment nothing;
	struct world w = world_of(3);
	struct buf text = BUF_EMPTY;
	struct segment s;
	size_t end, found = 0;

	put_noise(&text, 3 * 30000);
	for (size_t i = 0; i < 3; i++)
		give_narrative(&w.changes[i],
		    (struct bytes){ text.at + i * 30000, 30000 });
	assert_ok(segment_seal(&w.blob, &w.taken, &w.plan, w.keys,
	    w.squeeze));
	assert_int_equal(w.taken, 3);
	end = sealed_len(&w);
	assert_true(end >= 65536 && end <= w.blob.len);
	for (size_t i = 0; i < end; i++) {
		uint8_t bit = (uint8_t)(1u << random_below(8));

		w.blob.at[i] ^= bit;
		memset(&s, 0, sizeof s);
		found += open_world(&s, &w) != NULL;
		assert_memory_equal(&s, &nothing, sizeof s);
		w.blob.at[i] ^= bit;
	}
	assert_int_equal(found, end);
	printf("# %zu bits flipped in a segment of %zu bytes: all hits\n", end,
	    w.blob.len);
	assert_ok(open_world(&s, &w));
	assert_same_change(&s.changes[2], &w.changes[2]);
	segment_free(&s);
	buf_free(&text);
	world_free(&w);
}

TEST(the_fault_of_a_changed_part_is_one_of_trust)
{
	struct world w = sealed_world(1);
	struct segment s;

	w.blob.at[120] ^= 1;		/* in the lengths */
	assert_fault(FAULT_TRUST, open_world(&s, &w));
	w.blob.at[120] ^= 1;
	w.blob.at[150] ^= 1;		/* in the ledger part */
	assert_fault(FAULT_TRUST, open_world(&s, &w));
	w.blob.at[150] ^= 1;
	w.blob.at[30] ^= 1;		/* the device, in the header */
	assert_fault(FAULT_TRUST, open_world(&s, &w));
	w.blob.at[30] ^= 1;
	w.blob.at[sealed_len(&w) - 1] ^= 1;	/* in the last entry */
	assert_fault(FAULT_TRUST, open_world(&s, &w));
	world_free(&w);
}

TEST(a_segment_under_another_tree_or_dictionary_is_refused)
{
	struct world w = sealed_world(1);
	struct squeeze *none;
	struct segment s;
	struct id d = id_of(0xc0);
	uint8_t root[32] = { 1 };

	assert_ok(squeeze_new(&none, 0));
	assert_fault(FAULT_FORMAT, segment_open(&s, buf_view(&w.blob), 3, &d,
	    w.keys, none));
	keys_put_tree(w.keys, tree_new(4, root));
	assert_fault(FAULT_TRUST, segment_open(&s, buf_view(&w.blob), 4, &d,
	    w.keys, w.squeeze));
	squeeze_free(none);
	world_free(&w);
}

TEST(an_announcement_has_one_length_only)
{
	struct world w = world_of(0);
	struct segment s;

	w.plan.head.flags = SEGMENT_ANNOUNCEMENT;
	assert_ok(segment_seal(&w.blob, &w.taken, &w.plan, w.keys,
	    w.squeeze));
	put_u8(&w.blob, 1);
	assert_fault(FAULT_FORMAT, open_world(&s, &w));
	w.blob.len -= 2;
	assert_fault(FAULT_FORMAT, open_world(&s, &w));
	world_free(&w);
}

/* ---- sealed with the right keys, but wrong inside: a hostile member ---- */

/* A blob around a ledger text and ready texts of entries, all of change 1. */
static struct buf
forge(const struct world *w, struct bytes ledger, struct bytes entry)
{
	struct buf out = BUF_EMPTY, frame = BUF_EMPTY, lens = BUF_EMPTY;
	struct segment_head h = w->plan.head;
	struct box b = { .seed = h.seed };
	struct entry_place p = { 3, 2, COMP_TEAM, h.device, h.device,
	    w->changes[0].index };
	uint8_t key[32];
	size_t n;

	h.dictionary = SQUEEZE_DICTIONARY;
	segment_put_head(&out, &h);
	b.header = hash_of(buf_view(&out));
	squeeze(&frame, w->squeeze, ledger);
	put_u32(&lens, (uint32_t)frame.len + 16);
	put_u32(&lens, entry.at == NULL ? 0 : (uint32_t)entry.len + 16);
	assert_ok(keys_ledger(key, w->keys, 2));
	box_seal(&out, &b, key, buf_view(&lens));
	b.i = 1;
	box_seal(&out, &b, key, buf_view(&frame));
	if (entry.at != NULL) {
		assert_ok(keys_entry(key, w->keys, &p));
		b.i = 2;
		b.comp = COMP_TEAM;
		b.record = w->changes[0].record;
		box_seal(&out, &b, key, entry);
	}
	n = segment_padded(out.len) - out.len;
	memset(buf_room(&out, n), 0, n);
	out.len += n;
	buf_free(&frame);
	buf_free(&lens);
	return out;
}

/* Change 1 with one field, "a", in team. */
static struct buf
one_field_ledger(const struct world *w, uint64_t length)
{
	struct buf b = BUF_EMPTY;
	struct change c = CHANGE_EMPTY;

	c.dot = w->changes[0].dot;
	c.record = w->changes[0].record;
	c.index = w->changes[0].index;
	c.type = bytes_of("t");
	change_add(&c, bytes_of("a"), COMP_TEAM, KIND_VALUE);
	put_uv(&b, 0);
	put_uv(&b, 1);
	change_put_ledger(&b, &c);
	put_uv(&b, length);
	change_free(&c);
	return b;
}

static fault
open_forged(const struct world *w, struct bytes ledger, struct bytes entry)
{
	struct buf blob = forge(w, ledger, entry);
	struct segment s;
	fault f = open_as(&s, w, buf_view(&blob), w->keys, 0xc0);

	if (f == NULL)
		segment_free(&s);
	buf_free(&blob);
	return f;
}

/* Frame of a payload text, then a one-field ledger that agrees with it. */
static fault
open_payload(const struct world *w, const char *text, size_t n, bool raw)
{
	struct buf frame = BUF_EMPTY, ledger;
	fault f;

	if (raw)
		buf_add(&frame, text, n);
	else
		squeeze(&frame, w->squeeze, (struct bytes){
		    (const uint8_t *)text, n });
	ledger = one_field_ledger(w, frame.len + 16);
	f = open_forged(w, buf_view(&ledger), buf_view(&frame));
	buf_free(&frame);
	buf_free(&ledger);
	return f;
}

TEST(a_payload_must_be_whole_and_of_its_field)
{
	struct world w = world_of(1);

	assert_ok(open_payload(&w, "\2ja", 3, false));
	assert_fault(FAULT_FORMAT, open_payload(&w, "\2ja!", 4, false));
	assert_fault(FAULT_FORMAT, open_payload(&w, "\3ja", 3, false));
	assert_fault(FAULT_FORMAT, open_payload(&w, "", 0, false));
	assert_fault(FAULT_FORMAT, open_payload(&w, "\2ja", 3, true));
	world_free(&w);
}

TEST(an_entry_that_is_a_bomb_is_refused)
{
	struct world w = world_of(1);
	struct buf b = BUF_EMPTY;
	char *zeros = mem_new(WIRE_CHANGE_MAX + 1);

	put_uv(&b, WIRE_VALUE_MAX);
	assert_ok(open_payload(&w, zeros, 1, false));
	assert_fault(FAULT_FORMAT, open_payload(&w, zeros,
	    WIRE_CHANGE_MAX + 1, false));
	free(zeros);
	buf_free(&b);
	world_free(&w);
}

TEST(lengths_that_do_not_add_up_are_refused)
{
	struct world w = world_of(1);
	struct buf frame = BUF_EMPTY, ledger;

	squeeze(&frame, w.squeeze, bytes_of("\2ja"));
	for (int off = -2; off <= 2; off++) {
		fault f;

		ledger = one_field_ledger(&w, frame.len + 16 + (size_t)off);
		f = open_forged(&w, buf_view(&ledger), buf_view(&frame));
		assert_int_equal(f == NULL, off == 0);
		buf_free(&ledger);
	}
	buf_free(&frame);
	world_free(&w);
}

/* An entry shorter than its tag; and one change told, none there. */
TEST(a_ledger_that_promises_what_is_not_there_is_refused)
{
	struct world w = world_of(1);
	struct buf ledger = one_field_ledger(&w, 0), cut;

	assert_fault(FAULT_TRUST, open_forged(&w, buf_view(&ledger),
	    BYTES_EMPTY));
	for (size_t n = 0; n < ledger.len; n++)
		assert_fault(FAULT_FORMAT, open_forged(&w,
		    (struct bytes){ ledger.at, n }, BYTES_EMPTY));
	put_u8(&ledger, 0);
	assert_fault(FAULT_FORMAT, open_forged(&w, buf_view(&ledger),
	    BYTES_EMPTY));
	cut = (struct buf)BUF_EMPTY;
	put_uv(&cut, 0);
	put_uv(&cut, 1u << 19);		/* changes */
	assert_fault(FAULT_FORMAT, open_forged(&w, buf_view(&cut),
	    BYTES_EMPTY));
	buf_clear(&cut);
	put_uv(&cut, WIRE_RECEIPTS_MAX + 1);
	assert_fault(FAULT_FORMAT, open_forged(&w, buf_view(&cut),
	    BYTES_EMPTY));
	buf_free(&ledger);
	buf_free(&cut);
	world_free(&w);
}

/* One change of which nothing opens: four fields that supersede n dots. */
static fault
open_withheld(const struct world *w, size_t n, size_t *len)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	struct buf b = BUF_EMPTY, form = BUF_EMPTY;
	struct change c = w->changes[0];
	struct dot d = { id_of(0xe0), 0 };
	struct change_field *field = NULL;
	fault f;

	c.fields = NULL;
	c.nfields = 0;
	for (size_t i = 0; i < n; i++) {
		if (i % WIRE_DOTS_MAX == 0)
			field = change_add(&c, bytes_of(names[i /
			    WIRE_DOTS_MAX]), COMP_IDENTITY, KIND_VALUE);
		d.n++;
		change_add_sup(field, &d, BYTES_EMPTY);
	}
	change_put_ledger(&form, &c);
	*len = WIRE_ID_LEN + form.len + 1;
	put_uv(&b, 0);
	put_uv(&b, 1);
	buf_add_bytes(&b, buf_view(&form));
	put_uv(&b, 0);
	f = open_forged(w, buf_view(&b), BYTES_EMPTY);
	change_free(&c);
	buf_free(&b);
	buf_free(&form);
	return f;
}

/* Its length is the first thing wrong, or else the entry that is missing. */
TEST(a_withheld_change_above_the_bound_is_refused)
{
	struct world w = world_of(1);
	size_t n = 14000, len;

	assert_fault(FAULT_FORMAT, open_withheld(&w, 4 * WIRE_DOTS_MAX, &len));
	assert_true(len > WIRE_CHANGE_MAX);
	for (; n < 4 * WIRE_DOTS_MAX; n++) {
		fault f = open_withheld(&w, n, &len);

		if (len > WIRE_CHANGE_MAX) {
			assert_fault(FAULT_FORMAT, f);
			break;
		}
		assert_fault(FAULT_TRUST, f);
		if (len + 200 < WIRE_CHANGE_MAX)
			n += (WIRE_CHANGE_MAX - len - 100) / 20;
	}
	assert_true(n < 4 * WIRE_DOTS_MAX);
	assert_true(len <= WIRE_CHANGE_MAX + 20);
	world_free(&w);
}

static fault
open_receipts(const struct world *w, uint64_t first, uint64_t second)
{
	struct buf b = BUF_EMPTY;
	uint8_t hash[32] = { 0 };
	fault f;

	put_uv(&b, 2);
	put_uv(&b, first);
	buf_add(&b, hash, 32);
	put_uv(&b, second);
	buf_add(&b, hash, 32);
	put_uv(&b, 0);
	f = open_forged(w, buf_view(&b), BYTES_EMPTY);
	buf_free(&b);
	return f;
}

TEST(receipts_stand_in_order)
{
	struct world w = world_of(1);

	assert_ok(open_receipts(&w, 1, 2));
	assert_fault(FAULT_FORMAT, open_receipts(&w, 2, 2));
	assert_fault(FAULT_FORMAT, open_receipts(&w, 0, 2));
	world_free(&w);
}

int
main(void)
{
	return RUN(T(a_segment_cut_anywhere_is_refused),
	    T(a_segment_with_a_byte_more_is_refused),
	    T(a_bit_flipped_in_any_byte_is_detected_or_lies_in_the_filler),
	    T(a_bit_flipped_in_any_byte_of_64_kib_is_detected),
	    T(the_fault_of_a_changed_part_is_one_of_trust),
	    T(a_segment_under_another_tree_or_dictionary_is_refused),
	    T(an_announcement_has_one_length_only),
	    T(a_withheld_change_above_the_bound_is_refused),
	    T(a_payload_must_be_whole_and_of_its_field),
	    T(an_entry_that_is_a_bomb_is_refused),
	    T(lengths_that_do_not_add_up_are_refused),
	    T(a_ledger_that_promises_what_is_not_there_is_refused),
	    T(receipts_stand_in_order));
}
