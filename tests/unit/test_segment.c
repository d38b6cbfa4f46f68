#include "tests/unit/test.h"

#include "tests/unit/segments.h"

/* ---- padding and header ---- */

TEST(padding_is_that_of_padme_with_a_floor)
{
	/* From the paper's formula by hand: E 9 S 4 step 32; E 10 S 4 step
	 * 64; E 13 S 4 step 512; E 20. */
	assert_int_equal(segment_padded(0), 512);
	assert_int_equal(segment_padded(512), 512);
	assert_int_equal(segment_padded(513), 544);
	assert_int_equal(segment_padded(1023), 1024);
	assert_int_equal(segment_padded(1025), 1088);
	assert_int_equal(segment_padded(9999), 10240);
	assert_int_equal(segment_padded(1 << 20), 1 << 20);
	assert_int_equal(segment_padded((1 << 20) - 1), 1 << 20);
	for (size_t n = 513; n <= 1 << 20; n += 97) {
		assert_true(segment_padded(n) >= n);
		assert_true(segment_padded(n) * 100 <= n * 112);
		assert_int_equal(segment_padded(segment_padded(n)),
		    segment_padded(n));
	}
}

TEST(a_nonce_is_the_prescribed_one)
{
	uint8_t seed[24], nonce[24], want[24];

	for (int i = 0; i < 24; i++)
		seed[i] = (uint8_t)i;
	box_nonce(nonce, seed, 258);
	assert_true(hex_parse(want, 24, bytes_of(	/* hashlib */
	    "f147c335fe39797b165581f22ffd4d6524c7bf3ffdda2da8")));
	assert_memory_equal(nonce, want, 24);
}

TEST(a_header_is_read_as_it_was_written)
{
	struct segment_head h = head_with_seen(7), back;
	struct buf b = BUF_EMPTY, again = BUF_EMPTY;

	segment_put_head(&b, &h);
	assert_int_equal(b.len, 118 + 3 * 18 + 7 * 24);
	buf_text(&b, "what follows is not its business");
	assert_ok(segment_read_head(&back, buf_view(&b)));
	assert_int_equal(back.len, 118 + 3 * 18 + 7 * 24);
	assert_int_equal(back.nseen, 7);
	segment_put_head(&again, &back);
	assert_memory_equal(b.at, again.at, again.len);
	buf_free(&b);
	buf_free(&again);
	segment_head_free(&h);
	segment_head_free(&back);
}

TEST(a_header_cut_anywhere_is_refused)
{
	struct segment_head h = head_with_seen(7), back;
	struct buf b = BUF_EMPTY;

	segment_put_head(&b, &h);
	for (size_t n = 0; n < b.len; n++) {
		uint8_t *at = test_cut(b.at, n);

		assert_fault(FAULT_FORMAT, segment_read_head(&back,
		    (struct bytes){ at, n }));
		free(at);
	}
	buf_free(&b);
	segment_head_free(&h);
}

static void
refused_with(size_t at, uint8_t value)
{
	struct segment_head h = head_with_seen(7), back;
	struct buf b = BUF_EMPTY;

	segment_put_head(&b, &h);
	b.at[at] = value;
	assert_fault(FAULT_FORMAT, segment_read_head(&back, buf_view(&b)));
	buf_free(&b);
	segment_head_free(&h);
}

TEST(a_header_of_another_kind_version_flag_or_order_is_refused)
{
	refused_with(0, 'k');
	refused_with(6, 1);		/* version */
	refused_with(8, 2);		/* an unknown flag */
	refused_with(8, 1);		/* announcement with an epoch */
	refused_with(44, 0);		/* seq 0 */
	refused_with(44, 1);		/* seq 1 with a previous commit */
	refused_with(52, 0);		/* seq 9 without one */
	refused_with(84, 0);		/* no epoch */
	refused_with(116, 4);		/* a hub that is not there */
	refused_with(118 + 16, 0);	/* a hub that has seen nothing */
	refused_with(118 + 18 + 4, 0);	/* seen at seq 0 */
	refused_with(118 + 18 + 3, 2);	/* devices out of order */
	refused_with(118, 9);		/* hubs out of order */
}

/* ---- sealing and opening ---- */

TEST(what_is_sealed_opens_to_the_same_changes)
{
	struct world w = world_of(5);
	struct receipt receipts[2] = { { 3, { { 1 } } }, { 9, { { 2 } } } };
	struct segment s;

	w.plan.receipts = receipts;
	w.plan.nreceipts = 2;
	assert_ok(segment_seal(&w.blob, &w.taken, &w.plan, w.keys,
	    w.squeeze));
	assert_int_equal(w.taken, 5);
	assert_int_equal(w.blob.len, segment_padded(w.blob.len));
	assert_ok(open_world(&s, &w));
	assert_int_equal(s.nchanges, 5);
	assert_int_equal(s.withheld, 0);
	assert_int_equal(s.erased, 0);
	for (size_t i = 0; i < 5; i++)
		assert_same_change(&s.changes[i], &w.changes[i]);
	assert_int_equal(s.nreceipts, 2);
	assert_memory_equal(s.receipts, receipts, sizeof receipts);
	assert_true(id_eq(&s.head.device, &w.plan.head.device));
	segment_free(&s);
	world_free(&w);
}

