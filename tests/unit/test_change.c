#include "tests/unit/changes.h"

/* One of everything: three compartments, both kinds, supersessions. */
static const uint8_t rich[] =
    "DDDDDDDDDDDDDDDD"
    "\xac\x02" "RRRRRRRRRRRRRRRR"	/* 300 */
    "CCCCCCCCCCCCCCCC" "\xe5\x8e\x26"	/* 624485 */
    "\x0b" "observation"
    "\x00\x00\x01\x00\x00\x00\x00\x00"	/* 65536 */
    "\x04"
    "\x04" "body" "\x01\x00\x02"
    "AAAAAAAAAAAAAAAA" "\x07" "DDDDDDDDDDDDDDDD" "\x80\x01"
    "\x04" "name" "\x02\x00\x00"
    "\x06" "safety" "\x03\x00\x01" "AAAAAAAAAAAAAAAA" "\x01"
    "\x04" "tags" "\x01\x01\x03"
    "EEEEEEEEEEEEEEEE" "\x01" "AAAAAAAAAAAAAAAA" "\x07"
    "DDDDDDDDDDDDDDDD" "\x01"
    "\x0e"				/* team, identity, restricted */
    "\x1c" "\x05" "hello"		/* 28 = 6 + 8 + 4 + 5 + 5 */
	   "\x02" "\x02" "aa" "\x03" "aab"
	   "\x03" "old" "\x04" "same" "\x04" "same"
    "\x05" "\x04" "Noor"
    "\x01" "\x00";
#define RICH_LEN (sizeof rich - 1)

/* As rich, built with everything in disorder and some of it twice. */
static struct change
built(void)
{
	struct change c = head();
	struct change_field *f;

	c.dot.n = 300;
	c.index.n = 624485;
	c.type = B("observation");
	c.clock = 65536;
	f = change_add(&c, B("tags"), COMP_TEAM, KIND_SET);
	change_add_value(f, B("aab"));
	change_add_value(f, B("aa"));
	change_add_value(f, B("aab"));
	add_dot(f, 'D', 1, B("same"));
	add_dot(f, 'A', 7, B("same"));
	add_dot(f, 'E', 1, B("old"));
	add_dot(f, 'D', 1, B("same"));
	f = change_add(&c, B("safety"), COMP_RESTRICTED, KIND_VALUE);
	change_add_value(f, BYTES_EMPTY);
	add_dot(f, 'A', 1, BYTES_EMPTY);
	f = change_add(&c, B("body"), COMP_TEAM, KIND_VALUE);
	change_add_value(f, B("hello"));
	add_dot(f, 'D', 128, BYTES_EMPTY);
	add_dot(f, 'A', 7, BYTES_EMPTY);
	add_dot(f, 'D', 128, BYTES_EMPTY);
	f = change_add(&c, B("name"), COMP_IDENTITY, KIND_VALUE);
	change_add_value(f, B("Noor"));
	change_sort(&c);
	return c;
}

TEST(a_change_has_exactly_the_bytes_of_the_format)
{
	struct change c = built();
	struct buf b = BUF_EMPTY;

	assert_ok(change_check(&c));
	change_encode(&b, &c);
	assert_int_equal(b.len, RICH_LEN);
	assert_memory_equal(b.at, rich, RICH_LEN);
	buf_free(&b);
	change_free(&c);
}

TEST(a_decoded_change_is_what_was_written)
{
	struct change c;
	struct dot d = dot_of('E', 1);

	assert_ok(change_decode(&c, (struct bytes){ rich, RICH_LEN }));
	assert_int_equal(c.dot.n, 300);
	assert_int_equal(c.dot.device.b[15], 'D');
	assert_int_equal(c.record.b[0], 'R');
	assert_int_equal(c.index.creator.b[0], 'C');
	assert_int_equal(c.index.n, 624485);
	assert_int_equal(c.clock, 65536);
	assert_true(bytes_is(c.type, "observation"));
	assert_int_equal(c.nfields, 4);
	assert_true(bytes_is(c.fields[0].name, "body"));
	assert_int_equal(c.fields[0].sup[1].n, 128);
	assert_true(bytes_is(c.fields[0].val[0], "hello"));
	assert_int_equal(c.fields[1].comp, COMP_IDENTITY);
	assert_true(bytes_is(c.fields[1].val[0], "Noor"));
	assert_int_equal(c.fields[2].val[0].len, 0);
	assert_int_equal(c.fields[3].kind, KIND_SET);
	assert_int_equal(c.fields[3].nval, 2);
	assert_true(bytes_is(c.fields[3].gone[0], "old"));
	assert_int_equal(dot_cmp(&c.fields[3].sup[0], &d), 0);
	assert_int_equal(change_comps(&c), 0x0e);
	change_free(&c);
}

