#include "sync/packread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "sync/base/codec.h"
#include "sync/delta.h"
#include "sync/packindex.h"
#include "sync/sha1.h"

#define DEPTH_MAX	4096		/* git's own limit for a chain */
#define WORK_MAX	256		/* times max: bytes made for one object */
#define ENTRY_HEAD	40		/* type, length, base */
#define CHUNK		(32u << 10)	/* read at once of a long stream */
#define OFS_DELTA	6
#define REF_DELTA	7

struct packread {
	struct packindex index;
	int		pack;
	uint64_t	end;		/* where the pack's sum begins; 0: new */
	uint8_t		window[4096];	/* where it was read last */
	uint64_t	window_at;
	size_t		window_len;
};

/* One entry as it stands in the pack. */
struct entry {
	unsigned	kind;		/* enum object_type, or a delta */
	uint64_t	len;		/* inflated */
	uint64_t	data;		/* where its stream begins */
	uint64_t	base;		/* of a delta: offset of its base */
};

static fault
damaged(const struct packread *p)
{
	return packindex_damaged(&p->index);
}

void
packread_rest(struct packread *p)
{
	packindex_rest(&p->index);
	if (p->pack >= 0)
		close(p->pack);
	p->pack = -1;
}

fault
packread_open(struct packread **out, const struct gitdir *g, const char *name)
{
	struct packread *p = mem_new(sizeof *p);
	fault f = packindex_open(&p->index, g, name);

	p->pack = -1;
	if (f == NULL)
		*out = p;
	else
		packread_free(p);
	return f;
}

void
packread_free(struct packread *p)
{
	if (p == NULL)
		return;
	packread_rest(p);
	free(p);
}

const char *
packread_name(const struct packread *p)
{
	return p->index.name;
}

uint32_t
packread_count(const struct packread *p)
{
	return p->index.fan[255];
}

fault
packread_oid(struct oid *out, struct packread *p, uint32_t i)
{
	return packindex_oid(out, &p->index, i);
}

fault
packread_find(bool *found, uint64_t *offset, struct packread *p,
    const struct oid *oid)
{
	return packindex_find(found, offset, &p->index, oid);
}

/* Open the pack itself, when an object of it is asked for. */
static fault
wake_pack(struct packread *p)
{
	uint8_t head[12];
	struct reader r;
	struct stat st;
	fault f;

	if ((f = packindex_wake(&p->index, &p->pack, "pack")) != NULL || p->end > 0 ||
	    (f = packindex_read(&p->index, p->pack, head,
	    sizeof head, 0)) != NULL)
		return f;
	r = reader_of((struct bytes){ head + 8, 4 });
	if (memcmp(head, "PACK\0\0\0\2", 8) != 0 ||
	    get_be32(&r) != p->index.fan[255] || fstat(p->pack, &st) != 0 ||
	    !S_ISREG(st.st_mode) || st.st_size < 12 + SHA1_LEN)
		return damaged(p);
	p->end = (uint64_t)st.st_size - SHA1_LEN;
	return NULL;
}

/* ---- entries ------------------------------------------------------------ */

/*
 * At least min bytes of the pack from at (less only at its end), borrowed
 * until the next call.
 */
static fault
view(struct bytes *out, struct packread *p, uint64_t at, size_t min)
{
	uint64_t left = p->end - at;
	size_t n = left < sizeof p->window ? (size_t)left : sizeof p->window;
	size_t in;
	fault f;

	if (min > n)
		min = n;
	if (at < p->window_at || at + min > p->window_at + p->window_len) {
		p->window_len = 0;
		if ((f = packindex_read(&p->index, p->pack, p->window, n,
		    at)) != NULL)
			return f;
		p->window_at = at;
		p->window_len = n;
	}
	in = (size_t)(at - p->window_at);
	*out = (struct bytes){ p->window + in, p->window_len - in };
	return NULL;
}

