#include "sync/packfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "sync/base/file.h"
#include "sync/base/id.h"
#include "sync/lockfile.h"
#include "sync/sha1.h"

#define FLUSH (256u << 10)

struct entry {
	struct oid	oid;
	uint32_t	crc, offset;
};

struct output {			/* a file being written, and its check sum */
	char		*tmp;
	int		fd;
	struct sha1	sum;
	struct buf	waiting;
	uint64_t	len;
};

struct packfile {
	struct gitdir	g;		/* path and notes are borrowed */
	char		name[41];
	size_t		n, room;
	struct entry	*entries;
	struct output	pack, idx;
	struct buf	deflated;
};

static fault
output_flush(struct output *o, const struct gitdir *g)
{
	fault f = gitdir_write(g, o->fd, buf_view(&o->waiting));

	sha1_add(&o->sum, buf_view(&o->waiting));
	buf_clear(&o->waiting);
	return f;
}

static fault
output_add(struct output *o, const struct gitdir *g, struct bytes data)
{
	buf_add_bytes(&o->waiting, data);
	o->len += data.len;
	return o->waiting.len < FLUSH ? NULL : output_flush(o, g);
}

static fault
output_open(struct output *o, const struct gitdir *g, const char *kind,
    const char *name)
{
	char rel[96];

	/* git's own names for files like these: its gc removes old ones. */
	snprintf(rel, sizeof rel, "objects/pack/tmp_%s_%.16s", kind, name);
	o->tmp = gitdir_path(g, rel);
	lockfile_note(g, o->tmp, "*");
	o->fd = gitdir_create(g, o->tmp);
	sha1_start(&o->sum);
	return o->fd < 0 ? gitdir_errno(g) : NULL;
}

/* Append the check sum, put everything on the disk, close. */
static fault
output_close(struct output *o, const struct gitdir *g, uint8_t sum[SHA1_LEN])
{
	fault f = output_flush(o, g);

	sha1_end(sum, &o->sum);
	if (f == NULL)
		f = gitdir_write(g, o->fd, (struct bytes){ sum, SHA1_LEN });
	if (f == NULL && fsync(o->fd) != 0)
		f = gitdir_errno(g);
	if (close(o->fd) != 0 && f == NULL)
		f = gitdir_errno(g);
	o->fd = -1;
	return f;
}

static void
output_free(struct output *o)
{
	if (o->fd >= 0)
		close(o->fd);
	if (o->tmp != NULL)
		unlink(o->tmp);
	free(o->tmp);
	buf_free(&o->waiting);
}

static void
be32(struct buf *b, uint32_t x)
{
	uint8_t at[4] = { (uint8_t)(x >> 24), (uint8_t)(x >> 16),
	    (uint8_t)(x >> 8), (uint8_t)x };

	buf_add(b, at, sizeof at);
}

fault
packfile_begin(struct packfile **out, const struct gitdir *g, size_t n)
{
	struct packfile *p = mem_new(sizeof *p);
	struct buf head = BUF_EMPTY, hex = BUF_EMPTY;
	uint8_t name[20];
	fault f;

	p->g = *g;
	p->pack.fd = p->idx.fd = -1;
	p->room = n;
	p->entries = mem_new(n * sizeof p->entries[0]);
	/*
	 * A random name, not one made of the contents: two packs of the same
	 * objects must never share one, nor a pack get another's index.
	 */
	random_fill(name, sizeof name);
	hex_put(&hex, (struct bytes){ name, sizeof name });
	memcpy(p->name, buf_cstr(&hex), sizeof p->name);
	f = output_open(&p->pack, g, "pack", p->name);
	buf_add(&head, "PACK\0\0\0\2", 8);
	be32(&head, (uint32_t)n);
	if (f == NULL)
		f = output_add(&p->pack, g, buf_view(&head));
	buf_free(&head);
	buf_free(&hex);
	if (f == NULL)
		*out = p;
	else
		packfile_free(p);
	return f;
}

