#include "tests/unit/store_kit.h"

#include <time.h>

#ifndef SANITIZED
#define SANITIZED 0
#endif
#define MANY (SANITIZED ? 1000 : 10000)

/* --- opening ------------------------------------------------------------ */

TEST(a_store_opens_again_as_it_was)
{
	struct id self = kit_id(1);
	struct kit k;
	struct hash before;

	kit_new(&k, &self);
	kit_note(&k, "een", NULL);
	before = kit_digest(&k);
	kit_close(&k);
	kit_open(&k);
	assert_memory_equal(before.b, kit_digest(&k).b, WIRE_HASH_LEN);
	kit_free(&k);
}

TEST(a_store_of_a_newer_version_is_refused_and_left_alone)
{
	struct id self = kit_id(1);
	struct kit k;
	struct store st;
	struct hash before;

	kit_new(&k, &self);
	kit_note(&k, "een", NULL);
	before = kit_digest(&k);
	assert_ok(db_exec(k.db, "PRAGMA user_version = 5"));
	assert_fault(FAULT_INVALID, store_open(&st, k.db, &self));
	assert_memory_equal(before.b, kit_digest(&k).b, WIRE_HASH_LEN);
	kit_free(&k);
}

/* --- what is made here -------------------------------------------------- */

TEST(a_local_change_gets_the_next_counter_and_a_later_clock)
{
	struct id self = kit_id(1), a, record = kit_id(9);
	struct change c;
	struct dot d;
	struct kit k;
	uint64_t clock = 0;
	bool new;

	kit_new(&k, &self);
	a = kit_note(&k, "een", &d);
	assert_int_equal(d.n, 1);
	for (uint64_t n = 2; n < 6; n++) {
		c = kit_change(&self, 0, &record, &self, 2);
		kit_set(&c, "narrative", "twee");
		change_sort(&c);
		assert_ok(store_put(&k.st, &c, &new));
		assert_true(new);
		assert_int_equal(c.dot.n, n);
		assert_true(id_eq(&c.dot.device, &self));
		assert_true(c.clock > clock);
		clock = c.clock;
		change_free(&c);
	}
	assert_int_equal(kit_standing(&k, &a, "narrative", "een"), 1);
	kit_free(&k);
}

TEST(a_local_change_is_later_than_what_it_follows_within_reason)
{
	struct id self = kit_id(1), other = kit_id(2), record = kit_id(9);
	struct change c;
	struct kit k;
	uint64_t wall = 1764000000000, soon = wall + 5000, wild = wall * 2;

	clock_set(wall);
	kit_new(&k, &self);
	c = kit_change(&other, 1, &record, &other, 1);
	c.clock = soon << 16;
	kit_set(&c, "narrative", "verder");
	kit_put(&k, &c);
	c = kit_change(&self, 0, &record, &other, 1);
	kit_set(&c, "narrative", "hier");
	change_sort(&c);
	assert_ok(store_put(&k.st, &c, NULL));
	assert_true(c.clock > soon << 16);
	change_free(&c);

	c = kit_change(&other, 2, &record, &other, 1);
	c.clock = wild << 16;
	kit_set(&c, "narrative", "tien jaar");
	kit_put(&k, &c);
	c = kit_change(&self, 0, &record, &other, 1);
	kit_set(&c, "narrative", "hier weer");
	change_sort(&c);
	assert_ok(store_put(&k.st, &c, NULL));
	assert_true(hlc_ms(c.clock) <= wall + CLOCK_AHEAD_MS + 1);
	change_free(&c);
	clock_set(0);
	kit_free(&k);
}