/* The base of a delta by distance: 7 bits a byte, high first, each plus 1. */
static uint64_t
get_distance(struct reader *r)
{
	uint8_t c = get_u8(r);
	uint64_t v = c & 0x7f;

	while ((c & 0x80) != 0 && reader_ok(r)) {
		if (v >> 50 != 0)
			reader_spoil(r);
		c = get_u8(r);
		v = (v + 1) << 7 | (c & 0x7f);
	}
	return v;
}

static fault
get_base(struct entry *e, struct reader *r, struct packread *p, uint64_t at)
{
	struct oid oid;
	uint64_t far;
	bool found = true;
	fault f = NULL;

	if (e->kind == OFS_DELTA) {
		far = get_distance(r);
		found = far > 0 && far <= at - 12;
		e->base = at - far;
	} else if (e->kind == REF_DELTA) {
		get_copy(r, oid.b, OID_LEN);
		f = packread_find(&found, &e->base, p, &oid);
	}
	return f == NULL && !found ? damaged(p) : f;
}

static fault
entry_at(struct entry *e, struct packread *p, uint64_t at)
{
	struct bytes raw = BYTES_EMPTY;
	struct reader r;
	uint8_t c;
	fault f;

	if (at >= p->end)
		return damaged(p);
	if ((f = view(&raw, p, at, ENTRY_HEAD)) != NULL)
		return f;
	r = reader_of(raw);
	c = get_u8(&r);
	e->base = 0;
	e->kind = c >> 4 & 7;
	e->len = c & 15;
	for (unsigned shift = 4; (c & 0x80) != 0 && reader_ok(&r); shift += 7) {
		if (shift > 53)
			reader_spoil(&r);
		c = get_u8(&r);
		e->len |= (uint64_t)(c & 0x7f) << shift;
	}
	if (e->kind == 0 || e->kind == 5)
		reader_spoil(&r);
	if (reader_ok(&r) && (f = get_base(e, &r, p, at)) != NULL)
		return f;
	if (!reader_ok(&r))
		return damaged(p);
	e->data = at + (raw.len - reader_left(&r));
	return NULL;
}

/*
 * More of the stream's bytes when all have been used; false at its end.  At
 * first what is in the window, which is all of most objects.
 */
static bool
refill(z_stream *z, uint64_t *at, struct packread *p, uint8_t chunk[CHUNK])
{
	struct bytes in = BYTES_EMPTY;

	if (z->avail_in > 0)
		return true;
	if (*at >= p->end)
		return false;
	if (z->total_in == 0) {
		if (view(&in, p, *at, 1) != NULL)
			return false;
	} else {
		in = (struct bytes){ chunk, CHUNK };
		if (in.len > p->end - *at)
			in.len = (size_t)(p->end - *at);
		if (packindex_read(&p->index, p->pack, chunk, in.len,
		    *at) != NULL)
			return false;
	}
	z->next_in = (Bytef *)(uintptr_t)in.at;
	z->avail_in = (uInt)in.len;
	*at += in.len;
	return true;
}

/*
 * Inflate an entry's stream: only its first bytes if `some`, else all, which
 * must be just what it claims.
 */
static fault
inflate_entry(struct buf *out, struct packread *p, const struct entry *e,
    size_t some)
{
	uint8_t beyond, chunk[CHUNK];
	size_t want = some > 0 && some < e->len ? some : (size_t)e->len;
	uint64_t at = e->data;
	z_stream z = { .next_in = NULL };
	int r = Z_OK;
	bool ok;

	if (inflateInit(&z) != Z_OK)
		return fault_new(FAULT_FAIL, "zlib cannot be started");
	z.next_out = buf_room(out, want);
	z.avail_out = (uInt)want;
	while (r == Z_OK && z.total_out <= want &&
	    (some == 0 || z.avail_out > 0)) {
		/* The end of the stream is read with room for one too many. */
		if (z.avail_out == 0) {
			z.next_out = &beyond;
			z.avail_out = 1;
		}
		r = refill(&z, &at, p, chunk) ?
		    inflate(&z, Z_NO_FLUSH) : Z_BUF_ERROR;
	}
	ok = z.total_out == want && (some > 0 || r == Z_STREAM_END);
	inflateEnd(&z);
	if (!ok)
		return damaged(p);
	out->len += want;
	return NULL;
}

