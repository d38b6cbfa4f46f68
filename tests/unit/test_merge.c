#include "tests/unit/story.h"

TEST(without_changes_nothing_stands)
{
	struct story s = { .n = 0 };

	stands(&s, "");
}

TEST(an_edit_replaces_what_it_has_seen)
{
	struct story s = { .n = 0 };

	value(&s, "A1", "f", "x", NULL);
	stands(&s, "f=x@A1");
	value(&s, "B1", "f", "y", "A1");
	stands(&s, "f=y@B1");
	over(&s);
}

TEST(edits_that_did_not_see_each_other_both_stand)
{
	struct story s = { .n = 0 };

	value(&s, "A1", "f", "x", NULL);
	value(&s, "A1", "g", "same", NULL);
	value(&s, "B1", "f", "y", "A1");
	value(&s, "C1", "f", "z", "A1");
	stands(&s, "f=y@B1,z@C1! g=same@A1");
	/* Who knows only one of them settles nothing; who knows both does. */
	value(&s, "D1", "f", "w", "B1");
	stands(&s, "f=z@C1,w@D1! g=same@A1");
	value(&s, "E1", "f", "w", "B1 C1 D1");
	stands(&s, "f=w@E1 g=same@A1");
	over(&s);
}

TEST(equal_values_are_no_conflict)
{
	struct story s = { .n = 0 };

	value(&s, "A1", "f", "x", NULL);
	value(&s, "B1", "f", "x", NULL);
	stands(&s, "f=x@A1,x@B1");
	value(&s, "C1", "f", "", NULL);
	stands(&s, "f=x@A1,x@B1,@C1!");
	over(&s);
}

TEST(the_clock_decides_nothing)
{
	struct story s = { .n = 0 };

	value(&s, "A1", "f", "old", NULL);
	value(&s, "B1", "f", "new", "A1");
	value(&s, "C1", "f", "new2", "A1");
	s.c[0].clock = UINT64_MAX;
	s.c[1].clock = 0;
	stands(&s, "f=new@B1,new2@C1!");
	over(&s);
}

TEST(a_supersession_that_arrives_first_endures)
{
	struct story s = { .n = 0 };

	value(&s, "B2", "f", "y", "A1 A2");
	set_remove(&s, "B2", "t", "gone", "A1");
	stands(&s, "f=y@B2 t{}");
	value(&s, "A1", "f", "x", NULL);
	set_add(&s, "A1", "t", "gone");
	stands(&s, "f=y@B2 t{}");
	value(&s, "A2", "f", "z", "A1");
	stands(&s, "f=y@B2 t{}");
	over(&s);
}

TEST(a_supersession_reaches_its_own_field_only)
{
	struct story s = { .n = 0 };

	value(&s, "A1", "f", "x", NULL);
	value(&s, "A1", "g", "x", NULL);
	set_add(&s, "A1", "t", "e");
	value(&s, "B1", "f", "y", "A1");
	stands(&s, "f=y@B1 g=x@A1 t{e@A1}");
	over(&s);
}

TEST(adding_different_elements_is_no_conflict)
{
	struct story s = { .n = 0 };

	set_add(&s, "B1", "t", "b");
	set_add(&s, "A1", "t", "a");
	set_add(&s, "C1", "t", "a");
	stands(&s, "t{a@A1,a@C1,b@B1}");
	over(&s);
}

TEST(removing_an_element_leaves_what_it_did_not_see)
{
	struct story s = { .n = 0 };
	struct change_field *f = field(&s, "A1", "t", KIND_SET);

	change_add_value(f, B("a"));
	change_add_value(f, B("b"));
	set_remove(&s, "C1", "t", "a", "A1");
	stands(&s, "t{b@A1}");
	set_add(&s, "B1", "t", "a");
	stands(&s, "t{a@B1,b@A1}");
	set_remove(&s, "C2", "t", "a", "B1");
	stands(&s, "t{b@A1}");
	set_remove(&s, "C3", "t", "nothing", "A1");
	stands(&s, "t{b@A1}");
	set_add(&s, "C4", "t", "a");
	stands(&s, "t{a@C4,b@A1}");
	over(&s);
}

TEST(a_value_and_a_set_of_one_name_are_apart)
{
	struct story s = { .n = 0 };

	set_add(&s, "A1", "f", "x");
	value(&s, "B1", "f", "x", "A1");
	stands(&s, "f=x@B1 f{x@A1}");
	over(&s);
}

TEST(a_withheld_value_stands_and_supersedes_but_differs_from_none)
{
	struct story s = { .n = 0 };

	value(&s, "A1", "f", "x", NULL);
	value(&s, "B1", "f", "secret", "A1");
	withhold(&s);
	stands(&s, "f=?@B1");
	value(&s, "C1", "f", "z", "A1");
	stands(&s, "f=?@B1,z@C1");
	value(&s, "D1", "withdrawn", "1", "C1");
	stands(&s, "f=?@B1,z@C1 withdrawn=1@D1! W!");
	over(&s);
}

