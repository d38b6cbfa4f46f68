/*
 * changes -- small changes, for the tests of their forms and bounds.
 */
#ifndef TESTS_UNIT_CHANGES_H
#define TESTS_UNIT_CHANGES_H

#include "tests/unit/test.h"

#include "sync/change.h"

#define B(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })

/* The smallest change, laid out by hand from schema/WIRE.md 1. */
static const uint8_t least[] =
    "DDDDDDDDDDDDDDDD"			/*  0 device */
    "\x01" "RRRRRRRRRRRRRRRR"		/* 16 n, 17 record */
    "CCCCCCCCCCCCCCCC" "\x01"		/* 33 creator, 49 index */
    "\x01" "t"				/* 50 type */
    "\x08\x07\x06\x05\x04\x03\x02\x01"	/* 52 clock */
    "\x01" "\x01" "f" "\x01\x00\x00"	/* 60 fields: 61 f, 63 team, value */
    "\x02" "\x02" "\x01" "v";		/* 66 mask, 67 payload, 68 value */
#define LEAST_LEN (sizeof least - 1)

static inline struct dot
dot_of(char device, uint64_t n)
{
	struct dot d = { .n = n };

	memset(d.device.b, device, sizeof d.device.b);
	return d;
}

static inline struct change
head(void)
{
	struct change c = CHANGE_EMPTY;

	c.dot = dot_of('D', 1);
	memset(c.record.b, 'R', sizeof c.record.b);
	memset(c.index.creator.b, 'C', sizeof c.index.creator.b);
	c.index.n = 1;
	c.type = B("t");
	return c;
}

static inline void
add_dot(struct change_field *f, char device, uint64_t n, struct bytes elem)
{
	struct dot d = dot_of(device, n);

	change_add_sup(f, &d, elem);
}

/* Decode from exactly these bytes; what comes out must give them back. */
static inline bool
accepted(const uint8_t *at, size_t n)
{
	struct buf again = BUF_EMPTY;
	uint8_t *cut = test_cut(at, n);
	struct change c;
	fault f = change_decode(&c, (struct bytes){ cut, n });

	if (f == NULL) {
		change_encode(&again, &c);
		assert_int_equal(again.len, n);
		assert_memory_equal(again.at, at, n);
		assert_ok(change_check(&c));
		change_free(&c);
	} else {
		assert_int_equal(f->code, FAULT_FORMAT);
	}
	buf_free(&again);
	free(cut);
	return f == NULL;
}

#endif