TEST(each_new_record_of_this_device_gets_the_next_index)
{
	struct id self = kit_id(1), other = kit_id(2), record = kit_id(9);
	struct index index;
	struct change c;
	struct kit k;

	kit_new(&k, &self);
	for (uint32_t i = 1; i < 5; i++) {
		assert_ok(store_next_index(&k.st, &index));
		assert_int_equal(index.n, i);
		assert_true(id_eq(&index.creator, &self));
		kit_note(&k, "een", NULL);
	}
	/* Somebody else's count is not ours. */
	c = kit_change(&other, 1, &record, &other, 77);
	kit_set(&c, "narrative", "ver");
	kit_put(&k, &c);
	assert_ok(store_next_index(&k.st, &index));
	assert_int_equal(index.n, 5);
	kit_free(&k);
}

TEST(a_change_out_of_bounds_is_refused_and_nothing_is_saved)
{
	struct id self = kit_id(1), record = kit_id(9);
	struct store_counts n;
	struct change c;
	struct kit k;

	kit_new(&k, &self);
	c = kit_change(&self, 0, &record, &self, 0);
	kit_set(&c, "narrative", "geen index");
	assert_fault(FAULT_INVALID, store_put(&k.st, &c, NULL));
	assert_int_equal(c.dot.n, 0);
	change_free(&c);
	assert_ok(store_count(&k.st, &n));
	assert_int_equal(n.changes, 0);
	assert_int_equal(n.records, 0);
	kit_free(&k);
}

TEST(two_processes_on_one_store_never_give_one_counter_twice)
{
	struct id self = kit_id(1);
	struct kit k, l;
	struct store_counts n;
	struct dot d;

	kit_new(&k, &self);
	l = k;
	kit_open(&l);
	for (uint64_t i = 1; i < 20; i += 2) {
		kit_note(&k, "een", &d);
		assert_int_equal(d.n, i);
		kit_note(&l, "ander", &d);
		assert_int_equal(d.n, i + 1);
	}
	assert_ok(store_count(&l.st, &n));
	assert_int_equal(n.changes, 20);
	assert_int_equal(n.records, 20);
	kit_close(&l);
	kit_free(&k);
}

/* --- what comes from afar ----------------------------------------------- */

TEST(a_change_that_is_known_is_not_new_and_changes_nothing)
{
	struct id self = kit_id(1), other = kit_id(2), record = kit_id(9);
	struct change c;
	struct hash before;
	struct kit k;
	bool new;

	kit_new(&k, &self);
	c = kit_change(&other, 3, &record, &other, 1);
	kit_set(&c, "narrative", "tekst");
	change_sort(&c);
	assert_ok(store_put(&k.st, &c, &new));
	assert_true(new);
	before = kit_digest(&k);
	for (int i = 0; i < 3; i++) {
		assert_ok(store_put(&k.st, &c, &new));
		assert_false(new);
	}
	assert_memory_equal(before.b, kit_digest(&k).b, WIRE_HASH_LEN);
	change_free(&c);
	kit_free(&k);
}

TEST(a_supersession_that_arrives_first_endures)
{
	struct id self = kit_id(1), other = kit_id(2), record = kit_id(9);
	struct dot old = { other, 1 };
	struct change c;
	struct kit k;

	kit_new(&k, &self);
	c = kit_change(&other, 2, &record, &other, 1);
	change_add_sup(kit_set(&c, "narrative", "nieuw"), &old, BYTES_EMPTY);
	kit_put(&k, &c);
	c = kit_change(&other, 1, &record, &other, 1);
	kit_set(&c, "narrative", "oud");
	kit_put(&k, &c);
	assert_int_equal(kit_standing(&k, &record, "narrative", "nieuw"), 1);
	kit_free(&k);
}

static fault
count_one(void *arg, const struct quarantined *q)
{
	struct quarantined *last = arg;

	assert_true(q->body.len > 0);
	last->dot = q->dot;
	last->seq++;
	last->code = strcmp(q->code, "fork") == 0 ? "fork" : "corrupt";
	return NULL;
}