TEST(a_withheld_set_change_is_one_item_that_settles_nothing)
{
	struct story s = { .n = 0 };
	struct change_field *f;

	set_add(&s, "A1", "t", "e");
	f = field(&s, "B1", "t", KIND_SET);
	change_add_value(f, B("secret"));
	add_sups(f, "A1", "e");
	withhold(&s);
	stands(&s, "t{?@B1,e@A1}");
	set_remove(&s, "C1", "t", "", "B1");
	stands(&s, "t{?@B1,e@A1}");
	value(&s, "D1", "withdrawn", "1", "A1");
	stands(&s, "t{?@B1,e@A1} withdrawn=1@D1 W");
	over(&s);
}

TEST(of_two_copies_the_one_that_opened_counts)
{
	struct story s = { .n = 0 };

	for (int first = 0; first < 2; first++) {
		value(&s, "A1", "f", "x", NULL);
		if (first == 0)
			withhold(&s);
		s.n++;
		s.c[1] = (struct change){ .dot = dot_named("A1") };
		change_add_value(change_add(&s.c[1], B("f"), COMP_TEAM,
		    KIND_VALUE), B("x"));
		if (first == 1)
			withhold(&s);
		stands(&s, "f=x@A1");
		over(&s);
	}
}

/* Ten changes that do everything to each other. */
static void
tangle(struct story *s)
{
	value(s, "A1", "f", "x", NULL);
	set_add(s, "A1", "t", "e");
	value(s, "B1", "f", "y", NULL);
	value(s, "C1", "f", "z", "A1");
	set_remove(s, "C1", "t", "e", "A1");
	value(s, "A2", "withdrawn", "1", "A1");
	set_add(s, "B2", "t", "e");
	value(s, "D1", "withdrawn", "", "A2");
}

static void
swap(size_t *a, size_t *b)
{
	size_t x = *a;

	*a = *b;
	*b = x;
}

static void
same_in_this_order(const struct story *s, const size_t *order,
    struct bytes want)
{
	const struct change *at[64];
	struct buf b = BUF_EMPTY;
	struct merged m;

	for (size_t i = 0; i < s->n; i++) {
		at[i] = &s->c[order[i]];
		at[2 * s->n - 1 - i] = at[i];
	}
	for (int twice = 0; twice < 2; twice++) {
		merge(&m, at, twice ? 2 * s->n : s->n);
		buf_clear(&b);
		merged_dump(&b, &m, 0xe);
		put_merged(&b, &m);
		assert_true(bytes_eq(buf_view(&b), want));
		merged_free(&m);
	}
	buf_free(&b);
}

/* All orders of the last left entries of order (Heap's algorithm). */
static void
permute(const struct story *s, size_t *order, size_t left, struct bytes want)
{
	if (left <= 1) {
		same_in_this_order(s, order, want);
		return;
	}
	for (size_t i = 0; i < left; i++) {
		permute(s, order, left - 1, want);
		swap(&order[left % 2 ? 0 : i], &order[left - 1]);
	}
}

