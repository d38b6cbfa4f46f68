/*
 * A segment from a stranger, and from a member who means harm.  By the first
 * byte:
 *
 *	0	the rest is a blob
 *	1	a zstd frame
 *	2	u16 length and a ledger text, then the frame of an entry: both
 *		are sealed here with the right keys, so that what lies behind
 *		the tags is reached
 *
 * What is accepted is bounded, and its header and changes re-encode byte for
 * byte.
 */
#include <stdlib.h>
#include <string.h>

#include "sync/base/secret.h"
#include "sync/segment.h"
#include "sync/segment_box.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

static const struct id me = { { 0xd0 } };
static struct keys *keys;
static struct squeeze *words;

/* As in section 10 of WIRE.md. */
static void
start(void)
{
	uint8_t s[32];

	if (keys != NULL)
		return;
	if (secret_start() != NULL || squeeze_new(&words, 0) != NULL)
		abort();
	keys = keys_new();
	for (int c = 0; c < COMP_COUNT; c++) {
		memset(s, 0x40 + c, sizeof s);
		keys_put_secret(keys, (enum compartment)c, 1, s);
	}
	memset(s, 0x47, sizeof s);
	keys_put_tree(keys, tree_new(1, s));
}

static void
same_change(const struct change *c)
{
	struct buf a = BUF_EMPTY, b = BUF_EMPTY;
	struct change back;

	change_encode(&a, c);
	if (change_decode(&back, buf_view(&a)) != NULL)
		abort();
	change_encode(&b, &back);
	if (!bytes_eq(buf_view(&a), buf_view(&b)))
		abort();
	change_free(&back);
	buf_free(&a);
	buf_free(&b);
}

static void
open_blob(struct bytes blob)
{
	struct segment_head h;
	struct segment s;
	struct buf again = BUF_EMPTY;

	if (segment_read_head(&h, blob) == NULL) {
		segment_put_head(&again, &h);
		if (again.len != h.len ||
		    memcmp(again.at, blob.at, h.len) != 0)
			abort();
		segment_head_free(&h);
	}
	if (segment_open(&s, blob, 1, &me, keys, words) == NULL) {
		if (s.payloads.len > SEGMENT_OPENED_MAX ||
		    s.text.len > SEGMENT_LEDGER_MAX)
			abort();
		for (size_t i = 0; i < s.nchanges; i++)
			same_change(&s.changes[i]);
		segment_free(&s);
	}
	buf_free(&again);
}

static void
open_frame(struct bytes frame)
{
	struct buf out = BUF_EMPTY;

	(void)!unsqueeze(&out, words, frame, 4096);
	if (out.len > 4096)
		abort();
	buf_free(&out);
}

/* The entry is that of the first change, if the ledger text has one. */
static void
put_entry(struct buf *out, struct box *b, struct bytes ledger,
    struct bytes entry)
{
	struct entry_place p = { .g = 1, .e = 1, .sealer = me, .self = me };
	struct reader r = reader_of(ledger);
	struct change c;
	uint8_t key[32];

	if (get_uv(&r, 0) != 0 || get_uv(&r, 1) != 1)
		return;
	change_get_ledger(&r, &c, &me);
	if (!reader_ok(&r))
		return;
	p.comp = c.fields[0].comp;
	p.index = c.index;
	b->comp = p.comp;
	b->record = c.record;
	if (keys_entry(key, keys, &p) == NULL)
		box_seal(out, b, key, entry);
	change_free(&c);
}

static void
open_forged(struct bytes ledger, struct bytes entry)
{
	struct segment_head h = { .device = me, .seq = 1, .epoch = 1 };
	struct buf out = BUF_EMPTY, frame = BUF_EMPTY, lens = BUF_EMPTY;
	struct box b = { .seed = h.seed };
	uint8_t key[32];
	size_t more;

	segment_put_head(&out, &h);
	b.header = hash_of(buf_view(&out));
	squeeze(&frame, words, ledger);
	put_u32(&lens, (uint32_t)frame.len + WIRE_TAG_LEN);
	put_u32(&lens, entry.len == 0 ? 0 :
	    (uint32_t)entry.len + WIRE_TAG_LEN);
	if (keys_ledger(key, keys, 1) != NULL)
		abort();
	box_seal(&out, &b, key, buf_view(&lens));
	b.i = 1;
	box_seal(&out, &b, key, buf_view(&frame));
	b.i = 2;
	if (entry.len > 0)
		put_entry(&out, &b, ledger, entry);
	more = segment_padded(out.len) - out.len;
	memset(buf_room(&out, more), 0, more);
	out.len += more;
	open_blob(buf_view(&out));
	buf_free(&out);
	buf_free(&frame);
	buf_free(&lens);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
	struct reader r = reader_of((struct bytes){ at, n });
	struct bytes ledger;
	uint8_t mode = get_u8(&r);

	start();
	if (mode == 0)
		open_blob(get_bytes(&r, reader_left(&r)));
	if (mode == 1)
		open_frame(get_bytes(&r, reader_left(&r)));
	if (mode == 2) {
		ledger = get_bytes(&r, get_u16(&r));
		if (reader_ok(&r))
			open_forged(ledger, get_bytes(&r, reader_left(&r)));
	}
	return 0;
}
