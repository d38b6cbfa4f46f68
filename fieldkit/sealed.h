/*
 * sealed -- an open file of the vault: a database whose pages, or a rollback
 * journal whose records, pass through encrypted.
 *
 * It knows the shapes in which SQLite reads and writes the two, and refuses
 * any other.  Bytes: schema/WIRE.md, section 9.
 */
#ifndef FIELDKIT_SEALED_H
#define FIELDKIT_SEALED_H

#include <sqlite3.h>

#include "fieldkit/page.h"

/*
 * A journal is headers of one sector and records: page number 4, page 4096,
 * checksum 4; SQLite writes the three in this order, each at its place, and
 * reads them back in the same order.
 */
struct sealed {
	sqlite3_file	base;
	sqlite3_file	*below;		/* right behind this struct */
	struct page_key	*key;		/* its own, in locked memory */
	bool		journal;
	/* Of a journal: where the record under way goes on. */
	uint32_t	number;
	sqlite3_int64	page_at;	/* after its number was written */
	sqlite3_int64	sum_at;		/* after its page went by */
	sqlite3_int64	own_end;	/* of the pages that we wrote */
	uint8_t		nonce[PAGE_NONCE];
	bool		torn;		/* the page did not open */
};

/* Open name in the file system below.  f->key is set and goes with f, even
 * when this fails.  SQLite's code. */
int sealed_open(struct sealed *f, sqlite3_vfs *below, const char *name,
    int flags, int *got);

/* Reads and writes refused for their shape, in this process. */
unsigned sealed_odd(void);

#endif
