/*
 * segments -- a small world for tests of segments: all keys, a device 0xd0
 * with some changes, another, 0xc0, that reads.
 */
#ifndef TESTS_UNIT_SEGMENTS_H
#define TESTS_UNIT_SEGMENTS_H

#include "sync/segment.h"
#include "sync/segment_box.h"

static inline struct id
id_of(uint8_t from)
{
	struct id d;

	for (int i = 0; i < WIRE_ID_LEN; i++)
		d.b[i] = (uint8_t)(from + i);
	return d;
}

static inline struct keys *
coordinator_keys(void)
{
	struct keys *k = keys_new();
	uint8_t s[32];

	for (int c = 0; c < COMP_COUNT; c++) {
		memset(s, 0x10 + c, sizeof s);
		keys_put_secret(k, (enum compartment)c, 2, s);
	}
	memset(s, 0x77, sizeof s);
	keys_put_tree(k, tree_new(3, s));
	return k;
}

static const char STORY[] = "Rond half tien stonden er zes jongeren achter de "
    "sporthal. Ze vertellen dat het jeugdhonk al weken dicht is.";

/* Change n of device 0xd0, with a field in each compartment and a set. */
static inline struct change
some_change(uint64_t n)
{
	struct change c = CHANGE_EMPTY;
	struct change_field *f;
	struct dot d = { id_of(0xe0), 7 };

	c.dot = (struct dot){ id_of(0xd0), n };
	c.record = id_of((uint8_t)n);
	c.index = (struct index){ id_of(0xd0), (uint32_t)n };
	c.type = bytes_of("observation");
	c.clock = UINT64_C(1790000000000) << 16 | n;
	f = change_add(&c, bytes_of("narrative"), COMP_TEAM, KIND_VALUE);
	change_add_value(f, bytes_of(STORY));
	change_add_sup(f, &d, BYTES_EMPTY);
	f = change_add(&c, bytes_of("themes"), COMP_TEAM, KIND_SET);
	change_add_value(f, bytes_of("groepsdruk"));
	change_add_value(f, bytes_of("beschermend"));
	change_add_sup(f, &d, bytes_of("ronselen"));
	f = change_add(&c, bytes_of("contact"), COMP_IDENTITY, KIND_VALUE);
	change_add_value(f, bytes_of("06-00000000"));
	f = change_add(&c, bytes_of("safety"), COMP_RESTRICTED, KIND_VALUE);
	change_add_value(f, BYTES_EMPTY);
	change_sort(&c);
	return c;
}

struct world {
	struct keys	*keys;
	struct squeeze	*squeeze;
	struct change	*changes;
	const struct change **list;
	struct segment_plan plan;
	struct buf	blob;
	size_t		taken;
};

static inline struct world
world_of(size_t n)
{
	struct world w = { .keys = coordinator_keys() };

	assert_ok(squeeze_new(&w.squeeze, SQUEEZE_DICTIONARY));
	w.changes = mem_new(n * sizeof *w.changes);
	w.list = mem_new(n * sizeof *w.list);
	for (size_t i = 0; i < n; i++) {
		w.changes[i] = some_change(i + 1);
		w.list[i] = &w.changes[i];
	}
	w.plan.head.project = id_of(0x01);
	w.plan.head.device = id_of(0xd0);
	w.plan.head.seq = 1;
	w.plan.head.epoch = 2;
	w.plan.g = 3;
	w.plan.changes = w.list;
	w.plan.nchanges = n;
	return w;
}

static inline struct world
sealed_world(size_t n)
{
	struct world w = world_of(n);

	assert_ok(segment_seal(&w.blob, &w.taken, &w.plan, w.keys,
	    w.squeeze));
	return w;
}

static inline void
world_free(struct world *w)
{
	for (size_t i = 0; i < w->plan.nchanges; i++)
		change_free(&w->changes[i]);
	free(w->changes);
	free(w->list);
	keys_free(w->keys);
	squeeze_free(w->squeeze);
	buf_free(&w->blob);
}

static inline fault
open_as(struct segment *s, const struct world *w, struct bytes blob,
    struct keys *k, uint8_t self)
{
	struct id d = id_of(self);

	return segment_open(s, blob, 3, &d, k, w->squeeze);
}

static inline fault
open_world(struct segment *s, const struct world *w)
{
	return open_as(s, w, buf_view(&w->blob), w->keys, 0xc0);
}

static inline void
assert_same_change(const struct change *a, const struct change *b)
{
	struct buf x = BUF_EMPTY, y = BUF_EMPTY;

	change_encode(&x, a);
	change_encode(&y, b);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.at, y.at, x.len);
	buf_free(&x);
	buf_free(&y);
}

static inline struct segment_head
head_with_seen(size_t n)
{
	struct segment_head h = { .seq = 9, .epoch = 1, .dictionary = 1 };

	h.project = id_of(1);
	h.device = id_of(2);
	h.prev.b[0] = 1;
	h.nseen = n;
	h.seen = mem_new(n * sizeof *h.seen);
	for (size_t i = 0; i < n; i++) {
		h.seen[i].hub = id_of((uint8_t)(i / 3));
		h.seen[i].device[3] = (uint8_t)i;
		h.seen[i].seq = (uint32_t)i + 1;
		memset(h.seen[i].hash, (int)i, 16);
	}
	return h;
}

#endif