/* The length of what a delta makes. */
static fault
delta_result(uint64_t *len, struct packread *p, const struct entry *e)
{
	struct buf start = BUF_EMPTY;
	uint64_t base;
	size_t head;
	fault f = inflate_entry(&start, p, e, 20);

	if (f == NULL && !delta_head(&base, len, &head, buf_view(&start)))
		f = damaged(p);
	buf_free(&start);
	return f;
}

static bool
is_delta(const struct entry *e)
{
	return e->kind == OFS_DELTA || e->kind == REF_DELTA;
}

static enum object_type
type_of(const struct entry *e)
{
	return e->kind <= OBJECT_BLOB ? (enum object_type)e->kind : 0;
}

fault
packread_head(enum object_type *type, uint64_t *len, struct packread *p,
    uint64_t offset)
{
	struct entry e = { 0, 0, 0, 0 };
	fault f = wake_pack(p);

	if (f != NULL || (f = entry_at(&e, p, offset)) != NULL)
		return f;
	*len = e.len;
	if (is_delta(&e) && (f = delta_result(len, p, &e)) != NULL)
		return f;
	for (int depth = 0; is_delta(&e); depth++)
		if (depth == DEPTH_MAX ||
		    (f = entry_at(&e, p, e.base)) != NULL)
			return f == NULL ? damaged(p) : f;
	*type = type_of(&e);
	return NULL;
}

/* The entries from offset down to one that is no delta. */
static fault
collect(struct entry **chain, size_t *n, struct packread *p, uint64_t offset,
    size_t max)
{
	size_t room = 8;
	struct entry e = { 0, 0, 0, 0 };
	fault f;

	*chain = mem_new(room * sizeof e);
	do {
		if ((f = entry_at(&e, p, offset)) != NULL)
			return f;
		if (e.len > (is_delta(&e) ? 2 * max : max) || *n > DEPTH_MAX)
			return damaged(p);
		if (*n == room) {
			room *= 2;
			*chain = mem_grow(*chain, room * sizeof e);
		}
		(*chain)[(*n)++] = e;
		offset = e.base;
	} while (is_delta(&e));
	return NULL;
}

/* One more delta upon object. */
static fault
build(struct buf *object, struct packread *p, const struct entry *e,
    size_t max)
{
	struct buf delta = BUF_EMPTY, next = BUF_EMPTY;
	fault f = inflate_entry(&delta, p, e, 0);

	if (f == NULL && !delta_apply(&next, buf_view(object),
	    buf_view(&delta), max))
		f = damaged(p);
	if (f == NULL) {
		buf_free(object);
		*object = next;
	} else {
		buf_free(&next);
	}
	buf_free(&delta);
	return f;
}

fault
packread_bytes(struct buf *out, enum object_type *type, struct packread *p,
    uint64_t offset, size_t max)
{
	struct entry *chain = NULL;
	struct buf object = BUF_EMPTY;
	size_t n = 0;
	uint64_t work = 0;
	fault f;

	if ((f = wake_pack(p)) != NULL ||
	    (f = collect(&chain, &n, p, offset, max)) != NULL ||
	    (f = inflate_entry(&object, p, &chain[n - 1], 0)) != NULL)
		goto done;
	for (size_t i = n - 1; i-- > 0 && f == NULL;) {
		f = build(&object, p, &chain[i], max);
		work += object.len + chain[i].len;
		if (f == NULL && work > (uint64_t)WORK_MAX * max)
			f = damaged(p);
	}
	if (f == NULL) {
		*type = type_of(&chain[n - 1]);
		buf_add_bytes(out, buf_view(&object));
	}
done:
	buf_free(&object);
	free(chain);
	return f;
}