/* Type and length, 4 bits and then 7 at a time, least significant first. */
static void
entry_head(struct buf *b, enum object_type type, size_t len)
{
	uint8_t c = (uint8_t)((unsigned)type << 4 | (len & 15));

	for (len >>= 4; len > 0; len >>= 7) {
		c |= 0x80;
		buf_add(b, &c, 1);
		c = len & 0x7f;
	}
	buf_add(b, &c, 1);
}

fault
packfile_add(struct packfile *p, const struct oid *oid, enum object_type type,
    struct bytes data)
{
	struct entry *e = &p->entries[p->n];
	uLongf room = compressBound(data.len);
	int level = type == OBJECT_BLOB ? 0 : 6;

	if (p->n == p->room || p->pack.len + room > PACKFILE_MAX)
		return fault_new(FAULT_FAIL, "a pack got too large");
	buf_clear(&p->deflated);
	entry_head(&p->deflated, type, data.len);
	if (compress2(buf_room(&p->deflated, room), &room, data.at, data.len,
	    level) != Z_OK)
		return fault_new(FAULT_FAIL, "zlib cannot compress");
	p->deflated.len += room;
	e->oid = *oid;
	e->offset = (uint32_t)p->pack.len;
	e->crc = (uint32_t)crc32(0, p->deflated.at, (uInt)p->deflated.len);
	p->n++;
	return output_add(&p->pack, &p->g, buf_view(&p->deflated));
}

static int
by_oid(const void *a, const void *b)
{
	return memcmp(((const struct entry *)a)->oid.b,
	    ((const struct entry *)b)->oid.b, OID_LEN);
}

/*
 * Index, version 2: magic | version | fanout 256 x u32: how many names begin
 * with a byte up to this | names | crcs | offsets | sum of pack | own sum.
 */
static void
index_put(struct buf *b, struct packfile *p)
{
	size_t at = 0;

	if (p->n > 0)
		qsort(p->entries, p->n, sizeof p->entries[0], by_oid);
	buf_add(b, "\377tOc\0\0\0\2", 8);
	for (unsigned first = 0; first < 256; first++) {
		while (at < p->n && p->entries[at].oid.b[0] <= first)
			at++;
		be32(b, (uint32_t)at);
	}
	for (size_t i = 0; i < p->n; i++)
		buf_add(b, p->entries[i].oid.b, OID_LEN);
	for (size_t i = 0; i < p->n; i++)
		be32(b, p->entries[i].crc);
	for (size_t i = 0; i < p->n; i++)
		be32(b, p->entries[i].offset);
}

static fault
place(struct output *o, const struct packfile *p, const char *suffix)
{
	char rel[96], *to;
	fault f = NULL;

	snprintf(rel, sizeof rel, "objects/pack/pack-%s.%s", p->name, suffix);
	to = gitdir_path(&p->g, rel);
	if (rename(o->tmp, to) != 0) {
		f = gitdir_errno(&p->g);
	} else {
		free(o->tmp);
		o->tmp = NULL;
	}
	free(to);
	return f;
}

fault
packfile_end(struct packfile *p)
{
	struct buf index = BUF_EMPTY;
	char *dir = gitdir_path(&p->g, "objects/pack");
	uint8_t sum[SHA1_LEN];
	fault f;

	if (p->n != p->room) {
		f = fault_new(FAULT_FAIL, "a pack lacks objects");
		goto done;
	}
	if ((f = output_close(&p->pack, &p->g, sum)) != NULL ||
	    (f = output_open(&p->idx, &p->g, "idx", p->name)) != NULL)
		goto done;
	index_put(&index, p);
	buf_add(&index, sum, sizeof sum);
	if ((f = output_add(&p->idx, &p->g, buf_view(&index))) != NULL ||
	    (f = output_close(&p->idx, &p->g, sum)) != NULL)
		goto done;
	/* Readers begin at the index: it comes last. */
	if ((f = place(&p->pack, p, "pack")) == NULL &&
	    (f = place(&p->idx, p, "idx")) == NULL)
		f = gitdir_sync(&p->g, dir);
done:
	buf_free(&index);
	free(dir);
	return f;
}

void
packfile_free(struct packfile *p)
{
	if (p == NULL)
		return;
	output_free(&p->pack);
	output_free(&p->idx);
	buf_free(&p->deflated);
	free(p->entries);
	free(p);
}