TEST(a_known_dot_with_other_content_goes_to_quarantine)
{
	struct id self = kit_id(1), other = kit_id(2), record = kit_id(9);
	struct quarantined held = { .seq = 0 };
	struct store_counts n;
	struct hash before;
	struct change c;
	struct kit k;

	kit_new(&k, &self);
	c = kit_change(&other, 1, &record, &other, 1);
	kit_set(&c, "narrative", "tekst");
	kit_put(&k, &c);
	before = kit_digest(&k);
	c = kit_change(&other, 1, &record, &other, 1);
	kit_set(&c, "narrative", "andere");
	change_sort(&c);
	assert_fault(FAULT_TRUST, store_put(&k.st, &c, NULL));
	assert_fault(FAULT_TRUST, store_put(&k.st, &c, NULL));
	change_free(&c);
	assert_memory_equal(before.b, kit_digest(&k).b, WIRE_HASH_LEN);
	assert_ok(store_count(&k.st, &n));
	assert_int_equal(n.quarantined, 1);
	assert_ok(store_each_quarantined(&k.st, count_one, &held));
	assert_int_equal(held.seq, 1);
	assert_string_equal(held.code, "fork");
	assert_int_equal(held.dot.n, 1);
	assert_int_equal(kit_standing(&k, &record, "narrative", "tekst"), 1);
	kit_free(&k);
}

TEST(an_edit_with_another_index_than_its_record_goes_to_quarantine)
{
	struct id self = kit_id(1), other = kit_id(2), record;
	struct store_counts n;
	struct change c;
	struct kit k;
	bool new = true;

	kit_new(&k, &self);
	record = kit_note(&k, "tekst", NULL);
	c = kit_change(&other, 1, &record, &other, 5);
	kit_set(&c, "place", "GM0308");
	change_sort(&c);
	/* In the middle of an import: the rest of it is kept. */
	assert_ok(db_begin(k.db));
	assert_fault(FAULT_TRUST, store_put(&k.st, &c, &new));
	assert_false(new);
	kit_note(&k, "rest", NULL);
	assert_ok(db_end(k.db, NULL));
	change_free(&c);
	assert_ok(store_count(&k.st, &n));
	assert_int_equal(n.quarantined, 1);
	assert_int_equal(n.records, 2);
	assert_int_equal(n.changes, 2);
	kit_free(&k);
}

TEST(a_creation_sends_edits_with_another_index_away)
{
	struct id self = kit_id(1), a = kit_id(2), b = kit_id(3);
	struct id record = kit_id(9);
	struct record r;
	struct store_counts n;
	struct change c;
	struct kit k;

	kit_new(&k, &self);
	c = kit_change(&a, 1, &record, &b, 5);
	kit_set(&c, "place", "GM0308");
	kit_put(&k, &c);
	c = kit_change(&b, 1, &record, &b, 4);
	kit_set(&c, "narrative", "tekst");
	kit_put(&k, &c);
	assert_ok(store_record(&k.st, &r, &record));
	assert_int_equal(r.nchanges, 1);
	assert_int_equal(r.index.n, 4);
	record_free(&r);
	assert_ok(store_count(&k.st, &n));
	assert_int_equal(n.quarantined, 1);
	assert_int_equal(n.changes, 1);
	kit_free(&k);
}

TEST(a_counter_of_ours_is_never_given_again)
{
	struct id self = kit_id(1), b = kit_id(3), record = kit_id(9);
	struct store_counts n;
	struct change c;
	struct dot dot;
	struct kit k;

	kit_new(&k, &self);
	/* Our edit of a record whose creation then says another index. */
	c = kit_change(&self, 0, &record, &b, 5);
	kit_set(&c, "place", "GM0308");
	kit_put(&k, &c);
	c = kit_change(&b, 1, &record, &b, 4);
	kit_set(&c, "narrative", "tekst");
	kit_put(&k, &c);
	assert_ok(store_count(&k.st, &n));
	assert_int_equal(n.unsealed, 0);
	kit_note(&k, "een", &dot);
	assert_int_equal(dot.n, 2);
	/* A commit of ours that we do not know carries up to 7. */
	assert_ok(store_carried(&k.st, &self, 1, 2, 7));
	kit_note(&k, "twee", &dot);
	assert_int_equal(dot.n, 8);
	kit_free(&k);
}

