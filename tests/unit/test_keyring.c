#include "tests/unit/test.h"

#include "sync/keyring.h"

/* The bytes of a keyring, put together as WIRE.md 7 says, and bent at will. */
struct plain {
	const char	*magic;
	uint16_t	version;
	uint64_t	n, roster_seq;
	size_t		nshared, shared_len;
	size_t		nenvelopes, seal_len;
	uint8_t		first;		/* device ids count up from it */
	int		step;
};

static struct plain
usual(void)
{
	return (struct plain){ "KITRNG", 0, 7, 3, 2, 24 + 40, 3, 48 + 38, 1,
	    1 };
}

static void
put_fill(struct buf *b, uint8_t with, size_t n)
{
	if (n > 0)
		memset(buf_room(b, n), with, n);
	b->len += n;
}

static struct buf
blob_of(const struct plain *p)
{
	struct buf b = BUF_EMPTY;

	buf_text(&b, "%s", p->magic);
	put_u16(&b, p->version);
	put_u64(&b, p->n);
	put_u64(&b, p->roster_seq);
	put_fill(&b, 0x55, 32);
	put_u16(&b, (uint16_t)p->nshared);
	for (size_t i = 0; i < p->nshared; i++) {
		put_u32(&b, (uint32_t)p->shared_len);
		put_fill(&b, (uint8_t)(0x80 + i), p->shared_len);
	}
	put_u16(&b, (uint16_t)p->nenvelopes);
	for (size_t i = 0; i < p->nenvelopes; i++) {
		put_u16(&b, (uint16_t)__builtin_bswap16(
		    (uint16_t)(p->first + (int)i * p->step)));
		put_fill(&b, 0, 14);
		put_fill(&b, 0xbb, 8);
		put_u32(&b, (uint32_t)p->seal_len);
		put_fill(&b, (uint8_t)i, p->seal_len);
	}
	return b;
}

static fault
decode_exact(struct keyring *k, const struct buf *b)
{
	uint8_t *at = test_cut(b->at, b->len);
	fault f = keyring_decode(k, (struct bytes){ at, b->len });

	free(at);
	return f;
}

static void
takes(const struct plain *p)
{
	struct keyring k;
	struct buf b = blob_of(p), again = BUF_EMPTY;

	assert_ok(keyring_decode(&k, buf_view(&b)));
	assert_ok(keyring_encode(&again, &k));
	assert_true(bytes_eq(buf_view(&b), buf_view(&again)));
	buf_free(&b);
	buf_free(&again);
}

static void
refuses(const struct plain *p)
{
	struct keyring k = { .nshared = 99 };
	struct buf b = blob_of(p);

	assert_fault(FAULT_FORMAT, decode_exact(&k, &b));
	assert_int_equal(k.nshared, 99);
	buf_free(&b);
}

TEST(a_keyring_is_read_as_the_page_says_and_written_back)
{
	struct plain p = usual();
	struct buf b = blob_of(&p);
	struct id second = { { 0, 2 } }, none = { { 9 } };
	struct keyring k;

	assert_ok(keyring_decode(&k, buf_view(&b)));
	assert_int_equal(k.head.n, 7);
	assert_int_equal(k.head.roster_seq, 3);
	assert_int_equal(k.head.roster_hash.b[31], 0x55);
	assert_int_equal(k.nshared, 2);
	assert_int_equal(k.shared[1].len, 64);
	assert_int_equal(k.shared[1].at[63], 0x81);
	assert_int_equal(k.nenvelopes, 3);
	assert_ptr_equal(keyring_for(&k, &second), &k.envelopes[1]);
	assert_null(keyring_for(&k, &none));
	assert_int_equal(k.envelopes[1].box_name[7], 0xbb);
	assert_int_equal(k.envelopes[1].seal.len, 86);
	assert_int_equal(k.envelopes[1].seal.at[85], 1);
	buf_free(&b);
	takes(&p);
}

TEST(an_empty_keyring_is_sixty_bytes)
{
	struct plain p = usual();
	struct buf b;

	p.nshared = p.nenvelopes = 0;
	b = blob_of(&p);
	assert_int_equal(b.len, 60);
	buf_free(&b);
	takes(&p);
}

TEST(a_keyring_cut_anywhere_is_refused)
{
	struct plain p = usual();
	struct buf b = blob_of(&p);
	struct keyring k;

	for (size_t n = 0; n < b.len; n++) {
		uint8_t *at = test_cut(b.at, n);

		assert_fault(FAULT_FORMAT,
		    keyring_decode(&k, (struct bytes){ at, n }));
		free(at);
	}
	put_u8(&b, 0);
	assert_fault(FAULT_FORMAT, decode_exact(&k, &b));
	buf_free(&b);
}

