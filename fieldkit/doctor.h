/*
 * doctor -- is the whole store what its changes make of it?
 *
 * doctor_check reads everything and brings only the index up to date.
 */
#ifndef FIELDKIT_DOCTOR_H
#define FIELDKIT_DOCTOR_H

#include "fieldkit/search.h"

struct doctor {
	char		**lines;	/* findings, a sentence each */
	size_t		n;		/* 0: all is well */
};

/*
 * The file, every change, every row, counters, positions, the index.  A fault
 * only if it cannot go on; what is wrong becomes a line.
 */
fault doctor_check(struct doctor *, struct store *) MUST_CHECK;
void doctor_free(struct doctor *);

/*
 * Drop what is derived and make it again from the changes, in one
 * transaction.  FAULT_TRUST, and nothing changed, if the digest then differs.
 */
fault doctor_rebuild(struct store *) MUST_CHECK;

#endif