TEST(a_local_edit_with_another_index_is_not_saved)
{
	struct id self = kit_id(1), record;
	struct store_counts n;
	struct change c;
	struct kit k;

	kit_new(&k, &self);
	record = kit_note(&k, "tekst", NULL);
	c = kit_change(&self, 0, &record, &self, 2);
	kit_set(&c, "place", "GM0308");
	change_sort(&c);
	assert_fault(FAULT_TRUST, store_put(&k.st, &c, NULL));
	assert_int_equal(c.dot.n, 0);
	change_free(&c);
	assert_ok(store_count(&k.st, &n));
	assert_int_equal(n.changes, 1);
	assert_int_equal(n.quarantined, 0);
	kit_free(&k);
}

/* The same change as a device sees it that holds no key of `comp`. */
static struct change
without(const struct change *c, enum compartment comp, struct buf *text)
{
	struct change out = CHANGE_EMPTY;
	struct buf *at;
	struct reader r;

	change_put_ledger(&text[0], c);
	r = reader_of(buf_view(&text[0]));
	change_get_ledger(&r, &out, &c->dot.device);
	assert_true(reader_whole(&r));
	for (int i = COMP_TEAM; i < COMP_COUNT; i++) {
		if (i == (int)comp || !(change_comps(c) & 1u << i))
			continue;
		at = &text[i];
		change_put_payload(at, c, i);
		assert_ok(change_take_payload(&out, i, buf_view(at)));
	}
	return out;
}

static struct change
a_person(void)
{
	struct id other = kit_id(2), record = kit_id(9);
	struct change c = kit_change(&other, 1, &record, &other, 1);

	c.type = bytes_of("person");
	kit_set(&c, "pseudonym", "J09");
	change_add_value(change_add(&c, bytes_of("name"), COMP_IDENTITY,
	    KIND_VALUE), bytes_of("Jansen"));
	change_sort(&c);
	return c;
}

TEST(a_digest_does_not_depend_on_who_may_read_identity)
{
	struct id self = kit_id(1), me = kit_id(4);
	struct buf text[COMP_COUNT] = { BUF_EMPTY };
	struct change c = a_person(), less = without(&c, COMP_IDENTITY, text);
	struct digest x, y;
	struct kit k, l;

	kit_new(&k, &self);
	kit_new(&l, &me);
	assert_ok(store_put(&k.st, &c, NULL));
	assert_ok(store_put(&l.st, &less, NULL));
	assert_ok(store_digest(&k.st, &x));
	assert_ok(store_digest(&l.st, &y));
	assert_memory_equal(x.all.b, y.all.b, WIRE_HASH_LEN);
	assert_memory_equal(x.comp[COMP_TEAM].b, y.comp[COMP_TEAM].b, 32);
	assert_memory_equal(x.comp[COMP_LEDGER].b, y.comp[COMP_LEDGER].b, 32);
	assert_memory_not_equal(x.comp[COMP_IDENTITY].b,
	    y.comp[COMP_IDENTITY].b, 32);
	assert_true(x.whole[COMP_IDENTITY]);
	assert_false(y.whole[COMP_IDENTITY]);
	assert_true(y.whole[COMP_TEAM]);
	assert_int_equal(x.records, 1);
	assert_int_equal(x.changes, 1);
	change_free(&c);
	change_free(&less);
	for (int i = 0; i < COMP_COUNT; i++)
		buf_free(&text[i]);
	kit_free(&k);
	kit_free(&l);
}

