#include "tests/unit/changes.h"

/* What change_check refuses, change_decode refuses; and the other way. */
static void
agree(struct change *c, bool good)
{
	struct buf b = BUF_EMPTY;
	struct change d;

	change_encode(&b, c);
	if (good) {
		assert_ok(change_check(c));
		assert_ok(change_decode(&d, buf_view(&b)));
		change_free(&d);
	} else {
		assert_fault(FAULT_INVALID, change_check(c));
		assert_fault(FAULT_FORMAT, change_decode(&d, buf_view(&b)));
	}
	buf_free(&b);
	change_free(c);
}

static struct change_field *
one_field(struct change *c, enum kind kind)
{
	struct change_field *f;

	*c = head();
	f = change_add(c, B("f"), COMP_TEAM, kind);
	if (kind == KIND_VALUE)
		change_add_value(f, BYTES_EMPTY);
	return f;
}

TEST(a_number_outside_its_bound_is_refused)
{
	static const struct {
		size_t	at;
		uint8_t	byte;
	} bad[] = {
		{ 16, 0 },				/* n */
		{ 49, 0 },				/* index */
		{ 50, 0 },				/* type */
		{ 60, 0 }, { 60, 2 },			/* fields */
		{ 61, 0 },				/* field name */
		{ 63, 0 }, { 63, 4 }, { 63, 255 },	/* compartment */
		{ 64, 2 },				/* kind */
		{ 65, 1 },				/* superseded */
		{ 66, 0 }, { 66, 1 }, { 66, 3 }, { 66, 4 }, { 66, 6 },
		{ 66, 0x82 },				/* mask */
		{ 67, 1 }, { 67, 3 },			/* payload */
		{ 68, 0 }, { 68, 2 },			/* value */
	};
	uint8_t at[LEAST_LEN];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		memcpy(at, least, LEAST_LEN);
		at[bad[i].at] = bad[i].byte;
		if (accepted(at, LEAST_LEN))
			fail_msg("byte %zu = %u was taken", bad[i].at,
			    bad[i].byte);
	}
}

TEST(numbers_and_names_stop_at_their_bounds)
{
	char text[WIRE_NAME_MAX + 1];
	struct change c;

	memset(text, 'x', sizeof text);
	for (size_t over = 0; over < 2; over++) {
		one_field(&c, KIND_VALUE);
		c.dot.n = WIRE_COUNTER_MAX + (uint64_t)over;
		agree(&c, over == 0);
		one_field(&c, KIND_VALUE);
		c.index.n = WIRE_INDEX_MAX + (uint32_t)over;
		agree(&c, over == 0);
		one_field(&c, KIND_VALUE);
		c.type = (struct bytes){ (uint8_t *)text,
		    WIRE_NAME_MAX + over };
		agree(&c, over == 0);
		one_field(&c, KIND_VALUE)->name = (struct bytes){
		    (uint8_t *)text, WIRE_NAME_MAX + over };
		agree(&c, over == 0);
		add_dot(one_field(&c, KIND_VALUE), 'A',
		    WIRE_COUNTER_MAX + (uint64_t)over, BYTES_EMPTY);
		agree(&c, over == 0);
	}
	add_dot(one_field(&c, KIND_VALUE), 'A', 0, BYTES_EMPTY);
	agree(&c, false);
	one_field(&c, KIND_VALUE)->comp = COMP_LEDGER;
	agree(&c, false);
	one_field(&c, KIND_VALUE)->name = BYTES_EMPTY;
	agree(&c, false);
	c = head();
	agree(&c, false);
}

