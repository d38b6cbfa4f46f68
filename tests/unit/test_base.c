/* The plain parts of base: bytes, numbers, names, time, secrets, faults. */
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "sync/base/clock.h"
#include "sync/base/codec.h"
#include "sync/base/id.h"

#define B(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })
#define SECOND UINT64_C(1000)

/* Length and bytes, by the definition of LEB128; 624485 is Wikipedia's. */
static const struct {
	uint64_t	v;
	const char	*at;
	size_t		len;
} numbers[] = {
	{ 0, "\x00", 1 }, { 1, "\x01", 1 }, { 127, "\x7f", 1 },
	{ 128, "\x80\x01", 2 }, { 300, "\xac\x02", 2 },
	{ 16383, "\xff\x7f", 2 }, { 16384, "\x80\x80\x01", 3 },
	{ 624485, "\xe5\x8e\x26", 3 },
	{ UINT64_C(1) << 63, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10 },
	{ UINT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10 },
};
#define NUMBERS (sizeof numbers / sizeof numbers[0])

TEST(a_number_has_its_shortest_form_and_is_read_back)
{
	for (size_t i = 0; i < NUMBERS; i++) {
		struct buf b = BUF_EMPTY;
		struct reader r;

		put_uv(&b, numbers[i].v);
		assert_int_equal(b.len, numbers[i].len);
		assert_memory_equal(b.at, numbers[i].at, b.len);
		r = reader_of(buf_view(&b));
		assert_true(get_uv(&r, UINT64_MAX) == numbers[i].v);
		assert_true(reader_whole(&r));
		buf_free(&b);
	}
}

static bool
uv_read(const char *at, size_t n, uint64_t max)
{
	uint8_t *cut = test_cut((const uint8_t *)at, n);
	struct reader r = reader_of((struct bytes){ cut, n });
	uint64_t v = get_uv(&r, max);

	assert_true(reader_ok(&r) || v == 0);
	free(cut);
	return reader_ok(&r);
}

TEST(a_number_that_is_cut_longer_than_need_be_or_too_large_is_refused)
{
	for (size_t i = 0; i < NUMBERS; i++) {
		for (size_t n = 0; n < numbers[i].len; n++)
			assert_false(uv_read(numbers[i].at, n, UINT64_MAX));
		assert_true(uv_read(numbers[i].at, numbers[i].len,
		    numbers[i].v));
		if (numbers[i].v > 0)
			assert_false(uv_read(numbers[i].at, numbers[i].len,
			    numbers[i].v - 1));
	}
	assert_false(uv_read("\x80\x00", 2, UINT64_MAX));
	assert_false(uv_read("\xff\x80\x00", 3, UINT64_MAX));
	assert_false(uv_read("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 10,
	    UINT64_MAX));
	assert_false(uv_read("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10,
	    UINT64_MAX));
	assert_false(uv_read("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00",
	    11, UINT64_MAX));
}

TEST(numbers_are_little_endian_and_ssh_is_big)
{
	static const uint8_t want[] = { 1, 2, 1, 4, 3, 2, 1,
	    8, 7, 6, 5, 4, 3, 2, 1, 1, 2, 3, 4, 2, 'h', 'i' };
	struct buf b = BUF_EMPTY;
	struct reader r;

	put_u8(&b, 1);
	put_u16(&b, 0x0102);
	put_u32(&b, 0x01020304);
	put_u64(&b, UINT64_C(0x0102030405060708));
	put_be32(&b, 0x01020304);
	put_counted(&b, B("hi"));
	assert_int_equal(b.len, sizeof want);
	assert_memory_equal(b.at, want, sizeof want);
	r = reader_of(buf_view(&b));
	assert_int_equal(get_u8(&r), 1);
	assert_int_equal(get_u16(&r), 0x0102);
	assert_int_equal(get_u32(&r), 0x01020304);
	assert_true(get_u64(&r) == UINT64_C(0x0102030405060708));
	assert_int_equal(get_be32(&r), 0x01020304);
	assert_true(bytes_is(get_counted(&r, 2), "hi"));
	assert_true(reader_whole(&r));
	buf_free(&b);
}

