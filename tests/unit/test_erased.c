#include "tests/unit/test.h"

#include "sync/paper.h"
#include "sync/roster.h"

/* ---- the list of what is erased ---- */

/* The item of an erasure as a roster entry's reader finds it. */
static struct entry_item
item_of(struct entry *e, uint8_t record, size_t npairs, uint32_t g)
{
	struct erased_pair pairs[3] = { { .g = g }, { .g = g }, { .g = g } };
	struct erase x = { .record = { { record } }, .time = 1000u + record,
	    .reason = bytes_of("asked for it"), .basis = bytes_of("art. 17"),
	    .type = bytes_of("story"), .pairs = pairs, .npairs = npairs };
	struct reader r;
	struct entry_item it;

	for (uint32_t i = 0; i < 3; i++) {
		memset(pairs[i].index.creator.b, 0xc0, 16);
		pairs[i].index.n = 10 * record + i;
	}
	entry_erase(e, &x);
	r = reader_of(buf_view(&e->sealed));
	it = item_next(&r);
	assert_true(reader_whole(&r));
	assert_int_equal(it.kind, ITEM_ERASE);
	return it;
}

static bool
add(struct erasures *x, uint8_t record, size_t npairs, uint32_t g,
    uint64_t seq)
{
	struct entry e = ENTRY_EMPTY;
	struct entry_item it = item_of(&e, record, npairs, g);
	bool ok = erasures_add(x, &it, seq, &it.id);

	entry_free(&e);
	return ok;
}

TEST(an_erasure_is_found_with_its_words_and_pairs)
{
	struct erasures x = { .nrecords = 0 };
	struct id one = { { 1 } }, two = { { 2 } };
	const struct erased *e;

	assert_true(add(&x, 1, 2, 4, 9));
	e = erasures_find(&x, &one);
	assert_non_null(e);
	assert_int_equal(e->time, 1001);
	assert_int_equal(e->seq, 9);
	assert_true(bytes_is(erasures_text(&x, &e->reason), "asked for it"));
	assert_true(bytes_is(erasures_text(&x, &e->basis), "art. 17"));
	assert_true(bytes_is(erasures_text(&x, &e->type), "story"));
	assert_int_equal(x.npairs, 2);
	assert_int_equal(x.pairs[1].g, 4);
	assert_int_equal(x.pairs[1].index.creator.b[15], 0xc0);
	assert_int_equal(x.pairs[1].index.n, 11);
	assert_int_equal(x.seq, 9);
	assert_null(erasures_find(&x, &two));
	erasures_free(&x);
}

TEST(a_later_entry_adds_pairs_and_changes_no_words)
{
	struct erasures x = { .nrecords = 0 }, copy;
	struct id one = { { 1 } };

	assert_true(add(&x, 1, 1, 4, 9));
	assert_true(add(&x, 2, 1, 4, 10));
	assert_true(add(&x, 1, 3, 5, 11));
	copy = erasures_copy(&x);
	erasures_free(&x);
	assert_int_equal(copy.nrecords, 2);
	assert_int_equal(erasures_find(&copy, &one)->seq, 9);
	assert_int_equal(copy.npairs, 5);
	assert_int_equal(copy.pairs[4].record, 0);
	assert_int_equal(copy.pairs[4].seq, 11);
	assert_int_equal(copy.pairs[1].record, 1);
	assert_int_equal(copy.seq, 11);
	erasures_free(&copy);
}

TEST(an_erasure_without_words_or_pairs_is_one_too)
{
	struct erasures x = { .nrecords = 0 };
	struct entry_item it = { .id = { { 7 } } };

	assert_true(erasures_add(&x, &it, 3, &it.id));
	assert_int_equal(erasures_text(&x, &x.records[0].reason).len, 0);
	assert_non_null(erasures_find(&x, &it.id));
	erasures_free(&x);
}

TEST(puncturing_takes_the_leaves_of_its_generation)
{
	struct erasures x = { .nrecords = 0 };
	struct tree *t = tree_new(4, (uint8_t[32]){ 1 });
	struct index gone = { { { 0 } }, 10 }, other = gone, alive = gone;

	memset(gone.creator.b, 0xc0, 16);
	other.creator = alive.creator = gone.creator;
	other.n = 20;
	alive.n = 12;
	assert_true(add(&x, 1, 2, 4, 9));
	assert_true(add(&x, 2, 1, 5, 9));
	assert_int_equal(erasures_puncture(&x, t), 2);
	assert_false(tree_has(t, &gone));
	assert_true(tree_has(t, &other));	/* of generation 5 */
	assert_true(tree_has(t, &alive));
	assert_int_equal(erasures_puncture(&x, t), 0);
	tree_free(t);
	erasures_free(&x);
}

