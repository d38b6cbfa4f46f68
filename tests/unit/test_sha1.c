#include "tests/unit/test.h"

#include "sync/sha1.h"
#include "sync/base/id.h"

static void
assert_sum(const char *want, struct bytes data, size_t step)
{
	struct sha1 s;
	uint8_t got[SHA1_LEN], expect[SHA1_LEN];

	assert_true(hex_parse(expect, sizeof expect, bytes_of(want)));
	sha1_start(&s);
	for (size_t at = 0; at < data.len; at += step)
		sha1_add(&s, (struct bytes){ data.at + at,
		    data.len - at < step ? data.len - at : step });
	sha1_end(got, &s);
	assert_memory_equal(got, expect, sizeof got);
}

/* FIPS 180-4 example vectors, and the empty message. */
TEST(the_published_vectors_come_out)
{
	static const char two[] =
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	assert_sum("da39a3ee5e6b4b0d3255bfef95601890afd80709", bytes_of(""), 1);
	assert_sum("a9993e364706816aba3e25717850c26c9cd0d89d",
	    bytes_of("abc"), 3);
	assert_sum("84983e441c3bd26ebaae4aa1f95129e5e54670f1",
	    bytes_of(two), 56);
}

TEST(a_million_letters_in_pieces_of_any_size)
{
	static const size_t steps[] = { 1, 7, 63, 64, 65, 1000000 };
	uint8_t *a = malloc(1000000);

	memset(a, 'a', 1000000);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		assert_sum("34aa973cd4c4daa4f61eeb2bdbad27316534016f",
		    (struct bytes){ a, 1000000 }, steps[i]);
	free(a);
}

int
main(void)
{
	return RUN(
	    T(the_published_vectors_come_out),
	    T(a_million_letters_in_pieces_of_any_size));
}
