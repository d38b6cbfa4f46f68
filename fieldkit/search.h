/*
 * search -- full text over what stands, in Dutch and English (FTS5, stems).
 *
 * The index is derived.  It is brought up to date before a search and at the
 * end of a sync, not with every save: a save stays one small transaction.
 */
#ifndef FIELDKIT_SEARCH_H
#define FIELDKIT_SEARCH_H

#include "fieldkit/store.h"

fault search_start(struct db *) MUST_CHECK;	/* tokenizer and table */
fault search_update(struct store *) MUST_CHECK;
fault search_rebuild(struct store *) MUST_CHECK;

struct search_hit {
	struct id	id;
	char		*snippet;	/* words marked with [ and ] */
};
/* Ranked; words are plain words, quotes and operators mean nothing. */
fault search(struct store *, const char *words, size_t limit,
    struct search_hit **, size_t *n) MUST_CHECK;

#endif