TEST(a_spoilt_reader_gives_nothing_from_then_on)
{
	struct reader r = reader_of(B("\x05" "abcdefgh"));
	uint8_t to[4] = { 9, 9, 9, 9 };

	assert_int_equal(get_bytes(&r, 10).len, 0);
	assert_false(reader_ok(&r));
	assert_int_equal(reader_left(&r), 0);
	assert_int_equal(get_u8(&r), 0);
	assert_int_equal(get_counted(&r, 99).len, 0);
	get_copy(&r, to, sizeof to);
	assert_memory_equal(to, "\0\0\0\0", 4);
	assert_false(reader_whole(&r));
	r = reader_of(B("\x05" "abcdefgh"));
	assert_int_equal(get_counted(&r, 4).len, 0);
	assert_false(reader_ok(&r));
	r = reader_of(BYTES_EMPTY);
	assert_true(reader_whole(&r));
	reader_spoil(&r);
	assert_false(reader_whole(&r));
}

TEST(a_buf_grows_and_is_text_when_asked)
{
	struct buf b = BUF_EMPTY;

	assert_string_equal(buf_cstr(&b), "");
	for (int i = 0; i < 1000; i++)
		buf_text(&b, "%d,", i % 10);
	assert_int_equal(b.len, 2000);
	assert_int_equal(strlen(buf_cstr(&b)), 2000);
	assert_memory_equal(b.at + 1990, "5,6,7,8,9,", 10);
	buf_clear(&b);
	buf_add(&b, NULL, 0);
	assert_int_equal(b.len, 0);
	buf_wipe(&b);
	assert_null(b.at);
	buf_free(&b);
}

TEST(bytes_are_ordered_as_memory_then_by_length)
{
	char *s = bytes_dup(B("ab"));

	assert_true(bytes_cmp(B("ab"), B("abc")) < 0);
	assert_true(bytes_cmp(B("b"), B("abc")) > 0);
	assert_true(bytes_cmp(B("\xff"), B("a")) > 0);
	assert_true(bytes_eq(BYTES_EMPTY, B("")));
	assert_string_equal(s, "ab");
	free(s);
}

