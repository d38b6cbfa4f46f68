#include "tests/unit/test.h"

#include "sync/base/id.h"
#include "sync/tree.h"

/* Expected values: Python's hashlib, from the text of WIRE.md 2. */
static const char LEAF_010203[] =
    "1d248a29caca573d949df4a37bcef6cdf113ae82f927ee55831274740e8622ec";
static const char LEAF_1[] =
    "69eb10a8c08bf09787c4aa9440ebe606694377309a7e236a88e813e2349c8dc1";
static const char COMMITMENT[] =
    "56d7be51636c2b8142a23590f664ab64ce484d3d03fe68192cb9d7038201e88d";

#define ROOT_AT	16	/* g, count, depth, path; then the first node */

static struct tree *
some_tree(void)
{
	uint8_t root[32];

	for (int i = 0; i < 32; i++)
		root[i] = (uint8_t)i;
	return tree_new(7, root);
}

static struct index
index_of(uint8_t creator, uint32_t n)
{
	struct index x = { .n = n };

	for (int i = 0; i < WIRE_ID_LEN; i++)
		x.creator.b[i] = (uint8_t)(creator + i);
	return x;
}

static void
assert_hex(const char *want, const uint8_t *at)
{
	uint8_t bin[32];

	assert_true(hex_parse(bin, 32, bytes_of(want)));
	assert_memory_equal(bin, at, 32);
}

static struct buf
state_of(const struct tree *t)
{
	struct buf b = BUF_EMPTY;

	tree_encode(&b, t);
	assert_int_equal(b.len, tree_size(t));
	return b;
}

static void
assert_same_state(const struct tree *a, const struct tree *b)
{
	struct buf x = state_of(a), y = state_of(b);

	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.at, y.at, x.len);
	buf_wipe(&x);
	buf_wipe(&y);
}

TEST(a_leaf_is_the_prescribed_one)
{
	struct tree *t = some_tree();
	struct index x = index_of(0xa0, 0x010203), y = index_of(0xa0, 1);
	uint8_t leaf[32];

	assert_true(tree_leaf(leaf, t, &x));
	assert_hex(LEAF_010203, leaf);
	assert_true(tree_leaf(leaf, t, &y));
	assert_hex(LEAF_1, leaf);
	tree_free(t);
}

TEST(the_commitment_is_the_prescribed_one_and_none_of_a_punctured_tree)
{
	struct tree *t = some_tree();
	struct index x = index_of(0xa0, 1);
	struct hash h = tree_commitment(t);

	assert_hex(COMMITMENT, h.b);
	tree_puncture(t, &x);
	h = tree_commitment(t);
	assert_true(hash_zero(&h));
	tree_free(t);
}

TEST(a_leaf_does_not_depend_on_what_was_asked_before)
{
	struct tree *warm = some_tree();
	uint8_t a[32], b[32];

	for (uint32_t i = 0; i < 400; i++) {
		struct index x = index_of((uint8_t)random_below(3),
		    1 + random_below(i % 2 ? 9 : WIRE_INDEX_MAX));
		struct tree *cold = some_tree();

		if (i % 50 == 49) {
			struct index y = index_of(9, i);

			tree_puncture(warm, &y);
		}
		assert_true(tree_leaf(a, warm, &x));
		assert_true(tree_leaf(b, cold, &x));
		assert_memory_equal(a, b, 32);
		tree_free(cold);
	}
	tree_free(warm);
}

TEST(only_the_first_four_bytes_of_the_creator_and_the_counter_count)
{
	struct tree *t = some_tree();
	struct index x = index_of(1, 5), y = x;
	uint8_t a[32], b[32];

	y.creator.b[4] ^= 1;
	tree_leaf(a, t, &x);
	tree_leaf(b, t, &y);
	assert_memory_equal(a, b, 32);
	y.creator.b[3] ^= 1;
	tree_leaf(b, t, &y);
	assert_memory_not_equal(a, b, 32);
	tree_free(t);
}

