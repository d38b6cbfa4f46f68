#include "sync/packindex.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/base/codec.h"
#include "sync/sha1.h"

#define HEAD	(8 + 256 * 4)
#define BUCKET	512		/* names read at once */

fault
packindex_damaged(const struct packindex *p)
{
	return fault_new(FAULT_FORMAT, "the pack %s in %s is damaged", p->name,
	    p->g->path);
}

static int
open_part(const struct packindex *p, const char *suffix)
{
	struct buf b = BUF_EMPTY;
	int fd;

	buf_text(&b, "%s/objects/pack/pack-%s.%s", p->g->path, p->name, suffix);
	fd = open(buf_cstr(&b), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	buf_free(&b);
	return fd;
}

fault
packindex_wake(const struct packindex *p, int *fd, const char *suffix)
{
	if (*fd < 0)
		*fd = open_part(p, suffix);
	return *fd >= 0 ? NULL : fault_errno(errno == ENOENT ? FAULT_ABSENT :
	    p->g->broken, "the pack %s in %s cannot be opened", p->name,
	    p->g->path);
}

void
packindex_rest(struct packindex *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

fault
packindex_read(const struct packindex *p, int fd, void *to, size_t n,
    uint64_t where)
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
			return packindex_damaged(p);
		at += got;
		n -= (size_t)got;
		where += (uint64_t)got;
	}
	return NULL;
}

static fault
read_head(struct packindex *p)
{
	uint8_t head[HEAD];
	struct reader r;
	struct stat st;
	uint64_t want;
	fault f = packindex_read(p, p->fd, head, sizeof head, 0);

	if (f != NULL)
		return f;
	if (memcmp(head, "\377tOc\0\0\0\2", 8) != 0 || fstat(p->fd, &st) != 0)
		return packindex_damaged(p);
	r = reader_of((struct bytes){ head + 8, sizeof head - 8 });
	for (int i = 0; i < 256; i++) {
		p->fan[i] = get_be32(&r);
		if (i > 0 && p->fan[i] < p->fan[i - 1])
			return packindex_damaged(p);
	}
	want = HEAD + (uint64_t)p->fan[255] * 28 + 2 * SHA1_LEN;
	if ((uint64_t)st.st_size < want || (st.st_size - (off_t)want) % 8 != 0)
		return packindex_damaged(p);
	p->wide = ((uint64_t)st.st_size - want) / 8;
	return NULL;
}

fault
packindex_open(struct packindex *p, const struct gitdir *g, const char *name)
{
	fault f;

	p->g = g;
	memcpy(p->name, name, 40);
	p->name[40] = '\0';
	p->fd = -1;
	if ((f = packindex_wake(p, &p->fd, "idx")) == NULL &&
	    (f = read_head(p)) == NULL)
		return NULL;
	packindex_rest(p);
	return f;
}

static fault
names_at(uint8_t *to, struct packindex *p, uint32_t first, size_t n)
{
	return packindex_read(p, p->fd, to, n * OID_LEN, HEAD +
	    (uint64_t)first * OID_LEN);
}

fault
packindex_oid(struct oid *out, struct packindex *p, uint32_t i)
{
	fault f = packindex_wake(p, &p->fd, "idx");

	return f != NULL ? f : names_at(out->b, p, i, 1);
}

static fault
offset_at(uint64_t *out, struct packindex *p, uint32_t i)
{
	uint64_t n = p->fan[255], at = HEAD + n * 24 + (uint64_t)i * 4;
	uint8_t raw[8];
	struct reader r = reader_of((struct bytes){ raw, 8 });
	uint64_t off;
	fault f = packindex_read(p, p->fd, raw, 4, at);

	if (f != NULL)
		return f;
	off = get_be32(&r);
	if ((off & 0x80000000u) != 0) {
		off &= 0x7fffffffu;
		if (off >= p->wide)
			return packindex_damaged(p);
		if ((f = packindex_read(p, p->fd, raw, 8, HEAD + n * 28 +
		    off * 8)) != NULL)
			return f;
		r = reader_of((struct bytes){ raw, 8 });
		off = (uint64_t)get_be32(&r) << 32;
		off |= get_be32(&r);
	}
	if (off < 12)
		return packindex_damaged(p);
	*out = off;
	return NULL;
}

fault
packindex_find(bool *found, uint64_t *offset, struct packindex *p,
    const struct oid *oid)
{
	uint32_t lo = oid->b[0] == 0 ? 0 : p->fan[oid->b[0] - 1];
	uint32_t hi = p->fan[oid->b[0]];
	uint8_t names[BUCKET * OID_LEN];
	fault f;

	*found = false;
	if (lo == hi)
		return NULL;
	if ((f = packindex_wake(p, &p->fd, "idx")) != NULL)
		return f;
	while (hi - lo > BUCKET) {
		uint32_t mid = lo + (hi - lo) / 2;

		if ((f = names_at(names, p, mid, 1)) != NULL)
			return f;
		if (memcmp(oid->b, names, OID_LEN) < 0)
			hi = mid;
		else
			lo = mid;
	}
	if ((f = names_at(names, p, lo, hi - lo)) != NULL)
		return f;
	for (uint32_t i = 0; i < hi - lo; i++)
		if (memcmp(oid->b, names + i * OID_LEN, OID_LEN) == 0) {
			*found = true;
			return offset_at(offset, p, lo + i);
		}
	return NULL;
}
