#include "tests/unit/test.h"

#include "sync/delta.h"

#define BYTES(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })

static const char base[] = "0123456789";

static void
assert_makes(struct bytes delta, const char *want)
{
	struct buf out = BUF_EMPTY;

	assert_true(delta_apply(&out, BYTES(base), delta, 1000));
	assert_true(bytes_is(buf_view(&out), want));
	buf_free(&out);
}

/* Each cut, in a block of exactly its size. */
static void
assert_refused(struct bytes delta)
{
	struct buf out = BUF_EMPTY;
	uint8_t *at = test_cut(delta.at, delta.len);

	assert_false(delta_apply(&out, BYTES(base),
	    (struct bytes){ at, delta.len }, 1000));
	free(at);
	buf_free(&out);
}

/* By hand from the table in gitformat-pack(5). */
TEST(copies_and_new_bytes_make_the_result)
{
	assert_makes(BYTES("\x0a\x00"), "");
	assert_makes(BYTES("\x0a\x03\x03" "abc"), "abc");
	assert_makes(BYTES("\x0a\x0a\x90\x0a"), "0123456789");
	assert_makes(BYTES("\x0a\x02\x91\x08\x02"), "89");
	assert_makes(BYTES("\x0a\x06\x91\x08\x02\x02xy\x91\x00\x02"), "89xy01");
	assert_makes(BYTES("\x8a\x00\x02\xb1\x08\x02\x00"), "89");
}

TEST(a_size_of_zero_means_65536)
{
	uint8_t *big = mem_new(70000);
	struct buf out = BUF_EMPTY;
	struct bytes whole = { big, 70000 };

	big[4464] = 1;
	assert_true(delta_apply(&out, whole,
	    BYTES("\xf0\xa2\x04\x80\x80\x04\x83\x70\x11"), 65536));
	assert_int_equal(out.len, 65536);
	assert_int_equal(out.at[0], 1);
	buf_clear(&out);
	assert_false(delta_apply(&out, whole,
	    BYTES("\xf0\xa2\x04\x80\x80\x04\x83\x71\x11"), 65536));
	assert_false(delta_apply(&out, whole,
	    BYTES("\xf0\xa2\x04\x80\x80\x04\x83\x70\x11"), 65535));
	buf_free(&out);
	free(big);
}

TEST(what_does_not_fit_is_refused)
{
	assert_refused(BYTES(""));
	assert_refused(BYTES("\x0a"));
	assert_refused(BYTES("\x09\x00"));		/* another base */
	assert_refused(BYTES("\x0b\x00"));
	assert_refused(BYTES("\x0a\x01"));		/* too little */
	assert_refused(BYTES("\x0a\x02\x03" "abc"));	/* too much */
	assert_refused(BYTES("\x0a\x03\x03" "ab"));	/* cut */
	assert_refused(BYTES("\x0a\x01\x00" "a"));	/* reserved */
	assert_refused(BYTES("\x0a\x03\x91\x08\x03"));	/* beyond the base */
	assert_refused(BYTES("\x0a\x03\x9f\xff\xff\xff\xff\x03"));
	assert_refused(BYTES("\x0a\x0a\x80"));		/* 65536 */
	assert_refused(BYTES("\x0a\xe9\x07\x90\x0a"));	/* above max */
	assert_refused(BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
	assert_refused(BYTES("\x0a\x03\x91\x08"));
}

TEST(a_delta_cut_anywhere_is_refused)
{
	struct bytes d = BYTES("\x0a\x06\x91\x08\x02\x02xy\x91\x01\x02");

	for (size_t n = 0; n < d.len; n++)
		assert_refused((struct bytes){ d.at, n });
}

int
main(void)
{
	return RUN(
	    T(copies_and_new_bytes_make_the_result),
	    T(a_size_of_zero_means_65536),
	    T(what_does_not_fit_is_refused),
	    T(a_delta_cut_anywhere_is_refused));
}