static size_t
fields_held(const struct change *c, enum compartment comp)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nfields; i++)
		n += c->fields[i].comp == comp && !c->fields[i].withheld;
	return n;
}

static void
role_sees(enum role role, uint8_t self, unsigned comps)
{
	struct world w = sealed_world(3);
	struct id d = id_of(self);
	struct keys *k = keys_for_role(w.keys, role, &d);
	struct segment s;
	size_t closed = 0;

	assert_ok(open_as(&s, &w, buf_view(&w.blob), k, self));
	for (unsigned c = COMP_TEAM; c < COMP_COUNT; c++) {
		bool sees = (comps & 1u << c) != 0;

		closed += !sees;
		assert_int_equal(fields_held(&s.changes[1],
		    (enum compartment)c) > 0, sees);
	}
	assert_int_equal(s.withheld, closed * 3);
	assert_int_equal(s.erased, 0);
	segment_free(&s);
	keys_free(k);
	world_free(&w);
}

TEST(each_role_opens_its_compartments_and_the_sealer_its_own)
{
	role_sees(ROLE_WORKER, 0xd0, 1u << 1 | 1u << 2 | 1u << 3);
	role_sees(ROLE_WORKER, 0xc0, 1u << 1);
	role_sees(ROLE_ANALYST, 0xc0, 1u << 1);
	role_sees(ROLE_ANALYST, 0xd0, 1u << 1 | 1u << 3);
	role_sees(ROLE_AUDITOR, 0xd0, 0);
}

TEST(a_punctured_record_is_counted_as_erased_and_the_others_open)
{
	struct world w = sealed_world(4);
	struct segment s;

	tree_puncture(keys_tree(w.keys, 3), &w.changes[2].index);
	assert_ok(open_world(&s, &w));
	assert_int_equal(s.erased, 3);
	assert_int_equal(s.withheld, 0);
	for (size_t i = 0; i < 4; i++)
		for (int c = COMP_TEAM; c < COMP_COUNT; c++)
			assert_int_equal(fields_held(&s.changes[i],
			    (enum compartment)c) > 0, i != 2);
	segment_free(&s);
	world_free(&w);
}

/* Generation 3, epochs up to the plan's: one key of all these is right. */
TEST(every_key_is_tried_and_none_opens_a_punctured_record)
{
	struct world w = sealed_world(4);
	struct segment_trial t = { .record = w.changes[2].record,
	    .self = w.plan.head.device, .epochs = w.plan.head.epoch,
	    .trees = 3 };
	struct segment_trial other = t, none = t;

	other.record = w.changes[1].record;
	none.record = (struct id){ { 0xee } };
	assert_ok(segment_prove(&t, buf_view(&w.blob), w.keys, w.squeeze));
	assert_int_equal(t.entries, 3);
	assert_int_equal(t.opened, 3);
	tree_puncture(keys_tree(w.keys, 3), &w.changes[2].index);
	t.entries = t.tried = t.opened = 0;
	assert_ok(segment_prove(&t, buf_view(&w.blob), w.keys, w.squeeze));
	assert_int_equal(t.entries, 3);
	assert_true(t.tried >= 3);
	assert_int_equal(t.opened, 0);
	assert_ok(segment_prove(&other, buf_view(&w.blob), w.keys, w.squeeze));
	assert_int_equal(other.opened, 3);
	assert_ok(segment_prove(&none, buf_view(&w.blob), w.keys, w.squeeze));
	assert_int_equal(none.entries, 0);
	world_free(&w);
}

TEST(a_punctured_record_cannot_be_sealed)
{
	struct world w = world_of(2);

	tree_puncture(keys_tree(w.keys, 3), &w.changes[1].index);
	assert_fault(FAULT_ERASED, segment_seal(&w.blob, &w.taken, &w.plan,
	    w.keys, w.squeeze));
	assert_int_equal(w.blob.len, 0);
	world_free(&w);
}

TEST(without_the_secret_of_the_ledger_nothing_is_sealed_or_opened)
{
	struct world w = sealed_world(1);
	struct keys *none = keys_new();
	struct segment s;

	assert_fault(FAULT_LOCKED, open_as(&s, &w, buf_view(&w.blob), none,
	    0xc0));
	assert_fault(FAULT_LOCKED, segment_seal(&w.blob, &w.taken, &w.plan,
	    none, w.squeeze));
	keys_free(none);
	world_free(&w);
}