TEST(a_change_cut_anywhere_is_refused)
{
	for (size_t n = 0; n < LEAST_LEN; n++)
		assert_false(accepted(least, n));
	for (size_t n = 0; n < RICH_LEN; n++)
		assert_false(accepted(rich, n));
	assert_true(accepted(least, LEAST_LEN));
	assert_true(accepted(rich, RICH_LEN));
}

TEST(a_byte_behind_a_change_is_refused)
{
	uint8_t more[RICH_LEN + 1];

	memcpy(more, rich, RICH_LEN);
	more[RICH_LEN] = 0;
	assert_false(accepted(more, sizeof more));
}

TEST(a_flipped_bit_is_refused_or_stays_visible)
{
	uint8_t bad[RICH_LEN];
	size_t taken = 0;

	for (size_t i = 0; i < RICH_LEN * 8; i++) {
		memcpy(bad, rich, RICH_LEN);
		bad[i / 8] ^= (uint8_t)(1u << (i % 8));
		taken += accepted(bad, RICH_LEN);
	}
	/* Ids, the clock and texts are free, so many are: but not all. */
	assert_in_range(taken, 16 * 8 * 3, RICH_LEN * 8 - 100);
}

TEST(the_ledger_form_names_no_value)
{
	static const char *const values[] = { "hello", "Noor", "aab", "old",
	    "same" };
	struct change c = built();
	struct buf b = BUF_EMPTY;

	change_put_ledger(&b, &c);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		assert_null(memmem(b.at, b.len, values[i],
		    strlen(values[i])));
	buf_free(&b);
	change_free(&c);
}

TEST(a_ledger_form_is_read_up_to_its_end_and_no_further)
{
	struct change c = built(), d;
	struct buf b = BUF_EMPTY, again = BUF_EMPTY;
	struct reader r;

	change_put_ledger(&b, &c);
	buf_add(&b, "rest", 4);
	r = reader_of(buf_view(&b));
	change_get_ledger(&r, &d, &c.dot.device);
	assert_int_equal(reader_left(&r), 4);
	assert_int_equal(d.nfields, 4);
	for (size_t i = 0; i < d.nfields; i++)
		assert_true(d.fields[i].withheld);
	change_put_ledger(&again, &d);
	assert_int_equal(again.len, b.len - 4);
	assert_memory_equal(again.at, b.at, again.len);
	change_free(&d);
	for (size_t n = 0; n < again.len; n++) {
		uint8_t *cut = test_cut(b.at, n);

		r = reader_of((struct bytes){ cut, n });
		change_get_ledger(&r, &d, &c.dot.device);
		assert_false(reader_ok(&r));
		assert_int_equal(d.nfields, 0);
		free(cut);
	}
	buf_free(&again);
	buf_free(&b);
	change_free(&c);
}

/* c as one sees it to whom the payloads in mask open. */
static struct change
seen_by(const struct change *c, unsigned mask, struct buf payload[COMP_COUNT],
    struct buf *ledger)
{
	struct change d;
	struct reader r;

	change_put_ledger(ledger, c);
	r = reader_of(buf_view(ledger));
	change_get_ledger(&r, &d, &c->dot.device);
	assert_true(reader_whole(&r));
	for (unsigned i = COMP_TEAM; i < COMP_COUNT; i++) {
		change_put_payload(&payload[i], c, i);
		if (mask & 1u << i)
			assert_ok(change_take_payload(&d, i,
			    buf_view(&payload[i])));
	}
	return d;
}

TEST(every_mixture_of_compartments_is_stored_and_read_back)
{
	struct change c = built();

	for (unsigned mask = 0; mask < 16; mask += 2) {
		struct buf payload[COMP_COUNT] = { BUF_EMPTY };
		struct buf ledger = BUF_EMPTY, b = BUF_EMPTY;
		struct change d = seen_by(&c, mask, payload, &ledger), e;

		assert_ok(change_check(&d));
		change_encode(&b, &d);
		assert_true(accepted(b.at, b.len));
		assert_ok(change_decode(&e, buf_view(&b)));
		for (size_t i = 0; i < 4; i++) {
			bool has = mask & 1u << e.fields[i].comp;

			assert_int_equal(e.fields[i].withheld, !has);
			assert_int_equal(e.fields[i].nval,
			    has ? c.fields[i].nval : 0);
		}
		if (mask == 14)
			assert_memory_equal(b.at, rich, RICH_LEN);
		change_free(&e);
		change_free(&d);
		buf_free(&b);
		buf_free(&ledger);
		for (size_t i = 0; i < COMP_COUNT; i++)
			buf_free(&payload[i]);
	}
	change_free(&c);
}

