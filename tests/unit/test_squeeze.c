#include "tests/unit/test.h"

#include <time.h>

#include "schema/embedded.h"
#include "sync/base/buf.h"
#include "sync/base/codec.h"
#include "sync/squeeze.h"

#define MAX	(256u << 10)

static struct squeeze *
new_squeeze(uint32_t dictionary)
{
	struct squeeze *s;

	assert_ok(squeeze_new(&s, dictionary));
	return s;
}

static const char NOTE[] = "Rond half acht stonden er zes jongeren bij de "
    "brug. Ze zeggen dat er na negen uur geen plek is waar ze terecht kunnen.";

/* ---- frames by hand, from RFC 8878; none is made by our code ---- */

static void
put_start(struct buf *b, uint8_t flags)
{
	put_u32(b, 0xfd2fb528);
	put_u8(b, flags);
}

/* Blocks of one repeated byte, 128 KiB each: 4 bytes a block. */
static void
put_zeros(struct buf *b, uint64_t size)
{
	while (size > 0) {
		uint32_t n = size > (128u << 10) ? 128u << 10 : (uint32_t)size;

		size -= n;
		put_u16(b, (uint16_t)((n << 3 | 1 << 1 | (size == 0))));
		put_u8(b, (uint8_t)(n >> 13));
		put_u8(b, 0);
	}
}

/* Single segment with an 8-byte size. */
static struct buf
frame_declaring(uint64_t declared, uint64_t really)
{
	struct buf b = BUF_EMPTY;

	put_start(&b, 0xe0);
	put_u64(&b, declared);
	put_zeros(&b, really);
	return b;
}

/* Refused within 10 ms and before any memory is asked for. */
static void
assert_refused(struct buf *frame)
{
	struct squeeze *s = new_squeeze(SQUEEZE_DICTIONARY);
	struct buf out = BUF_EMPTY, warm = BUF_EMPTY;
	struct timespec a, b;
	double ms;

	squeeze(&warm, s, bytes_of(NOTE));
	assert_ok(unsqueeze(&out, s, buf_view(&warm), MAX));
	buf_free(&out);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	assert_fault(FAULT_FORMAT, unsqueeze(&out, s, buf_view(frame), MAX));
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	ms = (double)(b.tv_sec - a.tv_sec) * 1e3 +
	    (double)(b.tv_nsec - a.tv_nsec) / 1e6;
	assert_true(ms < 10);
	assert_true(out.room <= MAX + 64);
	assert_int_equal(out.len, 0);
	buf_free(&out);
	buf_free(&warm);
	buf_free(frame);
	squeeze_free(s);
}

TEST(a_frame_by_hand_is_read)
{
	struct squeeze *s = new_squeeze(0);
	struct buf b = frame_declaring(200000, 200000), out = BUF_EMPTY;

	assert_ok(unsqueeze(&out, s, buf_view(&b), MAX));
	assert_int_equal(out.len, 200000);
	for (size_t i = 0; i < out.len; i++)
		assert_int_equal(out.at[i], 0);
	buf_free(&b);
	buf_free(&out);
	squeeze_free(s);
}

TEST(a_frame_of_33_kb_that_declares_a_gibibyte_is_refused)
{
	struct buf b = frame_declaring(1u << 30, 1u << 30);

	assert_in_range(b.len, 32 << 10, 33 << 10);
	assert_refused(&b);
}

TEST(a_frame_that_holds_more_or_less_than_it_declares_is_refused)
{
	struct buf more = frame_declaring(1000, 1u << 30);
	struct buf less = frame_declaring(MAX, 1000);
	struct buf huge = frame_declaring(UINT64_MAX, 1000);
	struct buf beyond = frame_declaring(MAX + 1, MAX + 1);

	assert_refused(&more);
	assert_refused(&less);
	assert_refused(&huge);
	assert_refused(&beyond);
}

TEST(a_frame_of_unknown_size_is_refused)
{
	struct buf b = BUF_EMPTY;

	put_start(&b, 0x00);
	put_u8(&b, 0x50);		/* window 2^20 */
	put_zeros(&b, 1u << 30);
	assert_refused(&b);
}

static struct buf
frame_with_window(uint8_t window)
{
	struct buf b = BUF_EMPTY;

	put_start(&b, 0x80);		/* 4-byte size, no single segment */
	put_u8(&b, window);
	put_u32(&b, 300);
	put_zeros(&b, 300);
	return b;
}

