#include "fieldkit/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "sync/base/codec.h"
#include "sync/base/secret.h"

/*
 * offset  length
 *      0       8  "KITBAK" version
 *      8       4  length of the keyfile
 *     12       n  keyfile
 *   12+n      24  secretstream header
 *   then          chunks: 65536 bytes of text and 17 each; the last, shorter
 *                 or not, bears the final tag
 *
 * text: parts "1 | length u8, name | size u64 | bytes", then "0 | parts u32"
 */
#define CHUNK		65536u
#define OVER		crypto_secretstream_xchacha20poly1305_ABYTES
#define HEADER		crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define KEYFILE_MAX	1024u
#define HEAD_LEN	12u
#define SUBKEY_STREAM	1
#define SUBKEY_CONTEXT	"kit1back"

struct backup {
	crypto_generichash_state sum;	/* aligned: first */
	char		*path;
	struct buf	head;		/* all before the first chunk */
	struct hash	ad;		/* of head, in every chunk */
	crypto_secretstream_xchacha20poly1305_state *stream; /* locked */
	struct buf	text;		/* of the chunk in hand */
	size_t		pos;		/* read up to here */
	uint64_t	left;		/* of the part in hand */
	struct keyfile	keyfile;
	uint32_t	parts;
	int		fd;
	bool		last;		/* the chunk in hand is the final one */
};

static struct backup *
backup_new(const char *path)
{
	struct backup *b = mem_new(sizeof *b);

	b->fd = -1;
	b->path = mem_text(path);
	b->stream = secret_new(sizeof *b->stream);
	crypto_generichash_init(&b->sum, NULL, 0, sizeof(struct hash));
	return b;
}

void
backup_close(struct backup *b)
{
	if (b == NULL)
		return;
	if (b->fd >= 0)
		close(b->fd);
	secret_free(b->stream, sizeof *b->stream);
	keyfile_free(&b->keyfile);
	buf_free(&b->head);
	buf_free(&b->text);
	free(b->path);
	free(b);
}

const struct keyfile *
backup_keyfile(const struct backup *b)
{
	return &b->keyfile;
}

struct hash
backup_sum(const struct backup *b)
{
	crypto_generichash_state so_far = b->sum;
	struct hash h;

	crypto_generichash_final(&so_far, h.b, sizeof h.b);
	return h;
}

static void
stream_key(uint8_t key[32], const uint8_t master[MASTER_LEN])
{
	crypto_kdf_derive_from_key(key, 32, SUBKEY_STREAM, SUBKEY_CONTEXT,
	    master);
}

/* --- writing ------------------------------------------------------------ */

