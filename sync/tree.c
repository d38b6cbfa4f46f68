#include "sync/tree.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/base/secret.h"

#define DEPTH	56		/* 32 bits of the creator, 24 of the counter */
#define STATE_LEN (1 + 7 + WIRE_KEY_LEN)	/* one root, encoded */

/*
 * A tree's nodes are always a block of their own, never part of the arena
 * (which holds blocks up to 16 KiB): over the years there are many
 * generations, and the arena is small.
 */
#define BLOCK_MIN ((16u << 10) + 1)

/*
 * A path stands in the low 56 bits, its first step in bit 55.  Roots are
 * disjoint and in order of their paths; node i in the secret block belongs
 * to place i.
 */
struct place {
	uint64_t	path;		/* bits behind depth are zero */
	unsigned	depth;
};

struct tree {
	uint32_t	g;
	size_t		n;
	struct place	*places;
	/* One secret block: the last way down (the nodes at the depths from
	 * its root to 56), and behind it a node for each place. */
	uint8_t		(*way)[WIRE_KEY_LEN];
	uint8_t		(*nodes)[WIRE_KEY_LEN];
	uint64_t	at;
	bool		warm;
};

static uint64_t
path_of(const struct index *x)
{
	uint64_t p = 0;

	for (int i = 0; i < 4; i++)
		p = p << 8 | x->creator.b[i];
	return p << 24 | (x->n & WIRE_INDEX_MAX);
}

/* Bits behind depth. */
static uint64_t
below(unsigned depth)
{
	return (UINT64_C(1) << (DEPTH - depth)) - 1;
}

static unsigned
bit_of(uint64_t path, unsigned depth)
{
	return path >> (DEPTH - depth) & 1;
}

/* Both children of node; one BLAKE2b-512. */
static void
split(uint8_t children[2 * WIRE_KEY_LEN], const uint8_t node[WIRE_KEY_LEN])
{
	crypto_generichash(children, 2 * WIRE_KEY_LEN,
	    (const uint8_t *)"kit1.ggm", 8, node, WIRE_KEY_LEN);
}

static size_t
block_len(size_t n)
{
	size_t len = (DEPTH + 1 + n) * WIRE_KEY_LEN;

	return len < BLOCK_MIN ? BLOCK_MIN : len;
}

static struct tree *
tree_sized(uint32_t g, size_t n)
{
	struct tree *t = mem_new(sizeof *t);

	t->g = g;
	t->n = n;
	t->places = mem_new(n * sizeof *t->places);
	t->way = secret_new(block_len(n));
	t->nodes = t->way + DEPTH + 1;
	return t;
}

struct tree *
tree_new(uint32_t g, const uint8_t root[WIRE_KEY_LEN])
{
	struct tree *t = tree_sized(g, 1);

	memcpy(t->nodes[0], root, WIRE_KEY_LEN);
	return t;
}

void
tree_free(struct tree *t)
{
	if (t == NULL)
		return;
	secret_free(t->way, block_len(t->n));
	free(t->places);
	free(t);
}

uint32_t
tree_generation(const struct tree *t)
{
	return t->g;
}

/* The number of the root above path; t->n if it is punctured. */
static size_t
root_above(const struct tree *t, uint64_t path)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->places[mid].path <= path)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 ||
	    (path & ~below(t->places[lo - 1].depth)) != t->places[lo - 1].path)
		return t->n;
	return lo - 1;
}

bool
tree_has(const struct tree *t, const struct index *x)
{
	return root_above(t, path_of(x)) < t->n;
}

/* How many steps from the top a and b go together. */
static unsigned
together(uint64_t a, uint64_t b)
{
	unsigned depth = DEPTH;

	for (uint64_t d = a ^ b; d != 0; d >>= 1)
		depth--;
	return depth;
}

/*
 * Fill t->way down to path from root r.  What the last way shares with this
 * one is still there: both end below r, or the shared part is above it.
 */
static void
walk(struct tree *t, size_t r, uint64_t path)
{
	uint8_t children[2 * WIRE_KEY_LEN];
	unsigned depth = t->places[r].depth, shared = 0;

	if (t->warm)
		shared = together(t->at, path);
	if (t->warm && shared >= depth)
		depth = shared;
	else
		memcpy(t->way[depth], t->nodes[r], WIRE_KEY_LEN);
	for (; depth < DEPTH; depth++) {
		split(children, t->way[depth]);
		memcpy(t->way[depth + 1], children +
		    bit_of(path, depth + 1) * WIRE_KEY_LEN, WIRE_KEY_LEN);
	}
	sodium_memzero(children, sizeof children);
	t->at = path;
	t->warm = true;
}

bool
tree_leaf(uint8_t out[WIRE_KEY_LEN], struct tree *t, const struct index *x)
{
	uint64_t path = path_of(x);
	size_t r = root_above(t, path);

	if (r == t->n) {
		memset(out, 0, WIRE_KEY_LEN);
		return false;
	}
	walk(t, r, path);
	memcpy(out, t->way[DEPTH], WIRE_KEY_LEN);
	return true;
}

