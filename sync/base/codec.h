/*
 * codec -- numbers and counted bytes, little-endian; a reader that remembers.
 *
 * A reader that has run out, met a number that is not in its shortest form,
 * or a length above its limit, is spoilt: it returns zeros from then on and
 * is asked once, at the bottom.  What it returns borrows from its input.
 */
#ifndef SYNC_BASE_CODEC_H
#define SYNC_BASE_CODEC_H

#include "sync/base/buf.h"

struct reader {
	struct bytes	in;
	size_t		pos;
	bool		spoilt;
};

void put_u8(struct buf *, uint8_t);
void put_u16(struct buf *, uint16_t);
void put_u32(struct buf *, uint32_t);
void put_u64(struct buf *, uint64_t);
void put_uv(struct buf *, uint64_t);		/* LEB128, shortest form */
size_t uv_len(uint64_t);			/* bytes that put_uv appends */
void put_counted(struct buf *, struct bytes);	/* uv length, then bytes */

struct reader reader_of(struct bytes);
uint8_t get_u8(struct reader *);
uint16_t get_u16(struct reader *);
uint32_t get_u32(struct reader *);
uint64_t get_u64(struct reader *);
uint64_t get_uv(struct reader *, uint64_t max);	/* spoils above max */
struct bytes get_bytes(struct reader *, size_t n);
struct bytes get_counted(struct reader *, size_t max);
void get_copy(struct reader *, void *to, size_t n); /* zeros when spoilt */
void reader_spoil(struct reader *);
size_t reader_left(const struct reader *);
bool reader_ok(const struct reader *);		/* not spoilt */
bool reader_whole(const struct reader *);	/* not spoilt, nothing left */

/* u32 as 4 big-endian bytes, for SSH only. */
void put_be32(struct buf *, uint32_t);
uint32_t get_be32(struct reader *);

#endif