TEST(a_compartment_that_opens_later_is_taken_in)
{
	struct id self = kit_id(1), record = kit_id(9);
	struct buf text[COMP_COUNT] = { BUF_EMPTY };
	struct buf more[COMP_COUNT] = { BUF_EMPTY };
	struct change c = a_person(), less = without(&c, COMP_IDENTITY, text);
	struct change team = without(&c, COMP_TEAM, more);
	struct record r;
	struct kit k;
	bool new;

	kit_new(&k, &self);
	assert_ok(store_put(&k.st, &less, &new));
	assert_true(new);
	assert_ok(search_update(&k.st));
	/* Another view, which opens the one and not the other. */
	assert_ok(store_put(&k.st, &team, &new));
	assert_true(new);
	assert_int_equal(kit_standing(&k, &record, "name", "Jansen"), 1);
	assert_int_equal(kit_standing(&k, &record, "pseudonym", "J09"), 1);
	/* Seen with fewer keys again: what was opened stays open. */
	assert_ok(store_put(&k.st, &less, &new));
	assert_false(new);
	assert_ok(store_put(&k.st, &c, &new));
	assert_false(new);
	assert_ok(store_record(&k.st, &r, &record));
	assert_int_equal(r.nchanges, 1);
	assert_true(bytes_is(r.type, "person"));
	record_free(&r);
	change_free(&c);
	change_free(&less);
	change_free(&team);
	for (int i = 0; i < COMP_COUNT; i++) {
		buf_free(&text[i]);
		buf_free(&more[i]);
	}
	kit_free(&k);
}

TEST(a_digest_does_not_depend_on_the_order_of_arrival)
{
	struct id self[2] = { kit_id(1), kit_id(4) };
	struct hash h[2];
	struct kit k;

	for (int way = 0; way < 2; way++) {
		kit_new(&k, &self[way]);
		for (int i = 0; i < 24; i++) {
			int n = way == 0 ? i : 23 - i;
			struct id d = kit_id((uint8_t)(20 + n % 3));
			struct id record = kit_id((uint8_t)(40 + n / 6));
			struct id creator = kit_id(20);
			struct change c = kit_change(&d, 1 + (uint64_t)n,
			    &record, &creator, 1 + (uint32_t)n / 6);

			kit_set(&c, "narrative", n % 2 ? "een" : "twee");
			kit_put(&k, &c);
		}
		h[way] = kit_digest(&k);
		kit_free(&k);
	}
	assert_memory_equal(h[0].b, h[1].b, WIRE_HASH_LEN);
}

/* --- lists -------------------------------------------------------------- */

struct seen {
	struct id	ids[64];
	size_t		n, stop;
};

static fault
see(void *arg, struct record *r)
{
	struct seen *s = arg;

	s->ids[s->n++] = r->id;
	return s->n == s->stop ? fault_new(FAULT_INTERRUPT, "enough") : NULL;
}

TEST(records_are_listed_newest_first_and_by_type)
{
	struct id self = kit_id(1), ids[5];
	struct seen s = { .n = 0 };
	struct change c;
	struct kit k;

	kit_new(&k, &self);
	for (int i = 0; i < 5; i++) {
		ids[i] = kit_id((uint8_t)(50 - i));
		c = kit_change(&self, 0, &ids[i], &self, 1 + (uint32_t)i);
		if (i == 3)
			c.type = bytes_of("story");
		kit_set(&c, "narrative", "tekst");
		kit_put(&k, &c);
	}
	kit_edit(&k, &ids[1], NULL, "place", "GM0308");
	assert_ok(store_each(&k.st, BYTES_EMPTY, false, see, &s));
	assert_int_equal(s.n, 5);
	assert_true(id_eq(&s.ids[0], &ids[1]));
	assert_true(id_eq(&s.ids[1], &ids[4]));
	assert_true(id_eq(&s.ids[4], &ids[0]));
	s.n = 0;
	assert_ok(store_each(&k.st, bytes_of("story"), false, see, &s));
	assert_int_equal(s.n, 1);
	assert_true(id_eq(&s.ids[0], &ids[3]));
	s.n = 0;
	s.stop = 2;
	assert_fault(FAULT_INTERRUPT,
	    store_each(&k.st, BYTES_EMPTY, false, see, &s));
	assert_int_equal(s.n, 2);
	kit_free(&k);
}