TEST(a_punctured_leaf_is_gone_and_every_other_stays)
{
	struct tree *whole = some_tree(), *t = some_tree();
	uint8_t a[32], b[32], none[32] = { 0 };

	for (uint32_t n = 1; n <= 300; n++) {
		struct index x = index_of(4, n);

		if (n % 3 == 0)
			tree_puncture(t, &x);
	}
	for (uint32_t n = 1; n <= 300; n++) {
		struct index x = index_of(4, n);

		assert_true(tree_leaf(a, whole, &x));
		assert_int_equal(tree_leaf(b, t, &x), n % 3 != 0);
		assert_int_equal(tree_has(t, &x), n % 3 != 0);
		assert_memory_equal(b, n % 3 != 0 ? a : none, 32);
	}
	tree_free(whole);
	tree_free(t);
}

TEST(the_state_does_not_depend_on_the_order_of_punctures)
{
	uint32_t n[] = { 1, 2, 3, 4, 8, 9, 1000, 1001, 70000, WIRE_INDEX_MAX };
	size_t count = sizeof n / sizeof n[0];

	for (int round = 0; round < 20; round++) {
		struct tree *a = some_tree(), *b = some_tree();
		struct index x;

		for (size_t i = 0; i < count; i++) {
			x = index_of((uint8_t)(n[i] % 3), n[i]);
			tree_puncture(a, &x);
		}
		for (size_t i = count; i > 0; i--) {	/* shuffle */
			size_t k = random_below((uint32_t)i);
			uint32_t swap = n[k];

			n[k] = n[i - 1];
			n[i - 1] = swap;
		}
		for (size_t i = 0; i < count; i++) {
			x = index_of((uint8_t)(n[i] % 3), n[i]);
			tree_puncture(b, &x);
			tree_puncture(b, &x);
		}
		assert_same_state(a, b);
		tree_free(a);
		tree_free(b);
	}
}

/* One leaf leaves a sibling at each of 56 levels; its twin takes one away. */
TEST(a_puncture_keeps_the_siblings_of_the_way)
{
	struct tree *t = some_tree();
	struct index x = index_of(4, 6), twin = index_of(4, 7);

	tree_puncture(t, &x);
	assert_int_equal(tree_size(t), 8 + 56 * 40);
	tree_puncture(t, &twin);
	assert_int_equal(tree_size(t), 8 + 55 * 40);
	tree_free(t);
}

/* The nodes of the way, computed here anew, must be nowhere in the state. */
TEST(no_node_on_the_way_to_a_punctured_leaf_is_kept)
{
	struct tree *t = some_tree();
	struct index x = index_of(4, 77);
	struct buf before = state_of(t), after;
	uint8_t leaf[32];

	tree_leaf(leaf, t, &x);
	tree_puncture(t, &x);
	after = state_of(t);
	assert_null(memmem(after.at, after.len, before.at + ROOT_AT, 32));
	assert_null(memmem(after.at, after.len, leaf, 32));
	buf_wipe(&before);
	buf_wipe(&after);
	tree_free(t);
}

/* Roots at all depths from 1 to 56. */
static struct tree *
punctured_tree(void)
{
	struct tree *t = some_tree();

	struct index x = index_of(0x5a, 0x5a5a5a);

	tree_puncture(t, &x);
	return t;
}

TEST(a_state_is_read_as_it_was_written)
{
	struct tree *t = punctured_tree(), *back;
	struct buf b = state_of(t);
	struct reader r = reader_of(buf_view(&b));
	struct index x = index_of(5, 5);
	uint8_t one[32], two[32];

	assert_ok(tree_decode(&back, &r));
	assert_true(reader_whole(&r));
	assert_int_equal(tree_generation(back), 7);
	assert_same_state(t, back);
	assert_true(tree_leaf(one, t, &x) && tree_leaf(two, back, &x));
	assert_memory_equal(one, two, 32);
	tree_free(t);
	tree_free(back);
	buf_wipe(&b);
}

TEST(a_state_cut_anywhere_is_refused)
{
	struct tree *t = punctured_tree(), *back;
	struct buf b = state_of(t);

	for (size_t n = 0; n < b.len; n++) {
		uint8_t *at = test_cut(b.at, n);
		struct reader r = reader_of((struct bytes){ at, n });

		assert_fault(FAULT_FORMAT, tree_decode(&back, &r));
		free(at);
	}
	tree_free(t);
	buf_wipe(&b);
}

/* A flipped bit of a node makes another tree; of the rest, none or another
 * canonical state. */