TEST(two_seals_of_the_same_share_no_byte_of_seed_or_text)
{
	struct world a = sealed_world(1), b = sealed_world(1);

	assert_int_equal(a.blob.len, b.blob.len);
	assert_memory_equal(a.blob.at, b.blob.at, 92);
	assert_memory_not_equal(a.blob.at + 92, b.blob.at + 92, 24);
	assert_memory_not_equal(a.blob.at + 118, b.blob.at + 118, 16);
	world_free(&a);
	world_free(&b);
}

/* A record changed twice in a segment has one key: the nonces must differ. */
TEST(one_record_changed_twice_in_a_segment_opens_both_times)
{
	struct world w = world_of(2);
	struct segment s;

	w.changes[1].record = w.changes[0].record;
	w.changes[1].index = w.changes[0].index;
	assert_ok(segment_seal(&w.blob, &w.taken, &w.plan, w.keys,
	    w.squeeze));
	assert_ok(open_world(&s, &w));
	assert_same_change(&s.changes[0], &w.changes[0]);
	assert_same_change(&s.changes[1], &w.changes[1]);
	segment_free(&s);
	world_free(&w);
}

TEST(no_text_stands_in_the_blob)
{
	struct world w = sealed_world(3);

	assert_null(memmem(w.blob.at, w.blob.len, "jongeren", 8));
	assert_null(memmem(w.blob.at, w.blob.len, "narrative", 9));
	assert_null(memmem(w.blob.at, w.blob.len, "06-0000", 7));
	world_free(&w);
}

TEST(an_announcement_needs_no_key_and_carries_what_was_seen)
{
	struct world w = world_of(0);
	struct keys *none = keys_new();
	struct segment_head h = head_with_seen(4);
	struct segment s;

	w.plan.head.flags = SEGMENT_ANNOUNCEMENT;
	w.plan.head.seen = h.seen;
	w.plan.head.nseen = h.nseen;
	assert_ok(segment_seal(&w.blob, &w.taken, &w.plan, none, w.squeeze));
	assert_int_equal(w.blob.len, 512);
	assert_ok(open_as(&s, &w, buf_view(&w.blob), none, 0xc0));
	assert_int_equal(s.head.epoch, 0);
	assert_int_equal(s.head.dictionary, 0);
	assert_int_equal(s.head.nseen, 4);
	assert_int_equal(s.nchanges, 0);
	segment_free(&s);
	segment_head_free(&h);
	keys_free(none);
	world_free(&w);
}

TEST(what_was_seen_is_sorted_and_the_newest_of_a_device_kept)
{
	struct world w = world_of(1);
	struct segment_head h = head_with_seen(5);
	struct segment s;
	struct seen swap = h.seen[0];

	h.seen[0] = h.seen[4];
	h.seen[4] = swap;
	h.seen[2] = h.seen[1];
	h.seen[2].seq = 77;
	w.plan.head.seen = h.seen;
	w.plan.head.nseen = 5;
	assert_ok(segment_seal(&w.blob, &w.taken, &w.plan, w.keys,
	    w.squeeze));
	assert_ok(open_world(&s, &w));
	assert_int_equal(s.head.nseen, 4);
	assert_int_equal(s.head.seen[0].seq, 1);
	assert_int_equal(s.head.seen[1].seq, 77);
	assert_int_equal(s.head.seen[2].seq, 4);
	segment_free(&s);
	segment_head_free(&h);
	world_free(&w);
}

TEST(changes_of_another_or_out_of_order_or_withheld_are_not_sealed)
{
	struct world w = world_of(2);

	w.changes[1].dot.n = 1;
	assert_fault(FAULT_INVALID, segment_seal(&w.blob, &w.taken, &w.plan,
	    w.keys, w.squeeze));
	w.changes[1].dot.n = 2;
	w.changes[1].dot.device = id_of(0xe0);
	assert_fault(FAULT_INVALID, segment_seal(&w.blob, &w.taken, &w.plan,
	    w.keys, w.squeeze));
	w.changes[1].dot.device = id_of(0xd0);
	w.changes[1].fields[0].withheld = true;
	assert_fault(FAULT_INVALID, segment_seal(&w.blob, &w.taken, &w.plan,
	    w.keys, w.squeeze));
	world_free(&w);
}

/* ---- sizes ---- */

static char *
noise(size_t n)
{
	char *s = mem_new(n + 1);

	for (size_t i = 0; i < n; i++)
		s[i] = (char)('!' + random_below(90));
	return s;
}