TEST(only_well_formed_text_is_utf8)
{
	/* The limits of Unicode 15, table 3-7. */
	static const char *const good[] = { "", "plain", "\xc2\x80",
	    "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
	    "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80", "\xc0\x80", "\xc1\xbf",
	    "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xef\xbf",
	    "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
	    "\xf0\x90\x80", "a\xff" };

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(bytes_utf8(bytes_of(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		uint8_t *cut = test_cut((const uint8_t *)bad[i],
		    strlen(bad[i]));

		assert_false(bytes_utf8((struct bytes){ cut,
		    strlen(bad[i]) }));
		free(cut);
	}
	assert_false(bytes_utf8(B("a\0b")));
}

TEST(an_id_is_read_from_hex_with_hyphens_anywhere)
{
	struct id id, again;
	char text[ID_HEX];

	/* The example of RFC 9562, A.6. */
	assert_true(id_parse(&id, "017F22E2-79B0-7CC3-98C4-DC0C0C07398F"));
	assert_string_equal(id_hex(text, &id),
	    "017f22e279b07cc398c4dc0c0c07398f");
	assert_true(id_parse(&again, text));
	assert_true(id_eq(&id, &again) && id_cmp(&id, &again) == 0);
	assert_false(id_parse(&id, "017f22e279b07cc398c4dc0c0c07398"));
	assert_false(id_parse(&id, "017f22e279b07cc398c4dc0c0c07398f0"));
	assert_false(id_parse(&id, "017f22e279b07cc398c4dc0c0c07398g"));
	assert_false(id_parse(&id, " 17f22e279b07cc398c4dc0c0c07398f"));
	assert_false(id_parse(&id, ""));
	assert_true(id_eq(&id, &again));
}

TEST(a_record_id_is_a_uuid_of_its_time)
{
	struct id a = id_record(UINT64_C(1645557742000));
	struct id b = id_record(UINT64_C(1645557742001)), zero = { { 0 } };

	assert_memory_equal(a.b, "\x01\x7f\x22\xe2\x79\xb0", 6);
	assert_int_equal(a.b[6] >> 4, 7);
	assert_int_equal(a.b[8] >> 6, 2);
	assert_true(id_cmp(&a, &b) < 0);
	b = id_record(UINT64_C(1645557742000));
	assert_false(id_eq(&a, &b));
	assert_true(id_zero(&zero) && !id_zero(&a));
	for (int i = 0; i < 1000; i++)
		assert_in_range(random_below(3), 0, 2);
}

TEST(a_hash_is_blake2b_256)
{
	char text[HASH_HEX];
	struct hash none = { { 0 } }, empty = hash_of(BYTES_EMPTY);
	struct hash abc = hash_of(B("abc"));

	/* Python's hashlib.blake2b(..., digest_size=32). */
	assert_string_equal(hash_hex(text, &empty), "0e5751c026e543b2e8ab2eb0"
	    "6099daa1d1e5df47778f7787faab45cdf12fe3a8");
	assert_string_equal(hash_hex(text, &abc), "bddd813c634239723171ef3fee"
	    "98579b94964e3bb1cb3e427262c8c068d52319");
	assert_true(hash_zero(&none) && !hash_zero(&abc));
	assert_true(hash_eq(&abc, &abc) && !hash_eq(&abc, &empty));
}

TEST(hex_is_lower_case_and_of_its_exact_length)
{
	struct buf b = BUF_EMPTY;
	uint8_t to[3];

	hex_put(&b, B("\x00\x9a\xff"));
	assert_string_equal(buf_cstr(&b), "009aff");
	assert_true(hex_parse(to, 3, buf_view(&b)));
	assert_memory_equal(to, "\x00\x9a\xff", 3);
	assert_false(hex_parse(to, 2, B("009aff")));
	assert_false(hex_parse(to, 3, B("009aF0")));
	assert_false(hex_parse(to, 3, B("009a-f")));
	assert_false(hex_parse(to, 3, B("009af")));
	buf_free(&b);
}

TEST(base64_is_that_of_the_rfc_and_has_one_form)
{
	/* RFC 4648, section 10. */
	static const char *const text[] = { "", "Zg==", "Zm8=", "Zm9v",
	    "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };
	static const char *const bad[] = { "Zg", "Zg=", "Zh==", "Zm9=",
	    "Zg==\n", " Zg==", "Zm9v====", "Zm-_", "Z", "====", "Zg==Zg==" };

	for (size_t n = 0; n < sizeof text / sizeof text[0]; n++) {
		struct buf b = BUF_EMPTY, back = BUF_EMPTY;

		base64_put(&b, (struct bytes){ (const uint8_t *)"foobar", n });
		assert_string_equal(buf_cstr(&b), text[n]);
		assert_true(base64_get(&back, buf_view(&b)));
		assert_int_equal(back.len, n);
		assert_memory_equal(back.at, "foobar", n);
		buf_free(&b);
		buf_free(&back);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct buf back = BUF_EMPTY;

		if (base64_get(&back, bytes_of(bad[i])) || back.len != 0)
			fail_msg("'%s' was taken", bad[i]);
		buf_free(&back);
	}
}

TEST(base32_is_crockfords_and_forgives_what_ears_and_eyes_confuse)
{
	struct buf b = BUF_EMPTY, back = BUF_EMPTY;

	/* RFC 4648's MZXW6YTBOI, digit by digit in Crockford's alphabet. */
	base32_put(&b, B("foobar"));
	assert_string_equal(buf_cstr(&b), "CSQPYRK1E8");
	assert_true(base32_get(&back, B("csqp-yrk ie8")));
	assert_true(bytes_is(buf_view(&back), "foobar"));
	buf_clear(&back);
	assert_true(base32_get(&back, B("CSQPYRKLE8")));
	assert_true(bytes_is(buf_view(&back), "foobar"));
	buf_clear(&back);
	assert_true(base32_get(&back, B("oO")));
	assert_memory_equal(back.at, "\0", 1);
	assert_false(base32_get(&back, B("CSQU")));
	assert_false(base32_get(&back, B("CS*P")));
	assert_false(base32_get(&back, B("C\0")));
	buf_free(&b);
	buf_free(&back);
}

TEST(hybrid_time_goes_forward_whatever_the_wall_says)
{
	uint64_t wall = UINT64_C(1600000000000), t = hlc_next(0, wall);

	assert_true(t == wall << 16 && hlc_ms(t) == wall);
	assert_true(hlc_next(t, wall) == t + 1);
	assert_true(hlc_next(t, wall - 9999) == t + 1);
	assert_true(hlc_next(t, wall + 1) == (wall + 1) << 16);
	assert_true(hlc_next(UINT64_MAX, wall) == UINT64_MAX);
	assert_true(hlc_seen(t, t + 5, wall) == t + 5);
	assert_true(hlc_seen(t, t - 5, wall) == t);
	/* Ten years ahead counts as ten minutes. */
	assert_true(hlc_ms(hlc_seen(t, UINT64_MAX, wall)) ==
	    wall + 600 * SECOND);
}

TEST(time_is_written_in_utc_and_can_be_set)
{
	char to[32];

	clock_text(to, 951782400 * SECOND);
	assert_string_equal(to, "2000-02-29T00:00:00Z");
	clock_text(to, 1577836800 * SECOND + 999);
	assert_string_equal(to, "2020-01-01T00:00:00Z");
	clock_text(to, UINT64_C(253402300799) * SECOND);
	assert_string_equal(to, "9999-12-31T23:59:59Z");
	clock_text(to, (UINT64_C(1) << 48) - 1);
	assert_string_equal(to, "9999-12-31T23:59:59Z");
	clock_text(to, UINT64_MAX);
	assert_string_equal(to, "9999-12-31T23:59:59Z");
	setenv("FIELDKIT_CLOCK", "123456", 1);
	assert_true(clock_wall_ms() == 123456);
	clock_set(7);
	assert_true(clock_wall_ms() == 7);
	clock_set(0);
	unsetenv("FIELDKIT_CLOCK");
	assert_true(clock_wall_ms() > UINT64_C(1577836800000));
}

TEST(secrets_come_zeroed_apart_and_are_wiped_when_freed)
{
	uint8_t *a = secret_new(32), *b = secret_new(33), *c;
	uint8_t *big = secret_new(100000), zero[64] = { 0 };

	assert_true(a + 32 <= b || b + 64 <= a);
	assert_memory_equal(b, zero, 33);
	memset(a, 'a', 32);
	memset(b, 'b', 33);
	memset(big, 'c', 100000);
	c = secret_copy(b, 33);
	assert_memory_equal(b, c, 33);
	secret_free(b, 33);
	assert_memory_equal(b, zero, 64);
	assert_int_equal(a[31], 'a');
	assert_int_equal(c[32], 'b');
	/* What is free is given out again, zeroed. */
	b = secret_new(64);
	assert_memory_equal(b, zero, 64);
	secret_free(NULL, 0);
	secret_free(big, 100000);
	secret_wipe();
	assert_memory_equal(a, zero, 32);
	assert_memory_equal(c, zero, 33);
	assert_ok(secret_start());
}

/* What a debugger of the same user, or a crash, would otherwise be given. */
TEST(no_process_with_keys_leaves_a_core_or_lets_itself_be_read)
{
	struct rlimit core;

	assert_ok(secret_start());
	assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
	assert_true(core.rlim_cur == 0 && core.rlim_max == 0);
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
}

TEST(a_thousand_keys_fit_and_their_places_are_used_again)
{
	void *keys[1000];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 1000; i++)
			memset(keys[i] = secret_new(32), i, 32);
		for (int i = 0; i < 1000; i++) {
			assert_int_equal(*(uint8_t *)keys[i], i & 255);
			secret_free(keys[i], 32);
		}
	}
}

TEST(a_fault_keeps_its_code_and_tells_the_errand)
{
	fault f = fault_new(FAULT_TRUST, "note %d is damaged", 7), g;

	assert_string_equal(f->text, "note 7 is damaged");
	assert_int_equal(f->detail, 0);
	g = fault_while(f, "importing %s", "x.seg");
	assert_string_equal(g->text, "importing x.seg: note 7 is damaged");
	assert_int_equal(g->code, FAULT_TRUST);
	assert_null(fault_while(NULL, "importing"));
	errno = ENOENT;
	g = fault_while(fault_errno(FAULT_ABSENT, "cannot open %s", "f"),
	    "reading");
	assert_string_equal(g->text,
	    "reading: cannot open f: it is not there");
	assert_int_equal(g->detail, ENOENT);
	assert_string_equal(f->text, "note 7 is damaged");
}

TEST(a_fault_that_is_too_long_is_cut_and_not_more)
{
	char text[1000];
	fault f;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	f = fault_new(FAULT_FAIL, "%s", text);
	assert_int_equal(strlen(f->text), sizeof f->text - 1);
	f = fault_while(f, "%s", text);
	assert_int_equal(strlen(f->text), sizeof f->text - 1);
	f = fault_errno(FAULT_FAIL, "%s", text);
	assert_int_equal(strlen(f->text), sizeof f->text - 1);
}

TEST(each_fault_has_its_exit_code)
{
	assert_int_equal(fault_exit(NULL), 0);
	assert_int_equal(fault_exit(fault_new(FAULT_FAIL, "x")), 1);
	assert_int_equal(fault_exit(fault_new(FAULT_PRIVACY, "x")), 9);
	assert_int_equal(fault_exit(fault_new(FAULT_FORMAT, "x")), 8);
	assert_int_equal(fault_exit(fault_new(FAULT_RACE, "x")), 7);
	assert_int_equal(fault_exit(fault_new(FAULT_ERASED, "x")), 4);
	assert_int_equal(fault_exit(fault_new(FAULT_INTERRUPT, "x")), 130);
}

int
main(void)
{
	return RUN(
	    T(a_number_has_its_shortest_form_and_is_read_back),
	    T(a_number_that_is_cut_longer_than_need_be_or_too_large_is_refused),
	    T(numbers_are_little_endian_and_ssh_is_big),
	    T(a_spoilt_reader_gives_nothing_from_then_on),
	    T(a_buf_grows_and_is_text_when_asked),
	    T(bytes_are_ordered_as_memory_then_by_length),
	    T(only_well_formed_text_is_utf8),
	    T(an_id_is_read_from_hex_with_hyphens_anywhere),
	    T(a_record_id_is_a_uuid_of_its_time),
	    T(a_hash_is_blake2b_256),
	    T(hex_is_lower_case_and_of_its_exact_length),
	    T(base64_is_that_of_the_rfc_and_has_one_form),
	    T(base32_is_crockfords_and_forgives_what_ears_and_eyes_confuse),
	    T(hybrid_time_goes_forward_whatever_the_wall_says),
	    T(time_is_written_in_utc_and_can_be_set),
	    T(no_process_with_keys_leaves_a_core_or_lets_itself_be_read),
	    T(a_thousand_keys_fit_and_their_places_are_used_again),
	    T(secrets_come_zeroed_apart_and_are_wiped_when_freed),
	    T(a_fault_keeps_its_code_and_tells_the_errand),
	    T(a_fault_that_is_too_long_is_cut_and_not_more),
	    T(each_fault_has_its_exit_code));
}
