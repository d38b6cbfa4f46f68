#include "tests/unit/store_kit.h"

#include "fieldkit/intent.h"
#include "fieldkit/receipt.h"

static struct intent
want(const struct id *device, unsigned flags)
{
	struct intent in = { .flags = flags, .items = ENTRY_EMPTY };

	entry_uninvite(&in.items, device, true);
	entry_reason(&in.items, "omdat het moet");
	return in;
}

TEST(an_intent_comes_back_as_it_was_kept)
{
	struct id self = kit_id(1), who = kit_id(9), other = kit_id(8);
	struct intent in = want(&who, INTENT_EPOCH | INTENT_TREE), *list;
	struct kit k;
	size_t n;

	kit_new(&k, &self);
	assert_ok(intent_add(&k.st, &in));
	kit_close(&k);
	kit_open(&k);
	assert_ok(intent_list(&k.st, &list, &n));
	assert_int_equal(n, 1);
	assert_int_equal(list[0].flags, INTENT_EPOCH | INTENT_TREE);
	assert_int_equal(list[0].items.nclear, 1);
	assert_int_equal(list[0].items.nsealed, 1);
	assert_true(bytes_eq(buf_view(&list[0].items.clear),
	    buf_view(&in.items.clear)));
	assert_true(bytes_eq(buf_view(&list[0].items.sealed),
	    buf_view(&in.items.sealed)));
	assert_int_equal(list[0].made_seq, 0);
	assert_true(intent_names(&list[0], ITEM_UNINVITE, &who));
	assert_false(intent_names(&list[0], ITEM_UNINVITE, &other));
	assert_false(intent_names(&list[0], ITEM_ADMIT, &who));
	intents_free(list, n);
	intent_free(&in);
	kit_free(&k);
}

TEST(intents_stand_in_the_order_in_which_they_were_asked)
{
	struct id self = kit_id(1);
	struct intent *list;
	struct hash made = { { 5 } };
	struct kit k;
	size_t n;

	kit_new(&k, &self);
	for (uint8_t i = 1; i <= 3; i++) {
		struct id who = kit_id((uint8_t)(20 + i));
		struct intent in = want(&who, i);

		assert_ok(intent_add(&k.st, &in));
		intent_free(&in);
	}
	assert_ok(intent_list(&k.st, &list, &n));
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(list[i].flags, i + 1);
	assert_ok(intent_made(&k.st, &list[1], 7, &made));
	assert_ok(intent_done(&k.st, &list[0]));
	intents_free(list, n);
	assert_ok(intent_list(&k.st, &list, &n));
	assert_int_equal(n, 2);
	assert_int_equal(list[0].made_seq, 7);
	assert_memory_equal(&list[0].made, &made, sizeof made);
	assert_int_equal(list[1].made_seq, 0);
	intents_free(list, n);
	kit_free(&k);
}

TEST(a_receipt_that_is_owed_counts_only_once_it_was_given)
{
	struct id self = kit_id(1), bas = kit_id(2);
	struct kit k;
	uint64_t *owed;
	size_t n;
	bool yes;

	kit_new(&k, &self);
	assert_ok(receipt_owe(&k.st, 4));
	assert_ok(receipt_owe(&k.st, 3));
	assert_ok(receipt_has(&k.st, &self, 3, &yes));
	assert_false(yes);
	assert_ok(receipt_owed(&k.st, &owed, &n));
	assert_int_equal(n, 2);
	assert_int_equal(owed[0], 3);
	assert_int_equal(owed[1], 4);
	free(owed);
	assert_ok(receipt_given(&k.st, 3));
	assert_ok(receipt_owe(&k.st, 3));	/* not owed again */
	assert_ok(receipt_owed(&k.st, &owed, &n));
	assert_int_equal(n, 1);
	free(owed);
	assert_ok(receipt_has(&k.st, &self, 3, &yes));
	assert_true(yes);
	assert_ok(receipt_has(&k.st, &bas, 3, &yes));
	assert_false(yes);
	assert_ok(receipt_put(&k.st, &bas, 3));
	assert_ok(receipt_put(&k.st, &bas, 3));
	assert_ok(receipt_has(&k.st, &bas, 3, &yes));
	assert_true(yes);
	kit_free(&k);
}

/* Two commits of bas, 1 and 2; the cut lies between them. */
TEST(what_a_device_wrote_after_its_cut_goes_aside_and_nothing_else)
{
	struct id self = kit_id(1), bas = kit_id(2), record = kit_id(40);
	struct change c = kit_change(&bas, 1, &record, &bas, 1);
	struct record r;
	struct store_counts count;
	struct kit k;
	uint64_t opened;
	bool any = false;

	kit_new(&k, &self);
	kit_set(&c, "narrative", "ervoor");
	kit_put(&k, &c);
	c = kit_change(&bas, 2, &record, &bas, 1);
	change_add_sup(kit_set(&c, "narrative", "erna"),
	    &(struct dot){ bas, 1 }, BYTES_EMPTY);
	kit_put(&k, &c);
	assert_ok(store_carried(&k.st, &bas, 1, 1, 1));
	assert_ok(store_carried(&k.st, &bas, 2, 2, 2));
	assert_ok(store_set_opened(&k.st, &bas, 2));

	assert_ok(store_cut(&k.st, &bas, 2, &any));	/* nothing is beyond */
	assert_false(any);
	assert_ok(store_count(&k.st, &count));
	assert_int_equal(count.quarantined, 0);

	assert_ok(store_cut(&k.st, &bas, 1, &any));
	assert_true(any);
	assert_ok(store_cut(&k.st, &bas, 1, &any));
	assert_false(any);
	assert_ok(store_count(&k.st, &count));
	assert_int_equal(count.quarantined, 1);
	assert_ok(store_opened(&k.st, &bas, &opened));
	assert_int_equal(opened, 1);
	assert_ok(store_record(&k.st, &r, &record));
	assert_int_equal(r.nchanges, 1);
	assert_int_equal(r.changes[0].dot.n, 1);
	record_free(&r);
	assert_ok(store_adopted(&k.st, &(struct dot){ bas, 2 }));
	assert_ok(store_count(&k.st, &count));
	assert_int_equal(count.quarantined, 0);
	kit_free(&k);
}

int
main(void)
{
	if (secret_start() != NULL)
		return 1;
	return RUN(
	    T(an_intent_comes_back_as_it_was_kept),
	    T(intents_stand_in_the_order_in_which_they_were_asked),
	    T(a_receipt_that_is_owed_counts_only_once_it_was_given),
	    T(what_a_device_wrote_after_its_cut_goes_aside_and_nothing_else));
}