/* The byte's upper five bits are log2 - 10, the lower three eighths more. */
TEST(a_window_up_to_8_mib_is_read_and_a_larger_one_refused)
{
	struct squeeze *s = new_squeeze(0);
	struct buf b = frame_with_window((23 - 10) << 3), out = BUF_EMPTY;

	assert_ok(unsqueeze(&out, s, buf_view(&b), MAX));
	assert_int_equal(out.len, 300);
	buf_free(&b);
	buf_free(&out);
	squeeze_free(s);
	b = frame_with_window(((23 - 10) << 3) + 1);
	assert_refused(&b);
	b = frame_with_window((31 - 10) << 3);
	assert_refused(&b);
	b = frame_with_window(0xff);
	assert_refused(&b);
}

TEST(a_second_frame_or_any_byte_behind_the_first_is_refused)
{
	struct buf b = frame_declaring(1000, 1000), c;

	put_u8(&b, 0);
	assert_refused(&b);
	b = frame_declaring(1000, 1000);
	c = frame_declaring(1000, 1000);
	buf_add_bytes(&b, buf_view(&c));
	buf_free(&c);
	assert_refused(&b);
}

TEST(a_skippable_frame_is_refused_alone_before_and_behind)
{
	struct buf b = BUF_EMPTY, c = frame_declaring(1000, 1000);

	put_u32(&b, 0x184d2a50);
	put_u32(&b, 4);
	put_u32(&b, 0);
	buf_add_bytes(&c, buf_view(&b));
	assert_refused(&c);
	c = frame_declaring(1000, 1000);
	put_u32(&b, 0x184d2a50);
	put_u32(&b, 0);
	buf_add_bytes(&b, buf_view(&c));
	buf_free(&c);
	assert_refused(&b);
	put_u32(&b, 0x184d2a5f);
	put_u32(&b, 0);
	assert_refused(&b);
}

TEST(a_dictionary_id_a_checksum_and_reserved_bits_are_refused)
{
	for (unsigned bit = 0; bit < 5; bit++) {
		struct buf b = BUF_EMPTY;

		put_start(&b, (uint8_t)(0xe0 | 1u << bit));
		if (bit < 2)		/* a dictionary id of 1 or 2 bytes */
			buf_add(&b, "\1\0", bit + 1);
		put_u64(&b, 1000);
		put_zeros(&b, 1000);
		if (bit == 2)		/* a checksum, wrong or not */
			put_u32(&b, 0);
		assert_refused(&b);
	}
}

static void
goes_and_comes_back(uint32_t dictionary, size_t n)
{
	struct squeeze *s = new_squeeze(dictionary);
	struct buf in = BUF_EMPTY, frame = BUF_EMPTY, out = BUF_EMPTY;

	for (size_t i = 0; i < n; i++)
		put_u8(&in, (uint8_t)NOTE[(i * i / 7) % (sizeof NOTE - 1)]);
	buf_text(&out, "before");
	buf_text(&frame, "x");
	squeeze(&frame, s, buf_view(&in));
	assert_ok(unsqueeze(&out, s, (struct bytes){ frame.at + 1,
	    frame.len - 1 }, n));
	assert_int_equal(out.len, 6 + n);
	if (n > 0) {
		assert_memory_equal(out.at + 6, in.at, n);
		assert_fault(FAULT_FORMAT, unsqueeze(&out, s, (struct bytes){
		    frame.at + 1, frame.len - 1 }, n - 1));
	}
	buf_free(&in);
	buf_free(&frame);
	buf_free(&out);
	squeeze_free(s);
}

TEST(what_goes_in_comes_back_and_not_one_byte_beyond_the_limit)
{
	const size_t n[] = { 0, 1, 2, 255, 256, 257, 850, 65791, 65792,
	    131072, 131073, 262144, 1048576 };

	for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) {
		goes_and_comes_back(0, n[i]);
		goes_and_comes_back(SQUEEZE_DICTIONARY, n[i]);
	}
}

TEST(noise_is_carried_too)
{
	struct squeeze *s = new_squeeze(SQUEEZE_DICTIONARY);
	struct buf frame = BUF_EMPTY, out = BUF_EMPTY;
	uint32_t x = 1;

	for (int i = 0; i < 40; i++) {
		uint8_t in[3000];

		for (size_t k = 0; k < sizeof in; k++) {
			x = x * 1664525 + 1013904223;
			in[k] = (uint8_t)(x >> 24);
		}
		buf_clear(&frame);
		buf_clear(&out);
		squeeze(&frame, s, (struct bytes){ in, sizeof in });
		assert_ok(unsqueeze(&out, s, buf_view(&frame), sizeof in));
		assert_memory_equal(out.at, in, sizeof in);
	}
	buf_free(&frame);
	buf_free(&out);
	squeeze_free(s);
}