/* The sibling at depth of the way to path becomes root to of fresh. */
static void
keep_sibling(struct tree *fresh, size_t to, const struct tree *t,
    uint64_t path, unsigned depth)
{
	uint8_t children[2 * WIRE_KEY_LEN];
	unsigned other = !bit_of(path, depth);

	split(children, t->way[depth - 1]);
	memcpy(fresh->nodes[to], children + other * WIRE_KEY_LEN,
	    WIRE_KEY_LEN);
	sodium_memzero(children, sizeof children);
	fresh->places[to].depth = depth;
	fresh->places[to].path = (path ^ (below(depth) + 1)) & ~below(depth);
}

/* Root r gives way to the siblings of the way from it to path, in order. */
static void
put_siblings(struct tree *fresh, const struct tree *t, size_t r, uint64_t path)
{
	unsigned top = t->places[r].depth;
	size_t to = r;

	for (unsigned d = top + 1; d <= DEPTH; d++)
		if (bit_of(path, d))
			keep_sibling(fresh, to++, t, path, d);
	for (unsigned d = DEPTH; d > top; d--)
		if (!bit_of(path, d))
			keep_sibling(fresh, to++, t, path, d);
}

static void
copy_roots(struct tree *to, size_t at, const struct tree *from, size_t first,
    size_t n)
{
	if (n == 0)
		return;
	memcpy(to->places + at, from->places + first, n * sizeof *to->places);
	memcpy(to->nodes[at], from->nodes[first], n * WIRE_KEY_LEN);
}

/*
 * A new block each time: freeing the old one zeroes every node that must be
 * gone, the last way too, and moves leave no copies.
 */
void
tree_puncture(struct tree *t, const struct index *x)
{
	uint64_t path = path_of(x);
	size_t r = root_above(t, path), more;
	struct tree *fresh, old;

	if (r == t->n)
		return;
	walk(t, r, path);
	more = DEPTH - t->places[r].depth;
	fresh = tree_sized(t->g, t->n - 1 + more);
	copy_roots(fresh, 0, t, 0, r);
	put_siblings(fresh, t, r, path);
	copy_roots(fresh, r + more, t, r + 1, t->n - r - 1);
	old = *t;
	*t = *fresh;
	*fresh = old;
	tree_free(fresh);
}

size_t
tree_size(const struct tree *t)
{
	return 8 + t->n * STATE_LEN;
}

void
tree_encode(struct buf *out, const struct tree *t)
{
	buf_room(out, tree_size(t));	/* so that no copy is left behind */
	put_u32(out, t->g);
	put_u32(out, (uint32_t)t->n);
	for (size_t i = 0; i < t->n; i++) {
		put_u8(out, (uint8_t)t->places[i].depth);
		for (int shift = DEPTH - 8; shift >= 0; shift -= 8)
			put_u8(out, (uint8_t)(t->places[i].path >> shift));
		buf_add(out, t->nodes[i], WIRE_KEY_LEN);
	}
}

static void
get_root(struct reader *r, struct tree *t, size_t i)
{
	struct place *p = &t->places[i];

	p->depth = get_u8(r);
	for (int k = 0; k < 7; k++)
		p->path = p->path << 8 | get_u8(r);
	get_copy(r, t->nodes[i], WIRE_KEY_LEN);
	if (p->depth > DEPTH || (p->path & below(p->depth)) != 0)
		reader_spoil(r);
}

/*
 * b stands behind a, not under it, and the two are not the halves of one
 * subtree, which would have been the root then.
 */
static bool
follows(const struct place *a, const struct place *b)
{
	if (b->path <= (a->path | below(a->depth)))
		return false;
	return a->depth != b->depth || bit_of(a->path, a->depth) != 0 ||
	    b->path != a->path + below(a->depth) + 1;
}

fault
tree_decode(struct tree **out, struct reader *r)
{
	uint32_t g = get_u32(r), n = get_u32(r);
	struct tree *t;

	if (g == 0 || n > reader_left(r) / STATE_LEN)
		reader_spoil(r);
	t = tree_sized(g, reader_ok(r) ? n : 0);
	for (size_t i = 0; i < t->n && reader_ok(r); i++) {
		get_root(r, t, i);
		if (reader_ok(r) && i > 0 &&
		    !follows(&t->places[i - 1], &t->places[i]))
			reader_spoil(r);
	}
	if (!reader_ok(r)) {
		tree_free(t);
		return fault_new(FAULT_FORMAT,
		    "not the state of an erasure tree");
	}
	*out = t;
	return NULL;
}

struct hash
tree_commitment(const struct tree *t)
{
	struct buf b = BUF_EMPTY;
	struct hash h = { { 0 } };

	if (t->n != 1 || t->places[0].depth != 0)
		return h;
	buf_add(&b, "kit1.com\xff", 9);
	put_u32(&b, t->g);
	crypto_generichash(h.b, sizeof h.b, b.at, b.len, t->nodes[0],
	    WIRE_KEY_LEN);
	buf_free(&b);
	return h;
}
