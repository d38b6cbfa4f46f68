/*
 * buf -- bytes we own; bytes -- bytes we only look at.
 *
 * A function that takes struct bytes keeps nothing of it.  Memory that runs
 * out ends the program with exit 1: the last transaction is safe on disk,
 * and every size from outside has been compared with a limit before.
 */
#ifndef SYNC_BASE_BUF_H
#define SYNC_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	const uint8_t	*at;
	size_t		len;
};

struct buf {
	uint8_t		*at;
	size_t		len;
	size_t		room;
	size_t		touched;	/* what may have been written to */
};

#define BUF_EMPTY { NULL, 0, 0, 0 }
#define BYTES_EMPTY ((struct bytes){ NULL, 0 })

/* Never NULL; n = 0 gives one byte.  mem_grow keeps the contents. */
void *mem_new(size_t n);		/* zeroed */
void *mem_grow(void *p, size_t n);
char *mem_text(const char *s);		/* copy of a C string */

/* Make room for n more bytes and return where they go (len unchanged). */
uint8_t *buf_room(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *at, size_t n);
void buf_add_bytes(struct buf *b, struct bytes);
void buf_text(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* NUL-terminate (the NUL is not counted) and look at it as text. */
const char *buf_cstr(struct buf *b);
void buf_clear(struct buf *b);		/* len = 0, memory kept */
void buf_free(struct buf *b);		/* an empty one is fine */
void buf_wipe(struct buf *b);		/* zero the memory, then free */
struct bytes buf_view(const struct buf *b);

struct bytes bytes_of(const char *cstr);
int bytes_cmp(struct bytes a, struct bytes b);	/* as memcmp, then shorter */
bool bytes_eq(struct bytes a, struct bytes b);
bool bytes_is(struct bytes a, const char *cstr);
/* A copy with a NUL behind it; the caller frees. */
char *bytes_dup(struct bytes a);
/* Well-formed UTF-8 without NUL? */
bool bytes_utf8(struct bytes a);

#endif