TEST(the_list_is_bounded)
{
	struct erasures x = { .nrecords = 0 };
	struct erased *at = mem_new(ERASED_RECORDS_MAX * sizeof *at);
	struct id known = { { 1 } };

	x.records = at;
	x.nrecords = ERASED_RECORDS_MAX;
	at[5].record = known;
	assert_false(add(&x, 2, 1, 1, 9));
	assert_int_equal(x.npairs, 0);
	assert_true(add(&x, 1, 1, 1, 9));	/* one that it has */
	x.npairs = ERASED_PAIRS_MAX - 1;
	assert_false(add(&x, 1, 2, 1, 10));
	assert_int_equal(x.seq, 9);
	x.npairs = 1;
	erasures_free(&x);
}

/* ---- in a roster ---- */

struct line {
	struct roster	*r, *closed;	/* closed: read without keys */
	struct keys	*keys;
	struct paper	paper;
	uint8_t		pk[32], sk[64];
};

static fault
write_entry(struct line *w, struct entry *e, uint32_t epoch)
{
	struct commit c = { .seq = w->r->seq + 1, .roster_seq = w->r->seq };
	struct buf object = BUF_EMPTY, armor = BUF_EMPTY, blob = BUF_EMPTY;
	fault f;

	assert_ok(entry_finish(&blob, e, epoch, w->keys, NULL));
	entry_free(e);
	snprintf(c.ref, sizeof c.ref, "refs/heads/roster");
	c.seg = hash_of(buf_view(&blob));
	if (c.seq > 1) {
		c.genesis = w->r->genesis;
		c.prev = c.roster_hash = *roster_entry(w->r, w->r->seq);
		c.nparents = 1;
	}
	commit_sign(&object, &armor, &c, w->pk, w->sk);
	f = roster_apply(w->r, &c, buf_view(&blob), w->keys, NULL);
	if (f == NULL)
		assert_ok(roster_apply(w->closed, &c, buf_view(&blob), NULL,
		    NULL));
	buf_free(&object);
	buf_free(&armor);
	buf_free(&blob);
	return f;
}

static struct line
founded(void)
{
	struct line w = { .r = roster_new(), .closed = roster_new(),
	    .keys = keys_new() };
	struct member m = { .device = { { 1 } }, .caps = 3 };
	struct id project = { { 9 } };
	struct entry e = ENTRY_EMPTY;

	keys_draw_epoch(w.keys, 1);
	keys_draw_tree(w.keys, 1);
	paper_draw(&w.paper);
	sign_keypair(w.pk, w.sk);
	memcpy(m.sign_pk, w.pk, 32);
	memset(m.box_pk, 7, 32);
	entry_project(&e, &project, true);
	entry_member(&e, &m);
	entry_paper(&e, w.paper.sign_pk, w.paper.box_pk);
	assert_ok(entry_epoch(&e, &(struct epoch_plan){
	    1, 1, NULL, w.paper.box_pk }, w.keys));
	assert_ok(write_entry(&w, &e, 1));
	return w;
}

static void
leave(struct line *w)
{
	roster_free(w->r);
	roster_free(w->closed);
	keys_free(w->keys);
}

static void
erase_one(struct entry *e, uint8_t record, uint32_t g, uint32_t n)
{
	struct erased_pair pair = { .g = g, .index = { { { 1 } }, n } };
	struct erase x = { .record = { { record } }, .time = 5,
	    .reason = bytes_of("why"), .pairs = &pair, .npairs = 1 };

	entry_erase(e, &x);
}

TEST(the_roster_keeps_what_is_erased_if_its_sealed_parts_open)
{
	struct line w = founded();
	struct index gone = { { { 1 } }, 3 }, also = { { { 1 } }, 4 };
	struct entry e = ENTRY_EMPTY;

	erase_one(&e, 1, 1, 3);
	entry_reason(&e, "a letter of the mother");
	assert_ok(write_entry(&w, &e, 1));
	erase_one(&e, 1, 1, 4);
	erase_one(&e, 2, 1, 5);
	assert_ok(write_entry(&w, &e, 1));
	assert_int_equal(w.r->erased.nrecords, 2);
	assert_int_equal(w.r->erased.npairs, 3);
	assert_int_equal(w.r->erased.seq, 3);
	assert_int_equal(w.r->erased.records[0].seq, 2);
	assert_int_equal(w.closed->erased.nrecords, 0);
	assert_int_equal(w.r->unreadable, 0);
	assert_int_equal(roster_puncture(w.r, w.keys), 3);
	assert_false(tree_has(keys_tree(w.keys, 1), &gone));
	assert_false(tree_has(keys_tree(w.keys, 1), &also));
	assert_int_equal(roster_puncture(w.r, w.keys), 0);
	leave(&w);
}