/* Its flags: no dictionary id, no checksum; the size is there. */
TEST(our_frames_are_of_the_one_allowed_kind)
{
	struct squeeze *s = new_squeeze(SQUEEZE_DICTIONARY);
	struct buf frame = BUF_EMPTY;

	squeeze(&frame, s, bytes_of(NOTE));
	assert_int_equal(frame.at[4], 0x20);
	assert_int_equal(frame.at[5], sizeof NOTE - 1);
	buf_free(&frame);
	squeeze_free(s);
}

TEST(the_dictionary_makes_a_dutch_note_much_smaller)
{
	struct squeeze *with = new_squeeze(SQUEEZE_DICTIONARY);
	struct squeeze *without = new_squeeze(0);
	struct buf a = BUF_EMPTY, b = BUF_EMPTY;

	squeeze(&a, with, bytes_of(NOTE));
	squeeze(&b, without, bytes_of(NOTE));
	assert_true(a.len * 3 < b.len * 2);
	buf_free(&a);
	buf_free(&b);
	squeeze_free(with);
	squeeze_free(without);
}

TEST(a_dictionary_that_we_do_not_have_is_named)
{
	struct squeeze *s = NULL;

	assert_fault(FAULT_FORMAT, squeeze_new(&s, 99));
	assert_fault(FAULT_FORMAT, squeeze_new(&s, UINT32_MAX));
	assert_null(s);
	assert_non_null(embedded_find("dict/1.zdict"));
}

TEST(a_frame_read_with_another_dictionary_never_passes_as_its_text)
{
	struct squeeze *with = new_squeeze(SQUEEZE_DICTIONARY);
	struct squeeze *without = new_squeeze(0);
	struct buf frame = BUF_EMPTY, out = BUF_EMPTY;
	fault f;

	squeeze(&frame, with, bytes_of(NOTE));
	f = unsqueeze(&out, without, buf_view(&frame), MAX);
	assert_true(f != NULL || !bytes_is(buf_view(&out), NOTE));
	buf_free(&frame);
	buf_free(&out);
	squeeze_free(with);
	squeeze_free(without);
}

TEST(a_frame_cut_anywhere_is_refused)
{
	struct squeeze *s = new_squeeze(SQUEEZE_DICTIONARY);
	struct buf frame = BUF_EMPTY, out = BUF_EMPTY;

	squeeze(&frame, s, bytes_of(NOTE));
	for (size_t n = 0; n < frame.len; n++) {
		uint8_t *at = test_cut(frame.at, n);

		assert_fault(FAULT_FORMAT, unsqueeze(&out, s,
		    (struct bytes){ at, n }, MAX));
		assert_int_equal(out.len, 0);
		free(at);
	}
	buf_free(&frame);
	buf_free(&out);
	squeeze_free(s);
}

TEST(a_frame_with_any_bit_flipped_stays_within_its_limit)
{
	struct squeeze *s = new_squeeze(SQUEEZE_DICTIONARY);
	struct buf frame = BUF_EMPTY, out = BUF_EMPTY;

	squeeze(&frame, s, bytes_of(NOTE));
	for (size_t i = 0; i < frame.len * 8; i++) {
		uint8_t *at = test_cut(frame.at, frame.len);
		fault f;

		at[i / 8] ^= (uint8_t)(1u << (i % 8));
		buf_clear(&out);
		f = unsqueeze(&out, s, (struct bytes){ at, frame.len }, 400);
		assert_true(out.len <= 400);
		assert_true(f == NULL || f->code == FAULT_FORMAT);
		free(at);
	}
	buf_free(&frame);
	buf_free(&out);
	squeeze_free(s);
}

int
main(void)
{
	return RUN(T(a_frame_by_hand_is_read),
	    T(a_frame_of_33_kb_that_declares_a_gibibyte_is_refused),
	    T(a_frame_that_holds_more_or_less_than_it_declares_is_refused),
	    T(a_frame_of_unknown_size_is_refused),
	    T(a_window_up_to_8_mib_is_read_and_a_larger_one_refused),
	    T(a_second_frame_or_any_byte_behind_the_first_is_refused),
	    T(a_skippable_frame_is_refused_alone_before_and_behind),
	    T(a_dictionary_id_a_checksum_and_reserved_bits_are_refused),
	    T(what_goes_in_comes_back_and_not_one_byte_beyond_the_limit),
	    T(noise_is_carried_too),
	    T(our_frames_are_of_the_one_allowed_kind),
	    T(the_dictionary_makes_a_dutch_note_much_smaller),
	    T(a_dictionary_that_we_do_not_have_is_named),
	    T(a_frame_read_with_another_dictionary_never_passes_as_its_text),
	    T(a_frame_cut_anywhere_is_refused),
	    T(a_frame_with_any_bit_flipped_stays_within_its_limit));
}