TEST(a_state_with_any_bit_flipped_is_refused_or_read_to_the_letter)
{
	struct tree *t = punctured_tree(), *back;
	struct buf b = state_of(t);

	for (size_t i = 0; i < b.len; i++) {
		struct reader r = reader_of(buf_view(&b));
		struct buf again;

		b.at[i] ^= (uint8_t)(1u << (i % 8));
		if (tree_decode(&back, &r) == NULL) {
			again = state_of(back);
			assert_memory_equal(again.at, b.at, again.len);
			tree_free(back);
			buf_wipe(&again);
		} else {
			assert_true(i < 8 || (i - 8) % 40 < 8);
		}
		b.at[i] ^= (uint8_t)(1u << (i % 8));
	}
	tree_free(t);
	buf_wipe(&b);
}

static void
put_root(struct buf *b, unsigned depth, uint64_t path)
{
	put_u8(b, (uint8_t)depth);
	for (int shift = 48; shift >= 0; shift -= 8)
		put_u8(b, (uint8_t)(path >> shift));
	for (int i = 0; i < 32; i++)
		put_u8(b, (uint8_t)depth);
}

/* Two roots, given as depth and path. */
static fault
read_two(unsigned d1, uint64_t p1, unsigned d2, uint64_t p2)
{
	struct buf b = BUF_EMPTY;
	struct tree *t = NULL;
	struct reader r;
	fault f;

	put_u32(&b, 1);
	put_u32(&b, 2);
	put_root(&b, d1, p1);
	put_root(&b, d2, p2);
	r = reader_of(buf_view(&b));
	f = tree_decode(&t, &r);
	if (f == NULL)
		tree_free(t);
	buf_free(&b);
	return f;
}

TEST(roots_out_of_order_nested_halved_or_crooked_are_refused)
{
	uint64_t half = UINT64_C(1) << 55, quarter = half >> 1;

	assert_ok(read_two(2, 0, 2, half));
	assert_ok(read_two(2, quarter, 2, half));
	assert_fault(FAULT_FORMAT, read_two(2, half, 2, 0));
	assert_fault(FAULT_FORMAT, read_two(2, half, 2, half));
	assert_fault(FAULT_FORMAT, read_two(1, 0, 2, quarter));
	assert_fault(FAULT_FORMAT, read_two(0, 0, 1, half));
	assert_fault(FAULT_FORMAT, read_two(1, 0, 1, half));
	assert_fault(FAULT_FORMAT, read_two(2, half, 2, half + quarter));
	assert_fault(FAULT_FORMAT, read_two(1, quarter, 2, half));
	assert_fault(FAULT_FORMAT, read_two(2, 0, 57, half));
}

TEST(a_count_beyond_the_bytes_and_generation_zero_are_refused)
{
	const uint8_t many[] = { 1, 0, 0, 0, 255, 255, 255, 255 };
	const uint8_t none[] = { 0, 0, 0, 0, 0, 0, 0, 0 };
	struct reader r = reader_of((struct bytes){ many, sizeof many });
	struct tree *t;

	assert_fault(FAULT_FORMAT, tree_decode(&t, &r));
	r = reader_of((struct bytes){ none, sizeof none });
	assert_fault(FAULT_FORMAT, tree_decode(&t, &r));
}

int
main(void)
{
	return RUN(T(a_leaf_is_the_prescribed_one),
	    T(the_commitment_is_the_prescribed_one_and_none_of_a_punctured_tree),
	    T(a_leaf_does_not_depend_on_what_was_asked_before),
	    T(only_the_first_four_bytes_of_the_creator_and_the_counter_count),
	    T(a_punctured_leaf_is_gone_and_every_other_stays),
	    T(the_state_does_not_depend_on_the_order_of_punctures),
	    T(a_puncture_keeps_the_siblings_of_the_way),
	    T(no_node_on_the_way_to_a_punctured_leaf_is_kept),
	    T(a_state_is_read_as_it_was_written),
	    T(a_state_cut_anywhere_is_refused),
	    T(a_state_with_any_bit_flipped_is_refused_or_read_to_the_letter),
	    T(roots_out_of_order_nested_halved_or_crooked_are_refused),
	    T(a_count_beyond_the_bytes_and_generation_zero_are_refused));
}
