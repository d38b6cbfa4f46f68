/*
 * snippet -- the words that are searched for, and the piece of a record's
 * standing text around the first place where they stand.
 */
#ifndef FIELDKIT_SNIPPET_H
#define FIELDKIT_SNIPPET_H

#include "fieldkit/stem.h"
#include "sync/base/codec.h"
#include "sync/merge.h"

#define SNIPPET_TERMS 32		/* words beyond are left out */

struct snippet_term {
	struct bytes	folded, nl, en;	/* in text of the terms */
	bool		open;		/* a word's beginning will do */
};

struct snippet_terms {
	struct snippet_term at[SNIPPET_TERMS];
	size_t		n;
	char		*text[SNIPPET_TERMS];
};

/* Take apart what a person typed. */
fault snippet_terms(struct snippet_terms *, struct stem *, const char *words)
    MUST_CHECK;
void snippet_terms_free(struct snippet_terms *);

/* Does text hold every one of them, as the index would say? */
fault snippet_all(bool *all, struct stem *, const struct snippet_terms *,
    struct bytes text) MUST_CHECK;

/*
 * Append one line: a few words before the first match and some behind it,
 * every matching word in [ and ], ellipses where text was left out.
 */
fault snippet(struct buf *out, struct stem *, const struct snippet_terms *,
    const struct merged *) MUST_CHECK;

#endif
