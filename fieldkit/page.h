/*
 * page -- one database page, encrypted and authenticated.
 *
 * 4096 bytes: text 4056, nonce 24, tag 16.  Bytes: schema/WIRE.md, section 9.
 */
#ifndef FIELDKIT_PAGE_H
#define FIELDKIT_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_LEN	4096
#define PAGE_TEXT	4056
#define PAGE_NONCE	24
#define PAGE_SPARE	(PAGE_LEN - PAGE_TEXT)	/* SQLite's reserved bytes */

struct page_key {		/* lives in locked memory */
	uint8_t		key[32];
	uint8_t		store[16];
};

enum page_role {
	PAGE_DATABASE = 'D',
	PAGE_JOURNAL = 'J'
};

/* Under a fresh random nonce.  out and in are apart. */
void page_seal(uint8_t out[PAGE_LEN], const uint8_t in[PAGE_LEN],
    const struct page_key *, enum page_role, uint32_t number);

/* False, and out is not to be used, if the tag does not fit.  The reserved
 * bytes of out are zeros.  out and in are apart. */
bool page_open(uint8_t out[PAGE_LEN], const uint8_t in[PAGE_LEN],
    const struct page_key *, enum page_role, uint32_t number);

/* What the checksum behind a journal page is XORed with. */
uint32_t page_mask(const struct page_key *, const uint8_t nonce[PAGE_NONCE]);

#endif
