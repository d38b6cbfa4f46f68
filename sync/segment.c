#include "sync/segment.h"

#include <stdlib.h>
#include <string.h>

/*
 * The header:
 *
 *	0	"KITSEG", u16 version
 *	8	flags u32
 *	12	project
 *	28	device
 *	44	seq u64
 *	52	prev
 *	84	epoch u32
 *	88	dictionary u32
 *	92	seed
 *	116	hubs u16, then for each: id, count u16, then count times
 *		(device prefix 4, seq u32, half a hash 16)
 */
#define MAGIC "KITSEG"

static size_t
same_hub(const struct segment_head *h, size_t from)
{
	size_t n = 1;

	while (from + n < h->nseen &&
	    id_eq(&h->seen[from].hub, &h->seen[from + n].hub))
		n++;
	return n;
}

static void
put_seen(struct buf *out, const struct segment_head *h)
{
	uint16_t hubs = 0;

	for (size_t i = 0; i < h->nseen; i += same_hub(h, i))
		hubs++;
	put_u16(out, hubs);
	for (size_t i = 0; i < h->nseen; i++) {
		const struct seen *s = &h->seen[i];

		if (i == 0 || !id_eq(&s->hub, &s[-1].hub)) {
			buf_add(out, s->hub.b, WIRE_ID_LEN);
			put_u16(out, (uint16_t)same_hub(h, i));
		}
		buf_add(out, s->device, sizeof s->device);
		put_u32(out, s->seq);
		buf_add(out, s->hash, sizeof s->hash);
	}
}

void
segment_put_head(struct buf *out, const struct segment_head *h)
{
	buf_add(out, MAGIC, 6);
	put_u16(out, WIRE_FORMAT);
	put_u32(out, h->flags);
	buf_add(out, h->project.b, WIRE_ID_LEN);
	buf_add(out, h->device.b, WIRE_ID_LEN);
	put_u64(out, h->seq);
	buf_add(out, h->prev.b, WIRE_HASH_LEN);
	put_u32(out, h->epoch);
	put_u32(out, h->dictionary);
	buf_add(out, h->seed, WIRE_SEED_LEN);
	put_seen(out, h);
}

void
segment_head_free(struct segment_head *h)
{
	free(h->seen);
	h->seen = NULL;
	h->nseen = 0;
}

/* Read the next; out of order spoils. */
static void
get_one_seen(struct reader *r, struct segment_head *h, const struct id *hub)
{
	struct seen *s = &h->seen[h->nseen];

	s->hub = *hub;
	get_copy(r, s->device, sizeof s->device);
	s->seq = get_u32(r);
	get_copy(r, s->hash, sizeof s->hash);
	if (s->seq == 0 || s->seq > WIRE_SEQ_MAX)
		reader_spoil(r);
	if (h->nseen > 0 && id_eq(&s[-1].hub, hub) &&
	    memcmp(s[-1].device, s->device, sizeof s->device) >= 0)
		reader_spoil(r);
	h->nseen++;
}

static void
get_hub(struct reader *r, struct segment_head *h)
{
	struct id hub;
	size_t n;

	get_copy(r, hub.b, WIRE_ID_LEN);
	n = get_u16(r);
	if (n == 0 || n > reader_left(r) / 24 ||
	    (h->nseen > 0 && id_cmp(&h->seen[h->nseen - 1].hub, &hub) >= 0)) {
		reader_spoil(r);
		return;
	}
	h->seen = mem_grow(h->seen, (h->nseen + n) * sizeof *h->seen);
	while (n-- > 0 && reader_ok(r))
		get_one_seen(r, h, &hub);
}

static void
get_plain(struct reader *r, struct segment_head *h)
{
	h->flags = get_u32(r);
	get_copy(r, h->project.b, WIRE_ID_LEN);
	get_copy(r, h->device.b, WIRE_ID_LEN);
	h->seq = get_u64(r);
	get_copy(r, h->prev.b, WIRE_HASH_LEN);
	h->epoch = get_u32(r);
	h->dictionary = get_u32(r);
	get_copy(r, h->seed, WIRE_SEED_LEN);
	if (h->seq == 0 || h->seq > WIRE_SEQ_MAX ||
	    (h->seq == 1) != hash_zero(&h->prev))
		reader_spoil(r);
	if ((h->flags & ~SEGMENT_ANNOUNCEMENT) != 0)
		reader_spoil(r);
	if (h->flags == SEGMENT_ANNOUNCEMENT
	    ? h->epoch != 0 || h->dictionary != 0 : h->epoch == 0)
		reader_spoil(r);
}

fault
segment_read_head(struct segment_head *out, struct bytes blob)
{
	struct reader r = reader_of(blob);
	struct segment_head h = { .nseen = 0 };
	struct bytes magic = get_bytes(&r, 6);
	uint16_t version = get_u16(&r);

	if (blob.len > WIRE_SEGMENT_MAX || !bytes_is(magic, MAGIC))
		return fault_new(FAULT_FORMAT, "not a segment (%zu bytes)",
		    blob.len);
	if (version > WIRE_FORMAT)
		return fault_new(FAULT_FORMAT, "a segment of version %u; the "
		    "bytes were kept; install a newer version of the kit",
		    (unsigned)version);
	get_plain(&r, &h);
	for (size_t n = get_u16(&r); n > 0 && reader_ok(&r); n--)
		get_hub(&r, &h);
	if (!reader_ok(&r)) {
		segment_head_free(&h);
		return fault_new(FAULT_FORMAT, "not the header of a segment "
		    "(%zu bytes)", blob.len);
	}
	h.len = r.pos;
	*out = h;
	return NULL;
}

static unsigned
log2_of(size_t v)
{
	unsigned n = 0;

	while (v >>= 1)
		n++;
	return n;
}

size_t
segment_padded(size_t len)
{
	size_t step;
	unsigned e, s;

	if (len <= WIRE_SEGMENT_MIN)
		return WIRE_SEGMENT_MIN;
	e = log2_of(len);
	s = log2_of(e) + 1;
	/* From 512 on, e is 9 and more, and s less. */
	step = (size_t)1 << (e > s ? e - s : 0);
	return (len + step - 1) / step * step;
}

void
segment_free(struct segment *s)
{
	for (size_t i = 0; i < s->nchanges; i++)
		change_free(&s->changes[i]);
	free(s->changes);
	free(s->receipts);
	segment_head_free(&s->head);
	buf_wipe(&s->text);
	buf_wipe(&s->payloads);
	*s = (struct segment){ .nchanges = 0 };
}