TEST(a_withdrawn_record_is_listed_only_when_asked_for)
{
	struct id self = kit_id(1), id;
	struct seen s = { .n = 0 };
	struct store_counts n;
	struct dot dot, dots[1];
	struct change c;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "weg", &dot);
	dots[0] = dot;
	c = kit_change(&self, 0, &id, &self, 1);
	change_add_sup(kit_set(&c, FIELD_WITHDRAWN, "1"), &dots[0],
	    BYTES_EMPTY);
	kit_put(&k, &c);
	assert_ok(store_each(&k.st, BYTES_EMPTY, false, see, &s));
	assert_int_equal(s.n, 0);
	assert_ok(store_each(&k.st, BYTES_EMPTY, true, see, &s));
	assert_int_equal(s.n, 1);
	assert_ok(store_count(&k.st, &n));
	assert_int_equal(n.records, 0);
	assert_int_equal(n.conflicts, 0);
	kit_free(&k);
}

TEST(a_conflict_is_listed_until_a_change_supersedes_both)
{
	struct id self = kit_id(1), other = kit_id(2), id;
	struct seen s = { .n = 0 };
	struct store_counts n;
	struct dot old, mine, theirs = { other, 1 };
	struct change c;
	struct kit k;

	kit_new(&k, &self);
	id = kit_note(&k, "tekst", &old);
	mine = kit_edit(&k, &id, &old, "narrative", "van mij");
	assert_ok(store_conflicts(&k.st, see, &s));
	assert_int_equal(s.n, 0);
	c = kit_change(&other, 1, &id, &self, 1);
	change_add_sup(kit_set(&c, "narrative", "van haar"), &old,
	    BYTES_EMPTY);
	kit_put(&k, &c);
	assert_int_equal(kit_standing(&k, &id, "narrative", NULL), 2);
	assert_ok(store_conflicts(&k.st, see, &s));
	assert_int_equal(s.n, 1);
	assert_ok(store_count(&k.st, &n));
	assert_int_equal(n.conflicts, 1);
	c = kit_change(&self, 0, &id, &self, 1);
	change_add_sup(kit_set(&c, "narrative", "samen"), &mine, BYTES_EMPTY);
	change_add_sup(&c.fields[0], &theirs, BYTES_EMPTY);
	kit_put(&k, &c);
	assert_int_equal(kit_standing(&k, &id, "narrative", "samen"), 1);
	s.n = 0;
	assert_ok(store_conflicts(&k.st, see, &s));
	assert_int_equal(s.n, 0);
	kit_free(&k);
}

TEST(a_record_that_is_not_here_is_absent)
{
	struct id self = kit_id(1), record = kit_id(9);
	struct record r;
	struct kit k;

	kit_new(&k, &self);
	assert_fault(FAULT_ABSENT, store_record(&k.st, &r, &record));
	kit_free(&k);
}

/* --- sealing ------------------------------------------------------------ */

static void
put_urgent(struct kit *k, const char *urgent)
{
	struct id id = id_record(clock_wall_ms());
	struct index index;
	struct change c;

	assert_ok(store_next_index(&k->st, &index));
	c = kit_change(&k->self, 0, &id, &k->self, index.n);
	kit_set(&c, "narrative", "spoed?");
	kit_set(&c, "urgent", urgent);
	kit_put(k, &c);
}