TEST(a_payload_that_is_not_its_changes_leaves_it_withheld)
{
	struct buf payload[COMP_COUNT] = { BUF_EMPTY }, ledger = BUF_EMPTY;
	struct change c = built(), d = seen_by(&c, 2, payload, &ledger);
	struct bytes team = buf_view(&payload[COMP_TEAM]);

	for (size_t n = 0; n < team.len; n++) {
		uint8_t *cut = test_cut(team.at, n);

		assert_fault(FAULT_FORMAT, change_take_payload(&d, COMP_TEAM,
		    (struct bytes){ cut, n }));
		assert_true(d.fields[0].withheld && d.fields[3].withheld);
		assert_int_equal(d.fields[0].nval + d.fields[3].nval, 0);
		free(cut);
	}
	assert_fault(FAULT_FORMAT, change_take_payload(&d, COMP_IDENTITY,
	    team));
	assert_fault(FAULT_FORMAT, change_take_payload(&d, COMP_LEDGER,
	    BYTES_EMPTY));
	/* The right one still opens it, and opening it twice is once. */
	assert_ok(change_take_payload(&d, COMP_TEAM, team));
	assert_ok(change_take_payload(&d, COMP_TEAM, team));
	assert_int_equal(d.fields[3].nval, 2);
	assert_true(bytes_is(d.fields[0].val[0], "hello"));
	for (size_t i = 0; i < COMP_COUNT; i++)
		buf_free(&payload[i]);
	buf_free(&ledger);
	change_free(&d);
	change_free(&c);
}

TEST(payloads_that_cannot_be_stored_together_are_refused)
{
	struct buf payload[COMP_COUNT] = { BUF_EMPTY }, ledger = BUF_EMPTY;
	uint8_t *big = mem_new(WIRE_VALUE_MAX);
	struct change c = head(), d;

	for (unsigned i = COMP_TEAM; i <= COMP_IDENTITY; i++)
		change_add_value(change_add(&c, i == COMP_TEAM ? B("a") :
		    B("b"), i, KIND_VALUE), (struct bytes){ big,
		    WIRE_VALUE_MAX });
	d = seen_by(&c, 2, payload, &ledger);
	assert_fault(FAULT_FORMAT, change_take_payload(&d, COMP_IDENTITY,
	    buf_view(&payload[COMP_IDENTITY])));
	assert_false(d.fields[0].withheld);
	assert_true(d.fields[1].withheld);
	for (size_t i = 0; i < COMP_COUNT; i++)
		buf_free(&payload[i]);
	buf_free(&ledger);
	free(big);
	change_free(&d);
	change_free(&c);
}

#define HEX "41414141414141414141414141414141"

TEST(a_dot_is_read_from_exactly_its_text)
{
	static const char *const bad[] = { "", ".", "1", HEX, HEX ".",
	    HEX ".0", HEX ".01", HEX ".1x", HEX ".-1", HEX "1.1", "1" HEX,
	    "4141414141414141414141414141414.11",
	    "4141414141414141414141414141414G.1",
	    "4141414141414141414141414141414A.1",
	    HEX ".4294967296", HEX ".99999999999999999999999999" };
	struct dot d = dot_of('A', WIRE_COUNTER_MAX), e;
	char text[DOT_TEXT];

	assert_string_equal(dot_text(text, &d),
	    HEX ".4294967295");
	assert_true(dot_parse(&e, text));
	assert_int_equal(dot_cmp(&d, &e), 0);
	d.n = UINT64_MAX;
	assert_int_equal(strlen(dot_text(text, &d)), 32 + 1 + 20);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (dot_parse(&e, bad[i]))
			fail_msg("'%s' was taken", bad[i]);
}

TEST(dots_are_ordered_by_device_then_number)
{
	struct dot a = dot_of('A', 9), b = dot_of('B', 1), c = dot_of('B', 2);

	assert_true(dot_cmp(&a, &b) < 0 && dot_cmp(&b, &a) > 0);
	assert_true(dot_cmp(&b, &c) < 0 && dot_cmp(&c, &b) > 0);
	assert_int_equal(dot_cmp(&c, &c), 0);
}

int
main(void)
{
	return RUN(
	    T(a_change_has_exactly_the_bytes_of_the_format),
	    T(a_decoded_change_is_what_was_written),
	    T(a_change_cut_anywhere_is_refused),
	    T(a_byte_behind_a_change_is_refused),
	    T(a_flipped_bit_is_refused_or_stays_visible),
	    T(the_ledger_form_names_no_value),
	    T(a_ledger_form_is_read_up_to_its_end_and_no_further),
	    T(every_mixture_of_compartments_is_stored_and_read_back),
	    T(a_payload_that_is_not_its_changes_leaves_it_withheld),
	    T(payloads_that_cannot_be_stored_together_are_refused),
	    T(a_dot_is_read_from_exactly_its_text),
	    T(dots_are_ordered_by_device_then_number));
}