TEST(two_epochs_of_one_tree_are_punctured_once)
{
	struct line w = founded();
	struct entry e = ENTRY_EMPTY;

	keys_draw_epoch(w.keys, 2);
	assert_ok(entry_epoch(&e, &(struct epoch_plan){
	    2, 1, NULL, w.paper.box_pk }, w.keys));
	erase_one(&e, 1, 1, 3);
	assert_ok(write_entry(&w, &e, 2));
	assert_int_equal(roster_puncture(w.r, w.keys), 1);
	leave(&w);
}

/* ---- the bytes that builders write, from WIRE.md 5 by hand ---- */

static void
wrote(struct entry *e, const char *hex)
{
	struct buf text = BUF_EMPTY;
	const struct buf *got = e->nclear > 0 ? &e->clear : &e->sealed;

	hex_put(&text, buf_view(got));
	assert_int_equal(e->nclear + e->nsealed, 1);
	assert_string_equal(buf_cstr(&text), hex);
	buf_free(&text);
	entry_free(e);
}

#define D "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1"
#define ZERO "00000000000000000000000000000000" \
	"00000000000000000000000000000000"
#define FULL "ffffffffffffffffffffffffffffffff" \
	"ffffffffffffffffffffffffffffffff"

TEST(builders_write_what_the_page_says)
{
	struct member m = { .cut_seq = 0x0102, .cut_reason = CUT_REVOKED };
	struct erased_pair pair = { .g = 3, .index.n = 0x0a0b0c };
	struct erase x = { .time = 0x11, .reason = bytes_of("r"),
	    .basis = bytes_of("bb"), .type = bytes_of("t"), .pairs = &pair,
	    .npairs = 1 };
	struct entry e = ENTRY_EMPTY;
	struct hash full;

	memset(m.device.b, 0xd1, 16);
	memset(full.b, 0xff, 32);
	m.cut_hash = full;
	x.record = pair.index.creator = m.device;
	entry_uninvite(&e, &m.device, true);
	wrote(&e, "06" "11000000" D "01");
	entry_cut(&e, &m);
	wrote(&e, "08" "61000000" D "0201000000000000" FULL
	    "0000000000000000" ZERO "01");
	entry_caps(&e, &m.device, 3);
	wrote(&e, "09" "11000000" D "03");
	entry_approve(&e, 9, &full);
	wrote(&e, "0b" "29000000" "0900000000000000" FULL "01");
	entry_feature(&e, 0x0203);
	wrote(&e, "0c" "02000000" "0302");
	entry_reason(&e, "abc");
	wrote(&e, "43" "03000000" "616263");
	entry_erase(&e, &x);
	wrote(&e, "45" "38000000" D "1100000000000000" "0172" "026262" "0174"
	    "01" "03000000" D "0c0b0a00");
}

/* With signatures and boxes: the roster takes them. */
TEST(the_paper_key_approves_recovers_and_is_replaced)
{
	struct line w = founded();
	struct paper next;
	struct entry e = ENTRY_EMPTY;
	struct id device = { { 1 } };
	struct hash h;
	uint8_t old[EPOCH_TO_PAPER];

	paper_draw(&next);
	memcpy(old, w.r->epochs[0].to_paper, sizeof old);
	entry_paper(&e, next.sign_pk, next.box_pk);
	assert_ok(entry_old_epoch(&e, 1, w.keys, next.box_pk));
	assert_ok(write_entry(&w, &e, 1));
	assert_memory_not_equal(old, w.r->epochs[0].to_paper, sizeof old);
	assert_memory_not_equal(w.r->paper_sign, next.sign_pk, 32);
	h = *roster_entry(w.r, 2);
	entry_approve_paper(&e, 2, &h, next.sign_sk);
	assert_fault(FAULT_TRUST, write_entry(&w, &e, 1));
	entry_approve_paper(&e, 2, &h, w.paper.sign_sk);
	assert_ok(write_entry(&w, &e, 1));
	assert_memory_equal(w.r->paper_sign, next.sign_pk, 32);
	entry_recover(&e, w.r, &device, w.paper.sign_sk);
	assert_fault(FAULT_TRUST, write_entry(&w, &e, 1));
	entry_recover(&e, w.r, &device, next.sign_sk);
	assert_ok(write_entry(&w, &e, 1));
	assert_fault(FAULT_LOCKED, entry_old_epoch(&e, 2, w.keys,
	    next.box_pk));
	leave(&w);
}

int
main(void)
{
	return RUN(T(an_erasure_is_found_with_its_words_and_pairs),
	    T(a_later_entry_adds_pairs_and_changes_no_words),
	    T(an_erasure_without_words_or_pairs_is_one_too),
	    T(puncturing_takes_the_leaves_of_its_generation),
	    T(the_list_is_bounded),
	    T(the_roster_keeps_what_is_erased_if_its_sealed_parts_open),
	    T(two_epochs_of_one_tree_are_punctured_once),
	    T(builders_write_what_the_page_says),
	    T(the_paper_key_approves_recovers_and_is_replaced));
}