static void
expect_unsealed(struct kit *k, const uint64_t *want, size_t n)
{
	struct buf text = BUF_EMPTY;
	struct change *c = NULL;
	struct store_counts counts;
	size_t got = 0;

	assert_ok(store_unsealed(&k->st, &c, &got, &text));
	assert_int_equal(got, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(c[i].dot.n, want[i]);
		change_free(&c[i]);
	}
	free(c);
	buf_free(&text);
	assert_ok(store_count(&k->st, &counts));
	assert_int_equal(counts.unsealed, n);
}

TEST(urgent_changes_are_sealed_first_and_what_is_carried_no_more)
{
	struct id self = kit_id(1), other = kit_id(2), record = kit_id(9);
	struct dot dot = { self, 4 };
	struct change c;
	struct kit k;
	uint64_t seq;

	kit_new(&k, &self);
	expect_unsealed(&k, NULL, 0);
	kit_note(&k, "1", NULL);
	put_urgent(&k, "false");
	put_urgent(&k, "");
	put_urgent(&k, "true");
	kit_note(&k, "5", NULL);
	put_urgent(&k, "true");
	c = kit_change(&other, 1, &record, &other, 1);
	kit_set(&c, "narrative", "van een ander");
	kit_put(&k, &c);
	expect_unsealed(&k, (const uint64_t[]){ 4, 6, 1, 2, 3, 5 }, 6);

	assert_ok(store_carrier(&k.st, &dot, &seq));
	assert_int_equal(seq, 0);
	assert_ok(store_carried(&k.st, &self, 8, 4, 4));
	assert_ok(store_carried(&k.st, &self, 8, 6, 6));
	expect_unsealed(&k, (const uint64_t[]){ 1, 2, 3, 5 }, 4);
	assert_ok(store_carrier(&k.st, &dot, &seq));
	assert_int_equal(seq, 8);
	dot.n = 5;
	assert_ok(store_carrier(&k.st, &dot, &seq));
	assert_int_equal(seq, 0);
	assert_ok(store_carried(&k.st, &self, 9, 1, 3));
	assert_ok(store_carried(&k.st, &self, 9, 2, 2));
	assert_ok(store_carried(&k.st, &self, 9, 1, 3));
	assert_ok(store_carried(&k.st, &self, 9, 5, 5));
	expect_unsealed(&k, NULL, 0);
	dot.n = 3;
	assert_ok(store_carrier(&k.st, &dot, &seq));
	assert_int_equal(seq, 9);
	dot.n = 7;
	assert_ok(store_carrier(&k.st, &dot, &seq));
	assert_int_equal(seq, 0);
	dot.device = kit_id(77);
	assert_ok(store_carrier(&k.st, &dot, &seq));
	assert_int_equal(seq, 0);
	kit_free(&k);
}

TEST(runs_said_in_pieces_and_then_whole_are_one_run)
{
	struct id self = kit_id(1);
	struct kit k;

	kit_new(&k, &self);
	for (int i = 0; i < 5; i++)
		kit_note(&k, "tekst", NULL);
	for (uint64_t n = 2; n < 5; n++)
		assert_ok(store_carried(&k.st, &self, 3, n, n));
	expect_unsealed(&k, (const uint64_t[]){ 1, 5 }, 2);
	assert_ok(store_carried(&k.st, &self, 3, 1, 4));
	expect_unsealed(&k, (const uint64_t[]){ 5 }, 1);
	kit_free(&k);
}

/* --- settings and positions --------------------------------------------- */

