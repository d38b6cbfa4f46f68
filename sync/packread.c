#include "sync/packread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "sync/base/codec.h"
#include "sync/base/id.h"
#include "sync/delta.h"
#include "sync/sha1.h"

#define IDX_HEAD	(8 + 256 * 4)
#define DEPTH_MAX	4096		/* git's own limit for a chain */
#define WORK_MAX	((uint64_t)256 << 20)	/* bytes made for one object */
#define DELTA_MAX	(2 * PACKREAD_MAX)
#define ENTRY_HEAD	40		/* type, length, base */
#define OFS_DELTA	6
#define REF_DELTA	7

struct packread {
	const struct gitdir *g;
	char		name[41];
	int		idx, pack;
	uint32_t	fan[256];
	uint64_t	end;		/* where the pack's sum begins */
	uint64_t	wide;		/* large offsets in the index */
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
	return fault_new(FAULT_FORMAT, "the pack %s in %s is damaged", p->name,
	    p->g->path);
}

static int
open_part(const struct packread *p, const char *suffix)
{
	struct buf b = BUF_EMPTY;
	int fd;

	buf_text(&b, "%s/objects/pack/pack-%s.%s", p->g->path, p->name, suffix);
	fd = open(buf_cstr(&b), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	buf_free(&b);
	return fd;
}

static fault
wake(struct packread *p, int *fd, const char *suffix)
{
	if (*fd < 0)
		*fd = open_part(p, suffix);
	return *fd >= 0 ? NULL : fault_errno(errno == ENOENT ? FAULT_ABSENT :
	    p->g->broken, "the pack %s in %s cannot be opened", p->name,
	    p->g->path);
}

void
packread_rest(struct packread *p)
{
	if (p->idx >= 0)
		close(p->idx);
	if (p->pack >= 0)
		close(p->pack);
	p->idx = p->pack = -1;
}

/* Exactly n bytes. */
static fault
read_at(struct packread *p, int fd, void *to, size_t n, uint64_t where)
{
	uint8_t *at = to;

	while (n > 0) {
		ssize_t got = pread(fd, at, n, (off_t)where);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault_errno(p->g->broken, "%s cannot be read; "
			    "nothing was lost", p->g->path);
		if (got == 0)
			return damaged(p);
		at += got;
		n -= (size_t)got;
		where += (uint64_t)got;
	}
	return NULL;
}

/* ---- the index: see packfile.c for its table ---------------------------- */

static fault
read_index_head(struct packread *p)
{
	uint8_t head[IDX_HEAD];
	struct reader r;
	struct stat st;
	uint64_t want;
	fault f = read_at(p, p->idx, head, sizeof head, 0);

	if (f != NULL)
		return f;
	if (memcmp(head, "\377tOc\0\0\0\2", 8) != 0 || fstat(p->idx, &st) != 0)
		return damaged(p);
	r = reader_of((struct bytes){ head + 8, sizeof head - 8 });
	for (int i = 0; i < 256; i++) {
		p->fan[i] = get_be32(&r);
		if (i > 0 && p->fan[i] < p->fan[i - 1])
			return damaged(p);
	}
	want = IDX_HEAD + (uint64_t)p->fan[255] * 28 + 2 * SHA1_LEN;
	if ((uint64_t)st.st_size < want || (st.st_size - (off_t)want) % 8 != 0)
		return damaged(p);
	p->wide = ((uint64_t)st.st_size - want) / 8;
	return NULL;
}

/* Open the pack itself, when an object of it is asked for. */
static fault
wake_pack(struct packread *p)
{
	uint8_t head[12];
	struct reader r;
	struct stat st;
	fault f;

	if ((f = wake(p, &p->pack, "pack")) != NULL || p->end > 0 ||
	    (f = read_at(p, p->pack, head, sizeof head, 0)) != NULL)
		return f;
	r = reader_of((struct bytes){ head + 8, 4 });
	if (memcmp(head, "PACK\0\0\0\2", 8) != 0 ||
	    get_be32(&r) != p->fan[255] || fstat(p->pack, &st) != 0 ||
	    !S_ISREG(st.st_mode) || st.st_size < 12 + SHA1_LEN)
		return damaged(p);
	p->end = (uint64_t)st.st_size - SHA1_LEN;
	return NULL;
}

fault
packread_open(struct packread **out, const struct gitdir *g, const char *name)
{
	struct packread *p = mem_new(sizeof *p);
	fault f;

	p->g = g;
	memcpy(p->name, name, 40);
	p->idx = p->pack = -1;
	if ((f = wake(p, &p->idx, "idx")) == NULL &&
	    (f = read_index_head(p)) == NULL)
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
	return p->name;
}

uint32_t
packread_count(const struct packread *p)
{
	return p->fan[255];
}

static fault
name_at(uint8_t to[OID_LEN], struct packread *p, uint32_t i)
{
	return read_at(p, p->idx, to, OID_LEN, IDX_HEAD +
	    (uint64_t)i * OID_LEN);
}

fault
packread_oid(struct oid *out, struct packread *p, uint32_t i)
{
	fault f = wake(p, &p->idx, "idx");

	return f != NULL ? f : name_at(out->b, p, i);
}

static fault
offset_at(uint64_t *out, struct packread *p, uint32_t i)
{
	uint64_t n = p->fan[255], at = IDX_HEAD + n * 24 + (uint64_t)i * 4;
	uint8_t raw[8];
	struct reader r = reader_of((struct bytes){ raw, 8 });
	uint64_t off;
	fault f = read_at(p, p->idx, raw, 4, at);

	if (f != NULL)
		return f;
	off = get_be32(&r);
	if ((off & 0x80000000u) != 0) {
		off &= 0x7fffffffu;
		if (off >= p->wide)
			return damaged(p);
		if ((f = read_at(p, p->idx, raw, 8, IDX_HEAD + n * 28 +
		    off * 8)) != NULL)
			return f;
		r = reader_of((struct bytes){ raw, 8 });
		off = (uint64_t)get_be32(&r) << 32;
		off |= get_be32(&r);
	}
	if (off < 12)
		return damaged(p);
	*out = off;
	return NULL;
}

fault
packread_find(bool *found, uint64_t *offset, struct packread *p,
    const struct oid *oid)
{
	uint32_t lo = oid->b[0] == 0 ? 0 : p->fan[oid->b[0] - 1];
	uint32_t hi = p->fan[oid->b[0]];
	uint8_t name[OID_LEN];
	fault f;

	*found = false;
	if (lo == hi)
		return NULL;
	if ((f = wake(p, &p->idx, "idx")) != NULL)
		return f;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c;

		if ((f = name_at(name, p, mid)) != NULL)
			return f;
		c = memcmp(oid->b, name, OID_LEN);
		if (c == 0) {
			*found = true;
			return offset_at(offset, p, mid);
		}
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* ---- entries ------------------------------------------------------------ */

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
	uint8_t raw[ENTRY_HEAD], c;
	size_t n = p->end - at < sizeof raw ? (size_t)(p->end - at) :
	    sizeof raw;
	struct reader r = reader_of((struct bytes){ raw, n });
	fault f;

	if (at >= p->end)
		return damaged(p);
	if ((f = read_at(p, p->pack, raw, n, at)) != NULL)
		return f;
	c = get_u8(&r);
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
	e->data = at + (n - reader_left(&r));
	return NULL;
}

/* More of the stream's bytes when all have been used; false at its end. */
static bool
refill(z_stream *z, uint8_t *in, size_t room, uint64_t *at, struct packread *p)
{
	size_t n = p->end - *at < room ? (size_t)(p->end - *at) : room;

	if (z->avail_in > 0)
		return true;
	if (n == 0 || read_at(p, p->pack, in, n, *at) != NULL)
		return false;
	z->next_in = in;
	z->avail_in = (uInt)n;
	*at += n;
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
	uint8_t in[16384], beyond;
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
		r = refill(&z, in, sizeof in, &at, p) ?
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
	struct entry e;
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
collect(struct entry **chain, size_t *n, struct packread *p, uint64_t offset)
{
	size_t room = 0;
	struct entry e;
	fault f;

	do {
		if ((f = entry_at(&e, p, offset)) != NULL)
			return f;
		if (e.len > (is_delta(&e) ? DELTA_MAX : PACKREAD_MAX) ||
		    *n > DEPTH_MAX)
			return damaged(p);
		if (*n == room) {
			room = room == 0 ? 8 : room * 2;
			*chain = mem_grow(*chain, room * sizeof e);
		}
		(*chain)[(*n)++] = e;
		offset = e.base;
	} while (is_delta(&e));
	return NULL;
}

/* One more delta upon object. */
static fault
build(struct buf *object, struct packread *p, const struct entry *e)
{
	struct buf delta = BUF_EMPTY, next = BUF_EMPTY;
	fault f = inflate_entry(&delta, p, e, 0);

	if (f == NULL && !delta_apply(&next, buf_view(object),
	    buf_view(&delta), PACKREAD_MAX))
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
    uint64_t offset)
{
	struct entry *chain = NULL;
	struct buf object = BUF_EMPTY;
	size_t n = 0;
	uint64_t work = 0;
	fault f;

	if ((f = wake_pack(p)) != NULL ||
	    (f = collect(&chain, &n, p, offset)) != NULL ||
	    (f = inflate_entry(&object, p, &chain[n - 1], 0)) != NULL)
		goto done;
	for (size_t i = n - 1; i-- > 0 && f == NULL;) {
		f = build(&object, p, &chain[i]);
		work += object.len + chain[i].len;
		if (f == NULL && work > WORK_MAX)
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
