/*
 * stem -- words of a text and what is left of them without their endings, in
 * Dutch and in English: "buurten" is found by "buurt", "parties" by "party".
 *
 * Words as SQLite's unicode61 finds them, without case and diacritics.  A
 * project writes both languages, so every word has both stems.
 */
#ifndef FIELDKIT_STEM_H
#define FIELDKIT_STEM_H

#include "fieldkit/db.h"

struct stem;

/* Make the FTS5 tokenizer "stem" known to this connection. */
fault stem_start(struct db *) MUST_CHECK;

/* A stemmer of one's own; it must not outlive db. */
fault stem_new(struct stem **, struct db *) MUST_CHECK;
void stem_free(struct stem *);

struct stem_word {
	size_t		start, end;	/* in the text */
	struct bytes	folded;		/* the word, folded */
	struct bytes	nl, en;		/* its stems */
};
/* Every word of text in order; w is valid during each. */
fault stem_each(struct stem *, struct bytes text,
    void (*each)(void *arg, const struct stem_word *w), void *arg) MUST_CHECK;

#endif