TEST(a_keyring_with_any_bit_flipped_is_refused_or_read_to_the_letter)
{
	struct plain p = usual();
	struct buf b = blob_of(&p), again = BUF_EMPTY;

	for (size_t bit = 0; bit < 8 * b.len; bit++) {
		uint8_t *at = test_cut(b.at, b.len);
		struct bytes blob = { at, b.len };
		struct keyring k;

		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (keyring_decode(&k, blob) == NULL) {
			buf_clear(&again);
			assert_ok(keyring_encode(&again, &k));
			assert_true(bytes_eq(buf_view(&again), blob));
		}
		free(at);
	}
	buf_free(&b);
	buf_free(&again);
}

TEST(another_kind_of_blob_or_a_later_version_is_refused)
{
	struct plain p = usual();

	p.magic = "KITROS";
	refuses(&p);
	p = usual();
	p.version = 1;
	refuses(&p);
}

TEST(numbers_of_a_keyring_keep_their_bounds)
{
	static const uint64_t good[] = { 1, 0x7fffffff },
	    bad[] = { 0, 0x80000000, UINT64_MAX };
	struct plain p;

	for (size_t i = 0; i < 2; i++) {
		p = usual();
		p.n = p.roster_seq = good[i];
		takes(&p);
	}
	for (size_t i = 0; i < 3; i++) {
		p = usual();
		p.n = bad[i];
		refuses(&p);
		p = usual();
		p.roster_seq = bad[i];
		refuses(&p);
	}
}

TEST(counts_of_a_keyring_keep_their_bounds)
{
	struct plain p = usual();

	p.nshared = 64;
	takes(&p);
	p.nshared = 65;
	refuses(&p);
	p = usual();
	p.nenvelopes = 256;
	takes(&p);
	p.nenvelopes = 257;
	refuses(&p);
}

TEST(envelopes_stand_by_device_and_once)
{
	struct plain p = usual();

	p.step = 0;
	refuses(&p);
	p = usual();
	p.first = 9;
	p.step = -1;
	refuses(&p);
	p = usual();
	p.first = 0;
	refuses(&p);
}

TEST(a_shared_box_has_the_length_of_a_tree_state)
{
	static const size_t good[] = { 24, 64, 24 + 40 * 300 },
	    bad[] = { 0, 16, 23, 25, 63, 65 };
	struct plain p = usual();

	for (size_t i = 0; i < 3; i++) {
		p.shared_len = good[i];
		takes(&p);
	}
	for (size_t i = 0; i < 6; i++) {
		p.shared_len = bad[i];
		refuses(&p);
	}
}

TEST(an_envelope_has_the_length_of_some_items)
{
	struct plain p = usual();

	p.seal_len = 48 + 4096 * 39;
	takes(&p);
	p.seal_len++;
	refuses(&p);
	p.seal_len = 48 + 37;
	refuses(&p);
	p.seal_len = 0;
	refuses(&p);
}

/* 60 of its own, 5 x 28 of the envelopes, 4 of the box: 204 besides. */
TEST(a_keyring_has_at_most_eight_mebibytes)
{
	struct plain p = usual();
	struct keyring k;
	struct buf b, out = BUF_EMPTY;

	p.nshared = 1;
	p.nenvelopes = 5;
	p.shared_len = 24 + 40 * 209680;
	p.seal_len = (WIRE_KEYRING_MAX - 204 - p.shared_len) / 5;
	b = blob_of(&p);
	assert_int_equal(b.len, WIRE_KEYRING_MAX);
	assert_ok(decode_exact(&k, &b));
	buf_free(&b);
	p.seal_len++;
	b = blob_of(&p);
	assert_int_equal(b.len, WIRE_KEYRING_MAX + 5);
	assert_fault(FAULT_FORMAT, decode_exact(&k, &b));
	k = (struct keyring){ .head = { 1, 1, { { 0 } } }, .nshared = 1,
	    .shared = { { b.at, WIRE_KEYRING_MAX - 63 } } };
	assert_fault(FAULT_INVALID, keyring_encode(&out, &k));
	assert_int_equal(out.len, 0);
	k.shared[0].len--;
	assert_ok(keyring_encode(&out, &k));
	assert_int_equal(out.len, WIRE_KEYRING_MAX);
	buf_free(&b);
	buf_free(&out);
}

/* H(00 01 .. 1f), by Python's hashlib. */
TEST(a_box_key_is_named_by_its_hash)
{
	static const char want[] = "cb2f5160fc1f7e05";
	uint8_t pk[32], name[8], bin[8];

	for (int i = 0; i < 32; i++)
		pk[i] = (uint8_t)i;
	keyring_box_name(name, pk);
	assert_true(hex_parse(bin, 8, bytes_of(want)));
	assert_memory_equal(name, bin, 8);
}

/* ---- what lies in an envelope ---- */

