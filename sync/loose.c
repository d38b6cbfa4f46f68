#include "sync/loose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "sync/base/codec.h"
#include "sync/base/file.h"
#include "sync/base/id.h"
#include "sync/sha1.h"

#define HEAD_MAX 32			/* "commit 1048576" and its NUL */

static const char *const words[] = { NULL, "commit", "tree", "blob" };

void
loose_name(struct oid *out, enum object_type type, struct bytes data)
{
	char head[HEAD_MAX];
	int n = snprintf(head, sizeof head, "%s %zu", words[type], data.len);
	struct sha1 s;

	sha1_start(&s);
	sha1_add(&s, (struct bytes){ (const uint8_t *)head, (size_t)n + 1 });
	sha1_add(&s, data);
	sha1_end(out->b, &s);
}

static char *
path_of(const struct gitdir *g, const struct oid *oid)
{
	char hex[41], name[64];

	oid_hex(hex, oid);
	snprintf(name, sizeof name, "objects/%.2s/%s", hex, hex + 2);
	return gitdir_path(g, name);
}

bool
loose_has(const struct gitdir *g, const struct oid *oid)
{
	char *path = path_of(g, oid);
	bool there = file_exists(path);

	free(path);
	return there;
}

/* "<type> <length>" NUL at the beginning of text; *head is its length. */
static bool
head_parse(enum object_type *type, size_t *len, size_t *head,
    struct bytes text)
{
	const uint8_t *nul = memchr(text.at, 0, text.len);
	uint64_t n = 0;

	if (nul == NULL)
		return false;
	*head = (size_t)(nul - text.at) + 1;
	for (int t = OBJECT_COMMIT; t <= OBJECT_BLOB; t++) {
		size_t w = strlen(words[t]);

		if (*head <= w + 1 || memcmp(text.at, words[t], w) != 0 ||
		    text.at[w] != ' ' || !decimal_parse(&n, (struct bytes){
		    text.at + w + 1, *head - w - 2 }, UINT32_MAX))
			continue;
		*type = (enum object_type)t;
		*len = (size_t)n;
		return true;
	}
	return false;
}

/*
 * Inflate all of file into out, which has room for what the head promises: a
 * byte more or less is damage.
 */
static bool
inflate_body(struct buf *out, z_stream *z, size_t len)
{
	uint8_t more;
	int r = Z_OK;

	z->next_out = buf_room(out, len);
	z->avail_out = (uInt)len;
	while (r == Z_OK && z->avail_out > 0) {
		r = inflate(z, Z_NO_FLUSH);
		if (z->avail_in == 0 && r == Z_OK && z->avail_out > 0)
			return false;
	}
	if (z->avail_out > 0)
		return false;
	if (r == Z_OK) {
		z->next_out = &more;
		z->avail_out = 1;
		r = inflate(z, Z_FINISH);
		if (z->avail_out != 1)
			return false;
	}
	out->len += len;
	return r == Z_STREAM_END && z->avail_in == 0;
}

/*
 * The head, and in out (if not NULL) the body: some of it comes with the
 * head's 32 bytes.
 */
static bool
parse(struct buf *out, enum object_type *type, size_t *len, struct bytes file,
    size_t max)
{
	uint8_t head[HEAD_MAX];
	z_stream z = { .next_in = (Bytef *)(uintptr_t)file.at,
	    .avail_in = (uInt)file.len };
	size_t head_len, early;
	bool ok;
	int r;

	if (inflateInit(&z) != Z_OK)
		return false;
	z.next_out = head;
	z.avail_out = sizeof head;
	r = inflate(&z, Z_NO_FLUSH);
	early = sizeof head - z.avail_out;
	ok = (r == Z_OK || r == Z_STREAM_END) &&
	    head_parse(type, len, &head_len, (struct bytes){ head, early });
	if (ok && out != NULL) {
		early -= head_len;
		ok = *len <= max && early <= *len;
		if (ok)
			buf_add(out, head + head_len, early);
		if (ok && r == Z_STREAM_END)
			ok = early == *len && z.avail_in == 0;
		else if (ok)
			ok = inflate_body(out, &z, *len - early);
	}
	inflateEnd(&z);
	return ok;
}

static fault
damaged(const char *path)
{
	return fault_new(FAULT_FORMAT, "object %s is damaged, or larger than "
	    "allowed", path);
}