TEST(settings_secrets_and_positions_come_back)
{
	struct id self = kit_id(1), other = kit_id(2);
	struct buf b = BUF_EMPTY;
	struct kit k;
	uint64_t seq;

	kit_new(&k, &self);
	buf_text(&b, "rest");
	assert_ok(store_get(&k.st, "no such", &b));
	assert_int_equal(b.len, 0);
	assert_ok(store_set(&k.st, "taal", bytes_of("nl")));
	assert_ok(store_set(&k.st, "taal", bytes_of("en")));
	assert_ok(store_set(&k.st, "leeg", BYTES_EMPTY));
	assert_ok(store_secret_put(&k.st, "taal", bytes_of("geheim")));
	assert_ok(store_get(&k.st, "taal", &b));
	assert_string_equal(buf_cstr(&b), "en");
	assert_ok(store_get(&k.st, "leeg", &b));
	assert_int_equal(b.len, 0);
	assert_ok(store_secret_get(&k.st, "taal", &b));
	assert_string_equal(buf_cstr(&b), "geheim");
	assert_ok(store_opened(&k.st, &other, &seq));
	assert_int_equal(seq, 0);
	assert_ok(store_set_opened(&k.st, &other, 6));
	assert_ok(store_set_opened(&k.st, &other, 7));
	assert_ok(store_opened(&k.st, &other, &seq));
	assert_int_equal(seq, 7);
	buf_free(&b);
	kit_free(&k);
}

/* --- how fast ----------------------------------------------------------- */

static double
ms_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static fault
count_each(void *arg, struct record *r)
{
	*(size_t *)arg += r->merged.nfields;
	return NULL;
}

static void
ten_thousand(struct kit *k, const char *text, int n)
{
	assert_ok(db_begin(k->db));
	for (int i = 0; i < n; i++)
		kit_note(k, text, NULL);
	assert_ok(db_end(k->db, NULL));
}

TEST(ten_thousand_records_are_saved_listed_and_digested)
{
	struct id self = kit_id(1);
	char text[851];
	struct digest d;
	size_t fields = 0;
	double at[4];
	struct kit k;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	kit_new(&k, &self);
	at[0] = ms_now();
	ten_thousand(&k, text, MANY);
	at[1] = ms_now();
	assert_ok(store_each(&k.st, BYTES_EMPTY, false, count_each, &fields));
	at[2] = ms_now();
	assert_ok(store_digest(&k.st, &d));
	at[3] = ms_now();
	assert_int_equal(fields, MANY);
	assert_int_equal(d.records, MANY);
	printf("# %d records: saved in %.0f ms, listed in %.0f ms, "
	    "digested in %.0f ms\n", MANY, at[1] - at[0], at[2] - at[1],
	    at[3] - at[2]);
	kit_free(&k);
}

int
main(void)
{
	return RUN(
	    T(a_store_opens_again_as_it_was),
	    T(a_store_of_a_newer_version_is_refused_and_left_alone),
	    T(a_local_change_gets_the_next_counter_and_a_later_clock),
	    T(a_local_change_is_later_than_what_it_follows_within_reason),
	    T(each_new_record_of_this_device_gets_the_next_index),
	    T(a_change_out_of_bounds_is_refused_and_nothing_is_saved),
	    T(two_processes_on_one_store_never_give_one_counter_twice),
	    T(a_change_that_is_known_is_not_new_and_changes_nothing),
	    T(a_supersession_that_arrives_first_endures),
	    T(a_known_dot_with_other_content_goes_to_quarantine),
	    T(an_edit_with_another_index_than_its_record_goes_to_quarantine),
	    T(a_creation_sends_edits_with_another_index_away),
	    T(a_counter_of_ours_is_never_given_again),
	    T(a_local_edit_with_another_index_is_not_saved),
	    T(a_digest_does_not_depend_on_who_may_read_identity),
	    T(a_compartment_that_opens_later_is_taken_in),
	    T(a_digest_does_not_depend_on_the_order_of_arrival),
	    T(records_are_listed_newest_first_and_by_type),
	    T(a_withdrawn_record_is_listed_only_when_asked_for),
	    T(a_conflict_is_listed_until_a_change_supersedes_both),
	    T(a_record_that_is_not_here_is_absent),
	    T(urgent_changes_are_sealed_first_and_what_is_carried_no_more),
	    T(runs_said_in_pieces_and_then_whole_are_one_run),
	    T(settings_secrets_and_positions_come_back),
	    T(ten_thousand_records_are_saved_listed_and_digested));
}