TEST(neither_order_nor_repetition_matters)
{
	struct story s = { .n = 0 };
	size_t order[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	struct buf b = BUF_EMPTY;
	struct merged m;

	tangle(&s);
	stands(&s, "f=y@B1,z@C1! t{e@B2} withdrawn=@D1");
	merge_story(&m, &s);
	merged_dump(&b, &m, 0xe);
	put_merged(&b, &m);
	permute(&s, order, s.n, buf_view(&b));
	buf_free(&b);
	merged_free(&m);
	over(&s);
}

TEST(the_newest_readable_value_is_shown)
{
	struct story s = { .n = 0 };
	const struct merged_field *f;
	struct merged m;

	value(&s, "B1", "f", "late", NULL);
	value(&s, "A1", "f", "early", NULL);
	value(&s, "C1", "f", "latest", NULL);
	withhold(&s);
	value(&s, "C2", "g", "x", NULL);
	value(&s, "D2", "g", "", NULL);
	s.c[0].clock = 9;
	merge_story(&m, &s);
	f = merged_find(&m, B("f"), KIND_VALUE);
	assert_true(bytes_is(merged_shown(f)->value, "late"));
	assert_true(f->withheld && f->conflict);
	assert_null(merged_shown(merged_find(&m, B("g"), KIND_VALUE)));
	assert_null(merged_find(&m, B("f"), KIND_SET));
	assert_null(merged_find(&m, B("h"), KIND_VALUE));
	assert_int_equal(m.conflicts, 2);
	assert_int_equal(m.newest, 9);
	merged_free(&m);
	assert_null(merged_find(&m, B("f"), KIND_VALUE));
	over(&s);
}

TEST(all_standing_dots_are_listed_once_and_in_order)
{
	struct story s = { .n = 0 };
	struct dot want[] = { dot_named("A3"), dot_named("B1"),
	    dot_named("B2"), dot_named("C1"), dot_named("D1") }, *dots;
	struct merged m;
	size_t n;

	tangle(&s);
	value(&s, "A3", "g", "kept", NULL);
	value(&s, "A3", "h", "kept", NULL);
	merge_story(&m, &s);
	dots = merged_dots(&m, &n);
	assert_int_equal(n, 5);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(dot_cmp(&dots[i], &want[i]), 0);
	free(dots);
	merged_free(&m);
	over(&s);
}

TEST(a_dump_holds_what_stands_in_its_compartments_only)
{
	static const char want[] =
	    "\x01" "f" "\x00\x01" "BBBBBBBBBBBBBBBB" "\x80\x01" "\x01" "\x01y"
	    "\x01" "t" "\x01\x02" "AAAAAAAAAAAAAAAA" "\x01" "\x01" "\x01" "e"
	    "BBBBBBBBBBBBBBBB" "\x80\x01" "\x01" "\x01" "e";
	struct story s = { .n = 0 };
	struct buf b = BUF_EMPTY;
	struct merged m;

	value(&s, "A1", "f", "x", NULL);
	set_add(&s, "A1", "t", "e");
	set_add(&s, "A1", "empty", "e");
	value(&s, "B128", "f", "y", "A1");
	set_add(&s, "B128", "t", "e");
	set_remove(&s, "B128", "empty", "e", "A1");
	value(&s, "C1", "f", "hidden", "A1");
	withhold(&s);
	value(&s, "D1", "name", "Noor", NULL);
	s.c[s.n - 1].fields[0].comp = COMP_IDENTITY;
	merge_story(&m, &s);
	merged_dump(&b, &m, 1u << COMP_TEAM);
	assert_int_equal(b.len, sizeof want - 1);
	assert_memory_equal(b.at, want, b.len);
	merged_dump(&b, &m, 1u << COMP_RESTRICTED);
	assert_int_equal(b.len, sizeof want - 1);
	merged_dump(&b, &m, 1u << COMP_IDENTITY);
	assert_int_equal(b.len, sizeof want - 1 + 7 + 17 + 1 + 5);
	buf_free(&b);
	merged_free(&m);
	over(&s);
}

/* 1,000 edits of 12 fields, each of all that it saw: the last one stands. */
TEST(a_long_history_leaves_its_end)
{
	static struct change c[1000];
	static const struct change *at[1000];
	char names[12][2];
	struct merged m;

	for (size_t i = 0; i < 1000; i++) {
		c[i] = (struct change){ .dot = dot_named("A1"), .clock = i };
		c[i].dot.n = i + 1;
		for (size_t k = 0; k < 12; k++) {
			struct change_field *f;

			snprintf(names[k], 2, "%c", (int)('a' + k));
			f = change_add(&c[i], B(names[k]), COMP_TEAM,
			    KIND_VALUE);
			change_add_value(f, B("v"));
			if (i > 0)
				change_add_sup(f, &c[i - 1].dot, B(""));
		}
		at[999 - i] = &c[i];
	}
	merge(&m, at, 1000);
	assert_int_equal(m.nfields, 12);
	for (size_t k = 0; k < 12; k++) {
		assert_int_equal(m.fields[k].nitems, 1);
		assert_int_equal(m.fields[k].items[0].dot.n, 1000);
	}
	merged_free(&m);
	for (size_t i = 0; i < 1000; i++)
		change_free(&c[i]);
}

int
main(void)
{
	return RUN(
	    T(without_changes_nothing_stands),
	    T(an_edit_replaces_what_it_has_seen),
	    T(edits_that_did_not_see_each_other_both_stand),
	    T(equal_values_are_no_conflict),
	    T(the_clock_decides_nothing),
	    T(a_supersession_that_arrives_first_endures),
	    T(a_supersession_reaches_its_own_field_only),
	    T(adding_different_elements_is_no_conflict),
	    T(removing_an_element_leaves_what_it_did_not_see),
	    T(a_value_and_a_set_of_one_name_are_apart),
	    T(a_withheld_value_stands_and_supersedes_but_differs_from_none),
	    T(a_withheld_set_change_is_one_item_that_settles_nothing),
	    T(of_two_copies_the_one_that_opened_counts),
	    T(neither_order_nor_repetition_matters),
	    T(the_newest_readable_value_is_shown),
	    T(all_standing_dots_are_listed_once_and_in_order),
	    T(a_dump_holds_what_stands_in_its_compartments_only),
	    T(a_long_history_leaves_its_end));
}