static fault
open_object(int *fd, const struct gitdir *g, const char *path)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return *fd >= 0 ? NULL : fault_errno(errno == ENOENT ||
	    errno == ENOTDIR ? FAULT_ABSENT : g->broken, "cannot open %s",
	    path);
}

fault
loose_head(enum object_type *type, size_t *len, const struct gitdir *g,
    const struct oid *oid)
{
	char *path = path_of(g, oid);
	uint8_t start[256];
	ssize_t n;
	int fd;
	fault f = open_object(&fd, g, path);

	if (f != NULL)
		goto done;
	n = read(fd, start, sizeof start);
	if (n < 0)
		f = fault_errno(g->broken, "cannot read %s", path);
	else if (!parse(NULL, type, len, (struct bytes){ start, (size_t)n }, 0))
		f = damaged(path);
	close(fd);
done:
	free(path);
	return f;
}

/* The whole file, of the length that it has now. */
static fault
read_whole(struct buf *out, const struct gitdir *g, const char *path,
    size_t max)
{
	struct stat st;
	ssize_t n;
	int fd;
	fault f = open_object(&fd, g, path);

	if (f != NULL)
		return f;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size > max) {
		close(fd);
		return damaged(path);
	}
	buf_room(out, (size_t)st.st_size);
	while (out->len < (size_t)st.st_size && f == NULL) {
		n = read(fd, out->at + out->len, (size_t)st.st_size - out->len);
		if (n > 0)
			out->len += (size_t)n;
		else if (n == 0)
			f = damaged(path);
		else if (errno != EINTR)
			f = fault_errno(g->broken, "cannot read %s", path);
	}
	close(fd);
	return f;
}

fault
loose_read(struct buf *out, enum object_type *type, const struct gitdir *g,
    const struct oid *oid, size_t max)
{
	char *path = path_of(g, oid);
	struct buf file = BUF_EMPTY;
	size_t start = out->len, len;
	fault f = read_whole(&file, g, path, compressBound(max) + 64);

	if (f == NULL && !parse(out, type, &len, buf_view(&file), max)) {
		out->len = start;
		f = damaged(path);
	}
	buf_free(&file);
	free(path);
	return f;
}

static void
deflate_all(struct buf *out, enum object_type type, struct bytes data)
{
	struct buf raw = BUF_EMPTY;
	uLongf room;

	buf_text(&raw, "%s %zu", words[type], data.len);
	put_u8(&raw, 0);
	buf_add_bytes(&raw, data);
	room = compressBound(raw.len);
	/* Blobs are sealed: nothing in them to find. */
	if (compress2(buf_room(out, room), &room, raw.at, raw.len,
	    type == OBJECT_BLOB ? 0 : 6) == Z_OK)
		out->len += room;
	buf_free(&raw);
}

/* objects/xx/tmp_obj_...: git's own name for it, its gc removes old ones. */
static char *
tmp_of(const char *path)
{
	struct buf b = BUF_EMPTY;
	uint64_t n;
	char *s;

	random_fill(&n, sizeof n);
	buf_text(&b, "%.*stmp_obj_%016llx",
	    (int)(strrchr(path, '/') + 1 - path), path, (unsigned long long)n);
	s = mem_text(buf_cstr(&b));
	buf_free(&b);
	return s;
}

fault
loose_write(const struct gitdir *g, const struct oid *oid,
    enum object_type type, struct bytes data)
{
	char *path = path_of(g, oid), *tmp = tmp_of(path);
	struct buf file = BUF_EMPTY;
	int fd = -1;
	fault f;

	deflate_all(&file, type, data);
	if ((f = gitdir_parents(g, path + strlen(g->path) + 1)) != NULL)
		goto done;
	fd = gitdir_create(g, tmp);
	if (fd < 0) {
		f = gitdir_errno(g);
		goto done;
	}
	f = gitdir_write(g, fd, buf_view(&file));
	if (f == NULL && fsync(fd) != 0)
		f = gitdir_errno(g);
	close(fd);
	if (f == NULL && rename(tmp, path) != 0)
		f = gitdir_errno(g);
	if (f != NULL) {
		unlink(tmp);
		goto done;
	}
	*strrchr(path, '/') = '\0';
	f = gitdir_sync(g, path);
done:
	buf_free(&file);
	free(tmp);
	free(path);
	return f;
}