TEST(lists_stop_at_their_bounds)
{
	uint8_t names[WIRE_ELEMS_MAX + 1][2];
	struct change c;
	struct change_field *f;

	for (size_t i = 0; i < WIRE_ELEMS_MAX + 1; i++) {
		names[i][0] = (uint8_t)(i >> 8);
		names[i][1] = (uint8_t)i;
	}
	for (size_t over = 0; over < 2; over++) {
		f = one_field(&c, KIND_SET);
		for (size_t i = 0; i < WIRE_ELEMS_MAX + over; i++)
			change_add_value(f, (struct bytes){ names[i], 2 });
		agree(&c, over == 0);
		f = one_field(&c, KIND_VALUE);
		for (size_t i = 0; i < WIRE_DOTS_MAX + over; i++)
			add_dot(f, 'A', i + 1, BYTES_EMPTY);
		agree(&c, over == 0);
		c = head();
		for (size_t i = 0; i < WIRE_FIELDS_MAX + over; i++)
			change_add_value(change_add(&c, (struct bytes){
			    names[i], 2 }, COMP_TEAM, KIND_VALUE), B("v"));
		agree(&c, over == 0);
	}
}

TEST(values_and_changes_stop_at_their_bounds)
{
	uint8_t *big = mem_new(WIRE_CHANGE_MAX);
	struct change c;
	struct change_field *f;

	for (size_t over = 0; over < 2; over++) {
		struct bytes v = { big, WIRE_VALUE_MAX + over };

		one_field(&c, KIND_VALUE)->val[0] = v;
		agree(&c, over == 0);
		change_add_value(one_field(&c, KIND_SET), v);
		agree(&c, over == 0);
		add_dot(one_field(&c, KIND_SET), 'A', 1, v);
		agree(&c, over == 0);
		/* 67 bytes up to the mask, 5 more for g; 3 for each count. */
		f = one_field(&c, KIND_VALUE);
		f->val[0] = (struct bytes){ big, WIRE_VALUE_MAX };
		f = change_add(&c, B("g"), COMP_TEAM, KIND_VALUE);
		change_add_value(f, (struct bytes){ big, WIRE_CHANGE_MAX -
		    WIRE_VALUE_MAX - 67 - 3 - 3 - 5 - 3 + over });
		agree(&c, over == 0);
	}
	free(big);
}

TEST(lists_out_of_order_are_refused)
{
	struct change c;
	struct change_field *f;

	for (int twice = 0; twice < 2; twice++) {
		f = one_field(&c, KIND_VALUE);
		add_dot(f, 'B', 1, BYTES_EMPTY);
		add_dot(f, twice ? 'B' : 'A', 1, BYTES_EMPTY);
		agree(&c, false);
		f = one_field(&c, KIND_SET);
		change_add_value(f, B("b"));
		change_add_value(f, twice ? B("b") : B("a"));
		agree(&c, false);
		f = one_field(&c, KIND_SET);
		add_dot(f, 'A', 2, B("x"));
		add_dot(f, 'A', twice ? 2 : 1, B("x"));
		agree(&c, false);
		f = one_field(&c, KIND_SET);
		add_dot(f, 'A', 1, B("y"));
		add_dot(f, 'A', 2, twice ? B("") : B("x"));
		agree(&c, false);
		one_field(&c, KIND_VALUE);
		change_add_value(change_add(&c, twice ? B("f") : B("e"),
		    COMP_IDENTITY, KIND_VALUE), B("v"));
		agree(&c, false);
	}
	f = one_field(&c, KIND_SET);
	add_dot(f, 'A', 1, B("x"));
	add_dot(f, 'A', 1, B("y"));
	agree(&c, true);
}

TEST(a_value_has_one_value_and_a_set_may_have_none)
{
	struct change c;

	one_field(&c, KIND_VALUE)->nval = 0;
	assert_fault(FAULT_INVALID, change_check(&c));
	change_free(&c);
	change_add_value(one_field(&c, KIND_VALUE), B("v"));
	assert_fault(FAULT_INVALID, change_check(&c));
	change_free(&c);
	one_field(&c, KIND_SET);
	agree(&c, true);
}

int
main(void)
{
	return RUN(
	    T(a_number_outside_its_bound_is_refused),
	    T(numbers_and_names_stop_at_their_bounds),
	    T(lists_stop_at_their_bounds),
	    T(values_and_changes_stop_at_their_bounds),
	    T(lists_out_of_order_are_refused),
	    T(a_value_has_one_value_and_a_set_may_have_none));
}