static fault
write_all(struct backup *b, struct bytes all)
{
	for (size_t done = 0; done < all.len;) {
		ssize_t n = write(b->fd, all.at + done, all.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault_errno(FAULT_FAIL, "cannot write %s",
			    b->path);
		done += (size_t)n;
	}
	return NULL;
}

static fault
put_chunk(struct backup *b, bool last)
{
	struct buf box = BUF_EMPTY;
	fault f;

	crypto_secretstream_xchacha20poly1305_push(b->stream,
	    buf_room(&box, b->text.len + OVER), NULL, b->text.at, b->text.len,
	    b->ad.b, sizeof b->ad.b, last ?
	    crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
	box.len = b->text.len + OVER;
	f = write_all(b, buf_view(&box));
	buf_clear(&b->text);
	buf_free(&box);
	return f;
}

/* A full chunk waits until more comes: only the last bears its tag. */
static fault
put_text(struct backup *b, struct bytes in)
{
	fault f = NULL;

	crypto_generichash_update(&b->sum, in.at, in.len);
	while (f == NULL && in.len > 0) {
		size_t n = CHUNK - b->text.len;

		if (n == 0) {
			f = put_chunk(b, false);
			continue;
		}
		n = n < in.len ? n : in.len;
		buf_add(&b->text, in.at, n);
		in = (struct bytes){ in.at + n, in.len - n };
	}
	return f;
}

fault
backup_begin(struct backup **out, const char *path, struct bytes keyfile,
    const uint8_t master[MASTER_LEN])
{
	struct backup *b = backup_new(path);
	uint8_t *key = secret_new(32);
	fault f = NULL;

	unlink(path);
	b->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (b->fd < 0) {
		f = fault_errno(FAULT_FAIL, "cannot create %s", path);
		goto done;
	}
	stream_key(key, master);
	buf_text(&b->head, "KITBAK");
	put_u16(&b->head, WIRE_FORMAT);
	put_u32(&b->head, (uint32_t)keyfile.len);
	buf_add_bytes(&b->head, keyfile);
	crypto_secretstream_xchacha20poly1305_init_push(b->stream,
	    buf_room(&b->head, HEADER), key);
	b->head.len += HEADER;
	b->ad = hash_of(buf_view(&b->head));
	if ((f = write_all(b, buf_view(&b->head))) != NULL)
		goto done;
	*out = b;
	b = NULL;
done:
	secret_free(key, 32);
	backup_close(b);
	return f;
}

/* Also the check that the part before is whole. */
static fault
complete(const struct backup *b)
{
	return b->left == 0 ? NULL : fault_new(FAULT_FAIL, "a file changed "
	    "while it was copied into %s; nothing was kept; try again",
	    b->path);
}

fault
backup_part(struct backup *b, const char *name, uint64_t size)
{
	struct buf line = BUF_EMPTY;
	fault f = complete(b);

	if (f == NULL && !backup_name_ok(name))
		f = fault_new(FAULT_FAIL, "%.200s is no file of a home; no "
		    "backup was made; run 'fieldkit doctor'", name);
	if (f == NULL) {
		put_u8(&line, 1);
		put_u8(&line, (uint8_t)strlen(name));
		buf_add_bytes(&line, bytes_of(name));
		put_u64(&line, size);
		f = put_text(b, buf_view(&line));
		b->left = size;
		b->parts++;
	}
	buf_free(&line);
	return f;
}

fault
backup_put(struct backup *b, struct bytes in)
{
	if (in.len > b->left) {
		b->left = 1;
		return complete(b);
	}
	b->left -= in.len;
	return put_text(b, in);
}

fault
backup_end(struct backup *b)
{
	struct buf line = BUF_EMPTY;
	fault f = complete(b);

	put_u8(&line, 0);
	put_u32(&line, b->parts);
	if (f == NULL && (f = put_text(b, buf_view(&line))) == NULL &&
	    (f = put_chunk(b, true)) == NULL && fsync(b->fd) != 0)
		f = fault_errno(FAULT_FAIL, "cannot sync %s", b->path);
	/* What is read back comes from the disk then, where it can. */
	if (f == NULL && posix_fadvise(b->fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
		errno = 0;
	buf_free(&line);
	return f;
}

/* --- reading ------------------------------------------------------------ */

static fault
damaged(const struct backup *b)
{
	return fault_new(FAULT_TRUST, "%s is damaged or not whole; nothing was "
	    "made from it; take another copy of it, or an older backup",
	    b->path);
}

/* As many as there are, up to room. */
static fault
read_some(struct backup *b, uint8_t *to, size_t room, size_t *n)
{
	*n = 0;
	while (*n < room) {
		ssize_t got = read(b->fd, to + *n, room - *n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault_errno(FAULT_FAIL, "cannot read %s",
			    b->path);
		if (got == 0)
			break;
		*n += (size_t)got;
	}
	return NULL;
}

static fault
no_backup(const char *path)
{
	return fault_new(FAULT_FORMAT, "%s is not a backup; nothing was made "
	    "from it", path);
}

static fault
read_head(struct backup *b)
{
	uint8_t *at = buf_room(&b->head, HEAD_LEN + KEYFILE_MAX + HEADER);
	struct reader r;
	uint16_t version;
	uint32_t len;
	size_t n;
	fault f;

	if ((f = read_some(b, at, HEAD_LEN, &n)) != NULL)
		return f;
	if (n < HEAD_LEN || memcmp(at, "KITBAK", 6) != 0)
		return no_backup(b->path);
	r = reader_of((struct bytes){ at + 6, HEAD_LEN - 6 });
	version = get_u16(&r);
	len = get_u32(&r);
	if (version > WIRE_FORMAT)
		return fault_new(FAULT_INVALID, "%s was written by a newer "
		    "version; nothing was made from it; update fieldkit",
		    b->path);
	if (len > KEYFILE_MAX)
		return damaged(b);
	if ((f = read_some(b, at + HEAD_LEN, len + HEADER, &n)) != NULL)
		return f;
	if (n < len + HEADER)
		return damaged(b);
	b->head.len = HEAD_LEN + len + HEADER;
	b->ad = hash_of(buf_view(&b->head));
	return fault_while(keyfile_decode(&b->keyfile, (struct bytes){
	    at + HEAD_LEN, len }), "%s", b->path);
}

fault
backup_open(struct backup **out, const char *path)
{
	struct backup *b = backup_new(path);
	struct stat st;
	fault f = NULL;

	b->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (b->fd < 0)
		f = fault_errno(errno == ENOENT ? FAULT_ABSENT : FAULT_FAIL,
		    "cannot open %s", path);
	else if (fstat(b->fd, &st) != 0 || !S_ISREG(st.st_mode))
		f = no_backup(path);
	else
		f = read_head(b);
	if (f == NULL) {
		*out = b;
		b = NULL;
	}
	backup_close(b);
	return f;
}

fault
backup_key(struct backup *b, const uint8_t master[MASTER_LEN])
{
	uint8_t *key = secret_new(32);
	int bad;

	stream_key(key, master);
	bad = crypto_secretstream_xchacha20poly1305_init_pull(b->stream,
	    b->head.at + b->head.len - HEADER, key);
	secret_free(key, 32);
	return bad ? damaged(b) : NULL;
}

/* The next chunk; behind the final one there may be nothing. */
static fault
get_chunk(struct backup *b)
{
	uint8_t tag = 0, *box = mem_new(CHUNK + OVER + 1);
	size_t n;
	fault f;

	buf_clear(&b->text);
	b->pos = 0;
	if ((f = read_some(b, box, CHUNK + OVER, &n)) != NULL)
		goto done;
	if (b->last || n < OVER ||
	    crypto_secretstream_xchacha20poly1305_pull(b->stream,
	    buf_room(&b->text, CHUNK), NULL, &tag, box, n, b->ad.b,
	    sizeof b->ad.b) != 0) {
		f = damaged(b);
		goto done;
	}
	b->text.len = n - OVER;
	b->last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
	n = b->last ? 0 : CHUNK + OVER - n;	/* that lack */
	if (b->last)
		f = read_some(b, box, 1, &n);
	if (f == NULL && n > 0)
		f = damaged(b);
done:
	free(box);
	return f;
}

static fault
get_text(struct backup *b, uint8_t *to, size_t room, size_t *n)
{
	fault f;

	*n = 0;
	if (b->pos == b->text.len && (f = get_chunk(b)) != NULL)
		return f;
	*n = b->text.len - b->pos < room ? b->text.len - b->pos : room;
	memcpy(to, b->text.at + b->pos, *n);
	b->pos += *n;
	crypto_generichash_update(&b->sum, to, *n);
	return *n > 0 || room == 0 ? NULL : damaged(b);
}

static fault
get_exactly(struct backup *b, uint8_t *to, size_t len)
{
	size_t n;
	fault f = NULL;

	for (; f == NULL && len > 0; to += n, len -= n)
		f = get_text(b, to, len, &n);
	return f;
}

fault
backup_get(struct backup *b, uint8_t *to, size_t room, size_t *n)
{
	fault f;

	*n = 0;
	if (b->left == 0)
		return NULL;
	if ((f = get_text(b, to, b->left < room ? (size_t)b->left : room,
	    n)) == NULL)
		b->left -= *n;
	return f;
}

static fault
get_number(struct backup *b, size_t len, uint64_t *v)
{
	uint8_t raw[8] = { 0 };
	struct reader r = reader_of((struct bytes){ raw, sizeof raw });
	fault f = get_exactly(b, raw, len);

	*v = get_u64(&r);
	return f;
}

/* Nothing may stand behind the number of parts. */
static fault
get_end(struct backup *b)
{
	uint64_t parts = 0;
	fault f = get_number(b, 4, &parts);

	return f != NULL || (parts == b->parts && b->last &&
	    b->pos == b->text.len) ? f : damaged(b);
}

static fault
get_part(struct backup *b, char name[BACKUP_NAME], uint64_t *size)
{
	uint64_t len = 0;
	fault f;

	if ((f = get_number(b, 1, &len)) != NULL)
		return f;
	if (len == 0 || len >= BACKUP_NAME)
		return damaged(b);
	if ((f = get_exactly(b, (uint8_t *)name, (size_t)len)) != NULL)
		return f;
	name[len] = '\0';
	if (strlen(name) != len || !backup_name_ok(name))
		return damaged(b);
	b->parts++;
	return get_number(b, 8, size);
}

fault
backup_next(struct backup *b, char name[BACKUP_NAME], uint64_t *size)
{
	uint8_t skip[4096];
	uint64_t kind = 0;
	size_t n = 1;
	fault f = NULL;

	name[0] = '\0';
	*size = 0;
	while (f == NULL && n > 0)
		f = backup_get(b, skip, sizeof skip, &n);
	if (f != NULL || (f = get_number(b, 1, &kind)) != NULL)
		return f;
	if (kind > 1)
		return damaged(b);
	if (kind == 0)
		return get_end(b);
	if ((f = get_part(b, name, size)) == NULL)
		b->left = *size;
	return f;
}
