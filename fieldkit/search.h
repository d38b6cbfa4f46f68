/*
 * search -- full text over what stands, in Dutch and English (FTS5, stems).
 *
 * The index is derived.  It is brought up to date before a search and at the
 * end of a sync, not with every save: a save stays one small transaction.
 * Only what can be read here is in it.
 */
#ifndef FIELDKIT_SEARCH_H
#define FIELDKIT_SEARCH_H

#include "fieldkit/store.h"

/* Tokenizer; after store_open, on every connection that searches. */
fault search_start(struct db *) MUST_CHECK;
/* Its tables too, where they are not there yet. */
fault search_update(struct store *) MUST_CHECK;
fault search_rebuild(struct store *) MUST_CHECK;
/* Up to date after search_update and sound?  FAULT_TRUST says what is not. */
fault search_check(struct store *) MUST_CHECK;

struct search_hit {
	struct id	id;
	char		*snippet;	/* words marked with [ and ] */
};

struct search_result {
	struct search_hit *hits;
	size_t		n;
	/*
	 * The index could not be written, for the reason in why (a full or
	 * read-only disk, another process): what is not in it, so many
	 * records, was looked through, and those found come first, newest
	 * first.
	 */
	bool		behind;
	size_t		scanned;
	struct fault	why;
};
/*
 * Best first, withdrawn ones left out.  words are plain words, quotes and
 * operators mean nothing; all must be in a record, the last may be a word's
 * beginning (from three letters).  limit 0: all.
 */
fault search(struct store *, const char *words, size_t limit,
    struct search_result *) MUST_CHECK;
void search_free(struct search_result *);

#endif