static bool
item_fits(uint8_t kind, uint8_t c, uint32_t e, uint16_t shared,
    const struct keyring_item *last)
{
	struct buf b = BUF_EMPTY;
	struct reader r;
	uint8_t *at;
	bool ok;

	put_u8(&b, kind);
	if (kind != 3)
		put_u8(&b, c);
	put_u32(&b, e);
	if (kind == 3)
		put_u16(&b, shared);
	put_fill(&b, 0x33, 32);
	at = test_cut(b.at, b.len);
	r = reader_of((struct bytes){ at, b.len });
	keyring_get_item(&r, last, 2);
	ok = reader_whole(&r);
	free(at);
	buf_free(&b);
	return ok;
}

TEST(an_item_is_read_as_it_was_written_and_refused_when_cut)
{
	static const uint8_t key[32] = { 1, 2, 3 };
	struct keyring_item items[] = { { KEYRING_SECRET, 3, 77, 0, key },
	    { KEYRING_AUTHOR, 2, 78, 0, key }, { KEYRING_TREE, 0, 79, 1, key } };

	for (int i = 0; i < 3; i++) {
		struct buf b = BUF_EMPTY;
		struct reader r;
		struct keyring_item it;

		keyring_put_item(&b, &items[i]);
		assert_int_equal(b.len, keyring_item_size(items[i].kind));
		r = reader_of(buf_view(&b));
		it = keyring_get_item(&r, NULL, 2);
		assert_true(reader_whole(&r));
		assert_int_equal(it.kind, items[i].kind);
		assert_int_equal(it.c, items[i].c);
		assert_int_equal(it.e, items[i].e);
		assert_int_equal(it.shared, items[i].shared);
		assert_memory_equal(it.key, key, 32);
		for (size_t n = 0; n < b.len; n++) {
			uint8_t *at = test_cut(b.at, n);

			r = reader_of((struct bytes){ at, n });
			keyring_get_item(&r, NULL, 2);
			assert_false(reader_ok(&r));
			free(at);
		}
		buf_free(&b);
	}
}

TEST(an_item_keeps_its_bounds)
{
	assert_true(item_fits(1, 0, 1, 0, NULL));
	assert_true(item_fits(1, 3, UINT32_MAX, 0, NULL));
	assert_false(item_fits(1, 4, 1, 0, NULL));
	assert_false(item_fits(1, 0, 0, 0, NULL));
	assert_true(item_fits(2, 2, 1, 0, NULL));
	assert_false(item_fits(2, 1, 1, 0, NULL));
	assert_false(item_fits(2, 0, 1, 0, NULL));
	assert_false(item_fits(2, 4, 1, 0, NULL));
	assert_true(item_fits(3, 0, 1, 1, NULL));
	assert_false(item_fits(3, 0, 1, 2, NULL));
	assert_false(item_fits(3, 0, 0, 1, NULL));
	assert_false(item_fits(0, 0, 1, 0, NULL));
	assert_false(item_fits(4, 0, 1, 0, NULL));
}

TEST(items_stand_by_kind_compartment_and_epoch)
{
	struct keyring_item last = { KEYRING_AUTHOR, 2, 5, 0, NULL };

	assert_true(item_fits(2, 2, 6, 0, &last));
	assert_true(item_fits(2, 3, 1, 0, &last));
	assert_true(item_fits(3, 0, 1, 0, &last));
	assert_false(item_fits(2, 2, 5, 0, &last));
	assert_false(item_fits(2, 2, 4, 0, &last));
	assert_false(item_fits(1, 3, 9, 0, &last));
	last = (struct keyring_item){ KEYRING_TREE, 0, 5, 1, NULL };
	assert_true(item_fits(3, 0, 6, 0, &last));
	assert_false(item_fits(3, 0, 5, 1, &last));
	assert_false(item_fits(3, 0, 4, 1, &last));
}

int
main(void)
{
	return RUN(T(a_keyring_is_read_as_the_page_says_and_written_back),
	    T(an_empty_keyring_is_sixty_bytes),
	    T(a_keyring_cut_anywhere_is_refused),
	    T(a_keyring_with_any_bit_flipped_is_refused_or_read_to_the_letter),
	    T(another_kind_of_blob_or_a_later_version_is_refused),
	    T(numbers_of_a_keyring_keep_their_bounds),
	    T(counts_of_a_keyring_keep_their_bounds),
	    T(envelopes_stand_by_device_and_once),
	    T(a_shared_box_has_the_length_of_a_tree_state),
	    T(an_envelope_has_the_length_of_some_items),
	    T(a_keyring_has_at_most_eight_mebibytes),
	    T(a_box_key_is_named_by_its_hash),
	    T(an_item_is_read_as_it_was_written_and_refused_when_cut),
	    T(an_item_keeps_its_bounds),
	    T(items_stand_by_kind_compartment_and_epoch));
}