static void
seal_in_turns(struct world *w, size_t least)
{
	const struct change **all = w->list;
	size_t done = 0, total = w->plan.nchanges, turns = 0;
	struct segment s;

	while (done < total) {
		w->plan.changes = all + done;
		w->plan.nchanges = total - done;
		assert_ok(segment_seal(&w->blob, &w->taken, &w->plan, w->keys,
		    w->squeeze));
		assert_true(w->taken > 0 && w->blob.len <= WIRE_SEGMENT_MAX);
		assert_ok(open_world(&s, w));
		assert_int_equal(s.nchanges, w->taken);
		for (size_t i = 0; i < s.nchanges; i++)
			assert_same_change(&s.changes[i], all[done + i]);
		segment_free(&s);
		done += w->taken;
		turns++;
	}
	assert_true(turns >= least);
	w->plan.nchanges = total;
}

static void
set_text(struct change *c, const char *name, struct bytes text)
{
	for (size_t i = 0; i < c->nfields; i++)
		if (bytes_is(c->fields[i].name, name))
			c->fields[i].val[0] = text;
}

TEST(more_than_a_mebibyte_is_sealed_in_turns)
{
	struct world w = world_of(40);
	char *text = noise(100 << 10);

	for (size_t i = 0; i < 40; i++)
		set_text(&w.changes[i], "narrative", (struct bytes){
		    (uint8_t *)text, (i * 2711) % (100 << 10) + 1 });
	seal_in_turns(&w, 2);
	free(text);
	world_free(&w);
}

/* 8 MiB opened is the bound, however small it is when sealed. */
TEST(texts_that_shrink_to_nothing_are_sealed_in_turns)
{
	struct world w = world_of(100);
	char *text = mem_new((120 << 10) + 1);

	memset(text, 'a', 120 << 10);
	for (size_t i = 0; i < 100; i++)
		set_text(&w.changes[i], "narrative", (struct bytes){
		    (uint8_t *)text, 120 << 10 });
	seal_in_turns(&w, 2);
	free(text);
	world_free(&w);
}

/* Ledger forms that do not shrink: the guess was wrong, less is taken. */
TEST(a_ledger_of_noise_is_sealed_in_turns)
{
	struct world w = world_of(12);

	for (size_t i = 0; i < 12; i++) {
		struct change_field *f = &w.changes[i].fields[1];

		assert_int_equal(f->kind, KIND_VALUE);
		for (int k = 0; k < 4000; k++) {
			struct dot d = { id_random(), 1 + random_below(99) };

			change_add_sup(f, &d, BYTES_EMPTY);
		}
		change_sort(&w.changes[i]);
	}
	seal_in_turns(&w, 2);
	world_free(&w);
}

TEST(the_largest_change_fits)
{
	struct world w = world_of(1);
	char *text = noise(WIRE_VALUE_MAX);
	struct change *c = &w.changes[0];
	struct buf b = BUF_EMPTY;
	size_t room;

	set_text(c, "narrative", (struct bytes){ (uint8_t *)text,
	    WIRE_VALUE_MAX });
	change_encode(&b, c);
	room = WIRE_CHANGE_MAX - b.len - 4;
	if (room > WIRE_VALUE_MAX)
		room = WIRE_VALUE_MAX;
	set_text(c, "safety", (struct bytes){ (uint8_t *)text, room });
	seal_in_turns(&w, 1);
	free(text);
	buf_free(&b);
	world_free(&w);
}

int
main(void)
{
	return RUN(T(padding_is_that_of_padme_with_a_floor),
	    T(a_nonce_is_the_prescribed_one),
	    T(a_header_is_read_as_it_was_written),
	    T(a_header_cut_anywhere_is_refused),
	    T(a_header_of_another_kind_version_flag_or_order_is_refused),
	    T(what_is_sealed_opens_to_the_same_changes),
	    T(each_role_opens_its_compartments_and_the_sealer_its_own),
	    T(a_punctured_record_is_counted_as_erased_and_the_others_open),
	    T(every_key_is_tried_and_none_opens_a_punctured_record),
	    T(a_punctured_record_cannot_be_sealed),
	    T(without_the_secret_of_the_ledger_nothing_is_sealed_or_opened),
	    T(two_seals_of_the_same_share_no_byte_of_seed_or_text),
	    T(one_record_changed_twice_in_a_segment_opens_both_times),
	    T(no_text_stands_in_the_blob),
	    T(an_announcement_needs_no_key_and_carries_what_was_seen),
	    T(what_was_seen_is_sorted_and_the_newest_of_a_device_kept),
	    T(changes_of_another_or_out_of_order_or_withheld_are_not_sealed),
	    T(more_than_a_mebibyte_is_sealed_in_turns),
	    T(texts_that_shrink_to_nothing_are_sealed_in_turns),
	    T(a_ledger_of_noise_is_sealed_in_turns),
	    T(the_largest_change_fits));
}
