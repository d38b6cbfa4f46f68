/*
 * id -- the 16-byte names of projects, devices, hubs and records, their
 * text forms, and the other plain encodings that people or git read.
 */
#ifndef SYNC_BASE_ID_H
#define SYNC_BASE_ID_H

#include "sync/base/buf.h"
#include "sync/base/fault.h"
#include "schema/wire.h"

struct id {
	uint8_t		b[WIRE_ID_LEN];
};

struct hash {
	uint8_t		b[WIRE_HASH_LEN];	/* BLAKE2b-256, unkeyed */
};

#define ID_HEX 33		/* with NUL */
#define HASH_HEX 65

struct id id_random(void);
/* UUIDv7 of ms since 1970: new records sort by age, so the store appends. */
struct id id_record(uint64_t ms);
bool id_eq(const struct id *, const struct id *);
int id_cmp(const struct id *, const struct id *);
bool id_zero(const struct id *);
const char *id_hex(char to[ID_HEX], const struct id *);
/* 32 lower- or upper-case hex digits, hyphens anywhere are skipped. */
bool id_parse(struct id *, const char *text);

struct hash hash_of(struct bytes);
bool hash_eq(const struct hash *, const struct hash *);
bool hash_zero(const struct hash *);
const char *hash_hex(char to[HASH_HEX], const struct hash *);

/* Lower-case hex only, exactly 2 * n digits in text.  False if not so. */
bool hex_parse(void *to, size_t n, struct bytes text);
void hex_put(struct buf *, struct bytes);

/* Base64 (RFC 4648, padded); the reader takes exactly the canonical form. */
void base64_put(struct buf *, struct bytes);
bool base64_get(struct buf *, struct bytes text);

/* Crockford base32, 5 bits a character, upper case, no padding. */
void base32_put(struct buf *, struct bytes);
/* Skips spaces and hyphens, forgives case and I L O.  False otherwise. */
bool base32_get(struct buf *, struct bytes text);

/* n random bytes; uint32 below limit. */
void random_fill(void *to, size_t n);
uint32_t random_below(uint32_t limit);

#endif
